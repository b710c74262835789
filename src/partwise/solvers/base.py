"""What a solver is: one half-step on one factor, the other held fixed."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise.caching import cached_property
from partwise.losses import Loss
from partwise.losses.fixed import column_sums, own_gram
from partwise.matrix import Array, Box, Matrix, by_rows
from partwise.penalties import Penalty
from partwise.solvers.volume import Volume
from partwise.threads import Workers


class Factor:
    """One factor as the loop sees it, and the few arrays (rows, k) that it rotates through.

    Half-steps write into ``room()`` and ``move`` there: the best pair so far stays whole until a better one is known,
    and the start is never written to.

    Attributes
    ----------
    iterate : ndarray of shape (rows, k)
        What the last half-step found.
    point : ndarray of shape (rows, k)
        The extrapolated iterate, which the other half-step holds fixed.
    previous : ndarray of shape (rows, k) or None
        The iterate before, where the loop extrapolates this factor itself.
    best : ndarray of shape (rows, k) or None
        The point of the best pair so far.
    penalty : Penalty
        What its entries pay.
    box : (ndarray, ndarray) or None
        Where they may lie; None: anywhere from 0 up.
    sums_to_one : bool
        Whether each row has to.
    volume : Volume or None
        What its columns pay for the room between them.
    """

    def __init__(
        self,
        start: Array,
        penalty: Penalty,
        box: Box | None = None,
        sums_to_one: bool = False,
        volume: Volume | None = None,
    ) -> None:
        self._arrays: list[Array] = []
        self.begin(by_rows(start))
        self.penalty = penalty
        self.box = box
        self.sums_to_one = sums_to_one
        self.volume = volume

    def begin(self, start: Array) -> None:
        """Begin from `start`, (rows, k)."""
        self.iterate: Array = start
        self.previous: Array | None = None
        self.best: Array | None = None
        self.move(start)

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

    def room(self) -> Array:
        """Return an array (rows, k) that nothing needs any more; at most five are ever made."""
        busy = {id(self.iterate), id(self.point), id(self.previous), id(self.best)}
        free = next((array for array in self._arrays if id(array) not in busy), None)
        if free is None:
            free = np.empty_like(self.point)
            self._arrays.append(free)
        return free

    def move(self, point: Array, gram: Array | None = None) -> None:
        """Make `point` (one of this factor's arrays) the point; `gram`, if given, is its own."""
        self.point: Array = point
        self.__dict__.pop("gram", None)
        self.__dict__.pop("mass", None)
        if gram is not None:
            self.__dict__["gram"] = gram

    def copy_of(self, array: Array) -> Array:
        """Return a copy of `array` in room of this factor's."""
        out = self.room()
        np.copyto(out, array)
        return out

    def own(self, array: Array) -> Array:
        """Return `array`, or a copy of it in room of this factor's if it is none of its arrays: a start is not ours."""
        return array if any(array is mine for mine in self._arrays) else self.copy_of(array)

    def fill(self, t: int, column: Array) -> None:
        """Set column t of the point, and of the iterates that the next point comes from."""
        self.point, self.iterate = self.own(self.point), self.own(self.iterate)
        self.previous = None if self.previous is None else self.own(self.previous)
        for array in {id(a): a for a in (self.point, self.iterate, self.previous) if a is not None}.values():
            array[:, t] = column
        self.move(self.point)

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


@dataclass(frozen=True)
class HalfStep:
    """What a run asks a solver for.

    Attributes
    ----------
    left : Factor
        To be improved for the model left @ right.point.T of X, and advanced.
    right : Factor
        Held fixed.
    iteration : int
        Counted from 1.
    momentum : float
        Extrapolates the new point.
    final : bool
        Whether this is the second half-step of an iteration, after which the loss of the pair is wanted.
    """

    left: Factor
    right: Factor
    iteration: int = 1
    momentum: float = 0.0
    final: bool = False


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
    def update(self, X: Matrix, loss: Loss, asked: HalfStep, workers: Workers) -> Step:
        """Do one half-step: improve ``asked.left`` and advance it."""

    def update_all(self, X: Matrix, loss: Loss, asked: Sequence[HalfStep], workers: Workers) -> list[Step]:
        """Do the half-steps of several runs on the same X; a solver whose products can be shared overrides this."""
        return [self.update(X, loss, step, workers) for step in asked]

    def residual(self, steps: tuple[Step, Step], size: float) -> float:
        """Return the iteration's residual: that of its larger half-step relative to the loss's size of X."""
        if size <= 0:
            return 0.0
        worst = float(np.max([step.residual for step in steps])) / size  # NaN where one is
        return float(np.sqrt(worst)) if self.quadratic_residual else worst
