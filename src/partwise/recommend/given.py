"""Scores for readers who are known by given reads alone, on a fitted model that stays unchanged."""

from dataclasses import fields
from typing import Any

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.matrix import Array
from partwise.recommend.interest import Interest, confidences
from partwise.recommend.log import Log

__all__ = ["GivenReads"]

FEW = 5
"""Readers up to which only articles that share a word with them are looked at. For more readers, one pass over all
texts takes less time: at 100,000 texts of 50 words 2 ms for each reader by words, and 13 ms for up to 8 by a pass."""


class GivenReads(Interest):
    """Scores for the readers of a log, from its reads alone. All else is shared with the fitted scores.

    It gives lists and reasons, and is not saved or updated.

    Examples
    --------
    >>> from partwise.recommend import Recommender
    >>> from partwise.recommend.log import reads_of_known
    >>> model = Recommender(2).fit({"reader": ["a", "a", "b"], "article": ["x", "y", "x"]})
    >>> log = reads_of_known({"reader": ["c"], "article": ["x"]}, model._model.log.articles)
    >>> GivenReads.of(model._model, log, None).read.shape
    (1, 2)
    """

    @classmethod
    def of(cls, fitted: Interest, log: Log, half_life: float | None) -> "GivenReads":
        """Return the scores for the readers of a log, whose articles have the places of the fitted ones."""
        read = confidences(log, None if fitted.log.time is None else half_life, fitted.now)
        if not read.shape[0]:  # an unknown reader has the row -1, which must exist
            read.resize((1, read.shape[1]))
        values = {field.name: getattr(fitted, field.name) for field in fields(Interest)}
        made = cls(**values | {"read": read, "W": fitted.parts.place_readers(read), "log": log})
        # Cached values depend on articles, and not on readers.
        names = [name for name, value in vars(Interest).items() if isinstance(value, cached_property)]
        vars(made).update({name: getattr(fitted, name) for name in names})
        return made

    def _add_texts(self, history: Any, by: Array, scores: Array) -> None:
        if len(self.log.readers) > FEW:
            super()._add_texts(history, by, scores)
            return
        words, texts = history @ self.texts, self._by_word
        kernels.csr_chain(
            words.indptr, words.indices, words.data, np.arange(len(by)), by, texts.indptr, texts.indices, texts.data,
            scores,
        )  # fmt: skip
