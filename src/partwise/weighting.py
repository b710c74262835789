"""Weights of whole rows and columns, as a change of scale: solvers need not know about them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.exceptions import IncompatibleSolverError, ParameterError
from partwise.losses import Loss
from partwise.matrix import Array, Box, Matrix, array_of
from partwise.matrix.unknown import check_powers, check_scale
from partwise.penalties import Bounds, Penalty
from partwise.summary import Summary, size


@dataclass(frozen=True, eq=False, repr=False)
class Weighting(Summary):
    r"""The scales that turn a weighted loss into a plain one.

    If a loss has degree :math:`\delta`, that is :math:`d(c x, c p) = c^\delta d(x, p)`, then the weighted loss of X and
    W H is the plain loss of R X C and (R W)(H C). R and C are the diagonal matrices of the :math:`\delta`-th roots of
    the weights.

    Parameters
    ----------
    rows : ndarray of shape (n, 1) or None
        Scales of the rows of X and W.
    columns : ndarray of shape (m, 1) or None
        Scales of the columns of X and H.
    """

    rows: Array | None = None
    columns: Array | None = None

    def _facts(self) -> dict[str, Any]:
        return {"rows": size(self.rows), "columns": size(self.columns)}

    @classmethod
    def of(cls, sample_weight: Any, feature_weight: Any, X: Matrix, loss: Loss) -> "Weighting":
        """Return the scales for weights (n,) and (m,) of X's rows and columns, each None where all are 1."""
        checked: list[Array | None] = []
        for weight, count, name, of in (
            (sample_weight, X.shape[0], "sample_weight", "row"),
            (feature_weight, X.shape[1], "feature_weight", "column"),
        ):
            checked.append(None if weight is None else check_weights(weight, count, name, of))
            if checked[-1] is not None and np.all(checked[-1] == 1):
                checked[-1] = None
            if checked[-1] is not None:
                check_powers(checked[-1], loss, name, X.dtype)
        power = 1 / float(loss.degree or 1)
        if power < 0 and any(weight is not None and not weight.all() for weight in checked):
            raise IncompatibleSolverError(
                f"loss={loss!r} takes no weight of 0: it is not defined for zeros. Leave such rows and columns out."
            )
        return cls(*(None if weight is None else weight[:, None] ** power for weight in checked))

    def __bool__(self) -> bool:
        return self.rows is not None or self.columns is not None

    def check(self, penalties: tuple[Penalty, Penalty], sum_to_one: bool, terms: bool = False) -> None:
        """Refuse weights of rows and columns with parameters whose meaning they would change."""
        names = ("sample_weight", "feature_weight")
        for scales, penalty, name, factor in zip((self.rows, self.columns), penalties, names, "WH", strict=True):
            if scales is not None and penalty:
                raise ParameterError(
                    f"{name} cannot go with a penalty on {factor}: it would change the share of the penalty from "
                    f"one entry to the next. Penalize only the other factor, or give entry_weight instead."
                )
        if self and terms:
            raise ParameterError("sample_weight and feature_weight cannot go with terms: they change their share.")
        if self.rows is not None and sum_to_one:
            raise ParameterError("sample_weight cannot go with sum_to_one; repeat the rows instead.")

    def boxes(
        self, bounds: tuple[Bounds | None, Bounds | None], X: Matrix, k: int, units: tuple[float, float]
    ) -> tuple[Box | None, Box | None]:
        """Return the bounds of both factors in the solvers' units; rows and columns of weight 0 have no limits."""
        found: list[Box | None] = []
        for bound, count, name, unit, scales in zip(
            bounds, X.shape, "WH", units, (self.rows, self.columns), strict=True
        ):
            box = None if bound is None else bound.box((count, k), name, X.dtype, unit)
            if box is not None and scales is not None:
                by = scales.astype(X.dtype)
                box = box[0] * by, np.where(by > 0, box[1] * np.where(by > 0, by, 1), np.inf).astype(X.dtype)
            found.append(box)
        return found[0], found[1]

    def left_out(self, factors: tuple[Array, Array]) -> list[Array]:
        """Return W (n, k) and Ht (m, k) with zeros in the rows whose weight is 0, as in the scaled X."""
        return [
            array if scales is None else np.where(scales > 0, array, 0)
            for array, scales in zip(factors, (self.rows, self.columns), strict=True)
        ]

    def restored(self, W: Array, H: Array) -> tuple[Array, Array]:
        """Return factors (n, k) and (k, m) of the scaled X as factors of X."""
        if self.rows is not None:
            W = W / np.where(self.rows > 0, self.rows, 1.0).astype(W.dtype)
        if self.columns is not None:
            H = H / np.where(self.columns > 0, self.columns, 1.0).T.astype(H.dtype)
        return W, H

    def apply(self, X: Matrix, *, rows: bool = True) -> Matrix:
        """Return a copy of X with rows and columns scaled; with `rows=False`, columns only."""
        by_row = self.rows if rows else None
        if by_row is None and self.columns is None:
            return X
        left = np.ones(X.shape[0], X.dtype) if by_row is None else by_row[:, 0].astype(X.dtype)
        right = np.ones(X.shape[1], X.dtype) if self.columns is None else self.columns[:, 0].astype(X.dtype)
        return X.scaled(left, right)


def check_weights(weights: Any, count: int, name: str, of: str) -> Array:
    """Return weights as a float64 array (count,), checked: finite, at least 0, not all 0."""
    array = array_of(weights, name).astype(np.float64)
    if array.ndim == 0:
        array = np.full(count, float(array))
    if array.shape != (count,):
        raise ParameterError(f"{name} has shape {array.shape}; it needs one weight a {of} of X, so shape ({count},).")
    if not np.isfinite(array).all() or (array < 0).any() or not array.any():
        raise ParameterError(
            f"{name} must be finite, at least 0, and not zero for every {of} of X; to leave out a {of}, give 0, "
            f"not NaN or a mask."
        )
    check_scale(float(array.max()), name)
    return array
