"""Lists and reasons for readers who are known by given reads: those of the model with the same reads, unchanged."""

import pickle

import numpy as np
import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.recommend import Recommender, evaluate

WORDS = ["cup", "team", "goal", "coach", "bank", "rates", "shares", "market"]
ARTICLES = 60


def make_log(readers=40):
    rng = np.random.default_rng(0)
    reader = np.concatenate([np.arange(readers), rng.integers(0, readers, 9 * readers)])
    article = (reader % 3 * 11 + rng.integers(0, ARTICLES // 2, len(reader))) % ARTICLES
    return {
        "reader": [f"r{i}" for i in reader],
        "article": [f"a{i}" for i in article],
        "strength": 1.0 + article % 4,
        "time": 1.7e9 + 86400 * rng.random(len(reader)) * 20,
    }


def make_articles():
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS[4 * (i % 2) :][:4], 6)) for i in range(ARTICLES)]
    return {
        "article": [f"a{i}" for i in range(ARTICLES)],
        "text": texts,
        "title": [f"Title {i}" for i in range(ARTICLES)],
    }


def rows(log, *readers):
    which = [i for i, name in enumerate(log["reader"]) if name in readers]
    return {name: [column[i] for i in which] for name, column in log.items()}


@pytest.fixture(scope="module", params=["texts", "reads", "half-life"])
def model(request):
    half_life = 3.0 if request.param == "half-life" else None
    articles = make_articles() if request.param != "reads" else None
    return Recommender(5, content_weight=0.5, half_life=half_life).fit(make_log(), articles)


@pytest.mark.parametrize("options", [{}, {"diversity": 0.5}, {"recency": 1.0}, {"exclude_seen": False}])
def test_the_reads_that_the_model_has_give_the_lists_that_it_gives(model, options):
    log, names = make_log(), ["r3", "r17", "r8", "r1", "r2", "r4"]
    given = model.recommendations(names, 8, reads=rows(log, *names), **options)
    assert given == model.recommendations(names, 8, **options)
    for name in names:  # a few readers are computed in another way, which rounds differently
        alone = model.recommendations(name, 8, reads=rows(log, name), **options)
        expected = [one for one in given if one["reader"] == name]
        assert [one["article"] for one in alone] == [one["article"] for one in expected]
        np.testing.assert_allclose([one["score"] for one in alone], [one["score"] for one in expected], rtol=1e-12)


def test_reasons_are_those_of_the_model_and_add_up_to_the_score(model):
    reads = rows(make_log(), "r5")
    for one in model.recommendations("r5", 5, reads=reads):
        reasons = model.reasons("r5", one["article"], reads=reads)
        assert reasons == model.reasons("r5", one["article"])
        assert sum(reason["score"] for reason in reasons) == pytest.approx(one["score"], rel=1e-12)
    article = one["article"]
    assert model.explain("r5", article, reads=reads).equals(model.explain("r5", article))


def test_a_reader_with_the_reads_of_another_gets_the_same_list(model):
    reads = rows(make_log(), "r7")
    new = model.recommendations("somebody", 8, reads=reads | {"reader": ["somebody"] * len(reads["reader"])})
    assert [one["article"] for one in new] == [one["article"] for one in model.recommendations("r7", 8)]


def test_without_co_reads_a_list_is_that_of_update():
    """An update changes co-reads and what is read lately; with texts alone nothing else counts."""
    model = Recommender(4, content_weight=1e6).fit(make_log(), make_articles())
    reads = {"reader": ["new"] * 3, "article": ["a1", "a3", "a9"], "time": [1.7e9 + 86400 * 19] * 3}
    given = model.recommendations("new", 10, reads=reads)
    updated = pickle.loads(pickle.dumps(model)).update(reads).recommendations("new", 10)
    assert [one["article"] for one in given] == [one["article"] for one in updated]
    np.testing.assert_allclose([one["score"] for one in given], [one["score"] for one in updated], rtol=1e-5)


def test_a_reader_without_given_reads_is_unknown_even_if_the_model_knows_one_of_that_id(model):
    empty = {"reader": [], "article": []}
    unknown = model.recommendations("nobody", 5)
    for reads in (empty, rows(make_log(), "r9")):
        given = model.recommendations("r2", 5, reads=reads)
        assert [(one["article"], one["score"]) for one in given] == [(one["article"], one["score"]) for one in unknown]
    assert model.reasons("r2", "a1", reads=empty) == model.reasons("nobody", "a1")


def test_the_model_stays_as_it_is(model):
    before = pickle.dumps(model), model.recommendations(["r1", "nobody"], 9)
    model.recommendations("r1", 9, reads={"reader": ["r1"] * 4, "article": ["a1", "a2", "a3", "a3"]})
    assert (pickle.dumps(model), model.recommendations(["r1", "nobody"], 9)) == before


def test_reads_of_unknown_articles_are_left_out_with_a_warning(model):
    known = {"reader": ["x"] * 2, "article": ["a4", "a8"]}
    more = {"reader": ["x"] * 3, "article": ["a4", "gone", "a8"]}
    with pytest.warns(UserWarning, match="1 reads are left out.*'gone'"):
        given = model.recommendations("x", 6, reads=more)
    assert given == model.recommendations("x", 6, reads=known)
    with pytest.warns(UserWarning, match="left out"):
        none_known = model.recommendations("y", 3, reads={"reader": ["y"], "article": ["gone"]})
    assert [one["score"] for one in none_known] == [one["score"] for one in model.recommendations("nobody", 3)]


def test_ids_of_another_type_and_explicit_feedback_are_refused():
    log = {"reader": ["a", "a", "b", "b"], "article": [1, 2, 2, 3]}
    with pytest.raises(DataError, match="different types"):
        Recommender(2).fit(log).recommendations("a", reads={"reader": ["a"], "article": ["1"]})
    rated = Recommender(2, feedback="explicit").fit(log | {"strength": [1, 2, 3, 4]})
    with pytest.raises(DataError, match="feedback='implicit'"):
        rated.reasons("a", 3, reads={"reader": ["a"], "article": [1]})
    with pytest.raises(DataError, match="no column 'article'"):
        Recommender(2).fit(log).recommendations("a", reads={"reader": ["a"]})


def test_a_fitted_model_is_measured_by_the_known_reads_without_a_new_fit():
    log, articles = make_log(), make_articles()
    order = np.argsort(log["time"], kind="stable")
    log = {name: np.array(column)[order] for name, column in log.items()}
    before = {name: column[: int(len(order) * 0.8)] for name, column in log.items()}
    known = [i for i, name in enumerate(articles["article"]) if name in {*before["article"]}]
    there = {name: [column[i] for i in known] for name, column in articles.items()}
    same = Recommender(5, content_weight=0.5).fit(before, there)
    other = Recommender(1, content_weight=0.0).fit({"reader": ["z", "z"], "article": ["a0", "a1"], "time": [1, 2]})
    found = evaluate(
        Recommender(5, content_weight=0.5),
        log,
        articles,
        windows=1,
        baselines=False,
        fitted={"same": same, "none": other},
    )
    for metric in ("ndcg", "recall", "mrr"):
        assert found.value("same", metric) == pytest.approx(found.value("partwise", metric), rel=1e-9)
    assert found.value("none", "ndcg") < found.value("partwise", "ndcg")
    with pytest.raises(ParameterError, match="fitted\\['x'\\]"):
        evaluate(Recommender(2), log, fitted={"x": Recommender(2)})


def test_labels_name_the_parts_in_reasons(model):
    parts = model.article_parts_.shape[1]
    row = model.recommendations(["r1"], 1)[0]
    said = model.reasons("r1", row["article"], labels=["own words"] * parts)
    assert any(reason["because"].endswith("about own words") for reason in said)
    assert not any("about" in reason["because"] for reason in model.reasons("r1", row["article"], labels=[""] * parts))
    assert sum(reason["score"] for reason in said) == pytest.approx(row["score"])
    with pytest.raises(ParameterError, match=f"1 labels for {parts} parts"):
        model.reasons("r1", row["article"], labels=["one"])
