"""Separable start: the parts are the purest rows of X itself."""

import numpy as np

from partwise.matrix import Array, Matrix
from partwise.threads import Workers


def separable(X: Matrix, n_components: int, rng: np.random.RandomState, workers: Workers) -> tuple[Array, Array]:
    """Return W (n, k) and Ht (m, k), where H holds k rows of X found by successive projection.

    Each round takes the row with the largest component outside the span of the rows taken before. If the data are
    separable, this row is pure. A round costs one product with X. N. Gillis and S. Vavasis, IEEE TPAMI 36, 2014,
    doi:10.1109/TPAMI.2013.226.
    """
    n, m = X.shape
    ones = np.ones((m, 1), X.dtype)
    left = X.row_squares()
    # rows are scaled to sum to one, so a bright mixture is not mistaken for a pure row
    sums = X.product(ones, workers)[:, 0].astype(np.float64)
    scale = np.divide(1.0, sums, out=np.zeros(n), where=sums > 0)
    left *= scale * scale
    limit = 1e-12 * float(left.max(initial=0.0))
    basis = np.zeros((m, 0))
    taken: list[int] = []
    for _ in range(min(n_components, n, m)):
        row = int(np.argmax(left))
        if left[row] <= limit:
            break
        taken.append(row)
        direction = X.dense(np.array([row]))[0].astype(np.float64) * scale[row]
        for _ in range(2):  # the second pass removes the rounding error of the first
            direction -= basis @ (basis.T @ direction)
        direction /= np.linalg.norm(direction)
        basis = np.column_stack([basis, direction])
        along = X.product(direction[:, None].astype(X.dtype), workers)[:, 0].astype(np.float64) * scale
        left = np.maximum(left - along * along, 0.0)
        left[taken] = 0.0
    Ht = np.zeros((m, n_components), X.dtype)
    if taken:
        Ht[:, : len(taken)] = X.dense(np.array(taken)).T
    for t in range(len(taken), n_components):  # the data has fewer independent rows: the other parts start at random
        Ht[:, t] = np.abs(rng.standard_normal(m)) * X.mean
    # W starts at the scale at which W H is comparable to X; the first half-step finds it exactly
    W = np.full((n, n_components), 1.0 / n_components, X.dtype)
    return W, Ht
