"""Changes that an editor makes to the topics: tried on the model before they are kept, as they cannot be told later."""

from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from partwise.exceptions import ParameterError
from partwise.portal.database import Database
from partwise.portal.edits import Edit, add_edit, applied, undo_edit
from partwise.portal.models import Models

__all__ = ["change_topics", "undo_change"]


def change_topics(db: Database, models: Models, kind: str, facts: dict[str, Any]) -> int:
    """Change the topics of the fit in use, and return its number.

    Parameters
    ----------
    kind, facts
        As in `edits`.

    Raises
    ------
    UnknownTopicError
        If there is no such topic.
    ParameterError
        If there is no fit.
    DataError
        If a topic is too small to be split.
    ChangedError
        If another process changed the topics at the same time.
    """
    models.look()  # another process may have changed them just now
    loaded = models.loaded
    if loaded is None:
        raise ParameterError("there are no topics yet. Add articles and start a fit.")
    new = [f"new-{i}" for i in range(1, facts.get("n", 2))] if kind == "split" else []
    applied(loaded.topics, loaded.keys, [Edit(0, kind, facts | {"new": new})])
    add_edit(db, loaded.number, kind, facts, loaded.seen)
    _show(models)
    return loaded.number


def undo_change(db: Database, models: Models) -> int | None:
    """Undo the last change of the topics that are loaded, and return their fit; None if there is no change to undo.

    These are not always those of the fit in use: its files may be damaged, and then an earlier one is changed.

    Raises
    ------
    ChangedError
        If another process changed the topics at the same time.
    """
    models.look()
    loaded = models.loaded
    if loaded is None or not undo_edit(db, loaded.number, loaded.seen):
        return None
    _show(models)
    return loaded.number


def _show(models: Models) -> None:
    """Take in a change that was made: it is there, even if the database is away just now and it is seen later."""
    with suppress(sa.exc.SQLAlchemyError):
        models.look()
