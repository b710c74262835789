"""X as a few random directions see it: products take a fraction of the time."""

import numpy as np

from partwise.matrix.dense import Dense
from partwise.matrix.rows import Array
from partwise.threads import ALONE, Workers

MORE = 40
"""Directions beside one for each part. With 20, fits on Fashion-MNIST took seven iterations more afterwards."""
SHARE = 8
"""Products with X take so many times as long as those with the sketch, or there is none."""


class Sketched(Dense):
    """A dense X (n, m) whose products are those of Q Q' X, where the orthonormal Q (n, r) spans most of its columns.

    All else is that of X itself, its squared norm too: a loss from products then lacks only what Q does not span.

    References
    ----------
    Q: N. Halko, P. G. Martinsson and J. A. Tropp, SIAM Review 53, 2011, doi:10.1137/090771806, algorithm 4.4 with one
    power iteration. For NMF: N. B. Erichson, A. Mendible, S. Wihlborn and J. N. Kutz, Pattern Recognition Letters 104,
    2018, doi:10.1016/j.patrec.2018.01.007.
    """

    def __init__(self, X: Dense, factors: tuple[Dense, Dense], transposed: "Sketched | None" = None) -> None:
        super().__init__(X.X)
        self._X, self._factors, self._transposed = X, factors, transposed
        self.__dict__["survey"] = X.survey

    @property
    def T(self) -> Dense:
        if self._transposed is None:
            left, right = self._factors
            self._transposed = Sketched(self._X.T, (right.T, left.T), self)
        return self._transposed

    @property
    def n_stored(self) -> int:
        return sum(factor.n_stored for factor in self._factors)

    @property
    def cells(self) -> Array | None:
        return None  # products with the cells of X are not those of the sketch

    def product(self, right: Array, workers: Workers = ALONE) -> Array:
        """See Matrix: two products with thin matrices."""
        first, second = self._factors
        return first.product(second.product(right, workers), workers)


def sketched(X: Dense, n_components: int, workers: Workers) -> Sketched | None:
    """Return X by random directions, more than there are parts; None where that would not be much cheaper than X.

    The directions are the same each time.
    """
    (n, m), r = X.shape, n_components + MORE
    if (n + m) * r * SHARE > n * m or X.squared_norm == 0:
        return None
    random = np.random.default_rng(0).standard_normal((m, r), dtype=X.dtype)
    Q = _basis(X.product(random, workers))
    Q = _basis(X.product(X.T.product(Q, workers), workers))
    return Sketched(X, (Dense(Q), Dense(X.T.product(Q, workers)).T))


def _basis(columns: Array) -> Array:
    return np.ascontiguousarray(np.linalg.qr(columns)[0])
