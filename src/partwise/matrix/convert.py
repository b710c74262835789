"""as_matrix(X): the only place that asks what X is and whether it can be factorized."""

from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError, shown
from partwise.indices import canonical, is_canonical
from partwise.matrix.base import Matrix
from partwise.matrix.by_blocks import ByBlocks, Changed, array_of_rows
from partwise.matrix.containers import entries_of
from partwise.matrix.dense import Dense
from partwise.matrix.lazy import Lazy, dask_array, is_dask
from partwise.matrix.names import feature_names, like_columns
from partwise.matrix.observed import Observed
from partwise.matrix.rows import Array
from partwise.matrix.sparse import Sparse
from partwise.matrix.unknown import all_known, checked_weights, known_entries, range_of_weights, rows_of_weights
from partwise.parameters import check_choice

NEGATIVES = ("error", "clip", "keep")
"""Values of `negatives`."""
SAFE_EXPONENT = {np.dtype(np.float32): 30, np.dtype(np.float64): 300}
"""If the largest entry is between 2**-e and 2**e, entries can be squared and summed as they are."""
FAR = {np.dtype(np.float32): 120, np.dtype(np.float64): 1000}
"""An exponent up to which numbers surely do not overflow."""


def as_matrix(
    X: Any,
    *,
    name: str = "X",
    model: str = "NMF",
    negatives: str = "error",
    missing_values: Any = None,
    entry_weight: Any = None,
) -> Matrix:
    """Return X as a storage: checked, float32 or float64, and not copied if it can be used as it is.

    Parameters
    ----------
    X : array, sparse matrix or array, frame, AnnData, or Matrix
        Data of shape (n, m). Integers and booleans become float64; masked entries, None and NA become NaN. A Matrix
        is returned as it is; one that is read by blocks is checked first.
    name, model : str
        What error texts call the data, and the model that refuses it.
    negatives : {'error', 'clip', 'keep'}, default='error'
        Refuse negative entries, take them as zeros (in a copy), or keep them.
    missing_values : None, nan or 0
        Which entries are unknown: none, NaN, or those that are 0. In a sparse X, 0 means absent; a stored 0 is known.
    entry_weight : array, sparse matrix or ByBlocks of shape (n, m), or None
        Weights of the entries. An entry of weight 0, or absent from a sparse entry_weight, is unknown. If X and the
        weights have names of columns, these are matched.

    Returns
    -------
    Matrix
        The storage that fits X.

    Raises
    ------
    DataError
        If X has NaN, infinite or negative entries (the text names the first and their number), no rows or columns, or
        is sparse with indices outside its shape.
    DataTypeError
        If X holds something other than numbers.
    ParameterError
        If `negatives` or `missing_values` has another value, a weight is negative or not finite, or one of these three
        is given with a Matrix.

    Examples
    --------
    >>> from partwise.extend import as_matrix
    >>> as_matrix([[1, 2], [3, 4]]).dtype
    dtype('float64')
    >>> X = as_matrix([[1.0, np.nan], [3.0, 4.0]], missing_values=np.nan)
    >>> X.n_stored, X.can("complete")
    (3, False)
    """
    check_choice("negatives", negatives, NEGATIVES)
    kind = _kind(missing_values)
    if not isinstance(X, Matrix) and (lazy := dask_array(X)) is not None:
        X = Lazy(lazy, name)
    if isinstance(X, ByBlocks) and not X.is_checked:
        if entry_weight is not None and (isinstance(X, Lazy) or is_dask(entry_weight)):
            raise ParameterError(
                "entry_weight cannot go with a Dask array. Compute both, or write them with convert and open them with "
                "open_blocks; or give sample_weight and feature_weight."
            )
        return _checked(X, kind, name, model, negatives, _weights_by_blocks(X, entry_weight))
    if isinstance(X, Matrix):
        asked = {"negatives": negatives != "error", "missing_values": kind, "entry_weight": entry_weight is not None}
        for keyword in (keyword for keyword, given in asked.items() if given):
            raise ParameterError(f"{keyword} cannot go with a Matrix; give it to as_matrix where that is made.")
        return X
    if entry_weight is not None:
        entry_weight = like_columns(entry_weight, feature_names(X, name), "entry_weight", sparse=True)
    X = entries_of(X, name)
    if kind is not None or entry_weight is not None:
        weight = None if entry_weight is None else checked_weights(entry_weight, X.shape, X.dtype)
        found = known_entries(X, kind, weight)
        if found is not None:
            known, weights = _sparse(found[0]), None if found[1] is None else _sparse(found[1])
            if negatives == "clip" and known.n_stored and -np.inf < known.survey[0] < 0:
                csr = known.X.copy()
                np.maximum(csr.data, 0, out=csr.data)  # a stored zero is a known zero
                known = Sparse(csr)
            _refuse(known, name, model, negatives == "keep")
            return Observed(known, weights)
    if sp.issparse(X):
        matrix: Matrix = _sparse(X)
    else:
        matrix = Dense(X if X.flags.c_contiguous or X.flags.f_contiguous else np.ascontiguousarray(X))
    if negatives == "clip" and matrix.n_stored and -np.inf < matrix.survey[0] < 0:
        matrix = _clipped(matrix)
    _refuse(matrix, name, model, negatives == "keep")
    return matrix


def _weights_by_blocks(X: ByBlocks, entry_weight: Any) -> Any:
    """Return checked weights of the entries of a matrix that is read by blocks, by blocks themselves or in memory."""
    if entry_weight is None:
        return None
    known, given = feature_names(X), feature_names(entry_weight)
    if not isinstance(entry_weight, ByBlocks):
        entry_weight = like_columns(entry_weight, known, "entry_weight", sparse=True)
    elif known is not None and given is not None and list(known) != list(given):
        raise ParameterError("entry_weight has other names of columns than X, or in another order. Write it again.")
    weights = checked_weights(entry_weight, X.shape, X.dtype)
    return weights.tocsr() if sp.issparse(weights) else weights


def _checked(X: ByBlocks, kind: str | None, name: str, model: str, negatives: str, weights: Any) -> Matrix:
    """Return a checked matrix that is read by blocks, in which negative entries are zeros if they are to be clipped."""
    unknown = weights is not None or kind == "zero" or (kind == "nan" and bool(np.isnan(X.total)))
    change = partial(_block, kind=kind if unknown else None, weights=weights)
    found = Changed(X, change, whole=not unknown, weight_range=None if weights is None else range_of_weights(weights))
    if negatives == "clip" and found.n_stored and -np.inf < found.survey[0] < 0:
        found = Changed(found, _clipped_block)
    try:
        _refuse(found, name, model, negatives == "keep")
    except DataError as error:
        raise DataError(f"{X.name}: {error}" if X.name else str(error)) from None
    found.is_checked = True
    return found


def _block(part: Matrix, rows: slice, kind: str | None, weights: Any) -> Matrix:
    """Return some rows, with weights, in which unknown entries are marked."""
    if kind is None and weights is None:
        return part
    own = None if weights is None else rows_of_weights(weights, rows, part.dtype)
    found = known_entries(array_of_rows(part), kind, own)
    if found is None:
        return as_known(part)
    known, weighted = found
    return Observed(_sparse(known), None if weighted is None else _sparse(weighted))


def as_known(matrix: Matrix) -> Observed:
    """Return a matrix in memory as a storage of known entries; all its cells are known."""
    return Observed(_sparse(all_known(matrix)), None)


def _clipped_block(part: Matrix, rows: slice) -> Matrix:
    return _clipped(part)


def _kind(missing_values: Any) -> str | None:
    """Return 'nan', 'zero' or None for the user's mark of unknown entries."""
    if missing_values is None:
        return None
    if isinstance(missing_values, Real) and not isinstance(missing_values, bool):
        if np.isnan(float(missing_values)):
            return "nan"
        if missing_values == 0:
            return "zero"
    raise ParameterError(
        f"missing_values={shown(missing_values)} must be None (every entry is known), np.nan, or 0 (zeros, or what a "
        f"sparse X does not store). Set entries marked in another way to np.nan."
    )


def _sparse(X: Any) -> Sparse:
    """Return X as canonical CSR; CSC input lends its own arrays to the transpose."""
    if X.format == "csc" and is_canonical(X):
        return Sparse(X.T).T
    return Sparse(canonical(X))


def _clipped(matrix: Matrix) -> Matrix:
    """Return a copy in which negative entries are zeros. Entries that are stored more than once are added first."""
    if not isinstance(matrix, Sparse):
        return matrix.mapped(_from_zero)
    csr = matrix.X.copy()
    np.maximum(csr.data, 0, out=csr.data)
    csr.eliminate_zeros()
    return Sparse(csr)


def _from_zero(entries: Array) -> Array:
    found: Array = np.maximum(entries, 0)
    return found


def _refuse(matrix: Matrix, name: str, model: str, signed: bool) -> None:
    """Raise the error for the first entry that no factorization accepts."""
    low, high, total, _ = matrix.survey
    least = np.nextafter(-np.inf, 0) if signed else 0.0
    if matrix.n_stored == 0 or (low >= least and high < np.inf and not np.isnan(total)):
        return
    tests = {"NaN": np.isnan, "infinity": np.isinf, "negative": lambda v: v < 0}
    where, found = next((where, found) for where, test in tests.items() if (found := matrix.find(test)))
    row, column, value, count = found
    of = f"{count:,} of {matrix.shape[0] * matrix.shape[1]:,} entries {'is' if count == 1 else 'are'}"
    if where == "NaN":
        way = (
            f"{model} leaves unknown entries out with missing_values=np.nan; or fill the gaps first, for example with "
            f"sklearn.impute.SimpleImputer, or leave out those rows or columns."
            if name == "X"
            else "Give a number there."
        )
        raise DataError(
            f"Input {name} contains NaN: {name}[{row}, {column}] is unknown ({of}), as NaN, NA, None and masked "
            f"entries are. {way}"
        )
    if where == "infinity":
        raise DataError(
            f"Input {name} contains infinity or a value too large: {name}[{row}, {column}] = {value} ({of}). "
            f"Replace it with a finite number, or leave out that row or column."
        )
    keyword = ", or with negatives='clip' in a fit" if name == "X" else ""  # starts have no such keyword
    raise DataError(
        f"Negative values in data passed to {model} (input {name}): {name}[{row}, {column}] = {value:.6g} is negative "
        f"({of}). NMF needs {name} >= 0: shift or clip it, for example np.clip({name}, 0, None){keyword}."
    )


def rescaled(matrix: Matrix, degree: float = 2.0, exponent: int | None = None) -> tuple[Matrix, float]:
    """Return (matrix / unit, unit); unit is 1 unless X's squares, or powers of `degree`, would overflow or underflow.

    The unit is a power of 4, so neither the division nor a later multiplication by its root rounds. `exponent` is the
    binary exponent of the largest number of the computation; None: that of X's largest entry.
    """
    if exponent is None:
        highest = max(matrix.survey[1], -matrix.survey[0]) if matrix.n_stored else 0.0
        if highest == 0:
            return matrix, 1.0
        exponent = int(np.frexp(highest)[1])
    if abs(exponent) * max(abs(degree) / 2, 1.0) <= SAFE_EXPONENT[matrix.dtype]:
        return matrix, 1.0
    lowest = matrix.survey[0] if matrix.n_stored else 0.0
    if degree < 1 and lowest > 0:  # small entries count as much as large ones: keep them from underflow
        far = FAR[matrix.dtype]
        near = int(np.frexp(lowest)[1] + far / max(abs(degree), 1.0))
        exponent = max(min(exponent, near), exponent - far)
    unit = 2.0 ** min(exponent - exponent % 2, 1022)  # 2**1022 is the largest power of 4 that is a number
    return matrix.divided(unit), unit


def in_units(matrix: Matrix, unit: float) -> Matrix:
    """Return matrix / unit, the matrix itself where the unit is 1."""
    return matrix if unit == 1 else matrix.divided(unit)


SMALL = 1 << 16
"""A float32 matrix of at most this many stored entries is computed in float64: it costs nothing and rounds less."""


def widened(matrix: Matrix) -> Matrix:
    """Return a small float32 matrix in float64, or any other matrix as it is."""
    if matrix.dtype == np.float64 or matrix.n_stored > SMALL:
        return matrix
    return matrix.astype(np.float64)
