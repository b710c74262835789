"""How many topics a collection gets."""

from typing import Any

import numpy as np

from partwise.blocks.opening import open_blocks
from partwise.exceptions import DataError
from partwise.selection.rank import choose_rank
from partwise.topics.settings import Settings

__all__ = ["number_of_topics"]

CHOICES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20)
"""Numbers of topics to choose from; in texts, finer topics keep explaining more."""


def number_of_topics(asked: Any, X: Any, settings: Settings, max_memory: Any) -> tuple[int, str | None]:
    """Return how many topics to find in X (n, m), no more than it holds, and why if that was left to the data."""
    most = min(int(np.count_nonzero(np.diff(X.indptr))), X.shape[1])
    if most == 0:
        raise DataError("every entry of the matrix is zero: no document has a word. Pass documents with words.")
    if not isinstance(asked, str):
        return min(int(asked), most), None
    if most == 1:
        return 1, "1 topic: a single document or word has no more."
    choice = choose_rank(
        X if max_memory is None else open_blocks(X, max_memory), [k for k in CHOICES if k <= most // 2] or [1],
        folds=min(5, most), loss=settings.loss_function, sample_weight=settings.weights(X),
        random_state=settings.random_state, n_jobs=settings.n_jobs,
    )  # fmt: skip
    return choice.n_components, choice.reason
