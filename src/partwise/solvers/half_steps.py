"""Half-steps of several runs on X: on all of X at once in memory, else block by block in one reading."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from partwise.losses import Loss
from partwise.matrix import Array, Matrix, WholeFacts
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.threads import ALONE, Workers


class _Shared(NamedTuple):
    """What the half-steps on all blocks of rows have in common."""

    solver: Solver
    loss: Loss
    facts: WholeFacts
    constant: float  # of the loss, a row's share
    asked: list[tuple[Factor, int, float]]  # right, iteration and momentum of each run


def half_steps(X: Matrix, loss: Loss, solver: Solver, asked: Sequence[HalfStep], workers: Workers) -> list[Update]:
    """Do the half-steps of several runs: either all first ones of an iteration, on W, or all second ones, on H.

    If X is read by blocks of rows, the first half-steps also compute what the second ones need of X (``Update.sums``),
    so an iteration reads X once. Terms that link rows of W need all rows at once: X is then read twice.
    """
    if asked[0].final:
        return solver.update_all(X.T, loss, asked, workers)
    if X.can("columns") or any(term.links_rows for step in asked for term in step.left.terms):
        return solver.update_all(X, loss, asked, workers)
    shared = _Shared(
        solver,
        loss,
        X.facts,
        loss.constant(X) / X.shape[0],
        [(s.right, s.iteration, s.momentum) for s in asked],
    )
    factors = [factor for s in asked for factor in (s.left, s.into[0] if s.momentum else None)]
    into: list[tuple[Array, bool]] = []
    for step in asked:
        iterate, point = step.into
        into += [(iterate, False), (point, True)] if step.momentum else [(point, True)]
    found, sums = X.each_kept(_block, shared, into, *factors, workers=workers)
    updates, each, arrays = [], len(sums) // len(asked), iter(found)
    for run, step in enumerate(asked):
        iterate = next(arrays)
        point = next(arrays) if step.momentum else iterate  # the same array
        gram, moved, before, *rest = sums[run * each : (run + 1) * each]
        updates.append(Update(iterate, point, gram, Step(moved, before=before), tuple(rest)))
    return updates


def _block(part: Matrix, rows: slice, shared: _Shared, *factors: Any) -> tuple[Any, Any]:
    """Do the half-steps on some rows; return (the rows, the arrays of each run) and the sums for the second ones."""
    solver, loss, facts, constant, runs = shared
    part.as_part_of(facts)
    asked = []
    for (right, iteration, momentum), left, before in zip(runs, factors[::2], factors[1::2], strict=True):
        out = np.empty_like(left.point)
        into = (out if before is None else before.copy(), out)
        constant_here = constant * part.shape[0]
        asked.append(HalfStep(left, right, into, iteration, momentum, constant=constant_here))
    own: list[Array] = []
    sums: list[Any] = []
    for step, update in zip(asked, solver.update_all(part, loss, asked, ALONE), strict=True):
        own += [update.iterate, update.point] if step.momentum else [update.point]
        more = solver.sums(part, loss, step.left.at(update.point), step.right)
        sums += [update.gram, update.step.residual, update.step.before, *(more or ())]
    return (rows, own), tuple(sums)
