"""The factor that a half-step holds fixed, with sums computed once from it, and what a block of rows needs of it."""

from typing import Any, NamedTuple

import numpy as np

from partwise import kernels
from partwise.caching import cached_property
from partwise.matrix import Array
from partwise.threads import Workers


def own_gram(factor: Array) -> Array:
    """Return factor.T @ factor, (k, k).

    A lower bound can be so high that squares overflow; the loop then ends the fit at its last finite pair.
    """
    with np.errstate(over="ignore"):
        return factor.T @ factor


def gram(factor: Array, workers: Workers | None = None) -> Array:
    """Return factor.T @ factor in float64, without a float64 copy of the factor."""
    factor, out = np.ascontiguousarray(factor), np.empty((factor.shape[1], factor.shape[1]))
    kernels.gram(factor, out, workers.team if workers else None)
    return out


def column_sums(factor: Array) -> Array:
    """Return the column sums in float64, (k,)."""
    return factor.sum(axis=0, dtype=np.float64)


class Fixed:
    """A factor that does not change.

    Parameters
    ----------
    array : ndarray of shape (m, k)
        Its entries.
    workers : Workers or None
        Threads for its Gram matrix.

    Examples
    --------
    >>> from partwise.extend import Fixed
    >>> right = Fixed(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> right.gram.tolist(), right.mass.tolist()  # computed when they are asked for, once
    ([[10.0, 14.0], [14.0, 20.0]], [4.0, 6.0])
    """

    def __init__(self, array: Array, workers: Workers | None = None) -> None:
        self.array, self._workers = array, workers

    @cached_property
    def gram(self) -> Array:
        """array.T @ array in float64, (k, k)."""
        return gram(self.array, self._workers)

    @cached_property
    def mass(self) -> Array:
        """Column sums in float64, (k,)."""
        return column_sums(self.array)

    @cached_property
    def transposed(self) -> Array:
        """The transpose (k, m padded to a multiple of 16), zero past m: a vector of a build has at most 16 numbers."""
        m, k = self.array.shape
        out = np.zeros((k, (m + 15) // 16 * 16), self.array.dtype)
        out[:, :m] = self.array.T
        return out


class Side(NamedTuple):
    """What a half-step on a block of rows needs besides the rows.

    Parameters
    ----------
    fixed : Fixed
        The right factor.
    shared : ndarray or None
        ``Loss.shared`` of the rows of `fixed` whose columns of X count in this block; None if the loss has none.
    floor : float
        The least value of a model entry that divides.
    constant : float
        The block's share of ``Loss.constant``; 0 if no loss is needed.

    Examples
    --------
    >>> from partwise.extend import Fixed, as_matrix
    >>> from partwise.losses import get_loss
    >>> X, loss = as_matrix([[1.0, 2.0], [3.0, 4.0]]), get_loss("frobenius")
    >>> (side,) = loss.sides(X, Fixed(np.eye(2)), value=True)  # X is one block of rows
    >>> left = np.array([[1.0, 2.0], [3.0, 3.0]])
    >>> loss.block_value(X.rows(0, 2), left, side)  # half the squared error of the model left @ side.right.T
    0.5
    """

    fixed: Fixed
    shared: Any
    floor: float
    constant: float = 0.0

    @property
    def right(self) -> Array:
        """The right factor, (m, k)."""
        return self.fixed.array
