"""Known entries of X as a dense array, in which a model fills in the unknown ones."""

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix.cutting import Block
from partwise.matrix.rows import Array
from partwise.threads import Workers

ENTRIES = 200_000
"""Entries of a block of rows: its results stay in the cache."""
MOST_CELLS = 50_000_000
"""Most cells of an X that is kept as a dense array, and again for its transpose."""
GAIN = 10.0
"""If the share of known entries times parts is larger, filling in is faster: a row's Gram matrix costs more then."""
LEAST_SHARE = 0.2
"""With a smaller share of known entries, a filled X would contain too much of the model and too little of X."""


def is_faster(shape: tuple[int, int], n_stored: int, k: int) -> bool:
    """Return whether half-steps on k parts fill in unknown entries, instead of leaving them out row by row."""
    cells = shape[0] * shape[1]
    share = n_stored / max(cells, 1)
    return cells <= MOST_CELLS and share >= LEAST_SHARE and share * k >= GAIN


class Filled:
    """X (n, m), in which the entries of a model, left @ right.T, replace the unknown entries.

    Up to a constant, half the squared distance of a new model to the filled X is at least the new model's error on the
    known entries. Both are equal for the model that filled it (majorisation). All rows share one Gram matrix.

    Parameters
    ----------
    known : sparse array of shape (n, m)
        The known entries, CSR; a stored zero is known.

    References
    ----------
    R. Mazumder, T. Hastie and R. Tibshirani, "Spectral regularization algorithms for learning large incomplete
    matrices", Journal of Machine Learning Research 11, 2010; S. Zhang and others, "Learning from incomplete ratings
    using non-negative matrix factorization", SIAM Conference on Data Mining 2006, doi:10.1137/1.9781611972764.58.
    """

    def __init__(self, known: sp.csr_array) -> None:
        n, m = known.shape
        self.values = np.zeros((n, m), known.dtype)
        self.is_known = np.zeros((n, m), bool)
        rows = np.repeat(np.arange(n), np.diff(known.indptr))
        self.values[rows, known.indices] = known.data
        self.is_known[rows, known.indices] = True
        step = max(1, ENTRIES // m)
        self._blocks = [(first, min(first + step, n)) for first in range(0, n, step)]

    def product(self, left: Array, right: Array, workers: Workers) -> Array:
        """Return the filled X times right, (n, k)."""
        out = np.empty_like(left)

        def block(rows: Block) -> None:
            part = slice(*rows)
            filled = left[part] @ right.T
            np.copyto(filled, self.values[part], where=self.is_known[part])
            np.matmul(filled, right, out=out[part])

        workers.map(block, self._blocks)
        return out

    def error(self, left: Array, right: Array, workers: Workers) -> float:
        """Return half the squared error of the model on the known entries, their sum in float64."""

        def block(rows: Block) -> float:
            part = slice(*rows)
            rest = left[part] @ right.T
            np.subtract(self.values[part], rest, out=rest)
            rest *= self.is_known[part]
            return float(kernels.survey(rest.reshape(-1))[3])

        return 0.5 * sum(workers.map(block, self._blocks))
