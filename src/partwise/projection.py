"""Projection: the weights of fixed parts in new rows. This is all that transform does."""

from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.init.given import check_parts
from partwise.losses import Loss
from partwise.matrix import Array, as_matrix
from partwise.penalties import Bounds, Penalty
from partwise.problem import Problem
from partwise.solvers import HALS, Fixed, solve_rows
from partwise.threads import Workers
from partwise.weighting import Weighting


class Projection:
    """Weights of fixed parts in new rows; keeps between calls what depends on H alone.

    Parameters
    ----------
    H : ndarray of shape (n_components, n_features)
        The parts.
    loss : Loss
        What to minimise.
    penalty : Penalty
        The penalty on the weights.
    sum_to_one : bool
        Whether the weights of each row must sum to one.
    weighting : Weighting or None
        Weights of columns.
    """

    def __init__(
        self, H: Array, loss: Loss, penalty: Penalty, sum_to_one: bool = False, weighting: Weighting | None = None
    ) -> None:
        self.loss = loss
        self.penalties = penalty, Penalty()
        self.sum_to_one = sum_to_one
        self.weighting = weighting or Weighting()
        if self.weighting.columns is not None:
            H = H * self.weighting.columns.T.astype(H.dtype)
        highest = float(np.abs(H).max(initial=0.0))
        exponent = min(int(np.frexp(highest)[1]), np.finfo(H.dtype).maxexp - 1) if highest > 0 else 0
        self.unit = 2.0**exponent if abs(exponent) > 20 else 1.0
        self._right = np.ascontiguousarray((H / H.dtype.type(self.unit) if self.unit != 1 else H).T)
        self._parts = {self._right.dtype: Fixed(self._right)}

    def __call__(
        self, X: Any, *, n_jobs: int | None = None, most: int | None = None, bounds: Bounds | None = None
    ) -> Array:
        """Return W (n, k) of X's dtype, within its bounds; `most` limits the steps of an iterative solver.

        A row without a known entry has weights of 0: rows do not depend on each other.
        """
        given = as_matrix(X)
        if given.shape[1] != self._right.shape[0]:
            raise DataError(
                f"X has {given.shape[1]} features, but this model was fitted with {self._right.shape[0]} features."
            )
        problem = Problem.onto(
            given, self.loss, self.unit, self._right.shape[1], asked=self.penalties, bounds=(bounds, None),
            weighting=self.weighting, sum_to_one=self.sum_to_one,
        )  # fmt: skip
        if self.sum_to_one:  # without it, every solver keeps bounds
            problem.check_limits(HALS())
        matrix = problem.X
        if matrix.dtype not in self._parts:
            self._parts[matrix.dtype] = Fixed(self._right.astype(matrix.dtype))
        with Workers(n_jobs, alone=len(matrix.blocks) < 2) as workers:
            left = solve_rows(
                matrix, problem.loss, None, self._parts[matrix.dtype], problem.penalties[0], workers, most=most,
                domain=problem.domains[0],
            )  # fmt: skip
        return problem.W(left, alone=True)


class KeptProjection:
    """The projection onto the parts of a model, kept while the parts hold the same numbers.

    Users of scikit-learn change ``components_`` in place or assign another array. A comparison with a copy notices
    both, and costs far less than a new projection. Its own copies and pickles are empty.

    Examples
    --------
    >>> from partwise.losses import get_loss
    >>> kept, H = KeptProjection(), np.array([[1.0, 2.0], [3.0, 1.0]])
    >>> first = kept.onto(H, 2, "H", get_loss("frobenius"), Penalty())
    >>> kept.onto(H, 2, "H", get_loss("frobenius"), Penalty()) is first
    True
    >>> H /= H.sum(axis=1, keepdims=True)
    >>> kept.onto(H, 2, "H", get_loss("frobenius"), Penalty()) is first
    False
    """

    _made: tuple[Array, tuple[Any, ...], Projection] | None = None

    def onto(self, H: Any, n_features: int, name: str, *settings: Any, signed: bool = False) -> Projection:
        """Return the projection onto H (k, n_features), made again if H or a setting changed since the last call.

        Parameters
        ----------
        H : array-like of shape (k, n_features)
            The parts; checked if they changed.
        n_features : int
            Columns of the data that the model was fitted to.
        name : str
            Name of H for the user.
        *settings : see Projection
            The arguments that follow H there.
        signed : bool, default=False
            Whether parts can have negative entries.

        Raises
        ------
        ParameterError, DataError
            If H has another shape or a NaN or infinite entry, or, without `signed`, a negative one.
        """
        given, made = np.asarray(H), self._made
        if made is None or made[1] != settings or made[0].dtype != given.dtype or not np.array_equal(made[0], given):
            parts = check_parts(H, n_features, name, signed)
            made = self._made = (given.copy(), settings, Projection(parts, *settings))
        return made[2]

    def __getstate__(self) -> dict[str, Any]:
        return {}
