"""The demonstration: the same each time, and what was deleted stays deleted."""

import pytest

from partwise.exceptions import DataError
from partwise.portal.articles import Article, add_articles, article, count_articles
from partwise.portal.demo import fill
from partwise.portal.events import Event, add_events, all_events, count_events
from partwise.portal.readers import delete_reader


def test_the_demonstration_is_filled_once(database):
    fill(database)
    assert (count_articles(database), count_events(database)) == (2000, 7500)
    events = [*all_events(database)]
    assert all(article(database, event.article) for event in events[:50])
    assert delete_reader(database, "reader-1") == 25
    fill(database)
    assert count_events(database) == 7475


def test_a_database_of_others_is_not_opened_to_all(database):
    add_articles(database, [Article("a", "text")])
    with pytest.raises(DataError, match="not those of the demonstration"):
        fill(database)
    assert (count_articles(database), count_events(database)) == (1, 0)
    add_events(database, [Event("k", "r", "a", 1.0)])
    with pytest.raises(DataError, match="not those of the demonstration"):
        fill(database)
