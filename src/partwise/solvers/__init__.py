"""Solvers: the loop, and one algorithm a file."""

from partwise.exceptions import IncompatibleSolverError, ParameterError, shown, unknown_name
from partwise.losses import Loss
from partwise.losses.fixed import Fixed
from partwise.matrix import Box, Matrix
from partwise.solvers.alternate import Callback, Iteration, Outcome, alternate, in_step
from partwise.solvers.base import Factor, HalfStep, Solver, Step, Update
from partwise.solvers.continuation import lighten
from partwise.solvers.evening import even_out, in_reach, share_out
from partwise.solvers.hals import HALS
from partwise.solvers.multiplicative import Multiplicative
from partwise.solvers.newton import Newton
from partwise.solvers.pivoting import Pivoting
from partwise.solvers.rows import solve_rows
from partwise.solvers.warmup import warm_up

__all__ = [
    "HALS",
    "SOLVERS",
    "Callback",
    "Factor",
    "Fixed",
    "HalfStep",
    "Iteration",
    "Multiplicative",
    "Newton",
    "Outcome",
    "Pivoting",
    "Solver",
    "Step",
    "Update",
    "alternate",
    "check_limits",
    "even_out",
    "get_solver",
    "in_reach",
    "in_step",
    "lighten",
    "share_out",
    "solve_rows",
    "warm_up",
]

SOLVERS: dict[str, type[Solver]] = {solver.name: solver for solver in (HALS, Multiplicative, Newton, Pivoting)}
ALIASES = {"cd": "hals"}
"""Names of scikit-learn's for what has another name here."""


def get_solver(solver: Solver | str, loss: Loss) -> Solver:
    """Return the solver that a name or object stands for; 'auto' picks by loss. Raise where it cannot minimise `loss`.

    Examples
    --------
    >>> from partwise.losses import get_loss
    >>> get_solver("auto", get_loss("kullback-leibler")).name
    'newton'
    """
    if isinstance(solver, str):
        name = ALIASES.get(solver, solver)
        if name == "auto":
            defaults = (HALS, Newton, Multiplicative)
            return next(kind for kind in defaults if isinstance(loss, kind.losses))()
        if name not in SOLVERS:
            raise unknown_name("solver", solver, [*SOLVERS, *ALIASES, "auto"])
        found = SOLVERS[name]()
    elif isinstance(solver, Solver):
        found = solver
    else:
        raise ParameterError(f"solver must be a name or a solver object; got {shown(solver)}.")
    if not isinstance(loss, found.losses):
        able = [name for name, kind in SOLVERS.items() if isinstance(loss, kind.losses)]
        named = solver if isinstance(solver, str) else found.name
        beta = getattr(loss, "beta", loss)
        raise IncompatibleSolverError(
            f"Invalid beta_loss parameter: solver {named!r} does not handle beta_loss = {beta!r} "
            f"(it minimises {', '.join(kind.name for kind in found.losses)}). Use solver='auto'"
            f"{''.join(f' or {name!r}' for name in able)} with loss={loss.name!r}."
        )
    return found


def check_limits(solver: Solver, boxes: tuple[Box | None, Box | None], sum_to_one: bool, X: Matrix) -> None:
    """Raise where a solver cannot keep to the limits asked for, or not on this X."""
    if any(box is not None for box in boxes) and not solver.bounded:
        able = " or ".join(repr(name) for name, kind in SOLVERS.items() if kind.bounded)
        raise IncompatibleSolverError(
            f"solver {solver.name!r} cannot hold fixed, forbidden or bounded entries; use solver='auto', or {able} "
            f"where the loss allows."
        )
    if not sum_to_one:
        return
    if not solver.sums_to_one:
        raise IncompatibleSolverError(
            f"solver {solver.name!r} cannot hold the sums of rows at one; use solver='hals' with loss='frobenius', or "
            f"divide each row of W by its sum after the fit."
        )
    if boxes[0] is not None:
        raise IncompatibleSolverError("sum_to_one cannot go with bounds on W; bound H instead, or leave one out.")
    X.require("shared_gram", "sum_to_one")
