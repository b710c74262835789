"""What models learn from: articles and reads of the database, as tables."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from partwise.portal.articles import Article
from partwise.portal.events import Event

__all__ = ["articles_table", "date_of", "reads_table", "title_of", "words_of"]


def words_of(article: Article) -> str:
    """Return the text of an article, or its title if it has no text."""
    return article.text if article.text.strip() else article.title


def title_of(article: Article) -> str:
    """Return what an article is called: its title, or its id if it has none."""
    return article.title or article.id


def date_of(time: float | None) -> str:
    """Return a time in seconds since 1970 as YYYY-MM-DD; "" if it is unknown or not of the years 1000 to 9999."""
    try:
        day = datetime.fromtimestamp(np.nan if time is None else time, UTC).date()
    except (ValueError, OverflowError, OSError):
        return ""
    return day.isoformat() if day.year >= 1000 else ""


def articles_table(articles: Sequence[Article]) -> dict[str, Any]:
    """Return articles as `Recommender.fit` and `add_articles` take them."""
    table: dict[str, Any] = {
        "article": [article.id for article in articles],
        "text": [words_of(article) for article in articles],
        "title": [article.title for article in articles],
    }
    times = np.array([np.nan if article.time is None else article.time for article in articles], dtype=np.float64)
    return table if np.isnan(times).all() else table | {"time": _datetimes(times)}


def reads_table(events: Iterable[Event], articles: frozenset[str], latest: float) -> dict[str, Any] | None:
    """Return the reads of known articles as `Recommender.fit` takes them; None if there are none.

    A time after `latest` counts as `latest`: one clock that is wrong would make all articles old.
    """
    readers, read, strengths, times = list[str](), list[str](), list[float](), list[float]()
    one: dict[str, str] = {}  # the database gives each row texts of its own; each id is kept once
    for event in events:
        if event.article in articles:
            readers.append(one.setdefault(event.reader, event.reader))
            read.append(one.setdefault(event.article, event.article))
            strengths.append(event.strength)
            times.append(min(event.time, latest))
    if not readers:
        return None
    strength, time = np.array(strengths, dtype=np.float64), _datetimes(np.array(times, dtype=np.float64))
    return {"reader": readers, "article": read, "strength": strength, "time": time}


def _datetimes(seconds: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return seconds since 1970 as datetimes, whose unit nobody needs to guess; NaN becomes NaT."""
    known = np.isfinite(seconds) & (np.abs(seconds) < 1e12)
    return np.where(known, np.where(known, seconds, 0) * 1e3, np.iinfo(np.int64).min).astype(np.int64).view("M8[ms]")
