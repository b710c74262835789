"""evaluate and tune: honest splits, measures with known values, simple rules beside."""

import importlib.machinery
import sys
import types

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError
from partwise.recommend import Recommender, evaluate, tune
from partwise.recommend.baselines import baselines
from partwise.recommend.log import read_log
from partwise.recommend.measures import accuracy
from partwise.recommend.splits import splits


@pytest.fixture(scope="module")
def log():
    """News: each day brings three articles, and readers of two tastes read what is new."""
    rng = np.random.default_rng(0)
    rows = []
    for day in range(40):
        for reader in rng.choice(30, size=15, replace=False):
            age = rng.integers(0, 5)
            article = 3 * max(day - age, 0) + (reader % 2 if rng.random() < 0.8 else 2)
            rows.append((f"r{reader}", f"a{article}", 1e9 + 86400 * (day + rng.random())))
    return pd.DataFrame(rows, columns=["reader", "article", "time"])


@pytest.mark.parametrize("windows", [1, 3])
def test_a_split_by_time_knows_nothing_of_what_it_predicts(log, windows):
    read = read_log(log)
    cuts = list(splits(read, "time", share=0.3, windows=windows))
    assert len(cuts) == windows
    for cut in cuts:
        assert read.time[cut.known].max() < read.time[cut.hidden].min()
    hidden = np.concatenate([cut.hidden for cut in cuts])
    assert len(np.unique(hidden)) == len(hidden)
    assert len(hidden) == pytest.approx(0.3 * len(log), abs=2)


def test_leave_last_out_hides_one_read_of_each_reader(log):
    read = read_log(log)
    (cut,) = splits(read, "leave-last-out")
    assert len(np.unique(read.reader[cut.hidden])) == len(cut.hidden)
    for row in cut.hidden:
        assert read.time[row] == read.time[read.reader == read.reader[row]].max()


def test_a_random_split_hides_all_reads_of_an_article_that_it_hides():
    rng = np.random.default_rng(0)
    read = read_log({"reader": rng.integers(0, 5, 200), "article": rng.integers(0, 12, 200)})
    (cut,) = splits(read, "random", share=0.3, random_state=1)
    pair = read.reader * 12 + read.article
    assert not set(pair[cut.hidden]) & set(pair[cut.known])


def test_measures_have_their_known_values():
    assert accuracy([1, 2, 3], np.array([1, 2, 3]), 3) == pytest.approx((1, 1, 1, 1))
    assert accuracy([4, 5, 6], np.array([1]), 3) == (0, 0, 0, 0)
    ndcg, recall, precision, mrr = accuracy([9, 1, 8, 2], np.array([1, 2, 3]), 4)
    assert ndcg == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / 2))
    assert (recall, precision, mrr) == pytest.approx((2 / 3, (1 / 2 + 2 / 4) / 3, 1 / 2))


def test_the_table_has_all_models_and_intervals_around_their_values(log):
    found = evaluate(Recommender(4), log, k=5, windows=2)
    table = found.table
    assert list(table.columns) == ["model", "metric", "value", "low", "high", "readers"]
    rules = {"random", "most read", "item-item neighbours", "EASE", "newest", "most read lately"}
    assert {model for model in table["model"] if "implicit" not in model} == {"partwise", *rules}
    ndcg = table[table["metric"] == "ndcg"]
    assert ((ndcg["low"] <= ndcg["value"]) & (ndcg["value"] <= ndcg["high"])).all()
    assert found.value("partwise", "ndcg") > found.value("random", "ndcg")
    assert found.value("partwise", "ndcg") > found.value("most read", "ndcg")
    text = str(found)
    assert "split time" in text
    assert all(name in text for name in rules)


class FakeModel:
    """A model of the package implicit, as far as it is asked: readers like the articles of their own parity."""

    def __init__(self, **settings):
        assert settings["num_threads"] == 1

    def fit(self, read, show_progress):
        assert not show_progress
        n, m = read.shape
        self.user_factors, self.item_factors = np.eye(2)[np.arange(n) % 2], np.eye(2)[np.arange(m) % 2]
        self.similarity = sp.csr_matrix(self.item_factors @ self.item_factors.T)


def test_models_of_implicit_stand_beside_where_it_is_installed(log, monkeypatch):
    names = {
        "als": "AlternatingLeastSquares",
        "bpr": "BayesianPersonalizedRanking",
        "nearest_neighbours": "BM25Recommender",
    }
    for module, model in names.items():
        fake = types.ModuleType(f"implicit.{module}")
        setattr(fake, model, FakeModel)
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
    whole = types.ModuleType("implicit")
    whole.__spec__ = importlib.machinery.ModuleSpec("implicit", None)
    monkeypatch.setitem(sys.modules, "implicit", whole)
    known = read_log(log)
    rules = baselines(known, np.full(len(known.articles), np.nan), None, 0)
    alike = np.arange(len(known.articles)) % 2 == 1
    own = np.unique(known.article[known.reader == 1])
    for name in ("implicit ALS", "implicit BPR"):
        np.testing.assert_array_equal(rules[name](1), alike)
        assert not rules[name](-1).any()
    np.testing.assert_array_equal(
        rules["implicit BM25"](1), np.where(alike, (own % 2 == 1).sum(), (own % 2 == 0).sum())
    )
    text = str(evaluate(Recommender(4), log, windows=1))
    assert all(name in text for name in ("implicit ALS", "implicit BPR", "implicit BM25"))


def test_a_package_implicit_that_is_not_whole_is_left_out(log, monkeypatch, tmp_path):
    (tmp_path / "implicit").mkdir()  # a folder of that name is a package to Python
    others = {name: module for name, module in sys.modules.items() if name.split(".")[0] != "implicit"}
    monkeypatch.setattr(sys, "modules", others)
    monkeypatch.syspath_prepend(tmp_path)
    known = read_log(log)
    rules = baselines(known, np.full(len(known.articles), np.nan), None, 0)
    assert "EASE" in rules
    assert not [name for name in rules if "implicit" in name]


def test_models_of_implicit_are_left_out_where_they_would_take_long(log, monkeypatch):
    monkeypatch.setattr(importlib.import_module("partwise.recommend.baselines"), "IMPLICIT", 3)
    monkeypatch.setattr("partwise.recommend.baselines.import_module", pytest.fail)
    known = read_log(log)
    assert "EASE" in baselines(known, np.full(len(known.articles), np.nan), None, 0)


def test_the_models_of_implicit_beat_chance():
    pytest.importorskip("implicit", reason="the package implicit is not installed")
    rng = np.random.default_rng(0)
    rows = [(reader, 2 * i + reader % 2) for reader in range(60) for i in rng.permutation(30)[:15]]
    tastes = pd.DataFrame(rows, columns=["reader", "article"])
    found = evaluate(Recommender(4), tastes, split="random", k=5)
    for name in ("implicit ALS", "implicit BPR", "implicit BM25"):
        assert found.value(name, "ndcg") > found.value("random", "ndcg")


def test_the_same_seed_gives_the_same_evaluation(log):
    one, two = (evaluate(Recommender(4, n_jobs=n), log, windows=1).table for n in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_recommender_given_is_left_as_it_is(log):
    model = Recommender(4)
    evaluate(model, log, windows=1, baselines=False)
    assert not hasattr(model, "_model")


def test_new_readers_and_new_articles_are_told_apart(log):
    last = log["time"].max()
    late = pd.DataFrame({"reader": ["late"] * 3 + ["r1"], "article": ["a1", "a2", "a4", "cold"], "time": last})
    articles = pd.DataFrame({"article": [*log["article"].unique(), "cold"]})
    articles["text"] = [f"word{i % 3} thing{i % 3}" for i in range(len(articles))]
    articles["time"] = log["time"].min()
    with_texts = evaluate(Recommender(4), pd.concat([log, late]), articles, windows=1, k=200)
    assert "recall, new readers" in set(with_texts.table["metric"])
    assert with_texts.value("partwise", "recall, new articles") == 1
    assert with_texts.facts["unreachable"] == 0
    without = evaluate(Recommender(4), pd.concat([log, late]), windows=1)
    assert without.facts["unreachable"] > 0
    assert "no model could know" in str(without)


def test_leave_last_out_is_labelled_leaky(log):
    assert "leaky" in str(evaluate(Recommender(4), log, split="leave-last-out"))


def test_splits_that_cannot_be_are_told(log):
    with pytest.raises(DataError, match="column 'time'"):
        evaluate(Recommender(2), log.drop(columns="time"))
    with pytest.raises(ParameterError, match="Did you mean 'time'"):
        evaluate(Recommender(2), log, split="times")
    with pytest.raises(DataError, match="too few different times"):
        evaluate(Recommender(2), {"reader": ["a"], "article": [1], "time": [1]})


def test_tune_returns_the_best_of_the_grid(log):
    found = tune(log, grid={"n_components": [1, 4], "half_life": [None, 3.0]})
    assert len(found.table) == 4
    assert (np.diff(found.table["value"]) <= 0).all()
    assert found.recommender.n_components == found.params["n_components"] == found.table["n_components"][0]
    assert len(found.recommender.recommend(["r0"])) == 10
    with pytest.raises(ParameterError, match="n_component"):
        tune(log, grid={"n_parts": [1]})


def news_of_tomorrow(log):
    """Articles whose texts tell all; the last ones are published after the log's last window begins."""
    ids = sorted(log["article"].unique(), key=lambda name: int(name[1:]))
    published = [1e9 + 86400 * (int(name[1:]) // 3) for name in ids]
    return pd.DataFrame(
        {"article": ids, "text": [f"word{i % 3} thing{i % 3}" for i in range(len(ids))], "time": published}
    )


@pytest.mark.parametrize("timed", [True, False])
def test_articles_of_the_future_are_neither_candidates_nor_read(log, timed, monkeypatch):
    articles = news_of_tomorrow(log)
    given = articles if timed else articles.drop(columns="time")
    (cut,) = splits(read_log(log), "time", windows=1)
    met = []
    fit = Recommender._fit

    def spy(self, reads, texts):
        met.append(texts)
        return fit(self, reads, texts)

    monkeypatch.setattr(Recommender, "_fit", spy)
    found = evaluate(Recommender(4), log, given, windows=1)
    (texts,) = met
    known = set(log["article"].iloc[cut.known])
    there = known | (set(articles["article"][articles["time"] <= cut.now]) if timed else set())
    assert set(texts.ids) == there
    later = [name not in there for name in log["article"].iloc[cut.hidden]]
    assert any(later)
    assert found.facts["unreachable"] > 0
    assert ("are unknown" in str(found)) != timed
    assert found.facts["untimed"] == (0 if timed else len(articles))


def test_articles_that_nobody_read_do_not_change_an_evaluation_if_their_times_are_unknown(log):
    articles = news_of_tomorrow(log).drop(columns="time")
    more = pd.DataFrame({"article": [f"cold{i}" for i in range(9)], "text": "word1 other"})
    one, two = (evaluate(Recommender(4), log, given).table for given in (articles, pd.concat([articles, more])))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_newest_are_not_those_that_do_not_exist_yet():
    log = read_log({"reader": ["a", "b"], "article": ["x", "y"], "time": [1.0, 2.0]})
    newest = baselines(log, np.array([np.nan, np.nan]), 2.0, 0)["newest"](0)
    assert newest.argmax() == 1
    log.articles.add(["tomorrow"])
    newest = baselines(log, np.array([np.nan, np.nan, 9.0]), 2.0, 0)["newest"](0)
    assert newest.argmin() == 2


@pytest.mark.parametrize("split", ["time", "leave-last-out"])
def test_the_table_is_no_wider_than_a_terminal(log, split):
    articles = news_of_tomorrow(log).assign(time=1e9)
    late = pd.DataFrame({"reader": "late", "article": ["a1", "a119"], "time": log["time"].max()})
    text = str(evaluate(Recommender(4), pd.concat([log, late]), articles, split=split))
    assert max(map(len, text.splitlines())) < 80
    heads = [line.split() for line in text.splitlines() if line.startswith("  ")]
    assert heads[0] == ["ndcg", "ndcg,", "95", "%", "recall", "map", "mrr"]
    assert heads[1] == ["coverage", "novelty", "diversity", "calibration"]


def test_articles_without_words_are_no_reason_to_stop(log):
    found = evaluate(Recommender(4), log, news_of_tomorrow(log).assign(text=""), windows=1)
    assert found.value("partwise", "ndcg") > 0


def test_intervals_drawn_in_blocks_are_the_same(log, monkeypatch):
    from partwise.recommend import evaluation

    values = [(i % 40, float(i % 7)) for i in range(90)]
    whole = evaluation._interval(values, 0)
    monkeypatch.setattr(evaluation, "CELLS", 1000)
    assert evaluation._interval(values, 0) == pytest.approx(whole)
