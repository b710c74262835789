"""The demonstration: the same each time, and what was deleted stays deleted."""

from partwise.portal.articles import article, count_articles
from partwise.portal.demo import fill
from partwise.portal.events import all_events, count_events
from partwise.portal.readers import delete_reader


def test_the_demonstration_is_filled_once(database):
    fill(database)
    assert (count_articles(database), count_events(database)) == (2000, 7500)
    events = [*all_events(database)]
    assert all(article(database, event.article) for event in events[:50])
    assert delete_reader(database, "reader-1") == 25
    fill(database)
    assert count_events(database) == 7475
