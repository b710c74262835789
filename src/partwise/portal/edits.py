"""Edits of topics by editors: renamed, merged and split, each of which can be undone."""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from partwise.exceptions import ParameterError, PartwiseError
from partwise.portal import schema
from partwise.portal.database import Database, now
from partwise.portal.fits import last_use
from partwise.portal.topic_keys import new_keys
from partwise.topics import TopicModel

__all__ = [
    "KINDS",
    "MOST_PIECES",
    "ChangedError",
    "Edit",
    "Seen",
    "UnknownTopicError",
    "add_edit",
    "applied",
    "carry_labels",
    "edits",
    "undo_edit",
]

KINDS = ("rename", "merge", "split")
LONGEST_LABEL = 200
MOST_PIECES = 10
TABLE = schema.edits


@dataclass(frozen=True)
class Edit:
    """An edit of the topics of a fit.

    Attributes
    ----------
    number : int
        Edits are applied in the order of their numbers.
    kind : str
        One of `KINDS`.
    facts : dict
        rename: ``topic``, a key, and ``label``, where ``""`` brings back the words. merge: ``topics``, keys. split:
        ``topic``, ``n`` and ``new``, the keys of all pieces but the largest. A rename that a fit took over from an
        earlier one has ``carried``, and is not undone.
    """

    number: int
    kind: str
    facts: dict[str, Any]

    @property
    def carried(self) -> bool:
        """Whether a fit took it over from an earlier one."""
        return bool(self.facts.get("carried"))


class Seen(NamedTuple):
    """What an editor's change builds on: the fit in use with the time of that use, and the last edit (0: none)."""

    use: tuple[int, float] | None
    edit: int


class UnknownTopicError(ParameterError):
    """There is no topic of this key."""


class ChangedError(PartwiseError, RuntimeError):
    """The topics were changed by others after an editor saw them."""


def add_edit(db: Database, fit: int, kind: str, facts: dict[str, Any], seen: Seen | None = None) -> Edit:
    """Add an edit to the topics of a fit; a split gets the keys of its new topics here.

    With `seen`, only if nothing changed since.

    Raises
    ------
    ParameterError
        If the kind or the facts are none of an edit. `applied` raises UnknownTopicError for topics that do not
        exist.
    ChangedError
        If another fit is in use, or another edit was made or undone.
    """
    facts = _checked(kind, facts)
    with db.write() as connection:
        _check_seen(db, connection, fit, seen)
        if kind == "split":
            facts["new"] = new_keys(db, connection, facts["n"] - 1)
        row = {"fit": fit, "kind": kind, "facts": facts, "made": now()}
        number = connection.execute(sa.insert(TABLE).values(row).returning(TABLE.c.number)).scalar_one()
    return Edit(number, kind, facts)


def undo_edit(db: Database, fit: int, seen: Seen | None = None) -> bool:
    """Undo the last edit of a fit that an editor made and that is not undone; tell whether there was one.

    With `seen`, as in `add_edit`.
    """
    with db.write() as connection:
        _check_seen(db, connection, fit, seen)
        own = [edit.number for edit in _edits(connection, [fit]) if not edit.carried]
        if own:
            connection.execute(sa.update(TABLE).where(TABLE.c.number == own[-1]).values(undone=True))
        return bool(own)


def edits(db: Database, fit: int) -> list[Edit]:
    """Return the edits of a fit that are not undone, in order."""
    with db.read() as connection:
        return _edits(connection, [fit])


def carry_labels(connection: sa.Connection, earlier: Collection[int], fit: int, keys: Collection[str]) -> None:
    """Give the topics of a new fit the labels that editors gave to those of the same keys in earlier fits.

    Where those have no label for a key, it gets the last one that any fit has: editors went back past that fit.
    """
    labels: dict[str, str] = {}
    for fits in (None, earlier):
        renames = [edit.facts for edit in _edits(connection, fits) if edit.kind == "rename"]
        labels |= {facts["topic"]: facts["label"] for facts in renames}  # the last one of each counts
    rows = [
        {"fit": fit, "kind": "rename", "facts": {"topic": key, "label": labels[key], "carried": True}, "made": now()}
        for key in keys
        if labels.get(key)
    ]
    if rows:
        connection.execute(sa.insert(TABLE), rows)


def applied(
    topics: TopicModel, keys: Sequence[str], made: Sequence[Edit], skipped: list[str] | None = None
) -> tuple[TopicModel, list[str]]:
    """Return a copy of topics with edits applied in order, and the key of each topic.

    A merged topic has the key of the largest one, and its label if an editor gave it. Of a split topic, the largest
    piece keeps both. With `skipped`, edits that cannot be made are left out, and a sentence about each is put there.

    Raises
    ------
    UnknownTopicError
        If an edit names a topic that does not exist.
    DataError
        If a topic has too few documents or words to be split.
    """
    topics, keys, labels = copy(topics), list(keys), dict[str, str]()
    for edit in made:
        try:
            topics, keys = _after(topics, keys, edit)
        except PartwiseError as error:
            if skipped is None:
                raise
            skipped.append(f"edit {edit.number} ({edit.kind}) is left out: {error}")
            continue
        if edit.kind == "rename":
            labels[edit.facts["topic"]] = edit.facts["label"]
    return topics.set_labels({keys.index(key): label for key, label in labels.items() if key in keys}), keys


def _edits(connection: sa.Connection, fits: Collection[int] | None) -> list[Edit]:
    """Return the edits of some fits, or of all, that are not undone, in order."""
    query = sa.select(TABLE.c.number, TABLE.c.kind, TABLE.c.facts).where(TABLE.c.undone.is_(False))
    query = (query if fits is None else query.where(TABLE.c.fit.in_(fits))).order_by(TABLE.c.number)
    return [Edit(*row) for row in connection.execute(query)]


def _check_seen(db: Database, connection: sa.Connection, fit: int, seen: Seen | None) -> None:
    """Raise ChangedError if anything changed since; until the transaction ends, nothing does."""
    if seen is None:
        return
    db.hold(connection, schema.fits)
    made = _edits(connection, [fit])
    if seen != Seen(last_use(connection), made[-1].number if made else 0):
        raise ChangedError("the topics were changed meanwhile. Look again.")


def _after(topics: TopicModel, keys: list[str], edit: Edit) -> tuple[TopicModel, list[str]]:
    facts = edit.facts
    if edit.kind == "merge":
        places = sorted({_place(keys, key) for key in facts["topics"]})
        largest = max(places, key=lambda place: topics.shares_[place])
        left = [key for place, key in enumerate(keys) if place not in places[1:]]
        left[places[0]] = keys[largest]
        return topics.merge(places), left
    place = _place(keys, facts["topic"])
    return (topics.split(place, facts["n"]), [*keys, *facts["new"]]) if edit.kind == "split" else (topics, keys)


def _place(keys: Sequence[str], key: str) -> int:
    if key not in keys:
        raise UnknownTopicError(f"there is no topic {key[:40]!r}.")
    return keys.index(key)


def _checked(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of an edit that count; raise ParameterError if they are none of this kind."""
    if kind == "rename":
        topic, label = facts.get("topic"), facts.get("label")
        if isinstance(topic, str) and isinstance(label, str) and len(label) <= LONGEST_LABEL:
            return {"topic": topic, "label": " ".join(label.split())}
        raise ParameterError(f"rename needs a topic's key and a label of up to {LONGEST_LABEL} characters.")
    if kind == "merge":
        topics = facts.get("topics")
        if isinstance(topics, list | tuple) and all(isinstance(key, str) for key in topics) and len(set(topics)) > 1:
            return {"topics": list(topics)}
        raise ParameterError("merge needs the keys of at least two different topics.")
    if kind == "split":
        topic, n = facts.get("topic"), facts.get("n", 2)
        if isinstance(topic, str) and type(n) is int and 2 <= n <= MOST_PIECES:
            return {"topic": topic, "n": n}
        raise ParameterError(f"split needs a topic's key and a number of pieces from 2 to {MOST_PIECES}.")
    raise ParameterError(f"an edit is one of {', '.join(KINDS)}; got {kind!r}.")
