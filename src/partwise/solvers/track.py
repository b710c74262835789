"""A factor during a fit: what the loop keeps of it, and the few arrays that it lends to half-steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from partwise.domains import Domain
from partwise.matrix import Apart, Array, Matrix
from partwise.solvers.base import Factor, Update

AT_A_TIME = 1 << 16
"""Entries of a factor that are moved beyond the iterate at a time."""


class Track:
    """A factor, and the arrays (rows, k) that hold it in turn.

    The best pair so far stays unchanged until a better one is known, and the start is never written to. If rows of X
    are on other machines, so are those of W (``Apart``): such arrays are not written to, but replaced by new ones.

    Attributes
    ----------
    now : Factor
        At the present point, which the other half-step uses.
    iterate : ndarray of shape (rows, k)
        The result of the last half-step.
    previous : ndarray of shape (rows, k) or None
        The previous iterate, if the loop extrapolates this factor itself.
    best : ndarray of shape (rows, k) or None
        The point of the best pair so far.
    """

    def __init__(self, start: Factor) -> None:
        self.now = start
        self.iterate = start.point
        self.previous: Array | None = None
        self.best: Array | None = None
        self._arrays: list[Array] = []

    @property
    def point(self) -> Array:
        """The present point, (rows, k)."""
        return self.now.point

    def free_array(self) -> Array:
        """Return an array (rows, k) that is no longer needed; at most six are ever made."""
        busy = {id(self.iterate), id(self.point), id(self.previous), id(self.best)}
        for array in self._arrays:
            if id(array) not in busy:
                return array
        self._arrays.append(np.empty_like(self.point))
        return self._arrays[-1]

    def lend(self, momentum: float) -> tuple[Array, Array]:
        """Return arrays for a half-step, see ``HalfStep.into``."""
        if isinstance(self.iterate, Apart):
            return self.iterate, self.iterate
        if momentum == 0:  # one array is enough then
            out = self.free_array()
            return out, out
        if self.iterate is self.point or self.iterate is self.best:
            self.iterate = self.copy_of(self.iterate)
        return self.iterate, self.free_array()

    def go_on(self, momentum: float) -> None:
        """Move the point beyond its iterate, along the change from the iterate before, see ``Onward``."""
        before, self.previous = self.previous, None  # its array is free then, also for the new point
        if before is None or momentum == 0:
            return
        if isinstance(self.iterate, Apart):
            found: Any = self.iterate.home.mapped(_beyond, momentum, self.iterate, before, self.now.domain)
        else:
            found = _beyond(self.iterate, before, self.now.domain, momentum, self.free_array())
        self.move(found)

    def take(self, update: Update) -> None:
        """Take the result of a half-step."""
        self.iterate = update.iterate
        self.move(update.point, update.gram)

    def move(self, point: Array, gram: Array | None = None) -> None:
        """Make `point` (one of this track's arrays) the point; `gram`, if given, is its Gram matrix."""
        self.now = self.now.at(point, gram)

    def copy_of(self, array: Array) -> Array:
        """Return a copy of `array` in a free array of this track; `array` itself if nothing writes to it."""
        if isinstance(array, Apart):
            return array
        out = self.free_array()
        np.copyto(out, array)
        return out

    def spread(self, X: Matrix) -> None:
        """Move the rows to where those of X are."""
        if not isinstance(self.point, Apart):
            self._change(X.spread)
            self._arrays = []

    def gather(self) -> None:
        """Move the rows to this process."""
        if isinstance(self.point, Apart):
            self._change(self.own)

    def _change(self, function: Callable[[Array], Array]) -> None:
        """Replace each array by the function's result for it; the new array keeps its roles."""
        found: dict[int, Array] = {}

        def new(array: Array) -> Array:
            if id(array) not in found:
                found[id(array)] = function(array)
            return found[id(array)]

        point, gram = new(self.point), self.now.__dict__.get("gram")
        self.iterate = new(self.iterate)
        self.previous, self.best = (None if array is None else new(array) for array in (self.previous, self.best))
        self.move(point, gram)

    def own(self, array: Array) -> Array:
        """Return `array`, or a copy of it if this track did not make it: a start belongs to the caller."""
        if isinstance(array, Apart):
            self._arrays.append(np.asarray(array))
            return self._arrays[-1]
        return array if any(array is mine for mine in self._arrays) else self.copy_of(array)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return the arrays in use, each once, and the role of each; see ``restore``."""
        arrays: dict[str, Array] = {}
        roles: dict[str, Any] = {}
        for role, array in (
            ("iterate", self.iterate), ("point", self.point), ("previous", self.previous), ("best", self.best)
        ):  # fmt: skip
            same = next((key for key, other in arrays.items() if other is array), None)
            if same is None and array is not None:
                same = str(len(arrays))
                arrays[same] = array
            roles[role] = same
        arrays = {key: np.asarray(array) for key, array in arrays.items()}
        if "gram" in self.now.__dict__:  # computed again, it could have other bits
            arrays["gram"] = self.now.gram
        return arrays, roles

    def restore(self, arrays: dict[str, Array], roles: dict[str, Any]) -> None:
        """Take the state of another track; the arrays now belong to this one."""
        self._arrays = [array for key, array in arrays.items() if key != "gram"]
        self.iterate = arrays[roles["iterate"]]
        self.previous, self.best = (
            None if roles[role] is None else arrays[roles[role]] for role in ("previous", "best")
        )
        self.move(arrays[roles["point"]], arrays.get("gram"))

    def land(self, own: list[Array], gram: Array, previous: Array | None = None, *, better: bool) -> None:
        """Take up arrays of iterations done elsewhere: iterate, point and best pair, which counts if it is `better`."""
        best = own[2] if better else self.best
        self.iterate, self.previous, self.best = own[0], previous, best
        self._arrays = [array for array in (*own, previous, best) if array is not None]
        self.move(own[1], gram)

    def fill(self, t: int, column: Array) -> None:
        """Set column t of the point, and of the iterates from which the next point is made."""
        self.move(self.own(self.point))
        self.iterate = self.own(self.iterate)
        self.previous = None if self.previous is None else self.own(self.previous)
        for array in {id(a): a for a in (self.point, self.iterate, self.previous) if a is not None}.values():
            array[:, t] = column


def _beyond(iterate: Array, previous: Array, domain: Domain, momentum: float, out: Array | None = None) -> Array:
    found = np.empty_like(iterate) if out is None else out  # it can be `previous`, of which each entry is read once
    step = max(1, AT_A_TIME // iterate.shape[1])
    for first in range(0, len(iterate), step):  # whole arrays would be further copies of the factor
        rows = slice(first, first + step)
        here, change = iterate[rows], np.subtract(iterate[rows], previous[rows], out=found[rows])
        change *= change.dtype.type(momentum)
        falling = here - np.minimum(change, 0)
        np.maximum(change, 0, out=change)
        change += here
        change *= np.divide(here, falling, out=np.zeros_like(falling), where=falling > 0)
    if domain.bounds:
        found[...] = domain.project(found)
    return found
