"""How well factors explain the data, and how readable they are."""

from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.losses import Frobenius, Loss, get_loss
from partwise.matrix import Array, Matrix, array_of, as_matrix, rescaled, widened
from partwise.matrix.names import feature_names, like_columns
from partwise.units import LARGEST, scaled


def relative_error(X: Any, W: Any, H: Any) -> float:
    r"""Return the relative Frobenius error, :math:`\|X - W H\|_F / \|X\|_F`.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; zeros of a sparse X count.
    W : array-like of shape (n_samples, n_components)
        Weights.
    H : array-like of shape (n_components, n_features)
        Parts.

    Returns
    -------
    float
        0 for an exact model, 1 for a model of zeros; in float64. If X is all zero: 0 if the model is too, else
        infinity. The largest float64 if the true value is larger.

    Raises
    ------
    DataError
        If the shapes do not fit.

    Examples
    --------
    >>> relative_error([[1.0, 2.0], [2.0, 4.0]], [[1.0], [2.0]], [[1.0, 2.0]])
    0.0
    """
    given = as_matrix(X)
    matrix, left, right, unit = comparable(given, W, like_columns(H, feature_names(X), "H"))
    squared, (own, own_unit) = 2 * Frobenius().value(matrix, left, right), rescaled(widened(given))
    if own.squared_norm == 0:
        return 0.0 if squared == 0 else float("inf")
    return float(scaled(np.sqrt(squared / own.squared_norm), np.log2(unit) - np.log2(own_unit)))


def divergence(X: Any, W: Any, H: Any, loss: Loss | str | float = "frobenius") -> float:
    r"""Return the loss of given factors, :math:`L(X, W H)`: what a fit minimises, without penalties.

    A sparse X stays sparse for losses that need no value at its zeros (Frobenius, Kullback-Leibler).

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0; zeros of a sparse X count.
    W : array-like of shape (n_samples, n_components)
        Weights, at least 0.
    H : array-like of shape (n_components, n_features)
        Parts, at least 0.
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito', 'huber'}, float (beta) or Loss, default='frobenius'
        The loss.

    Returns
    -------
    float
        Summed over all entries, in float64; half the squared error for Frobenius. It is the largest float64 if the true
        value is larger, or if X and W H differ by so many orders of magnitude that no unit can hold both.

    Raises
    ------
    DataError
        If the shapes do not fit, the loss is not defined for an entry of X, or W or H has a negative entry.

    References
    ----------
    C. Fevotte and J. Idier, "Algorithms for nonnegative matrix factorization with the beta-divergence", Neural
    Computation 23, 2011, doi:10.1162/NECO_a_00168.

    Examples
    --------
    >>> divergence([[3.0, 4.0]], [[1.0]], [[3.0, 2.0]])
    2.0
    >>> round(divergence([[3.0, 4.0]], [[1.0]], [[3.0, 2.0]], loss="kullback-leibler"), 4)
    0.7726
    """
    loss_function, given = get_loss(loss), as_matrix(X)
    loss_function.check(given)
    H = like_columns(H, feature_names(X), "H")
    matrix, left, right, unit = comparable(given, W, H, loss_function.unit_degree)
    for factor, name in ((left, "W"), (right.T, "H")):
        if (factor < 0).any():
            i, j = np.argwhere(factor < 0)[0]
            raise DataError(f"{name}[{i}, {j}] is negative. A loss is defined for a model of at least 0: clip {name}.")
    with np.errstate(over="ignore", invalid="ignore"):
        value = loss_function.in_units(unit).value(matrix, left, right)
    if not np.isfinite(value):  # no unit holds both X and W H
        return LARGEST
    return float(scaled(max(value, 0.0), loss_function.log_unit(unit)))


def explained_fraction(X: Any, W: Any, H: Any) -> float:
    r"""Return the share of the data's squared norm that the model explains, :math:`1 - \|X - W H\|_F^2 / \|X\|_F^2`.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; zeros of a sparse X count.
    W : array-like of shape (n_samples, n_components)
        Weights.
    H : array-like of shape (n_components, n_features)
        Parts.

    Returns
    -------
    float
        1 for an exact model, 0 for a model of zeros; negative for a worse model.

    Examples
    --------
    >>> explained_fraction([[3.0, 4.0]], [[1.0]], [[3.0, 0.0]])
    0.36
    """
    error = relative_error(X, W, H)
    return round(1.0 - error * error, 15)


def sparseness(A: Any) -> float:
    r"""Return Hoyer's sparseness of the rows of A, averaged over rows.

    .. math:: \frac{\sqrt m - \|a\|_1 / \|a\|_2}{\sqrt m - 1}

    Parameters
    ----------
    A : array-like of shape (n_rows, m) or (m,)
        For example the parts, H. Signs do not matter; rows of zeros are left out.

    Returns
    -------
    float
        From 0 (all entries of a row are equal) to 1 (only one entry is not zero); 0 if all rows are zeros, or m = 1.

    Raises
    ------
    DataError
        If A has more than two dimensions, or an entry that is not finite.

    References
    ----------
    P. O. Hoyer, "Non-negative matrix factorization with sparseness constraints", JMLR 5, 2004, section 3.1.

    Examples
    --------
    >>> sparseness([[0.0, 0.0, 5.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    0.5
    """
    rows = np.atleast_2d(array_of(A, "A").astype(np.float64, copy=False))
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise DataError(f"A must be finite, of one or two dimensions, not masked; got shape {rows.shape}.")
    rows = np.abs(rows)
    m = rows.shape[1]
    highest = rows.max(axis=1, initial=0.0)
    rows = rows[highest > 0] / highest[highest > 0, None]
    if m < 2 or len(rows) == 0:
        return 0.0
    ratio = rows.sum(axis=1) / np.sqrt(np.square(rows).sum(axis=1))
    return float(np.mean((np.sqrt(m) - ratio) / (np.sqrt(m) - 1)))


def comparable(X: Matrix, W: Any, H: Any, degree: float | None = 2.0) -> tuple[Matrix, Array, Array, float]:
    """Return (X, W, H.T) as losses take them: of one number type, in units whose powers are numbers; and the unit.

    Parameters
    ----------
    X : Matrix
        Data (n, m).
    W, H : array-like of shape (n, k), (k, m)
        Its factors; a DataError says where their shapes do not fit.
    degree : float or None
        Of the loss, see ``Loss.unit_degree``; None keeps the unit.

    Notes
    -----
    The unit is the size of the largest entry of X or of W H; see ``rescaled``.
    """
    W, H = (array_of(factor, name).astype(np.float64, copy=False) for factor, name in ((W, "W"), (H, "H")))
    if W.ndim != 2 or H.ndim != 2 or (W.shape[0], H.shape[1]) != X.shape or W.shape[1] != H.shape[0]:
        raise DataError(
            f"X of shape {X.shape} needs W of shape ({X.shape[0]}, k) and H of shape (k, {X.shape[1]}), "
            f"got {W.shape} and {H.shape}."
        )
    for factor, name in ((W, "W"), (H, "H")):
        if not np.isfinite(factor).all():
            raise DataError(f"{name} must be finite, and nothing in it masked; its error is not known otherwise.")
    X = widened(X)
    sizes = [np.frexp(np.abs(factor).max(axis=0, initial=0.0))[1] for factor in (W, H.T)]
    used = W.any(axis=0) & H.any(axis=1)
    exponents = [int(size) for size in (sizes[0] + sizes[1])[used]]
    if X.n_stored and X.survey[1] > 0:
        exponents.append(int(np.frexp(X.survey[1])[1]))
    X, unit = (X, 1.0) if degree is None or not exponents else rescaled(X, degree, max(exponents))
    half = int(np.log2(unit)) // 2
    # a part may be large in one factor and small in the other: both halves get the same size, to the bit
    even = (sizes[0] - sizes[1]) // 2 if max(np.abs(sizes).max(initial=0), abs(half)) > 60 else 0
    left, right = (
        np.ascontiguousarray(np.ldexp(factor, shift), X.dtype)
        for factor, shift in ((W, -half - even), (H.T, even - half))
    )
    return X, left, right, unit
