"""What readers set, and what the portal holds of a reader: to export and to delete."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database
from partwise.portal.events import history

__all__ = ["Preferences", "change_preferences", "delete_reader", "export_reader", "preferences", "set_preferences"]

TABLE = schema.readers
# Built once: every list asks this.
HELD = sa.select(TABLE.c.preferences).where(TABLE.c.reader == sa.bindparam("reader"))


@dataclass(frozen=True)
class Preferences:
    """What a reader asks of lists.

    Attributes
    ----------
    muted : tuple of str
        Keys of topics that the reader does not want to see.
    fresh, broad : float
        How much new articles, and articles unlike each other, are preferred; from 0 to 1.
    personal : bool
        Whether the reads of the reader may shape the list.
    more : tuple of str
        Ids of articles of which the reader wants more: each counts as a read.
    less : tuple of str
        Ids of articles that lists leave out; reads of them do not count.
    """

    muted: tuple[str, ...] = ()
    fresh: float = 0.0
    broad: float = 0.0
    personal: bool = True
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def preferences(db: Database, reader: str) -> Preferences:
    """Return what a reader set; of one who set nothing, the defaults."""
    with db.read() as connection:
        held = connection.execute(HELD, {"reader": reader}).scalar()
    return _read(held)


def set_preferences(db: Database, reader: str, chosen: Preferences) -> None:
    """Keep what a reader sets."""
    with db.write() as connection:
        db.replace(connection, TABLE, [{"reader": reader, "preferences": asdict(chosen)}], "reader")


def change_preferences(db: Database, reader: str, change: Callable[[Preferences], Preferences]) -> None:
    """Change what a reader set; who does so at the same time waits."""
    with db.write() as connection:
        db.insert_new(connection, TABLE, [{"reader": reader, "preferences": asdict(Preferences())}], "reader")
        held = connection.execute(HELD.with_for_update(), {"reader": reader}).scalar()
        chosen = [{"reader": reader, "preferences": asdict(change(_read(held)))}]
        db.replace(connection, TABLE, chosen, "reader")


def export_reader(db: Database, reader: str) -> dict[str, Any]:
    """Return all that the portal holds of a reader."""
    events = [
        {"key": event.key, "article": event.article, "time": event.time, "strength": event.strength}
        for event in history(db, reader)
    ]
    chosen = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(preferences(db, reader)).items()}
    return {"reader": reader, "events": events, "preferences": chosen}


def delete_reader(db: Database, reader: str) -> int:
    """Delete all that the portal holds of a reader; return how many events there were."""
    with db.write() as connection:
        connection.execute(sa.delete(TABLE).where(TABLE.c.reader == reader))
        return connection.execute(sa.delete(schema.events).where(schema.events.c.reader == reader)).rowcount


def _read(held: Mapping[str, Any] | None) -> Preferences:
    chosen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in (held or {}).items()}
    return Preferences(**chosen)
