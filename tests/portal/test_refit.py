"""Refits: from any state of the database to a fit that is used, kept aside or failed with a reason."""

import subprocess
import sys

import numpy as np
import pytest

from partwise.portal import fits
from partwise.portal import refit as module
from partwise.portal.articles import Article, add_articles
from partwise.portal.edits import add_edit, edits
from partwise.portal.events import Event, add_events
from partwise.portal.fits import (
    FitRunningError,
    begin_fit,
    end_fit,
    find_fit,
    fit_in_use,
    fits_by_use,
    list_fits,
    use_fit,
)
from partwise.portal.lists import recommendations
from partwise.portal.measuring import _worse, measured
from partwise.portal.model_files import load_models
from partwise.portal.models import Models
from partwise.portal.readers import delete_reader
from partwise.portal.refit import refit
from partwise.portal.training import articles_table, date_of, reads_table
from partwise.recommend.anonymous import without_readers


def test_a_fit_tells_what_it_is_made_of_and_how_good_it_is(fitted):
    db, models, _ = fitted
    fit = fit_in_use(db)
    facts = fit.facts
    assert (fit.state, facts["articles"], facts["readers"], facts["reads"]) == ("ready", 90, 45, 540)
    assert [topic["key"] for topic in facts["topics"]] == models.loaded.keys
    assert sum(topic["share"] for topic in facts["topics"]) == pytest.approx(1)
    ndcg = {one["name"]: one for one in facts["measured"]["ndcg"]}
    assert {"partwise", "random", "most read", "newest"} <= {*ndcg}
    assert ndcg["partwise"]["low"] <= ndcg["partwise"]["value"] <= ndcg["partwise"]["high"]
    assert ndcg["partwise"]["value"] > ndcg["random"]["value"]
    assert (facts["born"], facts["died"], facts["drifted"]) == ([], [], [])


def test_without_reads_there_are_topics_only(database, news, tmp_path):
    add_articles(database, news.articles(30))
    fit = refit(database, tmp_path, 3)
    assert (fit.state, fit.facts["recommender"], fit.facts["reads"]) == ("ready", False, 0)
    models = Models(database, tmp_path)
    models.look()
    assert models.loaded.recommender is None
    assert len(models.loaded.keys) == 3


@pytest.mark.parametrize(
    ("articles", "said"),
    [([], "no articles yet"), ([Article("a", ""), Article("b", " ")], "word")],
)
def test_without_words_a_fit_fails_with_a_reason(database, tmp_path, articles, said):
    add_articles(database, articles)
    fit = refit(database, tmp_path)
    assert fit.state == "failed"
    assert said in fit.facts["reason"]
    assert fit_in_use(database) is None
    assert not (tmp_path / "fits").exists()


@pytest.mark.parametrize("time", [-6e10, -3e10, 0.0, 2.5e11, 1e15])
def test_times_of_any_year_can_be_fitted(database, tmp_path, time):
    texts = ["cup final", "bank rates", "cup goal", "bank loan"]
    add_articles(database, [Article(f"a{i}", text, time=time + i) for i, text in enumerate(texts)])
    add_events(database, [Event(f"{i}", f"r{i % 2}", f"a{i}", time) for i in range(3)])
    fit = refit(database, tmp_path)
    assert fit.state == "ready", fit.facts
    models = Models(database, tmp_path)
    models.look()
    assert recommendations(database, models, "r0", 1)["items"]


@pytest.mark.parametrize("texts", [["cup final"], ["cup final", ""], ["cup", "bank", "", "  "]])
def test_a_few_articles_are_enough(database, tmp_path, texts):
    add_articles(database, [Article(f"a{i}", text) for i, text in enumerate(texts)])
    add_events(database, [Event("1", "r", "a0", 1.0), Event("2", "r", "gone", 1e18)])
    fit = refit(database, tmp_path)
    assert fit.state == "ready", fit.facts
    assert fit.facts["reads"] == 1
    assert "too few reads" in fit.facts["measured"]["reason"]
    models = Models(database, tmp_path)
    models.look()
    assert len(models.loaded.rows) == len(texts)


def test_a_larger_collection_gets_eight_topics_at_least_and_says_so(database, news, tmp_path):
    add_articles(database, news.articles(400))
    fit = refit(database, tmp_path)
    assert len(fit.facts["topics"]) == 8
    assert "8 topics are made all the same" in fit.facts["notes"][-1]


def test_two_fits_do_not_run_at_once(database, news, tmp_path):
    add_articles(database, news.articles(12))
    number = begin_fit(database)
    with pytest.raises(FitRunningError):
        refit(database, tmp_path, 2)
    end_fit(database, number, "failed", {}, use=False)
    assert refit(database, tmp_path, 2).state == "ready"


def test_a_fit_that_others_count_as_killed_is_not_put_into_use(database, news, tmp_path, monkeypatch):
    add_articles(database, news.articles(12))
    save, others = module.save_models, []

    def slow(folder, number, *models):
        save(folder, number, *models)
        if not others:
            others.append(number)
            with monkeypatch.context() as patched:
                patched.setattr(fits, "SILENT", -1.0)
                others[0] = refit(database, tmp_path, 2).number

    monkeypatch.setattr(module, "save_models", slow)
    first = refit(database, tmp_path, 2)
    assert (first.state, first.facts) == ("failed", fits.KILLED)
    assert fits.fit_in_use(database).number == others[0] > first.number
    assert [path.name for path in (tmp_path / "fits").iterdir()] == [str(others[0])]


def test_topics_keep_keys_and_labels_and_births_and_deaths_are_told(database, news, tmp_path):
    add_articles(database, news.articles(60))
    first = refit(database, tmp_path, 3)
    health = next(topic["key"] for topic in first.facts["topics"] if "doctor" in topic["words"])
    add_edit(database, first.number, "rename", {"topic": health, "label": "Health"})
    rng = np.random.default_rng(3)
    add_articles(database, [Article(f"music-{i}", news.text("music", rng)) for i in range(30)])
    second = refit(database, tmp_path, 4)
    assert second.facts["died"] == second.facts["drifted"] == []
    assert len(second.facts["born"]) == 1
    keys = {topic["key"]: topic["words"] for topic in second.facts["topics"]}
    assert "doctor" in keys[health]
    assert "guitar" in keys[second.facts["born"][0]]
    assert {topic["key"] for topic in first.facts["topics"]} < {*keys}
    assert [edit.facts for edit in edits(database, second.number)] == [
        {"topic": health, "label": "Health", "carried": True}
    ]


def test_a_label_given_on_a_fit_that_editors_went_back_past_is_kept(database, news, tmp_path):
    add_articles(database, news.articles(60))
    first = refit(database, tmp_path, 3).number
    second = refit(database, tmp_path, 3)
    key, other = (topic["key"] for topic in second.facts["topics"][:2])
    add_edit(database, second.number, "rename", {"topic": key, "label": "Given"})
    add_edit(database, second.number, "rename", {"topic": other, "label": "Later"})
    use_fit(database, first)
    add_edit(database, first, "rename", {"topic": other, "label": "Now"})
    third = refit(database, tmp_path, 3).number
    labels = {edit.facts["topic"]: edit.facts["label"] for edit in edits(database, third)}
    assert labels == {key: "Given", other: "Now"}


def test_a_fit_that_predicts_worse_is_kept_aside_and_says_so(database, news, tmp_path, monkeypatch):
    add_articles(database, news.articles())
    add_events(database, news.events())
    first = refit(database, tmp_path, 3)
    worse = "it predicts the last reads worse"
    monkeypatch.setattr(module, "measured", lambda *args: {"worse": worse})
    second = refit(database, tmp_path, 3)
    assert (second.state, second.facts["reason"], second.used) == ("aside", worse, None)
    assert fit_in_use(database).number == first.number
    assert load_models(tmp_path, second.number)[0].n_topics_ == 3


def test_models_hold_no_readers_also_of_one_who_is_deleted_while_a_fit_runs(database, news, tmp_path, monkeypatch):
    add_articles(database, news.articles())
    add_events(database, news.events())
    saved = module.save_models

    def late(*args):
        delete_reader(database, "reader-1")
        saved(*args)

    monkeypatch.setattr(module, "save_models", late)
    fit = refit(database, tmp_path, 3)
    recommender = load_models(tmp_path, fit.number)[1]
    assert not [name for name in recommender.reader_ids_ if name.startswith("reader")]
    assert recommender.n_reads_ == 540
    models = Models(database, tmp_path)
    models.look()
    lists = [recommendations(database, models, reader, 5) for reader in ("reader-1", "nobody", "reader-0")]
    assert [one["known"] for one in lists] == [False, False, True]
    assert lists[0]["items"] == lists[1]["items"]
    assert {news.subject(item["article"]) for item in lists[2]["items"]} == {"sport"}


def test_a_later_fit_is_measured_beside_the_one_in_use(database, news, tmp_path):
    add_articles(database, news.articles())
    events = sorted(news.events(), key=lambda event: event.time)
    add_events(database, events[:400])
    refit(database, tmp_path, 3)
    add_events(database, events[400:])
    facts = refit(database, tmp_path, 3).facts["measured"]
    assert facts["compared"]
    values = {one["name"]: one["value"] for one in facts["ndcg"]}
    assert values["in use"] > values["random"]


def reads(news, seed, readers, start):
    """Return reads of random articles, by readers of a name of their own."""
    rng = np.random.default_rng(seed)
    names = [f"{news.subjects[i % 3]}-{i:02}" for i in range(90)]
    return [
        Event(f"{seed}-{reader}-{name}", f"noise-{reader}", name, start + rng.random())
        for reader in range(readers)
        for name in rng.choice(names, 12, replace=False)
    ]


@pytest.mark.parametrize("trained", ["well", "badly"])
def test_the_one_in_use_is_measured_on_reads_after_its_fit(news, trained):
    """Readers at random teach a model what does not hold for others."""
    articles = [Article(article.id, "", time=article.time) for article in news.articles()]
    known = frozenset(article.id for article in articles)
    events = sorted(news.events(), key=lambda event: event.time)
    early, late = events[:400], events[400:]
    noise = reads(news, 3, 300, events[0].time)
    taught = early if trained == "well" else early + noise
    before = module.Recommender().fit(reads_table(taught, known, 2e9), articles_table(articles))
    now = reads_table(events + (noise if trained == "well" else []), known, 2e9)
    found = measured(now, articles, before, early[-1].time)
    values = {one["name"]: one["value"] for one in found["ndcg"]}
    assert measured(now, articles, without_readers(before), early[-1].time)["ndcg"] == found["ndcg"]
    assert found["reads"] <= len(late)
    assert (values["in use"] > values["partwise"]) == (trained == "well")
    assert trained == "well" or found["worse"] is None
    # Reads that the one in use has learned from are no test of it.
    assert "in use" not in {one["name"] for one in measured(now, articles, before, 2e9)["ndcg"]}


def test_if_all_last_readers_are_new_nothing_is_measured(news):
    articles = news.articles()
    known = frozenset(article.id for article in articles)
    events = [Event(f"{i}", f"once-{i}", f"sport-{3 * (i % 30):02}", 1.7e9 + i) for i in range(600)]
    found = measured(reads_table(events, known, 2e9), articles, None, None)
    assert list(found) == ["reason"]
    assert "new readers only" in found["reason"]


def test_worse_means_more_than_chance():
    assert _worse({"partwise": (0.2, 0.1, 0.3), "in use": (0.25, 0.2, 0.3)}) is None
    assert _worse({"partwise": (0.2, 0.1, 0.24), "in use": (0.1, 0.0, 0.2)}) is None
    assert _worse({"partwise": (0.2, 0.1, 0.3)}) is None
    assert "0.200 (at most 0.240), against 0.250" in _worse({"partwise": (0.2, 0.1, 0.24), "in use": (0.25, 0.2, 0.3)})


def test_the_last_models_and_those_in_use_are_kept(database, news, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)
    add_articles(database, news.articles(12))
    numbers = [refit(database, tmp_path, 2).number for _ in range(4)]
    (tmp_path / "fits" / "99.unfinished").mkdir()
    monkeypatch.setattr(module, "_fit", lambda *args: "aside")
    numbers += [refit(database, tmp_path, 2).number for _ in range(3)]
    assert sorted(folder.name for folder in (tmp_path / "fits").iterdir()) == [str(numbers[3])]
    assert [fit.number for fit in list_fits(database) if fit.state != "removed"] == [*numbers[:4:-1], numbers[3]]
    assert not use_fit(database, numbers[0])
    assert [fit.number for fit in fits_by_use(database)] == [numbers[3]]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_a_fit_that_ends_early_leaves_nothing_half(database, news, tmp_path, monkeypatch, error):
    add_articles(database, news.articles(12))
    first = refit(database, tmp_path, 2)

    def failing(model, path):
        path.write_text("half")
        raise error("no space left on device")

    monkeypatch.setattr("partwise.save", failing)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            refit(database, tmp_path, 2)
    else:
        assert "no space left" in refit(database, tmp_path, 2).facts["reason"]
    assert list_fits(database)[0].state == "failed"
    assert [folder.name for folder in (tmp_path / "fits").iterdir()] == [str(first.number)]
    assert fit_in_use(database).number == first.number


KILLED = """
import os, signal, sys
import partwise
from partwise.portal.database import Database
from partwise.portal.readers import delete_reader
from partwise.portal.refit import refit

partwise.save = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
refit(Database(sys.argv[1]), sys.argv[2], 2)
"""


def test_after_a_kill_the_fit_in_use_stays_and_the_next_fit_cleans_up(address, database, news, tmp_path, monkeypatch):
    add_articles(database, news.articles(12))
    first = refit(database, tmp_path, 2)
    killed = subprocess.run([sys.executable, "-c", KILLED, address, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert fit_in_use(database).number == first.number
    assert list_fits(database)[0].state == "running"
    monkeypatch.setattr("partwise.portal.fits.SILENT", 0.0)
    second = refit(database, tmp_path, 2)
    assert second.state == "ready"
    assert "killed" in find_fit(database, second.number - 1).facts["reason"]
    assert sorted(folder.name for folder in (tmp_path / "fits").iterdir()) == [str(first.number), str(second.number)]


def test_a_clock_in_the_future_does_not_make_all_articles_old():
    table = reads_table([Event("1", "r", "a", 4e9), Event("2", "r", "b", 1e9)], frozenset("ab"), 1.7e9)
    assert table["time"].astype(np.int64).tolist() == [int(1.7e12), int(1e12)]
    assert reads_table([Event("1", "r", "gone", 1.0)], frozenset("ab"), 1.7e9) is None


def test_times_out_of_range_are_unknown():
    assert date_of(1.7e9) == "2023-11-14"
    assert date_of(None) == date_of(1e15) == date_of(-6e10) == date_of(float("nan")) == ""
    assert date_of(-3e10) == "1019-05-04"
    table = articles_table([Article("a", "x", time=None), Article("b", "x", time=1e15), Article("c", "x", time=5.0)])
    assert np.isnat(table["time"]).tolist() == [True, True, False]
    assert "time" not in articles_table([Article("a", "x")])
