"""The log of reads: who read which article, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database

__all__ = [
    "Added",
    "Event",
    "add_events",
    "all_events",
    "articles_read",
    "count_events",
    "history",
    "readers_of",
    "remove_events_before",
]

PAGE = 10_000
"""Events that one query returns or removes at most."""
TABLE = schema.events
COLUMNS = (TABLE.c.key, TABLE.c.reader, TABLE.c.article, TABLE.c.time, TABLE.c.strength)
# Built once: every list asks this.
HISTORY = (
    sa.select(*COLUMNS)
    .where(TABLE.c.reader == sa.bindparam("reader"))
    .order_by(TABLE.c.time.desc(), TABLE.c.number.desc())
)
LAST = HISTORY.limit(sa.bindparam("last"))


@dataclass(frozen=True)
class Event:
    """A read: `time` in seconds since 1970; a key of its own, by which one that is sent twice counts once."""

    key: str
    reader: str
    article: str
    time: float
    strength: float = 1.0


class Added(NamedTuple):
    """How many events were new, and how many were there already."""

    accepted: int
    duplicates: int


def add_events(db: Database, rows: Sequence[Event]) -> Added:
    """Add events whose key is not there yet."""
    # Sorted, so that two writers take the rows in the same order and cannot wait for each other in a circle.
    given = [asdict(row) for row in sorted(rows, key=lambda row: row.key)]
    new = db.commit(lambda connection: db.insert_new(connection, TABLE, given, "key"))
    return Added(new, len(rows) - new)


def history(db: Database, reader: str, last: int | None = None) -> list[Event]:
    """Return the events of a reader, the oldest first: all of them, or the last."""
    query = HISTORY if last is None else LAST
    with db.read() as connection:
        found = connection.execute(query, {"reader": reader} | ({} if last is None else {"last": last})).all()
    return [Event(*row) for row in reversed(found)]


def articles_read(db: Database, reader: str) -> set[str]:
    """Return the articles that a reader read."""
    query = sa.select(TABLE.c.article).distinct().where(TABLE.c.reader == reader)
    with db.read() as connection:
        return {*connection.execute(query).scalars()}


def all_events(db: Database) -> Iterator[Event]:
    """Return all events, one by one, in the order in which they arrived."""
    return (Event(*row) for row in db.streamed(TABLE, COLUMNS, PAGE))


def count_events(db: Database) -> int:
    """Return the number of events."""
    with db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(TABLE)).scalar_one()


def remove_events_before(db: Database, time: float) -> int:
    """Remove events older than a time, in seconds since 1970; return how many there were."""
    some = sa.select(TABLE.c.number).where(TABLE.c.time < time).limit(PAGE)
    removed = 0
    while True:  # in pieces, so that other writers need not wait for long
        with db.write() as connection:
            count = connection.execute(sa.delete(TABLE).where(TABLE.c.number.in_(some.scalar_subquery()))).rowcount
        removed += count
        if count < PAGE:
            return removed


def readers_of(db: Database, article: str) -> int:
    """Return how many readers read an article."""
    query = sa.select(sa.func.count(sa.distinct(TABLE.c.reader))).where(TABLE.c.article == article)
    with db.read() as connection:
        return connection.execute(query).scalar_one()
