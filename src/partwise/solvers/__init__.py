"""Solvers: the loop, and one algorithm a file."""

from partwise.exceptions import IncompatibleSolverError, ParameterError, unknown_name
from partwise.losses import Loss
from partwise.solvers.alternate import Callback, Iteration, Outcome, alternate
from partwise.solvers.base import Factor, HalfStep, Solver, Step
from partwise.solvers.hals import HALS
from partwise.solvers.multiplicative import Multiplicative
from partwise.solvers.newton import Newton
from partwise.solvers.pivoting import Pivoting
from partwise.solvers.rows import Parts, solve_rows

__all__ = [
    "HALS",
    "SOLVERS",
    "Callback",
    "Factor",
    "HalfStep",
    "Iteration",
    "Multiplicative",
    "Newton",
    "Outcome",
    "Parts",
    "Pivoting",
    "Solver",
    "Step",
    "alternate",
    "get_solver",
    "solve_rows",
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
        raise ParameterError(f"solver must be a name or a solver object, got {solver!r}.")
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
