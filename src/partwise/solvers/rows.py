"""One half-step solved to the end: the exact W for a given H. It is the last step of a fit, and all of transform."""

from typing import Any

import numpy as np

from partwise.domains import Domain, Squares
from partwise.domains.base import MOST, SHRINK
from partwise.losses import BetaDivergence, Frobenius, Loss
from partwise.losses.fixed import Fixed, gram
from partwise.matrix import Array, Block, Matrix
from partwise.penalties import Penalty
from partwise.solvers import filled_rows
from partwise.solvers.base import FROM_ZERO_UP, Factor, HalfStep
from partwise.solvers.descent import Outcome
from partwise.solvers.hals import by_gram, squares
from partwise.solvers.multiplicative import Multiplicative
from partwise.stopping import StopReason
from partwise.terms import Term
from partwise.threads import ALONE, Workers

RIDGE = 1e-12
"""What is added to the diagonal of the parts' Gram matrix, relative to its largest entry."""
EXACT = 1e-11
"""At this share of X's squared norm or more, the loss, a difference of larger terms, has enough digits in float64."""
SWEEPS = 6
"""Most coordinate sweeps before the exact solve."""
SWEEPS_ON = 3
"""The same for least squares that go on from a start, which has most zeros in place already."""
CLOSE = 0.03
"""Sweeps on a row end when one moves it less than this share of the first sweep."""
DEPENDENT = 1e-8
"""Smallest ratio of eigenvalues of the Gram matrix if parts do not depend on each other."""
MOST_LOCAL = 10
"""Newton steps of a fit's last half-step if it only improves W and cannot make it exact."""
MOST_NEWTON = 100
"""Most Newton steps on a row; five to ten are usual if its problem is convex."""
MOST_STEPS = 1000
"""Most multiplicative steps."""
STILL = 1e-6
"""Multiplicative steps end when one is shorter than this share of X's size."""


def solve_rows(
    X: Matrix,
    loss: Loss,
    start: Array | None,
    parts: Fixed,
    penalty: Penalty,
    workers: Workers,
    *,
    most: int | None = None,
    domain: Domain = FROM_ZERO_UP,
) -> Array:
    """Return the left factor (n, k) that minimises the loss for fixed parts, in X's dtype.

    Least squares are solved exactly by pivoting, the other beta-divergences by Newton's method up to rounding. For 1 <=
    beta <= 2 each row's problem is convex, and this is its minimum; else it is a local minimum, which can depend on
    `start`. Other losses take multiplicative steps until a step is short. Bounded rows take coordinate steps until
    these are short.

    Parameters
    ----------
    start : ndarray of shape (n, k) or None
        Where to begin; None: the same value everywhere. For convex losses it only changes the time.
    most : int or None
        Limit on the steps of an iterative solve.
    domain : Domain
        Where the rows may lie.
    """
    if not X.can("columns"):  # it is read by blocks
        return _by_blocks(X, loss, start, parts, penalty, workers, most, domain)[0]
    n, k = X.shape[0], parts.array.shape[1]
    if isinstance(loss, Frobenius):
        return least_squares(X, start, parts, penalty, workers, domain=domain)[0]
    if start is None:
        model = float(parts.mass.sum())
        start = np.full((n, k), X.mean * X.shape[1] / model if model > 0 else 0.0, X.dtype)
    # a row without known entries of a part can have any weight of it: it gets 0, as in least squares
    told = [np.where(X.rows(*rows).touched(parts.array), start[slice(*rows)], 0) for rows in X.blocks]
    start = np.concatenate(told)
    if loss.has_half_step or (isinstance(loss, BetaDivergence) and domain.exact):
        return _row_by_row(X, loss, start, parts, penalty, workers, most or MOST_NEWTON, domain)
    w, h = Factor(domain.within(start), penalty, domain), Factor(parts.array)
    solver, size = Multiplicative(), loss.size(X)
    for _ in range(most or MOST_STEPS):
        update = solver.update(X, loss, HalfStep.alone(w, h, final=True), workers)
        w = w.at(update.point)
        if update.step.residual <= STILL * size:
            break
    return w.point


def _by_blocks(
    X: Matrix,
    loss: Loss,
    start: Array | None,
    parts: Fixed,
    penalty: Penalty,
    workers: Workers,
    most: int | None,
    domain: Domain,
    *,
    value: bool = False,
) -> tuple[Array, float | None]:
    """Solve the rows of each block; return them and, with `value`, the loss, all in one reading of X."""
    shared = loss, parts.array, penalty, most, X.facts, value
    left = np.empty((X.shape[0], parts.array.shape[1]), X.dtype)
    _, sums = X.each_kept(_solved, shared, [(left, False)], start, domain, workers=workers)
    return left, sums[0] if value else None


def _solved(part: Matrix, rows: slice, shared: Any, start: Array | None, domain: Domain) -> tuple[Any, Any]:
    loss, parts, penalty, most, facts, value = shared
    part.as_part_of(facts)
    left = solve_rows(part, loss, start, Fixed(parts), penalty, ALONE, most=most, domain=domain)
    return (rows, [left]), (loss.value(part, left, parts),) if value else None


def least_squares(
    X: Matrix,
    start: Array | None,
    parts: Fixed,
    penalty: Penalty,
    workers: Workers,
    *,
    domain: Domain = FROM_ZERO_UP,
    value: bool = False,
    in_place: bool = False,
) -> tuple[Array, float | None]:
    """Return the best left factor (n, k) for the quadratic loss; with `value` also the loss, if ``by_gram`` can.

    With `in_place`, the result is written into the start, if there is one.
    """
    n, k = X.shape[0], parts.array.shape[1]
    left = np.ones((n, k), X.dtype) if start is None else start if in_place else np.array(start)
    if domain.bounds:
        left[...] = domain.within(left)
    if not X.can("shared_gram"):
        if domain.exact and filled_rows.is_faster(X, k, penalty):
            filled_rows.solve_filled(X, left, parts.array, penalty, workers)
            return left, None
        found = _each_row(X, left, parts.array, penalty, workers, domain)
        return left, found if value and found > EXACT * X.squared_norm else None
    # the ridge does not change the result to working precision; if parts depend on each other, it selects one solution
    ridge = RIDGE * float(np.diagonal(parts.gram).max(initial=0.0))
    # at a row's minimum <model, model> = <cross, left>, to more digits than float32 has
    settled = X.dtype == np.float32 and not penalty and domain.exact
    cross, zones, inner, owns = X.product(parts.array, workers), X.by_zone(parts.array, gram, parts.gram), 0.0, []
    for rows, own in zones:
        part = slice(*rows)
        problem = Squares(cross[part], own, penalty, X.blocks_of(rows))
        sweeps = SWEEPS if start is None else SWEEPS_ON
        inner += domain.of(part).solve(left[part], problem, sweeps, ridge, workers)
        owns.append(gram(left[part], workers) if value and not settled else own)
    model = inner if settled else squares(owns, [own for _, own in zones])
    return left, by_gram(X, inner, model) if value else None


def finish(
    X: Matrix,
    loss: Loss,
    found: Outcome,
    penalty: Penalty,
    domain: Domain,
    workers: Workers,
    weighted: tuple[Matrix, Array] | None = None,
    terms: tuple[Term, ...] = (),
) -> tuple[Array, float]:
    """Return the exact W for the H of a fit, and the loss of the pair. The fit's W can be overwritten.

    `domain` and `terms` are those of W; with terms, W does not change. `weighted` is X with weights of rows, and their
    scales (n, 1): the loss uses these weights, but the exact W of a row does not depend on its own. If the problem of a
    row is not convex, Newton's method can find a worse W than that of the fit, which is then kept.
    """
    judged, scales = (X, None) if weighted is None else weighted

    def value_of(W: Array) -> float:  # rounding can make it negative
        return max(loss.value(judged, W if scales is None else W * scales.astype(W.dtype), found.Ht, workers), 0.0)

    traces = np.zeros(0, bool) if isinstance(loss, Frobenius) else _traces(found.W, found.Ht, X.floor)
    if traces.any():  # multiplicative steps come near zero but never reach it
        before, kept = value_of(found.W), found.Ht
        found.Ht = np.where(traces, 0, kept)
        if not value_of(found.W) <= before:
            found.Ht = kept
    if terms:  # rows depend on each other: keep the W of the fit
        return found.W, value_of(found.W)
    parts, value = Fixed(found.Ht, workers), None
    left = domain.within(found.W) if domain.by_entry else found.W
    if isinstance(loss, Frobenius):
        start: Array | None = left
        if not domain.bounds:
            # where parts depend on each other W is not unique: it starts where transform does, and ends where that ends
            values = np.linalg.eigvalsh(parts.gram)
            if not (X.can("shared_gram") and domain.exact) or values[0] <= DEPENDENT * values[-1]:
                start = None
        if X.can("columns"):
            left, value = least_squares(
                X, start, parts, penalty, workers, domain=domain, value=weighted is None, in_place=True
            )
        else:
            left, value = _by_blocks(X, loss, start, parts, penalty, workers, None, domain, value=weighted is None)
    elif found.reason is not StopReason.MAX_TIME:
        most = None if loss.convex else MOST_LOCAL
        left = solve_rows(X, loss, found.W, parts, penalty, workers, most=most, domain=domain)
        if not loss.convex:
            before, value = value_of(found.W), value_of(left)
            if not value + penalty.of(left) <= before + penalty.of(found.W):
                left, value = found.W if scales is None else np.where(scales > 0, found.W, left), before
    return left, value_of(left) if value is None else max(value, 0.0)


def _traces(left: Array, right: Array, floor: float) -> Array:
    """Return which entries of right (m, k) add less to every entry of the model than its floor."""
    highest = left.max(axis=0, initial=0).astype(np.float64)
    return (right > 0) & (right * highest < floor)


def _each_row(X: Matrix, left: Array, right: Array, penalty: Penalty, workers: Workers, domain: Domain) -> float:
    """Solve the rows of left in place; return the loss as a difference of larger terms, or 0 if it is not known."""
    loss = Frobenius()

    def block(rows: Block) -> float:
        own, view = left[slice(*rows)], X.rows(*rows)
        if domain.exact:
            return loss.pivot(view, own, right, l1=penalty.l1, l2=penalty.l2, ridge=RIDGE)
        loss.sweep(
            view, (own, own, own), right, l1=penalty.l1, l2=penalty.l2, sweeps=MOST, shrink=SHRINK,
            momentum=0.0, box=domain.of(slice(*rows)).bounds,
        )  # fmt: skip
        return 0.0

    return sum(workers.map(block, X.blocks))


def _row_by_row(
    X: Matrix,
    loss: Loss,
    start: Array,
    parts: Fixed,
    penalty: Penalty,
    workers: Workers,
    most: int,
    domain: Domain,
) -> Array:
    left, (l1, l2) = domain.within(start), (penalty.l1, penalty.l2)
    sides = loss.sides(X, parts, value=False)
    solves = domain.exact and isinstance(loss, BetaDivergence)
    sweeps, shrink = (SWEEPS, CLOSE) if solves else (MOST, SHRINK)

    def block(number: int) -> None:
        rows, side = X.blocks[number], sides[number]
        own, view = left[slice(*rows)], X.rows(*rows)
        if loss.has_half_step:  # cheap steps get close to the minimum
            bounds = domain.of(slice(*rows)).bounds
            loss.half_step(view, own, side, l1=l1, l2=l2, box=bounds, sweeps=sweeps, shrink=shrink, value=False)
        if solves and isinstance(loss, BetaDivergence):
            loss.solve(view, own, side, l1=l1, l2=l2, most=most)

    workers.map(block, range(len(X.blocks)))
    return left
