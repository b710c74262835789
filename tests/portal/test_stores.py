"""The stores: what goes in comes out, once, on both databases."""

import threading
from dataclasses import replace

import pytest

from partwise.exceptions import ParameterError
from partwise.portal import articles, events, keys, readers
from partwise.portal.articles import Article
from partwise.portal.database import Database
from partwise.portal.events import Event
from partwise.portal.readers import Preferences

NEWS = [
    Article("a", "Rates rise by 50 % again", title="Rates", time=30.0, section="money", url="/a"),
    Article("b", "The cup final", time=20.0),
    Article("c", "A cup_of tea"),
]


def read(n, reader="r", article="a", time=None):
    return Event(f"k{n}", reader, article, float(n) if time is None else time)


def test_articles_come_back_as_they_were_given(database):
    assert articles.add_articles(database, NEWS) == (3, 0)
    assert articles.article(database, "a") == NEWS[0]
    assert articles.article(database, "x") is None
    assert articles.articles(database, ["c", "x", "b"]) == {"b": NEWS[1], "c": NEWS[2]}
    assert list(articles.all_articles(database)) == NEWS
    assert articles.count_articles(database) == 3
    assert [found.id for found in articles.newest_articles(database, 3)] == ["a", "b", "c"]
    assert [found.id for found in articles.newest_articles(database, 1)] == ["a"]


def test_only_other_contents_change_an_article(database, monkeypatch):
    monkeypatch.setattr(Database, "time", lambda self, connection: 100.0)
    articles.add_articles(database, NEWS)
    monkeypatch.setattr(Database, "time", lambda self, connection: 200.0)
    assert articles.add_articles(database, [NEWS[0], replace(NEWS[2], text="Tea")]) == (2, 1)
    again = [NEWS[0], replace(NEWS[0], title="2"), replace(NEWS[0], title="3")]
    assert articles.add_articles(database, again) == (3, 1)
    assert articles.article(database, "a").title == "3"
    assert [found.id for found in articles.all_articles(database, since=200.0)] == ["a", "c"]
    assert list(articles.all_articles(database, since=200.5)) == []


def test_pages_of_articles_and_events_join_without_a_gap(database, monkeypatch):
    monkeypatch.setattr(articles, "PAGE", 7)
    monkeypatch.setattr(events, "PAGE", 7)
    for count in (13, 14):
        articles.add_articles(database, [Article(f"{i:02}", "") for i in range(count)])
        events.add_events(database, [read(i) for i in range(count)])
        assert [found.id for found in articles.all_articles(database)] == [f"{i:02}" for i in range(count)]
        assert len(list(articles.all_articles(database, since=0.0))) == count
        assert len(articles.articles(database, [f"{i:02}" for i in range(count)])) == count
        assert {found.key for found in events.all_events(database)} == {f"k{i}" for i in range(count)}
    assert events.remove_events_before(database, 10.0) == 10
    assert sorted(found.time for found in events.all_events(database)) == [10.0, 11.0, 12.0, 13.0]


@pytest.mark.parametrize(
    ("words", "found"),
    [("cup", "bc"), ("CUP final", "b"), ("50 %", "a"), ("%", "a"), ("cup_", "c"), ("_", "c"), ("", "abc")],
)
def test_search_takes_words_as_they_are(database, words, found):
    articles.add_articles(database, NEWS)
    assert "".join(article.id for article in articles.search_articles(database, words)) == found


def test_search_keeps_to_a_section_and_a_time(database):
    articles.add_articles(database, NEWS)
    assert [found.id for found in articles.search_articles(database, "", section="money")] == ["a"]
    assert [found.id for found in articles.search_articles(database, "", before=30.0)] == ["b"]
    assert len(articles.search_articles(database, "", n=2)) == 2


def test_an_event_sent_twice_counts_once(database):
    assert events.add_events(database, [read(2), read(1), read(1, time=9.0)]) == (2, 1)
    assert events.add_events(database, [read(1), read(3)]) == (1, 1)
    assert [event.time for event in events.history(database, "r")] == [1.0, 2.0, 3.0]
    assert events.history(database, "other") == []
    assert events.count_events(database) == 3
    assert events.add_events(database, []) == (0, 0)


def test_the_last_reads_and_all_articles_read_are_told(database):
    events.add_events(
        database, [read(1, time=5.0), read(2, article="b", time=3.0), read(3, time=4.0), read(4, "s", "c")]
    )
    assert [event.key for event in events.history(database, "r")] == ["k2", "k3", "k1"]
    assert [event.key for event in events.history(database, "r", 2)] == ["k3", "k1"]
    assert [event.key for event in events.history(database, "r", 9)] == ["k2", "k3", "k1"]
    assert events.articles_read(database, "r") == {"a", "b"}


def test_who_reads_an_article_is_told_in_sums(database):
    events.add_events(database, [read(1), read(2), read(3, "s"), read(4, "t", "b")])
    assert events.readers_of(database, "a") == 2
    assert events.readers_of(database, "x") == 0


def test_preferences_are_kept_and_default_where_none_are_set(database):
    assert readers.preferences(database, "r") == Preferences()
    chosen = Preferences(muted=("t1",), fresh=0.5, broad=1.0, personal=False, more=("a",), less=("b", "c"))
    for wanted in (Preferences(broad=0.25), chosen):
        readers.set_preferences(database, "r", wanted)
        assert readers.preferences(database, "r") == wanted


def test_settings_that_are_changed_at_the_same_time_are_all_kept(database):
    def wish(number):
        for i in range(5):
            readers.change_preferences(
                database, "r", lambda held, i=i: replace(held, more=(*held.more, f"{number}-{i}"))
            )

    threads = [threading.Thread(target=wish, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readers.preferences(database, "r").more) == 30


def test_a_reader_is_exported_and_deleted_whole(database):
    events.add_events(database, [read(1), read(2), read(3, "s")])
    readers.set_preferences(database, "r", Preferences(muted=("t1",)))
    mine = readers.export_reader(database, "r")
    assert [event["key"] for event in mine["events"]] == ["k1", "k2"]
    assert mine["preferences"]["muted"] == ["t1"]
    assert readers.delete_reader(database, "r") == 2
    assert readers.export_reader(database, "r")["events"] == []
    assert readers.preferences(database, "r") == Preferences()
    assert events.count_events(database) == 1


def test_a_key_has_a_scope_until_it_expires_or_is_revoked(database, monkeypatch):
    monkeypatch.setattr(keys, "now", lambda: 0.0)
    short, long = keys.make_key(database, "read", "site", days=1), keys.make_key(database, "admin")
    assert short.startswith("pw_")
    assert (keys.scope_of(database, short), keys.scope_of(database, long)) == ("read", "admin")
    assert keys.scope_of(database, "pw_nothing") is None
    assert keys.scope_of(database, "\ud800\x00") is None
    monkeypatch.setattr(keys, "now", lambda: 86_400.0)
    assert (keys.scope_of(database, short), keys.scope_of(database, long)) == (None, "admin")
    first, second = keys.list_keys(database)
    assert (first.name, first.scope, first.expires, second.expires) == ("site", "read", 86_400.0, None)
    assert keys.revoke_key(database, second.number)
    assert not keys.revoke_key(database, second.number)
    assert keys.scope_of(database, long) is None


def test_a_scope_that_does_not_exist_is_refused(database):
    with pytest.raises(ParameterError, match="read, write, admin; got 'root'"):
        keys.make_key(database, "root")


def test_writers_of_the_same_rows_do_not_wait_for_each_other_in_a_circle(database):
    failed = []

    def write(number):
        step = 1 if number % 2 else -1
        try:
            for i in range(5):
                articles.add_articles(database, [Article(f"{n}", f"{number} {i}") for n in range(40)][::step])
                events.add_events(database, [read(40 * i + n) for n in range(40)][::step])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert events.count_events(database) == 200
