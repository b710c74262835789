"""Names of readers in the database: their ids, or keyed hashes of them; and which of the two a database holds."""

import hashlib
import hmac

import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.database import Database
from partwise.portal.settings import Settings

__all__ = ["keeps_names", "stored_name"]

NOTE = "names of readers"
TABLE = schema.settings


def stored_name(settings: Settings, name: str) -> str:
    """Return what is stored for the id of a reader or the key of a read, which may hold such an id.

    Without the secret a pseudonym does not lead to the id.
    """
    if not settings.pseudonyms:
        return name
    return hmac.new(settings.secret.encode(), name.encode(), hashlib.sha256).hexdigest()


def keeps_names(db: Database, settings: Settings) -> bool:
    """Note how the names of readers are stored; False if the database holds readers under other names.

    Other names are ids where pseudonyms are asked for, pseudonyms where they are not, and those of another secret.
    """
    wanted = stored_name(settings, "")
    with db.write() as connection:
        noted = connection.execute(sa.select(TABLE.c.value).where(TABLE.c.name == NOTE)).scalar() or ""
        if noted == wanted:
            return True
        for table in (schema.events, schema.readers):
            if connection.execute(sa.select(table.c.reader).limit(1)).first() is not None:
                return False
        db.replace(connection, TABLE, [{"name": NOTE, "value": wanted}], "name")
        return True
