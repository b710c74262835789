"""A change that an editor makes to the topics: tried on the model before it is kept, as it cannot be told later."""

from typing import Any

from partwise.exceptions import ParameterError
from partwise.portal.database import Database
from partwise.portal.edits import Edit, add_edit, applied
from partwise.portal.models import Models

__all__ = ["change_topics"]


def change_topics(db: Database, models: Models, kind: str, facts: dict[str, Any]) -> int:
    """Change the topics of the fit in use, and return its number.

    Parameters
    ----------
    kind, facts
        As in `edits`.

    Raises
    ------
    ParameterError
        If there is no such topic, or no fit.
    DataError
        If a topic is too small to be split.
    """
    loaded = models.loaded
    if loaded is None:
        raise ParameterError("there are no topics yet. Add articles and start a fit.")
    new = [f"new-{i}" for i in range(1, facts.get("n", 2))] if kind == "split" else []
    applied(loaded.topics, loaded.keys, [Edit(0, kind, facts | {"new": new})])
    add_edit(db, loaded.number, kind, facts)
    models.look()
    return loaded.number
