"""as_matrix(X): the only place that asks what X is, and whether it can be factorized."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from partwise.exceptions import DataError
from partwise.matrix.base import Matrix
from partwise.matrix.dense import Dense
from partwise.matrix.sparse import Sparse

FORMATS = ("csr", "csc", "coo")
SAFE_EXPONENT = {np.dtype(np.float32): 30, np.dtype(np.float64): 300}
"""Largest entries between 2**-e and 2**e can be squared and summed as they are."""


def as_matrix(X: Any, *, name: str = "X", model: str = "NMF") -> Matrix:
    """Return X as a solver sees it: checked, float32 or float64, not copied where it can be used as it is.

    Parameters
    ----------
    X : array, sparse matrix or array, frame, or Matrix
        Data of shape (n, m). Integers and booleans become float64.
    name, model : str
        What error texts call the data, and who refuses it.

    Raises
    ------
    DataError
        If X has NaN, infinite or negative entries (the text names the first and their number), or no rows or columns.
    """
    if isinstance(X, Matrix):
        return X
    if not _is_ready(X):
        X = check_array(
            X, accept_sparse=FORMATS, dtype=[np.float64, np.float32], ensure_all_finite=False, accept_large_sparse=True
        )
    if sp.issparse(X):
        matrix: Matrix = _sparse(X)
    else:
        matrix = Dense(X if X.flags.c_contiguous or X.flags.f_contiguous else np.ascontiguousarray(X))
    _refuse(matrix, name, model)
    return matrix


def _is_ready(X: Any) -> bool:
    if sp.issparse(X):
        return X.format in FORMATS and X.dtype in SAFE_EXPONENT and min(X.shape) > 0
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype in SAFE_EXPONENT and X.size > 0


def _sparse(X: Any) -> Sparse:
    """Return X as canonical CSR; CSC input lends its own arrays to the transpose."""
    if X.format == "csc" and X.has_canonical_format:
        return Sparse(X.T).T
    csr = X.tocsr()
    if csr.indptr.dtype != csr.indices.dtype:
        parts = (csr.data, csr.indices.astype(np.int64), csr.indptr.astype(np.int64))
        csr = sp.csr_array(parts, shape=csr.shape)
        csr.indices, csr.indptr = parts[1:]  # scipy would narrow them again
    if not csr.has_canonical_format:
        csr = csr.copy() if csr is X else csr
        csr.sum_duplicates()
    return Sparse(csr)


def _refuse(matrix: Matrix, name: str, model: str) -> None:
    """Raise the error that names the first entry that no factorization can take."""
    low, high, total, _ = matrix.survey
    if matrix.n_stored == 0 or (low >= 0 and high < np.inf and not np.isnan(total)):
        return
    tests = {"NaN": np.isnan, "infinity": np.isinf, "negative": lambda v: v < 0}
    where, found = next((where, found) for where, test in tests.items() if (found := matrix.find(test)))
    row, column, value, count = found
    of = f"{count:,} of {matrix.shape[0] * matrix.shape[1]:,} entries {'is' if count == 1 else 'are'}"
    if where == "NaN":
        raise DataError(
            f"Input {name} contains NaN: {name}[{row}, {column}] is unknown ({of}). {model} needs every entry; fill "
            f"the gaps first, for example with sklearn.impute.SimpleImputer, or leave out those rows or columns."
        )
    if where == "infinity":
        raise DataError(
            f"Input {name} contains infinity or a value too large: {name}[{row}, {column}] = {value} ({of}). "
            f"Replace it with a finite number, or leave out that row or column."
        )
    raise DataError(
        f"Negative values in data passed to {model} (input {name}): {name}[{row}, {column}] = {value:.6g} is negative "
        f"({of}). NMF needs {name} >= 0: shift or clip it, for example np.clip({name}, 0, None)."
    )


def rescaled(matrix: Matrix) -> tuple[Matrix, float]:
    """Return (matrix / unit, unit), with unit 1 unless X's squares would overflow or underflow.

    The unit is a power of 4, so that neither the division nor a later multiplication by its root rounds.
    """
    highest = matrix.survey[1] if matrix.n_stored else 0.0
    if highest == 0:
        return matrix, 1.0
    exponent = int(np.frexp(highest)[1])
    if abs(exponent) <= SAFE_EXPONENT[matrix.dtype]:
        return matrix, 1.0
    unit = 2.0 ** min(exponent - exponent % 2, 1022)  # 2**1022 is the largest power of 4 that is a number
    return matrix.divided(unit), unit


def in_units(matrix: Matrix, unit: float) -> Matrix:
    """Return matrix / unit, the matrix itself where the unit is 1."""
    return matrix if unit == 1 else matrix.divided(unit)


SMALL = 1 << 16
"""Stored entries up to which a float32 matrix is worked on in float64: it costs nothing there, and rounding less."""


def widened(matrix: Matrix) -> Matrix:
    """Return a small float32 matrix in float64, any other as it is."""
    if matrix.dtype == np.float64 or matrix.n_stored > SMALL:
        return matrix
    if isinstance(matrix, Sparse):
        return Sparse(matrix.X.astype(np.float64))
    return Dense(matrix.values().astype(np.float64))
