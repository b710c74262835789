"""Rows of entries of at least 0 that sum to one."""

from typing import ClassVar

import numpy as np

from partwise.domains.base import Domain
from partwise.matrix import Array


class Simplex(Domain):
    """The simplex: entries of at least 0 that sum to one in each row.

    References
    ----------
    J. Duchi, S. Shalev-Shwartz, Y. Singer and T. Chandra, ICML 2008, doi:10.1145/1390156.1390191, figure 1.

    Examples
    --------
    >>> Simplex().project(np.array([[2.0, 0.0], [0.5, 0.7]])).round(2)
    array([[1. , 0. ],
           [0.4, 0.6]])
    """

    what: ClassVar[str] = "the sums of rows at one"
    way_out: ClassVar[str] = "use solver='hals' with loss='frobenius', or divide each row of W by its sum after the fit"

    def project(self, rows: Array) -> Array:
        # a shift of all entries does not change the projection; entries more than 1 below the largest become 0
        rows = np.maximum(rows - rows.max(axis=1, keepdims=True), -1)
        ordered = -np.sort(-rows, axis=1)
        sums = np.cumsum(ordered, axis=1) - 1
        counts = np.arange(1, rows.shape[1] + 1, dtype=rows.dtype)
        kept = np.maximum((ordered * counts > sums).sum(axis=1), 1)
        level = sums[np.arange(len(rows)), kept - 1] / kept.astype(rows.dtype)
        out = np.maximum(rows - level[:, None], 0)
        return out / out.sum(axis=1, keepdims=True)  # rounding
