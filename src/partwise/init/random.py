"""Random start, scaled to the data, by scikit-learn's rule: the same seed gives the same numbers."""

import numpy as np

from partwise.matrix import Array, Matrix
from partwise.threads import Workers


def random(X: Matrix, n_components: int, rng: np.random.RandomState, workers: Workers) -> tuple[Array, Array]:
    r"""Return W (n, k) and Ht (m, k) with entries :math:`|N(0, 1)| \sqrt{\bar x / k}`, so W H has the scale of X.

    H is drawn first, as scikit-learn does.
    """
    scale = np.sqrt(X.mean / n_components)
    H = np.abs(scale * rng.standard_normal(size=(n_components, X.shape[1])).astype(X.dtype, copy=False))
    W = np.abs(scale * rng.standard_normal(size=(X.shape[0], n_components)).astype(X.dtype, copy=False))
    return W.astype(X.dtype, copy=False), np.ascontiguousarray(H.T, dtype=X.dtype)
