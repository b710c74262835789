"""Data as they could have been: other rows drawn, or counts drawn again."""

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Matrix

RESAMPLES = ("bootstrap", "poisson")
LARGEST = 1e18
"""Largest mean of a Poisson count that NumPy draws."""


def check_counts(resample: str | None, X: Matrix) -> None:
    """Raise if counts are to be drawn again, but X has entries that are not counts."""
    if resample == "poisson" and X.n_stored and X.survey[1] > LARGEST:
        raise DataError(
            f"resample='poisson' draws counts up to {LARGEST:.0e}, and X has {X.survey[1]:.3g}. Divide X, or use "
            f"resample='bootstrap'."
        )
    found = X.find(lambda values: values != np.floor(values)) if resample == "poisson" else None
    if found is not None:
        row, column, value, count = found
        raise DataError(
            f"resample='poisson' draws counts, but X[{row}, {column}] = {value:.6g} is not a count, nor are "
            f"{count - 1:,} other entries. Give the counts themselves, or use resample='bootstrap'."
        )


def drawn(X: Matrix, resample: str | None, rng: np.random.RandomState, unit: float) -> Matrix:
    """Return X with its rows or counts drawn again; `unit` is what its counts were divided by."""
    if resample == "bootstrap":
        return X.take(rng.randint(X.shape[0], size=X.shape[0]))
    if resample is None:
        return X
    return X.mapped(lambda means: (rng.poisson(means * unit) / unit).astype(means.dtype))
