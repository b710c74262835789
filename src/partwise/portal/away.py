"""Which errors mean that the database cannot be used now."""

import sqlalchemy as sa

__all__ = ["is_away"]


def is_away(error: Exception) -> bool:
    """Tell whether an error means that the database cannot be used now, and that later it may be."""
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError) or (
        isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    )
