"""Models in memory follow the database: fits, edits and new articles; a damaged file is passed over and told."""

import shutil
import threading
import time
import weakref

import numpy as np
import pytest
import sqlalchemy as sa

from partwise.portal.articles import Article, add_articles, all_articles
from partwise.portal.edits import add_edit, undo_edit
from partwise.portal.events import Event, add_events
from partwise.portal.fits import fit_in_use, use_fit
from partwise.portal.lists import explain, recommendations, similar, topics, topics_of
from partwise.portal.models import Models
from partwise.portal.refit import refit


@pytest.fixture
def portal(database, news, tmp_path):
    """Return a database with a fit, its models and their folder."""
    add_articles(database, news.articles(45))
    add_events(database, news.events(24, 45))
    refit(database, tmp_path, 3)
    models = Models(database, tmp_path)
    models.look()
    return database, models, tmp_path


def test_what_is_loaded_is_replaced_only_when_something_changed(portal):
    _, models, _ = portal
    before = models.loaded
    models.look()
    assert models.loaded is before
    assert before.notes == []
    assert len(before.rows) == len(before.shares) == len(before.listed) == 45


def test_an_edit_counts_at_the_next_look_and_is_undone(portal):
    db, models, _ = portal
    key, number = models.loaded.keys[1], models.loaded.number
    add_edit(db, number, "rename", {"topic": key, "label": "<b>Own</b>"})
    add_edit(db, number, "split", {"topic": key, "n": 2})
    models.look()
    assert len(models.loaded.keys) == len({*models.loaded.keys}) == 4
    assert models.loaded.labels[models.loaded.keys.index(key)] == "<b>Own</b>"
    assert models.loaded.shares.shape == (45, 4)
    undo_edit(db, number)
    undo_edit(db, number)
    models.look()
    assert len(models.loaded.keys) == 3
    assert "<b>Own</b>" not in models.loaded.labels


def test_an_edit_that_cannot_be_made_is_noted(portal):
    db, models, _ = portal
    add_edit(db, models.loaded.number, "merge", {"topics": ["t1", "gone"]})
    models.look()
    assert "merge" in models.loaded.notes[0]
    assert len(models.loaded.keys) == 3


def test_new_articles_join_lists_and_topics_without_a_fit(portal, news):
    db, models, _ = portal
    add_articles(db, [Article("new", "doctor vaccine nurse hospital", "New", 1.7e9 + 45 * 21_600)])
    assert recommendations(db, models, "reader-2", 45)["items"]
    models.look()
    health = topics_of(models, "health-41")[0]["topic"]
    assert topics_of(models, "new")[0]["topic"] == health
    assert "new" in [item["article"] for item in recommendations(db, models, "reader-2", 8)["items"]]
    assert explain(db, models, "reader-2", "new")["reasons"]
    assert all(news.subject(item["article"]) == "health" for item in similar(db, models, "new", 4)["items"])
    assert sum(one["articles"] for one in topics(models)["topics"]) == 46


@pytest.mark.parametrize("off", [-7200.0, 7200.0])
def test_articles_from_a_server_whose_clock_is_wrong_join_too(portal, monkeypatch, off):
    db, models, folder = portal
    clock = time.time
    with monkeypatch.context() as patched:
        patched.setattr("time.time", lambda: clock() + off)
        add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    models.look()
    assert "new" in models.loaded.rows
    monkeypatch.setattr("partwise.portal.models.OVERLAP", 0.0)
    models.look()
    assert list(all_articles(db, models._since)) == []
    with monkeypatch.context() as patched:
        patched.setattr("time.time", lambda: clock() + off)
        refit(db, folder, 3)
    add_articles(db, [Article("later", "doctor vaccine nurse hospital")])
    models.look()
    assert "later" in models.loaded.rows


def test_an_article_whose_text_changed_is_placed_again(portal):
    db, models, _ = portal
    before = topics_of(models, "money-01")[0]["topic"]
    health = topics_of(models, "health-41")[0]["topic"]
    add_articles(db, [Article("money-01", "doctor vaccine nurse hospital patients clinic")])
    models.look()
    assert topics_of(models, "money-01")[0]["topic"] == health != before
    assert similar(db, models, "money-01", 1)["items"][0]["article"].startswith("health")
    loaded = models.loaded
    add_articles(db, [Article("money-01", "doctor vaccine nurse hospital patients clinic", section="other")])
    models.look()
    assert models.loaded is not loaded
    assert len(models.loaded.rows) == 45


def test_edits_are_not_made_again_when_articles_join(portal, monkeypatch):
    db, models, _ = portal
    add_edit(db, models.loaded.number, "merge", {"topics": models.loaded.keys[:2]})
    models.look()
    topics = models.loaded.topics
    add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    models.look()
    assert "new" in models.loaded.rows
    assert models.loaded.topics is topics


def test_a_look_that_fails_is_made_up_for_by_the_next(portal, monkeypatch):
    db, models, _ = portal
    before = models.loaded
    add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    add_edit(db, before.number, "rename", {"topic": before.keys[0], "label": "Own"})
    with monkeypatch.context() as patched:
        patched.setattr("partwise.portal.models.topic_facts", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            models.look()
    assert models.loaded is before
    models.look()
    assert "new" in models.loaded.rows
    assert "new" in models.loaded.listed
    assert "Own" in models.loaded.labels


def test_joined_articles_stay_when_topics_are_edited(portal):
    db, models, _ = portal
    add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    models.look()
    add_edit(db, models.loaded.number, "merge", {"topics": models.loaded.keys[:2]})
    models.look()
    assert models.loaded.shares.shape == (46, 2)
    assert models.loaded.shares[models.loaded.rows["new"]].sum() == pytest.approx(1)


def test_it_is_told_once_requests_on_the_fit_before_are_answered_and_then_only(portal, monkeypatch):
    db, _, folder = portal
    told = []
    models = Models(db, folder, lambda: told.append((models.loaded.number, models._behind)))
    monkeypatch.setattr("partwise.portal.models.LOOK", 0.01)

    def follows(is_so):
        until = time.monotonic() + 30
        while not is_so() and time.monotonic() < until:
            time.sleep(0.01)
        return is_so()

    models.start()
    first = models.loaded.number
    try:
        assert follows(lambda: told == [(first, False)])
        add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
        add_edit(db, first, "rename", {"topic": models.loaded.keys[0], "label": "Own"})
        assert follows(lambda: "new" in models.loaded.rows)
        second = refit(db, folder, 4).number
        assert follows(lambda: told == [(first, False), (second, False)])
    finally:
        models.stop()


def test_the_models_before_are_let_go(portal):
    db, models, folder = portal
    before = weakref.ref(models.loaded)
    use_fit(db, refit(db, folder, 3).number)
    assert before() is not None
    assert models.look()
    assert before() is None
    assert not models.look()


def test_another_fit_replaces_the_one_in_use_and_back(portal):
    db, models, folder = portal
    first = models.loaded
    add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    second = refit(db, folder, 3).number
    models.look()
    assert models.loaded.number == second
    assert "new" in models.loaded.listed
    use_fit(db, first.number)
    models.look()
    assert models.loaded.number == first.number
    assert "new" in models.loaded.listed
    assert np.array_equal(models.loaded.shares[:45], first.shares)


@pytest.mark.parametrize("damage", ["cut", "missing", "foreign", "half"])
def test_if_a_file_is_damaged_the_fit_before_it_is_used_and_a_note_says_so(portal, damage):
    db, models, folder = portal
    first, second = models.loaded.number, refit(db, folder, 3).number
    files = folder / "fits" / str(second)
    if damage == "cut":
        (files / "topics.partwise").write_bytes((files / "topics.partwise").read_bytes()[:500])
    elif damage == "missing":
        shutil.rmtree(files)
    elif damage == "half":
        (files / "recommender.partwise").unlink()
    else:
        (files / "recommender.partwise").write_text("hello")
    for one in (models, Models(db, folder)):
        one.look()
        assert one.loaded.number == first
        assert f"fit {second} cannot be loaded, so fit {first} is used" in one.loaded.notes[0]
        assert recommendations(db, one, "reader-1", 3)["fit"] == first
    assert fit_in_use(db).number == second
    refit(db, folder, 3)
    models.look()
    assert models.loaded.notes == []


def test_without_any_file_nothing_is_loaded_until_they_are_there_again(portal, monkeypatch):
    db, _, folder = portal
    (folder / "fits").rename(folder / "away")
    models = Models(db, folder)
    models.look()
    assert models.loaded is None
    assert "cannot be loaded, so no fit is used" in models.notes[0]
    (folder / "away").rename(folder / "fits")
    models.look()
    assert models.loaded is None
    monkeypatch.setattr("partwise.portal.models.AGAIN", 0.0)
    models.look()
    assert models.loaded is not None
    assert models.notes == []


def test_a_damaged_file_is_tried_again_without_computing_all_else_anew(portal, monkeypatch):
    db, models, folder = portal
    shutil.rmtree(folder / "fits" / str(refit(db, folder, 3).number))
    monkeypatch.setattr("partwise.portal.models.AGAIN", 0.0)
    assert models.look()
    loaded = models.loaded
    assert not models.look()
    assert models.loaded is loaded


def test_a_started_process_follows_in_the_background(portal, monkeypatch):
    db, _, folder = portal
    monkeypatch.setattr("partwise.portal.models.LOOK", 0.01)
    models = Models(db, folder)
    models.start()
    try:
        assert models.loaded is not None
        add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
        until = time.monotonic() + 30
        while "new" not in models.loaded.listed and time.monotonic() < until:
            time.sleep(0.01)
        assert "new" in models.loaded.listed
    finally:
        models.stop()
    assert not any(thread.name == "models" for thread in threading.enumerate())


@pytest.mark.parametrize("error", [sa.exc.OperationalError("", {}, Exception("away")), MemoryError()])
def test_a_database_that_is_away_for_a_while_leaves_what_is_loaded(portal, monkeypatch, error):
    db, models, _ = portal
    looks = []

    def away(_):
        looks.append(1)
        raise error

    before = models.loaded
    monkeypatch.setattr("partwise.portal.models.LOOK", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr("partwise.portal.models.fits_by_use", away)
        thread = threading.Thread(target=models._follow, daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while len(looks) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(looks) >= 3
        assert models.loaded is before
    add_events(db, [Event("x", "x", "money-01", 1.7e9)])
    add_articles(db, [Article("new", "doctor vaccine nurse hospital")])
    while "new" not in models.loaded.listed and time.monotonic() < until:
        time.sleep(0.01)
    models.stop()
    thread.join()
    assert "new" in models.loaded.listed


def test_lists_never_fail_while_models_are_replaced(portal):
    db, models, folder = portal
    failed, asked, ended = [], [], threading.Event()

    def ask(reader):
        while not ended.is_set():
            try:
                found = recommendations(db, models, reader, 5, why=True)
                assert len(found["items"]) == 5
                similar(db, models, "money-01")
                asked.append(found["fit"])
            except Exception as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=ask, args=(f"reader-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    first = models.loaded.number
    for number in range(3):
        add_articles(db, [Article(f"new-{number}", "doctor vaccine nurse hospital")])
        models.look()
        add_edit(db, models.loaded.number, "split", {"topic": models.loaded.keys[0], "n": 2})
        models.look()
        undo_edit(db, models.loaded.number)
        models.look()
    second = refit(db, folder, 3).number
    models.look()
    until = time.monotonic() + 30
    while second not in asked and not failed and time.monotonic() < until:
        time.sleep(0.01)
    ended.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {*asked} == {first, second}
