"""A copy of the topics, the places of documents among them, and what follows from both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.state import PlainState
from partwise.topics.places import mean_shares

__all__ = ["Settled", "checked_components"]


@dataclass(frozen=True, eq=False)
class Settled(PlainState):
    """Topics, the places of documents among them, and what was derived from both so far.

    A model compares the copy with its own topics to notice a change. Arrays are read-only.

    Parameters
    ----------
    components : ndarray of shape (n_topics, n_words)
        The topics.
    places : ndarray of shape (n_documents, n_topics)
        Places of the documents among them.
    shares : ndarray of shape (n_topics,)
        Share of each topic in the collection.
    kept : dict of str to object
        The results of `get`.

    Examples
    --------
    >>> H = np.array([[0.6, 0.8]])
    >>> settled = Settled.of(H, np.array([[1.0]]))
    >>> H /= 2
    >>> settled.same(H), settled.shares
    (False, array([1.]))
    """

    components: Array
    places: Array
    shares: Array
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, components: Array, places: Array, shares: Array | None = None) -> Self:
        """Return topics and places that belong together; shares are the mean ones unless they are given."""
        return cls(np.array(components), places, mean_shares(places) if shares is None else shares)

    def __post_init__(self) -> None:
        for array in (self.components, self.places, self.shares):
            array.flags.writeable = False  # what was derived from them would not follow a change

    def __getstate__(self) -> dict[str, Any]:
        slow = {name: value for name, value in self.kept.items() if name == "stability"}
        return super().__getstate__() | {"kept": slow}  # the rest is made anew in less time than it takes to load

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__post_init__()

    def same(self, components: Any) -> bool:
        """Return whether topics equal the copy."""
        return np.array_equal(self.components, components)

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what follows from topics and places alone, computed at its first use."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]


def checked_components(components: Any, n_words: int) -> Array:
    """Check topics that a user set; return them in float32 where they are in that, else in float64.

    Parameters
    ----------
    components : array-like of shape (n_topics, n_words)
        The topics.
    n_words : int
        Words of the model.

    Returns
    -------
    ndarray of shape (n_topics, n_words)
        The topics.

    Raises
    ------
    DataError
        If they have another shape, or an entry is negative, infinite or NaN.

    Examples
    --------
    >>> checked_components([[1, 0]], 2)
    array([[1., 0.]])
    """
    try:
        H = np.asarray(components)
        H = H if H.dtype == np.float32 else H.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"components_ is no array of numbers ({error}). Assign one of shape (n_topics, n_words)."
        ) from error
    if H.ndim != 2 or not len(H) or H.shape[1] != n_words:
        raise DataError(
            f"components_ has shape {H.shape}, but each topic needs a weight for each of the {n_words:,} words. Assign "
            f"an array of shape (n_topics, {n_words})."
        )
    bad = ~(np.isfinite(H) & (H >= 0))
    if bad.any():
        t, j = np.argwhere(bad)[0]
        raise DataError(
            f"components_[{t}, {j}] = {H[t, j]} is no weight of a word ({int(bad.sum()):,} entries are negative or not "
            "finite). Assign finite numbers from 0 up."
        )
    return H
