"""Keys of topics, which a topic keeps from fit to fit: its number among the topics changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from scipy.optimize import linear_sum_assignment

from partwise.matching import match
from partwise.portal import schema
from partwise.portal.database import Database
from partwise.topics import TopicModel

__all__ = ["Carried", "carried_by_words", "carried_keys", "new_keys"]

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
    return _carried(keys, after.n_topics_, pairs.similarity, pairs.pairs)


def carried_by_words(before: Sequence[Mapping[str, Any]], after: TopicModel) -> Carried:
    """Return the same from what the facts of an earlier fit say of its topics, whose models are lost.

    The share of the words that two topics have in common stands for the cosine.
    """
    words = [{word for word, _ in after.top_words(t)} for t in range(after.n_topics_)]
    common = np.array(
        [[len(own & {*topic["words"]}) / max(len(own), len(topic["words"]), 1) for own in words] for topic in before]
    )
    old, new = linear_sum_assignment(common, maximize=True)
    return _carried([topic["key"] for topic in before], len(words), common[old, new], list(zip(old, new, strict=True)))


def _carried(keys: Sequence[str], n: int, similarity: Iterable[float], pairs: Iterable[tuple[int, int]]) -> Carried:
    carried: list[str | None] = [None] * n
    drifted = []
    for similar, (old, new) in zip(similarity, pairs, strict=True):
        if similar >= SAME:
            carried[new] = keys[old]
            if similar < DRIFTED:
                drifted.append(keys[old])
    return Carried(carried, drifted, [key for key in keys if key not in carried])
