"""Data as it might have come out: rows drawn anew, or counts counted anew."""

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError
from partwise.matrix import Array, Matrix
from partwise.matrix.dense import Dense
from partwise.matrix.observed import Observed
from partwise.matrix.sparse import Sparse

RESAMPLES = ("bootstrap", "poisson")
LARGEST = 1e18
"""Largest mean of a Poisson count that NumPy draws."""


def check_counts(resample: str | None, X: Matrix) -> None:
    """Raise if X is to be counted anew, and has entries that are no counts."""
    if resample == "poisson" and X.n_stored and X.survey[1] > LARGEST:
        raise DataError(
            f"resample='poisson' draws counts up to {LARGEST:.0e}, and X has {X.survey[1]:.3g}. Divide X, or use "
            f"resample='bootstrap'."
        )
    found = X.find(lambda values: values != np.floor(values)) if resample == "poisson" else None
    if found is not None:
        row, column, value, count = found
        raise DataError(
            f"resample='poisson' draws counts, but X[{row}, {column}] = {value:.6g} is none, nor are {count - 1:,} "
            f"other entries. Give the counts themselves, or use resample='bootstrap'."
        )


def drawn(X: Matrix, resample: str | None, rng: np.random.RandomState, unit: float) -> Matrix:
    """Return X as it might have come out; `unit` is what its counts were divided by."""
    if resample == "bootstrap":
        return rows_of(X, rng.randint(X.shape[0], size=X.shape[0]))
    return X if resample is None else _counted(X, rng, unit)


def rows_of(X: Matrix, rows: Array) -> Matrix:
    """Return those rows of X, as often as they are named."""
    if isinstance(X, Observed):
        weights = None if X.weights is None else _sparse_rows(X.weights, rows)
        return Observed(_sparse_rows(X.known, rows), weights)
    if isinstance(X, Sparse):
        return _sparse_rows(X, rows)
    return Dense(np.ascontiguousarray(X.values()[rows]))


def _sparse_rows(X: Sparse, rows: Array) -> Sparse:
    return Sparse(sp.csr_array(X.X)[rows])


def _counted(X: Matrix, rng: np.random.RandomState, unit: float) -> Matrix:
    """Return Poisson counts whose means are the entries."""
    if isinstance(X, Observed):
        return Observed(_sparse_counts(X.known, rng, unit), X.weights)
    if isinstance(X, Sparse):
        return _sparse_counts(X, rng, unit)
    return Dense((rng.poisson(X.values() * unit) / unit).astype(X.dtype))


def _sparse_counts(X: Sparse, rng: np.random.RandomState, unit: float) -> Sparse:
    values = (rng.poisson(X.X.data * unit) / unit).astype(X.dtype)
    return Sparse(sp.csr_array((values, X.X.indices, X.X.indptr), shape=X.shape))
