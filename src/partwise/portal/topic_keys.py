"""Keys of topics, which a topic keeps from fit to fit: its number among the topics changes."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from partwise.matching import match
from partwise.portal import schema
from partwise.portal.database import Database
from partwise.topics import TopicModel

__all__ = ["Carried", "carried_keys", "new_keys"]

SAME, DRIFTED = 0.5, 0.8
"""Least cosine of the words of two topics that are the same one, and below which it has drifted."""
NAME = "topic keys made"
TABLE = schema.settings


class Carried(NamedTuple):
    """The key of each topic of a new model, None for a new topic; and keys of topics that drifted and died."""

    keys: list[str | None]
    drifted: list[str]
    died: list[str]


def new_keys(db: Database, connection: sa.Connection, n: int) -> list[str]:
    """Return n keys that no topic ever had."""
    db.insert_new(connection, TABLE, [{"name": NAME, "value": "0"}], "name")
    row = TABLE.c.name == NAME
    made = int(connection.execute(sa.select(TABLE.c.value).where(row).with_for_update()).scalar_one())
    connection.execute(sa.update(TABLE).where(row).values(value=str(made + n)))
    return [f"t{made + i}" for i in range(1, n + 1)]


def carried_keys(before: TopicModel, keys: Sequence[str], after: TopicModel) -> Carried:
    """Return which topics of a new model have the keys of an earlier one, by their words."""
    pairs = match(before, after)
    carried: list[str | None] = [None] * after.n_topics_
    drifted = []
    for cosine, (old, new) in zip(pairs.similarity, pairs.pairs, strict=True):
        if cosine >= SAME:
            carried[new] = keys[old]
            if cosine < DRIFTED:
                drifted.append(keys[old])
    return Carried(carried, drifted, [key for key in keys if key not in carried])
