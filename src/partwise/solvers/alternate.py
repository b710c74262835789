"""The loop: two half-steps, extrapolation, stopping. Every solver, loss, storage and number of starts uses it."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from partwise.losses import Loss
from partwise.matrix import Matrix
from partwise.solvers.base import Factor, HalfStep, Solver, Update
from partwise.solvers.descent import Callback, Descent, Outcome, State
from partwise.solvers.half_steps import half_steps
from partwise.stopping import Stopping
from partwise.threads import Workers

WIDEST = 24
"""Most columns of a product that several starts share: rows of wider ones do not stay in the cache."""
ROOM = 1 << 28
"""Most bytes of the factors of starts that go in step; larger ones go one after another."""


def alternate(
    X: Matrix,
    loss: Loss,
    solver: Solver,
    starts: Sequence[tuple[Factor, Factor]],
    *,
    stopping: Stopping,
    workers: Workers,
    callback: Callback | None = None,
    began: float,
    leads: Sequence[int] | None = None,
    keep: Callable[[Descent], None] | None = None,
    state: State | None = None,
) -> list[Outcome]:
    """Improve the two factors of each pair in turn until `stopping` ends it; return the best pair of each start.

    Several starts go in step, so a solver can read X once for all of them.

    Parameters
    ----------
    X : Matrix
        Data (n, m).
    starts : sequence of (Factor, Factor)
        W (n, k) and Ht (m, k), within their bounds.
    began : float
        ``time.perf_counter()`` when the fit began.
    leads : sequence of int or None
        Iterations that each start has already had, on a sample or with other weights.
    keep : callable or None
        Called with the ``Descent`` after each iteration.
    state : State or None
        The saved state of the only start, from which it goes on.
    """
    descents = [
        Descent(
            X, loss, solver, *start, stopping=replace(stopping), workers=workers, began=began, lead=lead,
            callback=callback, keep=keep,
        )
        for start, lead in zip(starts, leads or [0] * len(starts), strict=True)
    ]  # fmt: skip
    if state is not None:
        descents[0].restore(state)
    runs = [descent.run() for descent in descents]
    states: list[HalfStep | Outcome] = [_resume(run, None) for run in runs]
    while waiting := {number: state for number, state in enumerate(states) if isinstance(state, HalfStep)}:
        final = all(state.final for state in waiting.values())  # a run that repeats its first half-step is behind
        going = [number for number, state in waiting.items() if state.final == final]
        asked = [waiting[number] for number in going]
        answers: list[Update | KeyboardInterrupt]
        try:
            answers = [*half_steps(X, loss, solver, asked, workers)]
        except KeyboardInterrupt as interrupt:
            answers = [interrupt] * len(going)
        for number, answer in zip(going, answers, strict=True):
            states[number] = _resume(runs[number], answer)
    return [state for state in states if isinstance(state, Outcome)]


def in_step(X: Matrix, k: int, solver: Solver) -> int:
    """Return how many starts go in step."""
    factors = 6 * sum(X.shape) * k * X.dtype.itemsize
    return max(1, min(WIDEST // k, ROOM // factors)) if solver.shares_products else 1


def copies_of_factors(X: Matrix, k: int, solver: Solver, n_init: int = 1, *, alone: bool = False) -> int:
    """Return how many arrays of each factor's shape a fit holds: those of starts in step, and the best pair of others.

    `alone` says that no starts go in step.
    """
    together = 1 if alone else min(n_init, in_step(X, k, solver))
    return together * solver.copies + (n_init > together)


def _resume(run: Generator[HalfStep, Update, Outcome], answer: Update | KeyboardInterrupt | None) -> HalfStep | Outcome:
    """Give a run the result of its half-step (None to begin); return its next half-step, or its outcome."""
    try:
        if answer is None:
            return next(run)
        return run.throw(answer) if isinstance(answer, KeyboardInterrupt) else run.send(answer)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
