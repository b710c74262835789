"""Which entries of X are known: as a sparse matrix of these entries, and one of their weights."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, IncompatibleSolverError, ParameterError
from partwise.indices import canonical
from partwise.matrix.base import Matrix
from partwise.matrix.by_blocks import ByBlocks, array_of_rows
from partwise.matrix.containers import entries_of

MOST_CELLS = 20_000_000
"""Most cells of a sparse X that are stored one by one, if its zeros are known and other entries are not."""

MOST_WEIGHT = 1e12
"""Limit of the largest weight, and of its inverse, that data of any type allow."""

MOST_POWER = {np.dtype(np.float32): 40, np.dtype(np.float64): 200}
"""Largest exponent of a weight's scale of the data, or of its inverse: powers of the product stay finite."""
MOST_SPREAD = {np.dtype(np.float32): 23, np.dtype(np.float64): 50}
"""Exponent of the largest ratio of such scales if the degree is below 1: the smallest stay far above the floor."""


def known_entries(X: Any, missing: str | None, weight: Any) -> tuple[Any, Any] | None:
    """Return (known entries, their weights or None), both CSR of one pattern; None if all are known and weigh 1.

    Parameters
    ----------
    X : ndarray or sparse matrix (n, m)
        Data; may have NaN.
    missing : {'nan', 'zero', None}
        What marks an unknown entry. Zeros that a sparse X stores are known.
    weight : array or CSR matrix (n, m), or None
        Weights from `checked_weights`; 0 or absent: unknown.
    """
    if missing == "zero" and sp.issparse(X):
        if weight is None:
            return X, None
        known = canonical(X).tocoo()
        rows, columns = known.row, known.col
        return _pair(known.data, _at(weight, rows, columns), rows, columns, X.shape)
    if sp.issparse(X):
        if weight is None and not np.isnan(X.data).any():
            return None
        if sp.issparse(weight):
            pattern = sp.coo_array(weight)
            places = pattern.row, pattern.col
            return _known(_at(X, *places), pattern.data, *places, shape=X.shape, missing=missing)
        if X.shape[0] * X.shape[1] > MOST_CELLS:
            raise DataError(
                f"X is sparse and its {X.shape[0] * X.shape[1]:,} cells would have to be stored one by one, because "
                f"zeros are known and other entries are not. Pass missing_values=0 if absent entries are unknown, or a "
                f"sparse entry_weight that stores the known ones."
            )
        X = X.toarray()
    if weight is None:
        known = ~np.isnan(X) if missing == "nan" else X != 0
        if known.all():
            return None
        rows, columns = np.nonzero(known)
        return _pair(X[rows, columns], None, rows, columns, X.shape)
    weight = weight.toarray() if sp.issparse(weight) else weight
    if missing == "zero":
        weight = np.where(X == 0, 0, weight)
    rows, columns = np.nonzero(weight)
    known, weights = _known(X[rows, columns], weight[rows, columns], rows, columns, shape=X.shape, missing=missing)
    return None if weights is None and known.nnz == X.size else (known, weights)


def _at(X: Any, rows: Any, columns: Any) -> Any:
    """Return the entries of a matrix at these places, as an array."""
    found = (sp.csr_array(X) if sp.issparse(X) else X)[rows, columns]
    return np.ravel(found.toarray() if sp.issparse(found) else found)  # of no place SciPy returns no array


def _known(
    values: Any, weights: Any, rows: Any, columns: Any, *, shape: tuple[int, int], missing: str | None
) -> tuple[Any, Any]:
    """Return the pair without entries that are NaN, if NaN means unknown."""
    if missing == "nan":
        keep = ~np.isnan(values)
        values, weights, rows, columns = (array[keep] for array in (values, weights, rows, columns))
    return _pair(values, weights, rows, columns, shape)


def _pair(values: Any, weights: Any, rows: Any, columns: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    if weights is not None:
        keep = weights > 0
        values, weights, rows, columns = (array[keep] for array in (values, weights, rows, columns))
    known = sp.csr_array((values, (rows, columns)), shape=shape)
    if weights is None:
        return known, None
    weighted = sp.csr_array((weights, (rows, columns)), shape=shape)
    return known, None if np.all(weighted.data == 1) else weighted


def all_known(X: Matrix) -> Any:
    """Return a matrix in memory as a CSR array that stores all its cells."""
    n, m = X.shape
    if n * m > MOST_CELLS:
        raise DataError(
            f"The {n * m:,} cells of X would have to be stored one by one. Choose the penalty on some rows."
        )
    cells = X.dense(np.arange(n)).ravel()
    return sp.csr_array((cells, np.tile(np.arange(m), n), np.arange(0, n * m + 1, m)), shape=(n, m))


def check_scale(largest: float, name: str) -> None:
    """Refuse weights so large or small that the weighted data would leave the range of numbers."""
    if not 1 / MOST_WEIGHT <= largest <= MOST_WEIGHT:
        raise ParameterError(
            f"{name} has {largest:.3g} as its largest weight, which is out of range for the weighted data. Only the "
            f"ratios of weights matter: divide them by their mean."
        )


def check_powers(weights: Any, loss: Any, name: str, dtype: Any) -> None:
    """Refuse weights that a loss cannot take as scales of the data, w ** (1 / degree), in the range of numbers.

    Parameters
    ----------
    weights : ndarray
        At least 0; weights of 0 are not used as scales.
    loss : Loss
        What they weigh.
    name : str
        Name of the weights for the user.
    dtype : dtype
        Of the data.
    """
    if not loss.degree:
        raise IncompatibleSolverError(
            f"loss={loss.name!r} takes no weights, because it does not scale with its arguments. Use a loss that does, "
            f"for example 'frobenius' or 'kullback-leibler'; or entry_weight of 0 and 1 alone."
        )
    positive = weights[weights > 0]
    if positive.size == 0:
        return
    ends = np.log2([float(positive.min()), float(positive.max())]) / float(loss.degree)
    whole = name != "entry_weight" and loss.degree < 1  # all rows and columns share the floor of a model
    if np.abs(ends).max() > MOST_POWER[dtype] or (whole and np.ptp(ends) > MOST_SPREAD[dtype]):
        way = " Or give entry_weight, which takes a wider range." if whole else ""
        raise ParameterError(
            f"{name} has weights from {positive.min():.3g} to {positive.max():.3g}. As scales of the data, to the "
            f"power 1 / {loss.degree:g}, {np.dtype(dtype)} cannot hold them for loss={loss!r}. Divide them by their "
            f"mean, give 0 to entries that should not count, or use a beta further from 0.{way}"
        )


def checked_weights(entry_weight: Any, shape: tuple[int, int], dtype: Any) -> Any:
    """Return weights in X's dtype, as an array or CSR, checked: shape, finite, at least 0, not all 0.

    Weights that are read by blocks are checked, and returned as they are.
    """
    by_blocks = isinstance(entry_weight, ByBlocks)
    weight = entry_weight if by_blocks else entries_of(entry_weight, "entry_weight")
    if tuple(weight.shape) != tuple(shape):
        raise ParameterError(
            f"entry_weight has shape {tuple(weight.shape)}, X has shape {tuple(shape)}; give one weight per entry."
        )
    if by_blocks:
        lowest, largest, total, _ = weight.survey
    else:
        weight = canonical(weight) if sp.issparse(weight) else weight
        values = weight.data if sp.issparse(weight) else weight
        lowest, largest, total = (float(of(values)) if values.size else 0.0 for of in (np.min, np.max, np.sum))
    if not (lowest >= 0 and 0 < largest < np.inf) or np.isnan(total):
        raise ParameterError(
            "entry_weight must be finite, at least 0, and not zero everywhere; where X is unknown give 0, not NaN or a "
            "mask."
        )
    check_scale(largest, "entry_weight")
    return weight if by_blocks else weight.astype(dtype, copy=False)


def rows_of_weights(weight: Any, rows: slice, dtype: Any) -> Any:
    """Return some rows of weights that `checked_weights` returned, as an array or CSR in X's dtype."""
    if isinstance(weight, ByBlocks):
        return array_of_rows(weight.slice(rows.start, rows.stop)).astype(dtype, copy=False)
    return weight[rows]


def range_of_weights(weight: Any) -> tuple[float, float]:
    """Return the least weight above 0, and the largest."""
    if isinstance(weight, ByBlocks):
        ends = weight.each(_ends, None)[0]
    else:
        ends = [_ends_of(weight.data if sp.issparse(weight) else weight)]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _ends(part: Matrix, rows: slice, _: None) -> tuple[tuple[float, float], None]:
    return _ends_of(part.values()), None


def _ends_of(values: Any) -> tuple[float, float]:
    positive = values[values > 0]
    return (float(positive.min()), float(positive.max())) if positive.size else (np.inf, 0.0)
