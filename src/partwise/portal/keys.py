"""Keys of the interface: what a site shows to be let in. Only a hash of each is kept."""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from partwise.exceptions import ParameterError
from partwise.portal import schema
from partwise.portal.database import Database, now

__all__ = ["SCOPES", "Key", "list_keys", "make_key", "revoke_key", "scope_of"]

SCOPES = ("read", "write", "admin")
"""read: lists, topics, search. write: articles and events. admin: everything."""
DAY = 86_400.0
TABLE = schema.keys


@dataclass(frozen=True)
class Key:
    """What is known of a key; times in seconds since 1970."""

    number: int
    name: str
    scope: str
    created: float
    expires: float | None


def make_key(db: Database, scope: str, name: str = "", days: float | None = None) -> str:
    """Make a key and return it; it cannot be shown again. Without `days` it does not expire."""
    if scope not in SCOPES:
        raise ParameterError(f"scope must be one of {', '.join(SCOPES)}; got {scope!r}.")
    key, made = f"pw_{secrets.token_urlsafe(32)}", now()
    expires = None if days is None else made + days * DAY
    row = {"hash": _hash(key), "name": name, "scope": scope, "created": made, "expires": expires}
    with db.write() as connection:
        connection.execute(sa.insert(TABLE), [row])
    return key


def scope_of(db: Database, key: str) -> str | None:
    """Return the scope of a key; None if it is unknown or has expired."""
    valid = TABLE.c.expires.is_(None) | (TABLE.c.expires > now())
    with db.read() as connection:
        return connection.execute(sa.select(TABLE.c.scope).where(TABLE.c.hash == _hash(key), valid)).scalar()


def list_keys(db: Database) -> list[Key]:
    """Return what is known of all keys, the oldest first."""
    query = sa.select(TABLE.c.number, TABLE.c.name, TABLE.c.scope, TABLE.c.created, TABLE.c.expires)
    with db.read() as connection:
        return [Key(*row) for row in connection.execute(query.order_by(TABLE.c.number))]


def revoke_key(db: Database, number: int) -> bool:
    """Remove a key by its number; tell whether there was one."""
    with db.write() as connection:
        return connection.execute(sa.delete(TABLE).where(TABLE.c.number == number)).rowcount > 0


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
