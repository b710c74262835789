"""Changes of topics by editors: none is lost between processes or around a fit, and labels go on to the next fit."""

import shutil

import pytest
import sqlalchemy as sa

from partwise.portal import editing, using
from partwise.portal import refit as refits
from partwise.portal.articles import add_articles
from partwise.portal.editing import change_topics, undo_change
from partwise.portal.edits import ChangedError, add_edit, edits, undo_edit
from partwise.portal.fits import fit_in_use, use_fit
from partwise.portal.models import Models
from partwise.portal.refit import refit
from partwise.portal.using import UnusableError, put_into_use


@pytest.fixture
def portal(database, news, tmp_path):
    """Return a database with a fit of three topics, its models and their folder."""
    add_articles(database, news.articles(30))
    refit(database, tmp_path, 3)
    models = Models(database, tmp_path)
    models.look()
    return database, models, tmp_path


def labels_of(db, folder):
    models = Models(db, folder)
    models.look()
    return dict(zip(models.loaded.keys, models.loaded.labels, strict=True))


def damage(folder, number):
    (folder / "fits" / str(number) / "topics.partwise").write_text("hello")


def test_a_change_that_is_stored_is_told_as_made_though_the_database_is_away_after_it(portal, monkeypatch):
    db, models, _ = portal
    key, looks, look = models.loaded.keys[0], [], models.look

    def away_after_the_first():
        looks.append(1)
        if len(looks) % 2 == 0:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        return look()

    monkeypatch.setattr(models, "look", away_after_the_first)
    number = models.loaded.number
    assert change_topics(db, models, "rename", {"topic": key, "label": "Own"}) == number
    assert [edit.facts["label"] for edit in edits(db, number)] == ["Own"]
    assert undo_change(db, models) == number
    assert edits(db, number) == []
    assert len(looks) == 4


def test_a_change_by_a_process_that_has_not_looked_is_of_the_fit_in_use(portal):
    db, models, folder = portal
    key, second = models.loaded.keys[0], refit(db, folder, 3).number
    assert change_topics(db, models, "rename", {"topic": key, "label": "Own"}) == second
    assert [edit.facts["label"] for edit in edits(db, second)] == ["Own"]
    assert labels_of(db, folder)[key] == "Own"
    assert undo_change(db, Models(db, folder)) == second
    assert edits(db, second) == []


@pytest.mark.parametrize("meanwhile", ["merge", "fit", "undo"])
@pytest.mark.parametrize("change", ["merge", "undo"])
def test_of_two_changes_at_once_the_later_is_refused(portal, monkeypatch, meanwhile, change):
    db, models, folder = portal
    keys, first = models.loaded.keys, models.loaded.number
    change_topics(db, models, "rename", {"topic": keys[2], "label": "Own"})
    name = "add_edit" if change == "merge" else "undo_edit"
    own = getattr(editing, name)

    def late(*args):
        if meanwhile == "merge":
            add_edit(db, first, "merge", {"topics": keys[1:]})
        elif meanwhile == "fit":
            refit(db, folder, 3)
        else:
            undo_edit(db, first)
        return own(*args)

    monkeypatch.setattr(editing, name, late)
    with pytest.raises(ChangedError, match="meanwhile"):
        change_topics(db, models, "merge", {"topics": keys[:2]}) if change == "merge" else undo_change(db, models)
    assert [edit.kind for edit in edits(db, first)] == {
        "merge": ["rename", "merge"], "fit": ["rename"], "undo": [],
    }[meanwhile]  # fmt: skip


def test_a_rename_while_a_fit_ends_is_not_lost(portal, monkeypatch):
    db, models, folder = portal
    keys, save = models.loaded.keys, refits.save_models
    change_topics(db, models, "rename", {"topic": keys[0], "label": "Before"})
    change_topics(db, models, "rename", {"topic": keys[1], "label": "Before too"})

    def late(*args):
        change_topics(db, models, "rename", {"topic": keys[1], "label": "While it ran"})
        change_topics(db, models, "rename", {"topic": keys[2], "label": "Undone"})
        undo_change(db, models)
        save(*args)

    monkeypatch.setattr(refits, "save_models", late)
    assert refit(db, folder, 3).state == "ready"
    found = labels_of(db, folder)
    assert (found[keys[0]], found[keys[1]]) == ("Before", "While it ran")
    assert "Undone" not in found.values()


def test_undo_leaves_labels_that_a_fit_took_over(portal):
    db, models, folder = portal
    key = models.loaded.keys[0]
    change_topics(db, models, "rename", {"topic": key, "label": "Own"})
    refit(db, folder, 3)
    assert undo_change(db, models) is None
    assert labels_of(db, folder)[key] == "Own"
    change_topics(db, models, "rename", {"topic": key, "label": "Newer"})
    assert undo_change(db, models) == fit_in_use(db).number
    assert labels_of(db, folder)[key] == "Own"
    refit(db, folder, 3)
    assert labels_of(db, folder)[key] == "Own"


def test_an_empty_label_brings_back_the_words_of_a_topic_whose_label_a_fit_took_over(portal):
    db, models, folder = portal
    key, words = models.loaded.keys[0], models.loaded.labels[0]
    change_topics(db, models, "rename", {"topic": key, "label": "Own"})
    refit(db, folder, 3)
    assert labels_of(db, folder)[key] == "Own"
    change_topics(db, models, "rename", {"topic": key, "label": ""})
    assert labels_of(db, folder)[key] == words
    refit(db, folder, 3)
    assert labels_of(db, folder)[key] == words


@pytest.mark.parametrize("damaged", ["the last", "all"])
def test_keys_and_labels_outlive_files_that_cannot_be_loaded(portal, damaged):
    db, models, folder = portal
    words = {topic["key"]: {*topic["words"]} for topic in fit_in_use(db).facts["topics"]}
    second = refit(db, folder, 3).number
    change_topics(db, models, "rename", {"topic": models.loaded.keys[0], "label": "Own"})
    damage(folder, second)
    if damaged == "all":
        shutil.rmtree(folder / "fits" / "1")
    fit = refit(db, folder, 3)
    assert fit.state == "ready"
    assert fit.facts["before"] == (second if damaged == "all" else 1)
    assert (fit.facts["born"], fit.facts["died"]) == ([], [])
    assert {topic["key"]: {*topic["words"]} for topic in fit.facts["topics"]} == words
    assert labels_of(db, folder)[models.loaded.keys[0]] == "Own"


def test_a_fit_whose_models_cannot_be_loaded_is_not_put_into_use(portal):
    db, models, folder = portal
    second = refit(db, folder, 3).number
    models.look()
    damage(folder, 1)
    with pytest.raises(UnusableError, match=f"fit 1 cannot be loaded, so fit {second} stays"):
        put_into_use(db, models, 1)
    assert fit_in_use(db).number == models.loaded.number == second
    assert models.loaded.notes == []
    with pytest.raises(UnusableError, match="not ready"):
        put_into_use(db, models, 9)
    third = refit(db, folder, 3).number
    put_into_use(db, models, second)
    assert fit_in_use(db).number == models.loaded.number == second
    damage(folder, third)
    with pytest.raises(UnusableError):
        put_into_use(db, models, third)
    assert fit_in_use(db).number == second


def test_a_fit_that_another_process_puts_into_use_at_the_same_time_stays(portal, monkeypatch):
    db, models, folder = portal
    second = refit(db, folder, 3).number

    def late(db, number):
        return use_fit(db, number) and use_fit(db, second)

    monkeypatch.setattr(using, "use_fit", late)
    put_into_use(db, models, 1)
    assert fit_in_use(db).number == second


def test_without_any_models_a_note_says_why(portal):
    db, models, folder = portal
    damage(folder, 1)
    models = Models(db, folder)
    models.look()
    assert models.loaded is None
    assert "fit 1 cannot be loaded" in models.notes[0]
