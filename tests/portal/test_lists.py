"""Lists: what readers read counts at once, preferences hold, reasons add up, and topics are described."""

import json

import numpy as np
import pytest

from partwise.portal import lists
from partwise.portal.articles import Article, add_articles
from partwise.portal.events import Event, add_events
from partwise.portal.lists import (
    count_reads,
    explain,
    find_topics,
    recommendations,
    similar,
    topic,
    topics,
    topics_of,
)
from partwise.portal.models import Models
from partwise.portal.readers import Preferences, delete_reader, set_preferences

TIME = 1.7e9 + 86_400 * 23


def read(db, reader, *articles):
    add_events(db, [Event(f"{reader}-{name}", reader, name, TIME) for name in articles])


def listed(found):
    return [item["article"] for item in found["items"]]


def key_of(models, subject, news):
    """Return the key of the topic that most articles of a subject have."""
    loaded = models.loaded
    largest = [loaded.shares[row].argmax() for name, row in loaded.rows.items() if news.subject(name) == subject]
    return loaded.keys[np.bincount(largest).argmax()]


def test_a_reader_gets_unread_articles_of_the_own_subject(fitted, news):
    db, models, _ = fitted
    for reader in range(0, 45, 5):
        found = recommendations(db, models, f"reader-{reader}", 5)
        assert (found["known"], found["personal"], found["fit"]) == (True, True, models.loaded.number)
        own = [news.subject(name) == news.subjects[reader % 3] for name in listed(found)]
        assert sum(own) >= 4
        assert not {*listed(found)} & {event.article for event in news.events() if event.reader == f"reader-{reader}"}
        assert [item["score"] for item in found["items"]] == sorted((i["score"] for i in found["items"]), reverse=True)
    assert json.loads(json.dumps(found)) == found


def test_an_unknown_reader_gets_a_list_and_a_read_counts_at_once(fitted, news):
    db, models, _ = fitted
    before = recommendations(db, models, "new-reader", 5)
    assert not before["known"]
    assert len(before["items"]) == 5
    read(db, "new-reader", "health-02", "health-05", listed(before)[0])
    after = recommendations(db, models, "new-reader", 5)
    assert after["known"]
    assert listed(before)[0] not in listed(after)
    assert sum(news.subject(name) == "health" for name in listed(after)) > sum(
        news.subject(name) == "health" for name in listed(before)
    )
    assert delete_reader(db, "new-reader") == 3
    assert recommendations(db, models, "new-reader", 5) == before


def test_items_tell_title_time_topics_and_reasons(fitted):
    db, models, _ = fitted
    item = recommendations(db, models, "reader-1", 1, why=True)["items"][0]
    number = int(item["article"].split("-")[1])
    assert (item["title"], item["time"]) == (f"Title of {number}", 1.7e9 + number * 86_400 / 4)
    assert item["topics"] == topics_of(models, item["article"])
    assert item["topics"][0]["topic"] in models.loaded.keys
    assert any("you read Title of" in because for because in item["because"])
    assert "because" not in recommendations(db, models, "reader-1", 1)["items"][0]


def test_muted_topics_are_left_out_even_if_they_are_all_that_a_reader_reads(fitted, news):
    db, models, _ = fitted
    read(db, "muting", "sport-00", "sport-03", "sport-06", "sport-09")
    key = key_of(models, "sport", news)
    set_preferences(db, "muting", Preferences(muted=(key, "t999")))
    found = listed(recommendations(db, models, "muting", 40))
    assert len(found) == 40
    for name in found:
        assert topics_of(models, name)[0]["topic"] != key
    set_preferences(db, "muting", Preferences(muted=tuple(models.loaded.keys)))
    assert listed(recommendations(db, models, "muting", 5)) == []


def test_less_leaves_an_article_out_and_its_read_no_longer_counts(fitted):
    db, models, _ = fitted
    read(db, "wishing", "money-01", "money-04", "health-05")
    first = listed(recommendations(db, models, "wishing", 3))[0]
    set_preferences(db, "wishing", Preferences(less=(first,)))
    assert first not in listed(recommendations(db, models, "wishing", 60))
    set_preferences(db, "wishing", Preferences(less=("health-05",)))
    without = recommendations(db, models, "wishing", 60)
    read(db, "wishing-too", "money-01", "money-04")
    same = recommendations(db, models, "wishing-too", 70)
    assert listed(without) == [name for name in listed(same) if name != "health-05"][:60]


def test_more_counts_as_a_read(fitted, news):
    db, models, _ = fitted
    set_preferences(db, "more", Preferences(more=("health-02", "health-05")))
    found = recommendations(db, models, "more", 10)
    assert not found["known"]
    assert sum(news.subject(name) == "health" for name in listed(found)) >= 8
    assert not {"health-02", "health-05"} & {*listed(found)}


def test_a_list_that_is_not_personal_is_that_of_an_unknown_reader_without_what_was_read(fitted):
    db, models, _ = fitted
    read(db, "private", "money-01", "money-04", "money-07", "money-88")
    set_preferences(db, "private", Preferences(personal=False))
    found, unknown = recommendations(db, models, "private", 50), recommendations(db, models, "unknown", 80)
    assert (found["known"], found["personal"]) == (True, False)
    mine = {"money-01", "money-04", "money-07", "money-88"}
    assert listed(found) == [name for name in listed(unknown) if name not in mine][:50]
    assert [one["because"] for one in explain(db, models, "private", "money-10")["reasons"]] == ["many read it lately"]


def test_fresh_and_broad_change_a_list(fitted):
    db, models, _ = fitted
    read(db, "fresh", "money-01", "money-04", "money-07", "sport-00")
    lists = {}
    for name, wishes in {"plain": {}, "fresh": {"fresh": 1.0}, "broad": {"broad": 0.8}}.items():
        set_preferences(db, "fresh", Preferences(**wishes))
        lists[name] = recommendations(db, models, "fresh", 10)
    ages = {name: np.mean([item["time"] for item in found["items"]]) for name, found in lists.items()}
    assert ages["fresh"] > ages["plain"]
    kinds = {name: len({item["topics"][0]["topic"] for item in found["items"]}) for name, found in lists.items()}
    assert listed(lists["broad"]) != listed(lists["plain"])
    assert kinds["broad"] >= kinds["plain"]


@pytest.mark.parametrize("reader", ["reader-0", "reader-31", "nobody"])
def test_reasons_add_up_to_the_score_of_the_list(fitted, reader):
    db, models, _ = fitted
    for item in recommendations(db, models, reader, 5)["items"]:
        found = explain(db, models, reader, item["article"])
        assert (found["reader"], found["title"]) == (reader, item["title"])
        assert sum(reason["score"] for reason in found["reasons"]) == found["score"]
        assert found["score"] == pytest.approx(item["score"], rel=1e-9)
        assert sum(reason["share"] for reason in found["reasons"]) == pytest.approx(1)


def test_similar_articles_share_topics(fitted, news):
    db, models, _ = fitted
    found = similar(db, models, "money-31", 6)
    assert len(found["items"]) == 6
    assert "money-31" not in listed(found)
    assert all(news.subject(name) == "money" for name in listed(found))
    for item in found["items"]:
        assert sum(one["share"] for one in item["shared"]) == pytest.approx(1)
        assert item["shared"][0]["label"] in models.loaded.labels


def test_an_article_that_is_not_there_is_none(fitted):
    db, models, _ = fitted
    assert explain(db, models, "reader-1", "gone") is None
    assert similar(db, models, "gone") is None
    assert topic(db, models, "t999") is None
    assert topics_of(models, "gone") == []


def test_topics_are_described(fitted, news):
    db, models, _ = fitted
    found = topics(models)
    assert found["fit"] == models.loaded.number
    shares = [one["share"] for one in found["topics"]]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert sum(one["articles"] for one in found["topics"]) == len(models.loaded.rows)
    for one in found["topics"]:
        assert [period["period"] for period in one["trend"]] == sorted(period["period"] for period in one["trend"])
        assert len(one["words"]) >= 8
    for period in range(len(one["trend"])):
        assert sum(one["trend"][period]["share"] for one in found["topics"]) == pytest.approx(1)
    money = topic(db, models, key_of(models, "money", news))
    assert all(news.subject(one["article"]) == "money" for one in money["typical"])
    assert money["typical"][0]["passage"]
    assert json.loads(json.dumps(money)) == money


def test_topics_are_found_by_words(fitted, news):
    _, models, _ = fitted
    found = find_topics(models, "hospital nurse", 2)
    assert found["topics"][0]["topic"] == key_of(models, "health", news)
    assert {*found["topics"][0]["words"]} == {"hospital", "nurse"}
    assert find_topics(models, "zebra")["topics"] == []


def test_before_the_first_fit_the_newest_articles_are_listed(database, news, tmp_path):
    models = Models(database, tmp_path)
    models.look()
    assert recommendations(database, models, "a", 3)["items"] == []
    add_articles(database, news.articles(12))
    read(database, "a", "health-11", "gone")
    found = recommendations(database, models, "a", 3, why=True)
    assert (found["known"], found["fit"]) == (True, None)
    assert listed(found) == ["money-10", "sport-09", "health-08"]
    assert found["items"][0]["because"] == []
    assert explain(database, models, "a", "sport-09")["score"] == 0
    assert similar(database, models, "sport-09")["items"] == []
    assert topics(models) == {"fit": None, "topics": []}
    assert find_topics(models, "cup")["topics"] == []


def test_an_article_without_a_title_is_called_by_its_id(database, tmp_path):
    add_articles(database, [Article("a <b>", "text")])
    assert similar(database, Models(database, tmp_path), "a <b>")["title"] == "a <b>"


def test_reasons_call_parts_by_the_labels_of_topics(fitted):
    db, models, _ = fitted
    assert {*models.loaded.part_labels} <= {*models.loaded.labels, ""}
    abouts = set()
    for reader in range(45):
        for item in recommendations(db, models, f"reader-{reader}", 3, why=True)["items"]:
            abouts |= {because.partition(", about ")[2] for because in item["because"]} - {""}
    assert abouts
    assert abouts <= {*models.loaded.labels}


def test_of_many_reads_the_last_shape_the_list_and_none_is_listed_again(fitted, monkeypatch):
    db, models, _ = fitted
    monkeypatch.setattr(lists, "COUNTED", 3)
    early, late = ("sport-00", "sport-03", "sport-06", "sport-09"), ("health-02", "health-05", "health-08")
    add_events(db, [Event(f"many-{name}", "many", name, TIME - 1e6 + i) for i, name in enumerate(early)])
    read(db, "many", *late)
    read(db, "few", *late)
    assert count_reads(db, models, "many") == 3
    many, few = (recommendations(db, models, reader, 60) for reader in ("many", "few"))
    left = [name for name in listed(few) if name not in early]
    assert listed(many)[: len(left)] == left
    assert not {*listed(many)} & {*early, *late}
    assert {*listed(few)} & {*early}


def test_reads_that_do_not_shape_a_list_are_not_counted(fitted):
    db, models, _ = fitted
    read(db, "counting", "money-01", "money-04", "not-there")
    assert count_reads(db, models, "counting") == 2
    set_preferences(db, "counting", Preferences(less=("money-01",), more=("health-02",)))
    assert count_reads(db, models, "counting") == 1
    set_preferences(db, "counting", Preferences(personal=False))
    assert count_reads(db, models, "counting") == 0
