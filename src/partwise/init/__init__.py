"""Starts: where a fit begins; one file each."""

import numpy as np

from partwise.exceptions import ParameterError
from partwise.init.nndsvd import nndsvd, nndsvda, nndsvdar
from partwise.init.random import random
from partwise.init.separable import separable
from partwise.matrix import Array, Matrix, rescaled
from partwise.parameters import check_choice
from partwise.threads import ALONE, Workers

INITS = {
    "random": random,
    "nndsvd": nndsvd,
    "nndsvda": nndsvda,
    "nndsvdar": nndsvdar,
    "separable": separable,
}
STARTS = (*INITS, "custom")
"""Values of `init`; 'custom' is the user's own start, see ``given``."""


def initialize(
    X: Matrix, n_components: int, init: str | None, rng: np.random.RandomState, workers: Workers = ALONE
) -> tuple[Array, Array]:
    """Return a start W (n, k), Ht (m, k); None means 'nndsvda' if n_components <= min(n, m), else 'random'."""
    if init is None:
        init = "nndsvda" if n_components <= min(X.shape) else "random"
    check_choice("init", init, INITS)
    if init.startswith("nndsvd") and n_components > min(X.shape):
        raise ParameterError(
            f"init = '{init}' can only be used when n_components <= min(n_samples, n_features), got n_components="
            f"{n_components} for X of shape {X.shape}. Use init='random'."
        )
    if X.total == 0:  # any factors of zero are exact
        return np.zeros((X.shape[0], n_components), X.dtype), np.zeros((X.shape[1], n_components), X.dtype)
    scaled, unit = rescaled(X)  # sums of the largest numbers would be infinite
    W, Ht = INITS[init](scaled, n_components, rng, workers)
    if unit != 1:
        root = X.dtype.type(np.sqrt(unit))
        W, Ht = W * root, Ht * root
    return W, Ht
