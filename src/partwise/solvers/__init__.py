"""Solvers: the loop, and one algorithm a file."""

from collections.abc import Iterable

from partwise.domains import Domain
from partwise.exceptions import IncompatibleSolverError, ParameterError, shown, unknown_name
from partwise.losses import Loss
from partwise.losses.fixed import Fixed as Fixed
from partwise.matrix import Matrix
from partwise.solvers.alternate import alternate as alternate
from partwise.solvers.alternate import copies_of_factors as copies_of_factors
from partwise.solvers.alternate import in_step as in_step
from partwise.solvers.base import Factor as Factor
from partwise.solvers.base import HalfStep as HalfStep
from partwise.solvers.base import Solver as Solver
from partwise.solvers.base import Step as Step
from partwise.solvers.base import Update as Update
from partwise.solvers.ccd import CCD
from partwise.solvers.continuation import lighten as lighten
from partwise.solvers.descent import Callback as Callback
from partwise.solvers.descent import Iteration as Iteration
from partwise.solvers.descent import Outcome as Outcome
from partwise.solvers.evening import even_out as even_out
from partwise.solvers.evening import in_reach as in_reach
from partwise.solvers.evening import share_out as share_out
from partwise.solvers.hals import HALS as HALS
from partwise.solvers.multiplicative import Multiplicative as Multiplicative
from partwise.solvers.pivoting import Pivoting as Pivoting
from partwise.solvers.rows import solve_rows as solve_rows
from partwise.solvers.tempering import temper as temper
from partwise.solvers.warmup import warm_up as warm_up
from partwise.terms import Term

SOLVERS: dict[str, type[Solver]] = {solver.name: solver for solver in (HALS, Multiplicative, CCD, Pivoting)}
ALIASES = {"cd": "hals", "newton": "ccd"}
"""Other names: scikit-learn's name for 'hals', and the former name of 'ccd', which is deprecated."""


def get_solver(solver: Solver | str, loss: Loss, X: Matrix | None = None) -> Solver:
    """Return the solver for a name or object; 'auto' chooses by the loss. Raise if it cannot minimise `loss`.

    With an X, 'auto' chooses among the solvers that can read it.

    Examples
    --------
    >>> from partwise.losses import get_loss
    >>> get_solver("auto", get_loss("kullback-leibler")).name
    'ccd'
    """
    if isinstance(solver, str):
        name = ALIASES.get(solver, solver)
        if name == "auto":
            able = (kind for kind in (HALS(), CCD(), Multiplicative(begins_ahead=True)) if kind.minimises(loss))
            return next(kind for kind in able if X is None or kind.reads(X))
        if name not in SOLVERS:
            raise unknown_name("solver", solver, [*SOLVERS, *ALIASES, "auto"])
        found = SOLVERS[name]()
    elif isinstance(solver, Solver):
        found = solver
    else:
        raise ParameterError(f"solver must be a name or a solver object; got {shown(solver)}.")
    if not found.minimises(loss):
        others = [name for name, kind in SOLVERS.items() if kind.minimises(loss)]
        named = solver if isinstance(solver, str) else found.name
        beta = getattr(loss, "beta", loss)
        does = "losses with coordinate steps of their own" if found.needs else ", ".join(k.name for k in found.losses)
        raise IncompatibleSolverError(
            f"Invalid beta_loss parameter: solver {named!r} does not handle beta_loss = {beta!r} "
            f"(it minimises {does}). Use solver='auto'"
            f"{''.join(f' or {name!r}' for name in others)} with loss={loss.name!r}."
        )
    return found


def check_domains(solver: Solver, domains: Iterable[Domain], X: Matrix) -> None:
    """Raise if a solver cannot keep to the domain of a factor, in general or on this X."""
    for domain in domains:
        if not isinstance(domain, solver.domains):
            able = " or ".join(repr(name) for name, kind in SOLVERS.items() if issubclass(type(domain), kind.domains))
            way = domain.way_out or f"use solver='auto', or {able} where the loss allows"
            raise IncompatibleSolverError(f"solver {solver.name!r} cannot hold {domain.what}; {way}.")
        if not domain.by_entry:
            X.require("shared_gram", f"solving with {domain.what}")


def check_terms(solver: Solver, terms: tuple[tuple[Term, ...], tuple[Term, ...]], X: Matrix) -> None:
    """Raise if the solver or X cannot take terms, or if a term's size is not that of its factor."""
    if not any(terms):
        return
    if not solver.takes_terms:
        able = " or ".join(repr(name) for name, kind in SOLVERS.items() if kind.takes_terms)
        raise IncompatibleSolverError(f"solver {solver.name!r} takes no terms; use solver={able} with least squares.")
    X.require("shared_gram", "terms")
    for name, of, own, (count, others) in zip("WH", ("rows", "columns"), terms, (X.shape, X.shape[::-1]), strict=True):
        for term in own:
            if term.n_rows(others) not in (None, count):
                raise ParameterError(
                    f"{type(term).__name__} on {name} needs X with {term.n_rows(others)} {of}; it has {count}."
                )
