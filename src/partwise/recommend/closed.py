"""Ridge regressions of every article on all others at once, in closed form: for few readers or few articles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.matrix import Array
from partwise.threads import Workers

__all__ = ["Closed", "closed_forms"]

BLOCK = 128  # articles whose weights are made together


@dataclass(frozen=True)
class Closed:
    r"""The weights of all regressions, :math:`B = L L^T S` or :math:`L S`, but for the diagonal, which does not count.

    Attributes
    ----------
    left : ndarray of float32, shape (n_articles, r)
        L.
    scale : ndarray of float32, shape (n_articles,)
        The diagonal of S.
    squared : bool
        Whether it is :math:`L L^T`; else L is symmetric.
    """

    left: Array
    scale: Array
    squared: bool

    def told(self, rows: Any) -> Array:
        """Return what reads say for all articles, rows times B, of a csr array (n_rows, n_articles)."""
        rows = rows.astype(np.float32)
        found = rows @ self.left
        if self.squared:
            found = found @ self.left.T
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        found[row, rows.indices] -= rows.data * self._diagonal[rows.indices]
        found *= self.scale
        return found.astype(np.float64)

    def weights(self, articles: Array, most: int, workers: Workers) -> Any:
        """Return the heaviest weights of some articles, in order: a csr array (n_articles, n_articles), by column."""
        m = len(self.left)
        kept = min(most, m)

        def heaviest(first: int) -> tuple[Array, Array]:
            some = articles[first : first + BLOCK]
            block = self.left[some] @ self.left.T if self.squared else self.left[some]
            block[np.arange(len(some)), some] = 0
            top = np.argpartition(np.abs(block), m - kept, axis=1)[:, m - kept :]
            return top, np.take_along_axis(block, top, axis=1) * self.scale[some, None]

        found = workers.map(heaviest, range(0, len(articles), BLOCK))
        others, values = (np.concatenate([part[t] for part in found], axis=None) for t in range(2))
        ends = np.zeros(m + 1, dtype=np.int64)
        ends[articles + 1] = kept
        weights = sp.csr_array(sp.csc_array((values.astype(np.float64), others, np.cumsum(ends)), shape=(m, m)))
        weights.eliminate_zeros()
        return weights

    @cached_property
    def _diagonal(self) -> Array:
        return np.einsum("ir,ir->i", self.left, self.left) if self.squared else np.diagonal(self.left)


def closed_forms(scaled: Any, penalties: list[Array]) -> list[Closed]:
    r"""Return ridge regressions of each column on all others, for each of some penalties.

    For :math:`P = (Z^T Z + D)^{-1}`, column i of :math:`B` is :math:`-P_{ji} / P_{ii}`. With fewer rows than columns

    .. math:: P = D^{-1} - T^T T, \quad T = C^{-1} Z D^{-1}, \quad C C^T = I + Z D^{-1} Z^T,

    and no matrix of columns by columns is made.

    Parameters
    ----------
    scaled : csr_array of shape (n_rows, n_columns)
        Z.
    penalties : list of ndarray of shape (n_columns,)
        The diagonals D, positive, and no smaller than that of :math:`Z^T Z`: float32 has the digits for that.

    Returns
    -------
    list of Closed
        One for each penalty.

    References
    ----------
    H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, doi:10.1145/3308558.3313710. The form for
    few rows is the matrix inversion lemma.

    Examples
    --------
    >>> Z = sp.csr_array(np.array([[1.0, 1, 0], [0, 1, 1]]))
    >>> found = closed_forms(Z, [np.array([1.0, 2, 1])])[0]
    >>> found.told(sp.csr_array(np.array([[0.0, 0, 1]]))).round(3).tolist()
    [[-0.143, 0.5, 0.0]]
    """
    n, m = scaled.shape
    few = n < m
    whole = (scaled.toarray() if few else (scaled.T @ scaled).toarray()).astype(np.float32)
    return [(_of_rows if few else _of_columns)(whole, penalty.astype(np.float32) ** -0.5) for penalty in penalties]


def _of_rows(Z: Array, root: Array) -> Closed:
    A = Z * root
    gram = A @ A.T
    gram[np.diag_indices(len(gram))] += 1
    lower = sl.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
    T = np.ascontiguousarray(sl.solve_triangular(lower, A, lower=True, overwrite_b=True, check_finite=False).T)
    rest = 1 - np.einsum("ir,ir->i", T, T)  # P D on the diagonal
    T *= root[:, None]
    return Closed(T, 1 / (rest * root**2), squared=True)


def _of_columns(gram: Array, root: Array) -> Closed:
    scaled = gram * root * root[:, None]
    scaled[np.diag_indices(len(scaled))] += 1
    lower = sl.cholesky(scaled, lower=True, overwrite_a=True, check_finite=False)
    inverse = np.tril(sl.lapack.spotri(lower, lower=1, overwrite_c=1)[0])
    inverse += np.tril(inverse, -1).T
    inverse *= root * root[:, None]
    return Closed(inverse, -1 / np.diagonal(inverse), squared=False)
