"""What a solver is: one half-step on one factor, the other held fixed."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from partwise.caching import cached_property
from partwise.losses import Loss
from partwise.losses.fixed import column_sums, own_gram
from partwise.matrix import Array, Box, Matrix, by_rows
from partwise.penalties import Penalty
from partwise.solvers.volume import Volume
from partwise.threads import Workers

NONE = Penalty()


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor as a half-step sees it; a value, whose arrays are read alone.

    Attributes
    ----------
    point : ndarray of shape (rows, k)
        Its entries, in C order.
    penalty : Penalty
        What they pay.
    box : (ndarray, ndarray) or None
        Where they may lie; None: anywhere from 0 up.
    sums_to_one : bool
        Whether each row has to.
    volume : Volume or None
        What its columns pay for the room between them.
    """

    point: Array
    penalty: Penalty = NONE
    box: Box | None = None
    sums_to_one: bool = False
    volume: Volume | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", by_rows(self.point))

    def at(self, point: Array, gram: Array | None = None) -> "Factor":
        """Return the same factor with other entries; `gram`, if given, is theirs."""
        found = replace(self, point=point)
        if gram is not None:
            found.__dict__["gram"] = gram
        return found

    @cached_property
    def gram(self) -> Array:
        """point.T @ point, (k, k)."""
        return own_gram(self.point)

    @cached_property
    def mass(self) -> Array:
        """Column sums of point in float64, (k,)."""
        return column_sums(self.point)

    @property
    def by_residuals(self) -> bool:
        """Whether the loss has to come from the residuals: what a volume gains drowns in the rounding of float32."""
        return self.volume is not None and self.point.dtype == np.float32

    def box_of(self, first: int, last: int) -> Sequence[Array]:
        """Return the box of rows first..last: two arrays, or none."""
        return [bound[first:last] for bound in self.box or ()]

    def pays(self) -> float:
        """Return what the point pays, penalty and volume."""
        room = self.volume.value(self.gram) if self.volume else 0.0
        if not self.penalty:
            return room
        total = float(self.mass.sum()) if self.penalty.l1 else 0.0  # as long as a pass over the factor
        return room + self.penalty.value(total, float(np.vdot(self.point, self.point)))


@dataclass(frozen=True)
class Step:
    """What a half-step reports.

    residual : length of its first projected step, in the units of ``Loss.size`` (see ``Solver.residual``).
    before, after : the loss of the pair before or after it, without penalties, where known at no extra pass over X.
    """

    residual: float
    before: float | None = None
    after: float | None = None


class Update(NamedTuple):
    """What a half-step returns.

    Attributes
    ----------
    iterate : ndarray of shape (rows, k)
        What it found.
    point : ndarray of shape (rows, k)
        The extrapolated iterate, which the other half-step holds fixed.
    gram : ndarray of shape (k, k) or None
        point.T @ point, where it is known: a sum over blocks of rows.
    step : Step
        How far it went.
    """

    iterate: Array
    point: Array
    gram: Array | None
    step: Step


@dataclass(frozen=True)
class HalfStep:
    """What a run asks a solver for.

    Attributes
    ----------
    left : Factor
        To be improved for the model left @ right.point.T of X.
    right : Factor
        Held fixed.
    into : (ndarray, ndarray)
        Arrays (rows, k) for the new iterate and the new point, one and the same without momentum; with it the first
        holds the iterate before.
    iteration : int
        Counted from 1.
    momentum : float
        Extrapolates the new point.
    final : bool
        Whether this is the second half-step of an iteration, after which the loss of the pair is wanted.
    """

    left: Factor
    right: Factor
    into: tuple[Array, Array]
    iteration: int = 1
    momentum: float = 0.0
    final: bool = False

    @classmethod
    def alone(cls, left: Factor, right: Factor, iteration: int = 1, *, final: bool = False) -> "HalfStep":
        """Return one that goes into an array of its own."""
        return cls(left, right, (np.empty_like(left.point),) * 2, iteration, final=final)


class Solver(ABC):
    """Minimises a loss over one factor at a time; final subclasses are frozen dataclasses."""

    name: ClassVar[str]
    losses: ClassVar[tuple[type[Loss], ...]]
    """What it can minimise; checked before solving, with an error that names the way out."""
    quadratic_residual: ClassVar[bool] = False
    """Whether residuals are squared lengths (of a quadratic model) rather than first-order ones."""
    accelerates: ClassVar[bool] = False
    """Whether its half-steps gain from extrapolation; they then report the loss after them."""
    bounded: ClassVar[bool] = False
    """Whether its half-steps keep to a factor's box."""
    sums_to_one: ClassVar[bool] = False
    """Whether they can hold the sum of each row at one."""
    warms_up: ClassVar[bool] = False
    """Whether random starts of its gain from a sample of the rows: quadratic losses, where zeros can be left again."""
    shares_products: ClassVar[bool] = False
    """Whether the half-steps of several runs cost less together."""

    @abstractmethod
    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Update:
        """Do one half-step; write to the arrays of ``asked.into`` alone."""

    def update_all(self, X: Matrix, loss: Loss, asked: Sequence[HalfStep], workers: Workers) -> list[Update]:
        """Do the half-steps of several runs on the same X; a solver whose products can be shared overrides this."""
        return [self.update(X, loss, step, workers) for step in asked]

    def residual(self, steps: tuple[Step, Step], size: float) -> float:
        """Return the iteration's residual: that of its larger half-step relative to the loss's size of X."""
        if size <= 0:
            return 0.0
        worst = float(np.max([step.residual for step in steps])) / size  # NaN where one is
        return float(np.sqrt(worst)) if self.quadratic_residual else worst
