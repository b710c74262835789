"""What a solver is: it does a half-step on one factor while the other is fixed."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from partwise.blocks.plan import COPIES
from partwise.caching import cached_property
from partwise.domains import Domain, NonNegative
from partwise.losses import Loss
from partwise.losses.fixed import column_sums, own_gram
from partwise.matrix import Apart, Array, Matrix, by_rows
from partwise.matrix.adding import Sums
from partwise.penalties import Penalty
from partwise.terms import Term
from partwise.threads import Workers

NONE, FROM_ZERO_UP = Penalty(), NonNegative()


class Factor:
    """One factor as a half-step sees it: a value that does not change, with arrays that are only read.

    Parameters
    ----------
    point : ndarray of shape (rows, k)
        Its entries.
    penalty : Penalty
        The elastic net on them.
    domain : Domain
        Where they may lie.
    terms : tuple of Term
        Its further penalties.
    gram : ndarray of shape (k, k) or None
        The product point.T @ point, if it is known.

    Examples
    --------
    >>> from partwise import Penalty
    >>> from partwise.extend import Factor
    >>> W = Factor(np.array([[1.0, 2.0], [0.0, 4.0]]), Penalty(l1=0.5))
    >>> W.gram.tolist(), W.mass.tolist(), W.penalty_value(other=np.eye(2))
    ([[1.0, 2.0], [2.0, 20.0]], [1.0, 6.0], 3.5)
    """

    def __init__(
        self,
        point: Array,
        penalty: Penalty = NONE,
        domain: Domain = FROM_ZERO_UP,
        terms: tuple[Term, ...] = (),
        gram: Array | None = None,
    ) -> None:
        self.point = by_rows(point)
        self.penalty, self.domain, self.terms = penalty, domain, terms
        if gram is not None:
            self.__dict__["gram"] = gram

    def of(self, rows: slice) -> "Factor":
        """Return some of its rows; their terms and levels still have the sums over all rows that they need."""
        part = Factor(
            self.point[rows], self.penalty, self.domain.of(rows), self.terms, self.gram if self.terms else None
        )
        part.__dict__["means"] = self.means
        return part

    def at(self, point: Array, gram: Array | None = None) -> "Factor":
        """Return the same factor with other entries; `gram`, if given, is that of the new entries."""
        return Factor(point, self.penalty, self.domain, self.terms, gram)

    @cached_property
    def gram(self) -> Array:
        """point.T @ point, (k, k)."""
        return own_gram(self.point)

    @cached_property
    def means(self) -> Array:
        """Column means of all rows in float64, (k,)."""
        means: Array = self.mass / len(self.point)
        return means

    @cached_property
    def mass(self) -> Array:
        """Column sums of point in float64, (k,)."""
        return self.point.moments.sums if isinstance(self.point, Apart) else column_sums(self.point)

    @property
    def squares(self) -> Array:
        """Squared norm of each column, (k,)."""
        if isinstance(self.point, Apart) and "gram" not in self.__dict__:
            return self.point.moments.squares
        return np.diagonal(self.gram)

    @property
    def highest(self) -> Array:
        """The largest entry of each column, or 0, (k,)."""
        if isinstance(self.point, Apart):
            return self.point.moments.highest
        highest: Array = self.point.max(axis=0, initial=0)
        return highest

    @property
    def by_residuals(self) -> bool:
        """Whether the loss must come from the residuals: the gain of a term is below the rounding of float32."""
        return self.point.dtype == np.float32 and any(term.is_light for term in self.terms)

    @property
    def magnitude(self) -> float:
        """The weight of its lightest term."""
        return min((term.magnitude for term in self.terms), default=np.inf)

    def penalty_value(self, other: Array) -> float:
        """Return the penalties on the point, elastic net and terms, beside the other factor (m, k)."""
        if not (self.terms or self.penalty):
            return 0.0
        extra = sum((term.value(self.point, self.gram, other) for term in self.terms), 0.0)
        if not self.penalty:
            return extra
        total = float(self.mass.sum()) if self.penalty.l1 else 0.0  # as slow as a pass over the factor
        point = self.point
        squared = point.moments.squares.sum() if isinstance(point, Apart) else np.vdot(point, point)
        return extra + self.penalty.value(total, float(squared))


class Step(NamedTuple):
    """What a half-step reports.

    Parameters
    ----------
    residual : float
        Length of its first projected step, in the units of ``Loss.size`` (see ``Solver.residual``).
    before, after : float or None
        The loss of the pair before or after it, without penalties, if it is known without an extra pass over X.

    Examples
    --------
    The longer of the two half-steps of an iteration decides whether a fit stops:

    >>> from partwise.extend import Step
    >>> from partwise.solvers import HALS
    >>> HALS().residual((Step(0.04), Step(0.01)), size=100.0)  # the root, as HALS reports squared lengths
    0.02
    """

    residual: float
    before: float | None = None
    after: float | None = None


class Update(NamedTuple):
    """What a half-step returns.

    Parameters
    ----------
    iterate : ndarray of shape (rows, k)
        The result of the half-step.
    point : ndarray of shape (rows, k)
        The extrapolated iterate, which the other half-step holds fixed.
    gram : ndarray of shape (k, k) or None
        The product point.T @ point, if it is known: a sum over blocks of rows.
    step : Step
        How far it went.
    sums : tuple of ndarray or None
        What the other half-step needs of X, if this one has computed it: see ``Solver.sums``.

    Examples
    --------
    >>> from partwise.extend import Factor, HalfStep, as_matrix
    >>> from partwise.losses import Frobenius
    >>> from partwise.solvers import HALS
    >>> from partwise.threads import ALONE
    >>> X, W, Ht = as_matrix([[1.0, 2.0], [3.0, 6.0]]), Factor(np.ones((2, 1))), Factor(np.array([[1.0], [2.0]]))
    >>> update = HALS().update(X, Frobenius(), HalfStep.alone(W, Ht), ALONE)
    >>> update.iterate.tolist(), update.gram.tolist()
    ([[1.0], [3.0]], [[10.0]])
    """

    iterate: Array
    point: Array
    gram: Array | None
    step: Step
    sums: Sums = None


class HalfStep(NamedTuple):
    """What a run asks of a solver.

    Parameters
    ----------
    left : Factor
        The factor to improve, in the model left @ right.point.T of X.
    right : Factor
        The factor that is fixed.
    into : (ndarray, ndarray)
        Arrays (rows, k) for the new iterate and the new point. Without momentum both are the same array; with it, the
        first holds the previous iterate.
    iteration : int
        Counted from 1.
    momentum : float
        Extrapolates the new point.
    final : bool
        Whether this is the second half-step of an iteration. The loss of the pair is needed after it.
    sums : tuple of ndarray or None
        The result of ``Solver.sums``: the half-step is then done with it, without X.
    constant : float or None
        The constant of these rows' loss (``Loss.constant``); None: X has it.

    Examples
    --------
    An update of W, then one of H, which is an update of the left factor for X.T:

    >>> from partwise.extend import Factor, HalfStep, as_matrix
    >>> from partwise.losses import Frobenius
    >>> from partwise.solvers import HALS
    >>> from partwise.threads import ALONE
    >>> X, W, Ht = as_matrix([[1.0, 2.0], [3.0, 6.0]]), Factor(np.ones((2, 1))), Factor(np.ones((2, 1)))
    >>> W = W.at(HALS().update(X, Frobenius(), HalfStep.alone(W, Ht), ALONE).point)
    >>> Ht = Ht.at(HALS().update(X.T, Frobenius(), HalfStep.alone(Ht, W, final=True), ALONE).point)
    >>> (W.point @ Ht.point.T).round(6).tolist()
    [[1.0, 2.0], [3.0, 6.0]]
    """

    left: Factor
    right: Factor
    into: tuple[Array, Array]
    iteration: int = 1
    momentum: float = 0.0
    final: bool = False
    sums: Sums = None
    constant: float | None = None

    @classmethod
    def alone(cls, left: Factor, right: Factor, iteration: int = 1, *, final: bool = False) -> "HalfStep":
        """Return a half-step that writes to a new array."""
        return cls(left, right, (np.empty_like(left.point),) * 2, iteration, final=final)


class Solver(ABC):
    """Minimises a loss over one factor at a time; final subclasses are frozen dataclasses.

    Examples
    --------
    Projected gradient, for X in memory, without penalties and bounds:

    >>> from partwise import factorize
    >>> from partwise.extend import Solver, Step, Update
    >>> from partwise.losses import Frobenius
    >>> class Gradient(Solver):
    ...     name, losses = "gradient", (Frobenius,)
    ...     def update(self, X, loss, asked, workers):
    ...         old, right, out = asked.left.point, asked.right, asked.into[1]
    ...         cross = X.product(right.point)
    ...         slope = old @ right.gram - cross
    ...         np.maximum(old - slope / np.linalg.norm(right.gram, 2), 0, out=out)
    ...         return Update(out, out, None, Step(float(np.vdot(cross, np.abs(out - old)))))
    >>> X = np.random.default_rng(0).random((8, 2)) @ np.random.default_rng(1).random((2, 6))
    >>> found = factorize(X, 2, solver=Gradient(), max_iter=500)
    >>> found.relative_error < 1e-2, bool((np.diff(found.curve["loss"]) <= 0).all())
    (True, True)
    """

    name: ClassVar[str]
    losses: ClassVar[tuple[type[Loss], ...]]
    """Losses that it can minimise; checked before a fit, with an error that shows the way out."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Attributes that must be true for such a loss."""
    quadratic_residual: ClassVar[bool] = False
    """Whether residuals are squared lengths (of a quadratic model) rather than first-order ones."""
    accelerates: ClassVar[bool] = False
    """Whether extrapolation helps its half-steps; they then report the loss after them."""
    begins_ahead: bool = False
    """Whether its half-steps are better if they begin beyond the iterate, see ``Onward``."""
    domains: ClassVar[tuple[type[Domain], ...]] = (NonNegative,)
    """Which domains of a factor its half-steps keep to."""
    takes_terms: ClassVar[bool] = False
    """Whether its half-steps solve least squares, to which terms can be added."""
    warms_up: ClassVar[bool] = False
    """Whether random starts gain from a sample of the rows: for quadratic losses, where entries can leave zero."""
    shares_products: ClassVar[bool] = False
    """Whether the half-steps of several runs cost less together."""
    by_sums: ClassVar[bool] = False
    """Whether a half-step on H can be done from sums over the rows of X, see ``sums``. An X that is read by blocks is
    then read once an iteration."""

    @property
    def copies(self) -> int:
        """Most arrays of a factor's shape that a fit from one start holds.

        They are the start, the point, the best pair and the array of the next one; and the iterate, if it is not the
        point.
        """
        return COPIES if self.accelerates or self.begins_ahead else COPIES - 1

    @classmethod
    def minimises(cls, loss: Loss) -> bool:
        """Return whether it can minimise a loss."""
        return isinstance(loss, cls.losses) and all(getattr(loss, need) for need in cls.needs)

    @abstractmethod
    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        """Do one half-step; write to the arrays of ``asked.into`` alone."""

    def update_all(self, X: Matrix, loss: Loss, asked: Sequence[HalfStep], workers: Workers) -> list[Update]:
        """Do the half-steps of several runs on the same X. A solver whose products can be shared overrides this."""
        return [self.update(X, loss, step, workers) for step in asked]

    sums_need: ClassVar[tuple[str, ...]] = ()
    """What X must support for that, see ``Matrix.capabilities``."""

    @classmethod
    def reads(cls, X: Matrix) -> bool:
        """Return whether it can work on a storage."""
        return X.can("columns") or (cls.by_sums and all(X.can(need) for need in cls.sums_need))

    def sums(self, X: Matrix, loss: Loss, left: Factor, right: Factor) -> Sums:
        """Return what a half-step on H (m, k) needs of rows of X (b, m): arrays that are summed over the rows.

        Parameters
        ----------
        left : Factor
            These rows of W (b, k), after the first half-step of this iteration.
        right : Factor
            H (m, k) before its half-step.
        """
        raise NotImplementedError

    def residual(self, steps: tuple[Step, Step], size: float) -> float:
        """Return the iteration's residual: that of its longer half-step, relative to the size of X in the loss."""
        if size <= 0:
            return 0.0
        first, second = (float(step.residual) for step in steps)
        worst = (first if first > second or first != first else second) / size  # NaN if one is NaN
        return float(np.sqrt(worst)) if self.quadratic_residual else worst
