"""The articles that the portal knows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database

__all__ = [
    "Added",
    "Article",
    "add_articles",
    "all_articles",
    "article",
    "articles",
    "count_articles",
    "newest_articles",
    "search_articles",
]

PAGE = 500
"""Articles that one query returns at most."""
TABLE = schema.articles
COLUMNS = (TABLE.c.id, TABLE.c.text, TABLE.c.title, TABLE.c.time, TABLE.c.section, TABLE.c.url)


@dataclass(frozen=True)
class Article:
    """An article; `time` is that of its publication, in seconds since 1970."""

    id: str
    text: str
    title: str = ""
    time: float | None = None
    section: str = ""
    url: str = ""


class Added(NamedTuple):
    """How many articles were taken, and how many of them were there before with other contents."""

    accepted: int
    changed: int


def add_articles(db: Database, rows: Sequence[Article]) -> Added:
    """Add articles; one whose id is there takes the new contents, and the last of several with one id counts."""
    # Sorted, so that two writers take the rows in the same order and cannot wait for each other in a circle.
    given = {row.id: row for row in sorted(rows, key=lambda row: row.id)}
    with db.write() as connection:
        there = _find(connection, list(given))
        changed = [row for row in given.values() if there.get(row.id, row) != row]
        new = [row for row in given.values() if row.id not in there]
        received = db.time(connection)
        db.replace(connection, TABLE, [asdict(row) | {"changed": received} for row in new + changed], "id")
    return Added(len(rows), len(changed))


def article(db: Database, wanted: str) -> Article | None:
    """Return the article with an id; None if there is none."""
    return articles(db, [wanted]).get(wanted)


def articles(db: Database, ids: Iterable[str]) -> dict[str, Article]:
    """Return the articles with some ids; those that are not there are left out."""
    with db.read() as connection:
        return _find(connection, list(ids))


def all_articles(db: Database, since: float | None = None) -> Iterator[Article]:
    """Return the articles, one by one, in the order in which they first arrived.

    With `since`, only those that the portal received new or changed at this time of the database (`Database.time`) or
    later. Writers take it before their transaction ends: who looks again and again asks from some seconds before the
    last look.
    """
    rows = db.streamed(TABLE, COLUMNS, PAGE) if since is None else _received(db, since)
    return (Article(*row) for row in rows)


def search_articles(
    db: Database, words: str, section: str | None = None, before: float | None = None, n: int = 50
) -> list[Article]:
    """Return articles with all of the words in their title or text, the newest first.

    Case does not count. On SQLite this holds for the letters A to Z only.
    """
    query = sa.select(*COLUMNS)
    for word in words.split():
        query = query.where(
            TABLE.c.title.icontains(word, autoescape=True) | TABLE.c.text.icontains(word, autoescape=True)
        )
    if section is not None:
        query = query.where(TABLE.c.section == section)
    if before is not None:
        query = query.where(TABLE.c.time < before)
    with db.read() as connection:
        return _newest(connection, query, n)


def newest_articles(db: Database, n: int) -> list[Article]:
    """Return the articles published last, the newest first; after them those without a time."""
    with db.read() as connection:
        return _newest(connection, sa.select(*COLUMNS), n)


def count_articles(db: Database) -> int:
    """Return the number of articles."""
    with db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(TABLE)).scalar_one()


def _find(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Article]:
    found: dict[str, Article] = {}
    for first in range(0, len(ids), PAGE):
        query = sa.select(*COLUMNS).where(TABLE.c.id.in_(ids[first : first + PAGE]))
        found |= {row.id: Article(*row) for row in connection.execute(query)}
    return found


def _received(db: Database, since: float) -> Iterator[tuple[Any, ...]]:
    with db.read() as connection:
        numbers = sorted(connection.execute(sa.select(TABLE.c.number).where(TABLE.c.changed >= since)).scalars())
    for first in range(0, len(numbers), PAGE):
        page = sa.select(*COLUMNS).where(TABLE.c.number.in_(numbers[first : first + PAGE])).order_by(TABLE.c.number)
        with db.read() as connection:
            rows = connection.execute(page).all()
        yield from map(tuple, rows)


def _newest(connection: sa.Connection, query: sa.Select[Any], n: int) -> list[Article]:
    # Two queries, as an index serves each of them; the databases place null at different ends.
    dated = query.where(TABLE.c.time.is_not(None)).order_by(TABLE.c.time.desc(), TABLE.c.number.desc()).limit(n)
    rows = list(connection.execute(dated).all())
    if len(rows) < n:
        rest = query.where(TABLE.c.time.is_(None)).order_by(TABLE.c.number.desc()).limit(n - len(rows))
        rows += connection.execute(rest).all()
    return [Article(*row) for row in rows]
