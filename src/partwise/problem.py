"""What a fit minimises: X, loss, weights, penalties and bounds, checked once, in units that are safe to compute in."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from partwise.caching import cached_property
from partwise.domains import Domain, Free, domain_of
from partwise.exceptions import DataError, IncompatibleSolverError, ParameterError
from partwise.losses import Loss
from partwise.matrix import Array, Box, Matrix, as_matrix, by_rows, in_units, rescaled, widened
from partwise.parameters import check_kind
from partwise.penalties import Bounds, Penalty
from partwise.solvers import Solver, check_domains, check_terms, share_out
from partwise.terms.base import Term, penalties_on
from partwise.terms.volume import check_volume
from partwise.weighting import Weighting

NONE = Penalty()


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss of X that W and H minimise, and the constraints on them.

    Fields are in the user's units. Properties are in units in which no power overflows or underflows. In these units,
    weights of rows and columns are scales of X, so solvers need not know about them.

    Parameters
    ----------
    given : Matrix
        X (n, m). Factors have its dtype.
    named : Loss
        What to minimise.
    bare : Matrix
        X in multiples of `unit`, without weights of rows and columns.
    unit : float
        The unit of X.
    units : (float, float)
        The units of W and H.
    n_components : int
        Number of parts k.
    asked : (Penalty, Penalty)
        Penalties of W and H.
    bounds : (Bounds or None, Bounds or None)
        Limits of W and H.
    weighting : Weighting
        Scales of rows and columns.
    sum_to_one : bool
        Whether each row of W has to sum to one.
    min_volume : float
        Weight of the volume that the parts span.
    asked_terms : (tuple of Term, tuple of Term)
        The further penalties on W and H.

    Examples
    --------
    >>> from partwise.losses import get_loss
    >>> problem = Problem.of([[1e200, 2e200], [3e200, 1e200]], get_loss("frobenius"))
    >>> bool(problem.X.total < 10), bool(problem.H(np.ones((2, 1))).max() > 1e99)
    (True, True)
    """

    given: Matrix
    named: Loss
    bare: Matrix
    unit: float
    units: tuple[float, float]
    n_components: int = 1
    asked: tuple[Penalty, Penalty] = (NONE, NONE)
    bounds: tuple[Bounds | None, Bounds | None] = (None, None)
    weighting: Weighting = field(default_factory=Weighting)
    sum_to_one: bool = False
    min_volume: float = 0.0
    asked_terms: tuple[tuple[Term, ...], tuple[Term, ...]] = ((), ())

    @classmethod
    def of(
        cls,
        X: Any,
        loss: Loss,
        n_components: int = 1,
        *,
        penalty_W: Penalty | None = None,
        penalty_H: Penalty | None = None,
        bounds_W: Bounds | None = None,
        bounds_H: Bounds | None = None,
        sample_weight: Any = None,
        feature_weight: Any = None,
        sum_to_one: bool = False,
        min_volume: float = 0.0,
        terms_W: Sequence[Term | Penalty] = (),
        terms_H: Sequence[Term | Penalty] = (),
        negatives: str = "error",
        missing_values: Any = None,
        entry_weight: Any = None,
        widen: bool = True,
        in_memory: int = 0,
    ) -> "Problem":
        """Return the problem of finding W and H for X; see ``factorize`` for the parameters and errors.

        A small X in float32 becomes float64, except with `widen=False`. `in_memory` is for an X that is read by blocks:
        if it is not 0, X is read whole, and so many copies of it must fit into the memory that X allows.
        """
        (net_W, own_W), (net_H, own_H) = penalties_on("W", penalty_W, terms_W), penalties_on("H", penalty_H, terms_H)
        asked, terms = (net_W, net_H), _shared(own_W, own_H)
        bounds = check_kind("bounds_W", bounds_W, Bounds), check_kind("bounds_H", bounds_H, Bounds)
        min_volume = check_volume(min_volume, sum_to_one)
        given = as_matrix(X, negatives=negatives, missing_values=missing_values, entry_weight=entry_weight)
        if in_memory:
            given.check_whole(in_memory)
            given = given.loaded()
        loss.check(given)
        weighting = Weighting.of(sample_weight, feature_weight, given, loss)
        weighting.check(asked, sum_to_one, any(terms))
        bare, unit = _in_own_units(widened(given) if widen else given, loss)
        # both factors share the unit of X, but a W whose rows sum to one has no unit
        units = (1.0, unit) if sum_to_one else share_out(unit, bare, bounds)
        limits = bounds, weighting, sum_to_one, min_volume, terms
        return cls(given, loss, bare, unit, units, n_components, asked, *limits)

    @classmethod
    def onto(cls, X: Matrix, loss: Loss, unit_H: float, n_components: int, **more: Any) -> "Problem":
        """Return the problem of finding W alone, for parts in multiples of `unit_H`; `more` holds the other fields."""
        loss.check(X)
        wide = widened(X)
        if more["sum_to_one"]:  # W has no unit, so H has that of X
            bare, unit = in_units(wide, unit_H), unit_H
        else:
            bare, unit = _in_own_units(wide, loss)
        return cls(X, loss, bare, unit, (unit / unit_H, unit_H), n_components, **more)

    @cached_property
    def loss(self) -> Loss:
        """What to minimise."""
        return self.named.in_units(self.unit)

    @property
    def log_unit(self) -> float:
        """Binary logarithm of the unit of losses."""
        return self.named.log_unit(self.unit)

    @cached_property
    def X(self) -> Matrix:
        """The data, (n, m)."""
        return self.weighting.apply(self.bare)

    @cached_property
    def size(self) -> float:
        """The size of X in the loss; raises DomainError if it is beyond the range of numbers."""
        return self.loss.checked_size(self.X)

    @cached_property
    def penalties(self) -> tuple[Penalty, Penalty]:
        """The elastic nets on W and H."""
        if not any(self.asked):
            return self.asked
        W, H = (
            penalty.in_units(unit, self.log_unit, self.bare.dtype)
            for penalty, unit in zip(self.asked, self.units, strict=True)
        )
        return W, H

    @cached_property
    def terms(self) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        """The further penalties on W and H."""
        W, H = (
            tuple(term.in_units(unit, self.log_unit) for term in own)
            for own, unit in zip(self.asked_terms, self.units, strict=True)
        )
        return W, H

    @cached_property
    def boxes(self) -> tuple[Box | None, Box | None]:
        """Limits of W (n, k) and Ht (m, k)."""
        if self.bounds == (None, None):
            return None, None
        return self.weighting.boxes(self.bounds, self.bare, self.n_components, self.units)

    @cached_property
    def domains(self) -> tuple[Domain, Domain]:
        """Where W and Ht may lie."""
        return domain_of(self.boxes[0], self.sum_to_one), domain_of(self.boxes[1], signed=self.given.is_signed)

    @property
    def is_whole(self) -> bool:
        """Whether all entries of X are known."""
        return self.bare.can("complete")

    @property
    def is_free(self) -> bool:
        """Whether there is nothing but the loss, so any scale between W and H is equally good."""
        return not (any(self.penalties) or any(self.terms)) and all(domain.is_cone for domain in self.domains)

    @cached_property
    def even_rows(self) -> "Problem":
        """The problem without weights of rows: the best W of a row does not depend on the row's weight."""
        columns = self.weighting.columns
        return self if self.weighting.rows is None else replace(self, weighting=Weighting(columns=columns))

    def check_data(self) -> None:
        """Raise DataError if no entry is known, or if the size of X in the loss is beyond the range of numbers."""
        if not (self.is_whole or self.given.n_stored):
            raise DataError(
                "No entry of X is known: there is nothing to learn from. Correct missing_values or the weights."
            )
        self.size  # noqa: B018

    def check_limits(self, solver: Solver) -> None:
        """Raise IncompatibleSolverError if a solver cannot keep the limits."""
        if self.given.is_signed and not solver.quadratic_residual:
            raise IncompatibleSolverError(f"solver {solver.name!r} takes no negative entries of X; use solver='hals'.")
        if not solver.reads(self.bare):
            able = "'hals' or 'mu'" if self.is_whole and self.loss.degree == 2 else "'mu'"
            raise IncompatibleSolverError(
                f"solver {solver.name!r}{'' if self.is_whole else ' with unknown entries'} needs the columns of X, and "
                f"this X is read by rows alone. Use solver={able}, or load X into memory."
            )
        check_domains(solver, self.domains, self.bare)
        check_terms(solver, self.terms, self.bare)
        if self.penalties[1].l1 > 0 and isinstance(self.domains[1], Free):
            raise ParameterError("An L1 penalty on H cannot go with an X that has negative entries: use l2.")
        if self.units[0] != self.units[1] and any(term.is_shared for term in self.terms[0]):
            raise ParameterError("A term of both factors cannot go with bounds or sum_to_one: leave one out.")

    @property
    def scales(self) -> tuple[Any, Any]:
        """What the user's W (n, k) and Ht (m, k) are divided by to become factors of the problem's X."""
        W, H = (
            unit if weights is None else unit / np.where(weights > 0, weights, 1.0)
            for unit, weights in zip(self.units, (self.weighting.rows, self.weighting.columns), strict=True)
        )
        return W, H

    def W(self, left: Array, *, alone: bool = False) -> Array:
        """Return W (n, k) of `even_rows` in the user's units; raise DataError if a number is out of range.

        Rows without a known entry are the mean of the others, unless W has bounds or `alone` is true.
        """
        W = self._in_users_unit(left, self.units[0])
        if not (self.is_whole or alone) and self.boxes[0] is None:
            guess_blank_rows(self.X, W)
        check_numbers(W=W)
        return W

    def H(self, right: Array) -> Array:
        """Return H for an Ht (m, k) in the user's units; raise DataError if a number is out of range.

        Columns without a known entry are the mean of the others, unless H has bounds.
        """
        H = self.even_rows.weighting.restored(right, right.T)[1]
        H = by_rows(self._in_users_unit(H, self.units[1]))
        if not self.is_whole and self.boxes[1] is None:
            guess_blank_rows(self.X.T, H.T)
        if self.bounds[1] is not None:  # to the last bit, which the change of units can lose
            H = np.clip(H, *(bound.T for bound in self.bounds[1].box(H.shape[::-1], "H", H.dtype)))
        check_numbers(signed=self.given.is_signed, H=H)
        return H

    def _in_users_unit(self, factor: Array, unit: float) -> Array:
        if unit == 1 and factor.dtype == self.given.dtype:
            return factor
        with np.errstate(over="ignore", invalid="ignore"):  # check_numbers refuses them
            return (factor * factor.dtype.type(unit) if unit != 1 else factor).astype(self.given.dtype, copy=False)

    def relative(self, value: float) -> float:
        """Return a loss relative to the size of X. For squares it is the root, so an error as large as X gives 1."""
        share = value / self.size if self.size > 0 else 0.0
        return float(np.sqrt(2 * share)) if self.loss.degree == 2 else share


def guess_blank_rows(X: Matrix, factor: Array) -> None:
    """Set rows of a factor (n, k) without a known entry in X to the mean of the others, in place.

    The loss does not depend on these rows. A penalty alone would make them 0, which predicts worse.
    """
    blank = X.blank_rows()
    if blank.any():
        factor[blank] = factor[~blank].mean(axis=0, dtype=np.float64) if not blank.all() else 0


def _shared(W: tuple[Term, ...], H: tuple[Term, ...]) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Return the terms of both factors; a shared term is on each."""
    shared = tuple(term for term in (*W, *H) if term.is_shared)
    left, right = (tuple(term for term in own if not term.is_shared) + shared for own in (W, H))
    return left, right


def _in_own_units(X: Matrix, loss: Loss) -> tuple[Matrix, float]:
    """Return X in a unit that suits its size and the loss, and this unit."""
    degree = loss.unit_degree
    return (X, 1.0) if degree is None else rescaled(X, degree)


def check_numbers(loss: float = 0.0, signed: bool = False, **factors: Array) -> None:
    """Raise DataError unless loss and factors are finite and the factors, if not `signed`, are at least 0."""
    for name, factor in factors.items():
        low, high = (float(end(initial=0.0)) for end in (factor.min, factor.max))  # NaN if an entry is NaN
        if not ((low >= 0 or (signed and low > -np.inf)) and high < np.inf):
            raise DataError(
                f"{name} has entries that {factor.dtype} cannot hold (more than {np.finfo(factor.dtype).max:.1e}). "
                f"Data, starts, penalties, weights or bounds are too large, too small or too different in size: divide "
                f"X by its mean, and scale the others in the same way."
            )
    if not np.isfinite(loss):
        raise DataError(
            "The loss of this data is beyond the range of numbers. Divide X by its mean, and leave out entries that "
            "are many orders of magnitude smaller or larger; or use a loss with a beta between 0 and 2."
        )
