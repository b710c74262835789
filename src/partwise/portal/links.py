"""Links that work once, and sessions: which of them were used up."""

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database, now

__all__ = ["first_use", "was_used"]

PREFIX = "link:"
TABLE = schema.settings


def first_use(db: Database, name: str, until: float) -> bool:
    """Note that a link is used, and tell whether this is the first time; the note can go after a time in seconds."""
    key = f"{PREFIX}{name}"
    with db.write() as connection:
        over = TABLE.c.name.startswith(PREFIX, autoescape=True) & (sa.cast(TABLE.c.value, sa.Float) < now())
        connection.execute(sa.delete(TABLE).where(over))
        return db.insert_new(connection, TABLE, [{"name": key, "value": str(until)}], "name") == 1


def was_used(db: Database, name: str) -> bool:
    """Tell whether a link was used."""
    with db.read() as connection:
        query = sa.select(TABLE.c.name).where(TABLE.c.name == f"{PREFIX}{name}")
        return connection.execute(query).first() is not None
