"""Links that work once: which of them were used."""

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database, now

__all__ = ["first_use"]

PREFIX = "link:"
TABLE = schema.settings


def first_use(db: Database, name: str, until: float) -> bool:
    """Note that a link is used, and tell whether this is the first time; the note can go after a time in seconds."""
    key = f"{PREFIX}{name}"
    with db.write() as connection:
        over = TABLE.c.name.startswith(PREFIX, autoescape=True) & (sa.cast(TABLE.c.value, sa.Float) < now())
        connection.execute(sa.delete(TABLE).where(over))
        return db.insert_new(connection, TABLE, [{"name": key, "value": str(until)}], "name") == 1
