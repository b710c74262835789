"""Names of readers in the database: their ids, or keyed hashes of them."""

import hashlib
import hmac

from partwise.portal.settings import Settings

__all__ = ["stored_name"]


def stored_name(settings: Settings, reader: str) -> str:
    """Return the name under which a reader is stored; without the secret a pseudonym does not lead to the id."""
    if not settings.pseudonyms:
        return reader
    return hmac.new(settings.secret.encode(), reader.encode(), hashlib.sha256).hexdigest()
