"""Recommender: recommendations, and reasons that add up to them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import partwise as pw
from partwise.exceptions import DataError, ParameterError
from partwise.recommend import Recommender
from partwise.recommend.log import read_log

WORDS = {"sport": "cup team goal coach league match", "money": "bank rates shares market profit trade"}


def make_log(seed=0, readers=40, articles=30, times=True):
    """Readers of two tastes; articles of even number are sport, of odd number money."""
    rng = np.random.default_rng(seed)
    rows = []
    for reader in range(readers):
        own = np.arange(reader % 2, articles, 2)
        chosen = rng.choice(own, size=7, replace=False)
        rows += [(f"r{reader}", f"a{a}", float(rng.integers(1, 4)), 1.7e9 + 86400.0 * a) for a in chosen]
    log = pd.DataFrame(rows, columns=["reader", "article", "strength", "time"])
    log["time"] += rng.random(len(log)) * 3 * 86400
    return log if times else log.drop(columns="time")


def make_articles(articles=30):
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS["money" if i % 2 else "sport"].split(), size=12)) for i in range(articles)]
    return pd.DataFrame({"article": [f"a{i}" for i in range(articles)], "text": texts})


@pytest.fixture(scope="module")
def log():
    return make_log()


@pytest.fixture(scope="module")
def timeless():
    return make_log(times=False)


@pytest.fixture(scope="module")
def model(timeless):
    return Recommender(4).fit(timeless, make_articles())


@pytest.fixture(scope="module")
def rated():
    rng = np.random.default_rng(3)
    W, H = rng.random((30, 2)), rng.random((2, 20))
    u, i = np.nonzero(rng.random((30, 20)) < 0.6)
    strength = np.clip(np.round(1 + 4 * (W @ H)[u, i] / 1.5, 1), 1, 5)
    return pd.DataFrame({"reader": u, "article": i, "strength": strength})


@pytest.mark.parametrize(
    "settings",
    [{}, {"half_life": 5.0}, {"content_weight": 0.0}, {"content_weight": 2.0}, {"co_reads": "positive"}],
    ids=str,
)
@pytest.mark.parametrize("texts", [True, False])
def test_reasons_sum_to_the_score(log, settings, texts):
    model = Recommender(4, **settings).fit(log, make_articles() if texts else None)
    for reader in ["r0", "r1", "nobody"]:
        for row in model.recommend([reader], n=5).itertuples():
            why = model.explain(reader, row.article)
            assert why["score"].sum() == pytest.approx(row.score, rel=1e-9)
            assert why["share"].sum() == pytest.approx(1)
            less = why["because"].str.startswith("less, because you read ")
            assert (why["score"][less] < 0).all()
            assert (why["score"][~less & (why["because"] != "lesser reasons")] >= 0).all()
            if model.co_reads == "positive":
                assert (why["score"] >= 0).all()
            assert row.score == pytest.approx(model.predict(reader, row.article), rel=1e-9)


def test_some_reads_count_against_an_article_unless_co_reads_are_to_be_positive(log):
    told = {}
    for co_reads in ("signed", "positive"):
        model = Recommender(4, co_reads=co_reads).fit(log)
        why = [model.explain(reader, article) for reader in ("r0", "r1", "r2") for article in model.article_ids_]
        told[co_reads] = any((table["score"] < 0).any() for table in why)
    assert told == {"signed": True, "positive": False}
    with pytest.raises(ParameterError, match="co_reads"):
        Recommender(4, co_reads="negative").fit(log)


def test_reasons_sum_to_the_score_with_recency(log):
    model = Recommender(4).fit(log)
    top = model.recommend(["r0"], n=1, recency=1.0)
    why = model.explain("r0", top["article"][0], recency=1.0)
    assert why["score"].sum() == pytest.approx(top["score"][0], rel=1e-9)


def test_reasons_sum_to_a_rating(rated):
    model = Recommender(4, feedback="explicit").fit(rated)
    for reader in (0, 7, "nobody"):
        top = model.recommend([reader], n=3)
        for row in top.itertuples():
            assert model.explain(reader, row.article)["score"].sum() == pytest.approx(row.score, rel=1e-9)


def test_reasons_name_what_was_read_and_the_words_of_its_part(model, timeless):
    log = timeless
    article = model.recommend(["r0"])["article"][0]
    first = model.explain("r0", article)["because"][0]
    read = set(log[log["reader"] == "r0"]["article"])
    named = first.removeprefix("you read ").split(", about ")[0].replace(" and ", ", ").split(", ")
    assert set(named) & read
    assert any(word in first for word in WORDS["sport"].split())


def test_readers_are_recommended_what_they_have_a_taste_for(model):
    for reader, parity in (("r0", 0), ("r1", 1)):
        found = model.recommend([reader], n=3)["article"]
        assert [int(name[1:]) % 2 for name in found] == [parity] * 3


@pytest.mark.parametrize("feedback", ["implicit", "explicit"])
def test_what_was_read_is_not_recommended_unless_asked_for(log, feedback):
    model = Recommender(4, feedback=feedback).fit(log)
    found = model.recommend(["r0", "r1"], n=100)
    for reader, rows in found.groupby("reader"):
        read = set(log[log["reader"] == reader]["article"])
        assert not read & set(rows["article"])
        assert len(rows) == log["article"].nunique() - len(read)
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert (np.diff(rows["score"]) <= 0).all()
    assert len(model.recommend(["r0"], n=100, exclude_seen=False)) == log["article"].nunique()


@pytest.mark.parametrize("make", [str, int, np.int64, lambda i: f"ключ {i}"])
def test_ids_come_back_as_they_went_in(make):
    rng = np.random.default_rng(0)
    reader, article = [make(i) for i in rng.integers(0, 8, 50)], [make(i) for i in rng.integers(0, 9, 50)]
    model = Recommender(2).fit({"reader": reader, "article": article})
    found = model.recommend([reader[0]])
    assert found["reader"][0] == reader[0]
    assert set(found["article"]) <= set(article)
    assert set(model.reader_ids_) == set(reader)


def test_tables_of_any_library_give_the_same(log):
    frame = Recommender(2).fit(log).recommend(["r0"])
    for table in (log.to_dict("list"), pl.DataFrame(log.to_dict("list"))):
        pd.testing.assert_frame_equal(Recommender(2).fit(table).recommend(["r0"]), frame)


def test_times_may_be_dates_strings_or_seconds(log):
    seconds = Recommender(2).fit(log).recommend(["r0"])
    stamps = pd.to_datetime(log["time"], unit="s").dt.floor("us")
    for column in (stamps, stamps.dt.tz_localize("UTC"), stamps.map(lambda time: time.isoformat())):
        found = Recommender(2).fit(log.assign(time=column)).recommend(["r0"])
        assert found["article"].tolist() == seconds["article"].tolist()
        np.testing.assert_allclose(found["score"], seconds["score"], rtol=1e-6)


def test_the_order_of_rows_does_not_change_who_is_recommended_what(log):
    ordered = log.sort_values("time").reset_index(drop=True)
    one = Recommender(2).fit(log).recommend(["r3"], n=5)
    two = Recommender(2).fit(ordered).recommend(["r3"], n=5)
    assert set(one["article"]) & set(two["article"])


def test_an_unknown_reader_gets_what_is_read_lately(log):
    model = Recommender(4).fit(log)
    found = model.recommend(["nobody"], n=5)
    assert len(found) == 5
    assert model.explain("nobody", found["article"][0])["because"].tolist() == ["many read it lately"]
    late = log.groupby("article")["time"].max()
    assert late[found["article"]].mean() > late.mean()


def test_ids_never_met_are_no_index_errors(model):
    assert model.predict("nobody", "nothing") == 0
    assert model.recommend(["r0"], articles=["nothing"]).empty
    for ask in (model.similar_articles, model.similar_readers, lambda name: model.explain("r0", name)):
        with pytest.raises(DataError, match="there is no"):
            ask("nothing")


def test_pool_and_filter_choose_the_articles(model):
    pool = ["a1", "a3", "a5", "a7", "a9"]
    assert set(model.recommend(["r0"], articles=pool)["article"]) <= set(pool)
    assert model.recommend(["r0"], filter=lambda name: name == "a1")["article"].tolist() == ["a1"]


def test_diversity_mixes_the_parts_of_a_list(model):
    def tastes(diversity):
        found = model.recommend(["r0"], n=6, diversity=diversity)["article"]
        return len({int(name[1:]) % 2 for name in found})

    assert tastes(0.0) == 1
    assert tastes(0.9) == 2


def test_update_places_a_new_reader_as_the_fit_would(model, timeless):
    log = timeless
    twin = log[log["reader"] == "r0"].assign(reader="twin")
    other = Recommender(4).fit(log, make_articles()).update(twin)
    assert "twin" in other.reader_ids_
    np.testing.assert_allclose(
        other.reader_parts_[other.reader_ids_.index("twin")], other.reader_parts_[other.reader_ids_.index("r0")]
    )
    np.testing.assert_allclose(other.reader_parts_[: len(model.reader_parts_)], model.reader_parts_)
    assert not set(other.recommend(["twin"], n=50)["article"]) & set(twin["article"])


def test_update_makes_new_articles_known(log):
    model = Recommender(4).fit(log)
    new = pd.DataFrame({"reader": ["r0", "r2", "r4"], "article": "new", "strength": 1.0, "time": log["time"].max()})
    model.update(new)
    assert "new" in set(model.recommend(["r6"], n=3)["article"])
    assert "new" not in set(model.recommend(["r0"], n=50)["article"])


def test_update_of_ratings_places_new_readers(rated):
    model = Recommender(2, feedback="explicit").fit(rated)
    model.update({"reader": ["new"] * 2, "article": [0, 1], "strength": [5.0, 1.0]})
    assert set(model.recommend(["new"], n=30)["article"]) == set(range(2, 20))


def test_a_new_article_is_recommended_for_its_text(log):
    model = Recommender(4).fit(log, make_articles())
    model.add_articles(
        {"article": ["fresh sport", "fresh money"], "text": ["cup goal team match", "bank rates profit"]}
    )
    pool = ["fresh sport", "fresh money"]
    assert model.recommend(["r0"], n=1, articles=pool)["article"][0] == "fresh sport"
    assert model.recommend(["r1"], n=1, articles=pool)["article"][0] == "fresh money"
    assert model.similar_articles("fresh sport", n=3)["article"].map(lambda name: int(name[1:]) % 2).sum() == 0


def test_articles_that_nobody_read_are_known_from_the_fit_on(log):
    articles = pd.concat([make_articles(), pd.DataFrame({"article": ["cold"], "text": ["cup goal team match league"]})])
    model = Recommender(4).fit(log, articles)
    scores = model.predict(["r0", "r1"], ["cold", "cold"])
    assert scores[0] > scores[1]


def test_similar_articles_and_readers_share_parts(model):
    near = model.similar_articles("a2", n=5)
    assert [int(name[1:]) % 2 for name in near["article"]] == [0] * 5
    assert all(sum(shared.values()) == pytest.approx(1) for shared in near["shared"] if shared)
    assert [int(name[1:]) % 2 for name in model.similar_readers("r3", n=5)["reader"]] == [1] * 5


@pytest.mark.parametrize("feedback", ["implicit", "explicit"])
def test_same_seed_gives_the_same_bits_at_any_number_of_threads(log, feedback):
    found = [Recommender(4, feedback=feedback, n_jobs=n).fit(log).recommend(["r0", "r5"]) for n in (1, 1, 2)]
    pd.testing.assert_frame_equal(found[0], found[1], check_exact=True)
    pd.testing.assert_frame_equal(found[0], found[2], check_exact=True)


def test_parts_are_non_negative(model):
    assert (model.reader_parts_ >= 0).all()
    assert (model.article_parts_ >= 0).all()
    assert len(model.labels_) == 4


def test_ratings_are_predicted_better_than_by_means(rated):
    test = np.random.default_rng(0).random(len(rated)) < 0.2
    train, hidden = rated[~test], rated[test]
    model = Recommender(2, feedback="explicit").fit(train)
    error = model.predict(hidden["reader"], hidden["article"]) - hidden["strength"]
    mean = hidden["strength"] - train["strength"].mean()
    assert np.sqrt((error**2).mean()) < 0.7 * np.sqrt((mean**2).mean())
    assert model.predict(0, 0) == pytest.approx(model.predict([0], [0])[0])
    assert np.isfinite(model.predict("nobody", "nothing"))


def test_the_latest_of_two_ratings_counts():
    table = {"reader": ["a", "b", "a"], "article": [1, 1, 1], "strength": [1.0, 3.0, 5.0], "time": [3, 1, 2]}
    log = Recommender(1, feedback="explicit").fit(table)._model.log
    assert sorted(log.strength.tolist()) == [1.0, 3.0]


def test_one_read_is_enough_to_fit():
    model = Recommender().fit({"reader": ["a"], "article": ["x"]})
    assert model.recommend(["a"]).empty
    assert model.recommend(["b"])["article"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"reader": ["a"]}, "no column 'article'"),
        ([1, 2], "not a table"),
        ({"reader": [], "article": []}, "no rows"),
        ({"reader": ["a", "b"], "article": ["x"]}, "2 readers for 1"),
        ({"reader": ["a", None], "article": ["x", "y"]}, "reader of row 1 is None"),
        ({"reader": ["a", "b"], "article": [1.0, np.nan]}, "article of row 1 is nan"),
        ({"reader": ["a"], "article": ["x"], "strength": [np.nan]}, "strength of row 0"),
        ({"reader": ["a"], "article": ["x"], "strength": [-1]}, "negative"),
        ({"reader": ["a"], "article": ["x"], "strength": ["much"]}, "of row 0 is 'much', which is not a number"),
        ({"reader": ["a"], "article": ["x"], "time": ["yesterday"]}, r"row 0 \('a'\): 'yesterday' is not a date"),
        ({"reader": ["a"], "article": ["x"], "time": [np.datetime64("NaT", "s")]}, "time of row 0 .* missing"),
        ({"reader": ["a", "b"], "article": ["x", "y"], "time": ["2024-05-01", pd.NA]}, "time of row 1 .* missing"),
        ({"reader": ["a", "b"], "article": ["x", "y"], "time": ["1715000000", "soon"]}, "'1715000000' is not a date"),
        (
            {"reader": ["a", "b"], "article": ["x", "y"], "time": [pd.Timestamp("2024-05-01", tz="UTC"), pd.NaT]},
            "time of row 1 .* missing",
        ),
        ({"reader": ["a", pd.NA], "article": ["x", "y"]}, "reader of row 1 is <NA>"),
        ({"reader": ["a", "b"], "article": ["x", True]}, "article of row 1 is True"),
        ({"reader": ["a"], "article": ["x"], "strength": [pd.NA]}, "strength of row 0 .* missing"),
    ],
)
def test_a_bad_log_is_told_by_row_and_column(table, told):
    with pytest.raises(DataError, match=told):
        Recommender().fit(table)


@pytest.mark.parametrize(
    ("articles", "told"),
    [
        ({"article": ["x", "x"], "text": ["a b", "c d"]}, "rows 0 and 1 both"),
        ({"article": ["x"], "text": [None]}, "not a string"),
        ({"article": ["x"]}, "no column 'text'"),
    ],
)
def test_bad_articles_are_told(articles, told):
    with pytest.raises(DataError, match=told):
        Recommender().fit({"reader": ["a"], "article": ["x"]}, articles)


@pytest.mark.parametrize(
    "settings", [{"feedback": "ratings"}, {"n_components": 0}, {"half_life": -1}, {"content_weight": "some"}]
)
def test_bad_parameters_are_told(settings):
    with pytest.raises(ParameterError, match=str(next(iter(settings)))):
        Recommender(**settings).fit({"reader": ["a"], "article": ["x"]})


def test_update_and_add_articles_need_what_the_fit_had(log):
    model = Recommender(2).fit(log)
    with pytest.raises(DataError, match="times in both"):
        model.update({"reader": ["a"], "article": ["x"]})
    with pytest.raises(DataError, match="without texts"):
        model.add_articles({"article": ["x"], "text": ["cup"]})


def test_it_is_a_public_room():
    assert pw.recommend.Recommender is Recommender


def test_strings_of_seconds_are_times_and_those_of_eight_digits_dates():
    def times(*values):
        table = {"reader": ["a"] * len(values), "article": ["x"] * len(values), "time": values}
        return read_log(table).time.tolist()

    assert times("1715000000", "1715000060.5") == [1715000000, 1715000060.5]
    assert times("20240517", "20240518") == times("2024-05-17", "2024-05-18")


@pytest.mark.parametrize("gap", [None, pd.NaT, pd.NA, np.nan, ""])
def test_an_article_of_unknown_time_is_of_median_age(gap):
    log = {"reader": list("abcab"), "article": list("xxyzy"), "time": [f"2024-05-0{i}" for i in (1, 2, 4, 9, 6)]}
    articles = {"article": ["x", "cold"], "text": ["cup goal team", "bank rates profit"], "time": ["2024-05-01", gap]}
    for given in (articles, {name: articles[name] for name in ("article", "text")}):
        model = Recommender(2).fit(log, given)
        ages = dict(zip(model.article_ids_, model._model.ages, strict=True))
        assert ages["cold"] == pytest.approx(np.median([ages["x"], ages["y"], ages["z"]]))
        assert ages["cold"] > 0


def test_articles_without_words_are_known_by_id_and_time():
    log = {"reader": list("abab"), "article": list("xxyz"), "time": [1, 2, 3, 4]}
    model = Recommender(2).fit(log, {"article": ["x", "cold"], "text": ["", ""], "time": [0.5, 3]})
    assert "cold" in model.article_ids_
    assert model._published[0] == 0.5
    assert model.labels_ == []
    assert len(model.recommend(["a"])) == 2


def test_explicit_feedback_tells_that_it_uses_no_texts(rated):
    model = Recommender(2, feedback="explicit").fit(rated)
    with pytest.raises(DataError, match="uses no texts"):
        model.add_articles({"article": ["x"], "text": ["cup"]})


def test_lists_and_reasons_without_pandas_are_the_same(model, without):
    table = model.recommend(["r0"], n=3).to_dict("records")
    why = model.explain("r0", table[0]["article"]).to_dict("records")
    without("pandas")
    assert model.recommendations(["r0"], n=3) == table
    assert model.reasons("r0", table[0]["article"]) == why


def test_similar_articles_do_not_depend_on_the_size_of_blocks(rated, monkeypatch):
    whole = Recommender(2, feedback="explicit").fit(rated)._model.similar
    monkeypatch.setattr("partwise.recommend.ratings.CELLS", 100)
    parts = Recommender(2, feedback="explicit").fit(rated)._model.similar
    assert (whole != parts).nnz == 0
