"""Matrices larger than a command's memory limit: read a block of rows at a time."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import click

from partwise.cli.command import note, quiet
from partwise.cli.inputs import MISSING
from partwise.cli.progress import doing
from partwise.exceptions import DataError
from partwise.io.escapes import escaped_lines

if TYPE_CHECKING:
    from partwise.blocks.source import BlockSource
    from partwise.tables import Format, Numbers

__all__ = ["DEFAULT", "memory_option", "opened_by_blocks", "planned"]

DEFAULT = "1GiB"
"""The memory limit of a command that reads by blocks, if the user gives none."""
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def memory_option(**settings: Any) -> Callable[[Decorated], Decorated]:
    """Return the option ``--max-memory``."""
    return click.option("--max-memory", metavar="SIZE", **settings)


def opened_by_blocks(path: str, format: "Format", max_memory: str | None, held: ExitStack) -> "BlockSource | None":
    """Return a reader by blocks of rows for a file that is larger than the memory limit, or None if the file fits.

    A file that cannot be read by rows is converted into a temporary folder, which `held` removes.
    """
    if path == "-":
        return None
    from partwise.blocks.fitting import memory_of, needs_blocks, opened_or_converted
    from partwise.parameters import check_memory
    from partwise.units import in_bytes

    by_rows = needs_blocks(path)
    if max_memory is None and not by_rows:
        return None
    allowed = check_memory("max_memory", max_memory or DEFAULT)
    needed = memory_of(path, format.layer)
    if not by_rows and (needed is None or needed <= allowed):
        return None
    for name in ("columns", "index_column", "encoding", "delimiter", "decimal"):
        if getattr(format, name) is not None:
            raise DataError(f"{path} is read a block of rows at a time, which knows no {name}=.... Leave it out.")
    with doing(f"Opening {path}"):
        source, converted = opened_or_converted(path, allowed, held, layer=format.layer, transpose=format.transpose)
    how = f"{len(source.blocks):,} blocks of up to {source.plan.rows_a_block:,} rows"
    size = f" takes about {in_bytes(needed)} in memory:" if needed is not None else ":"
    note(f"{path}{size} it is read in {how}")
    if converted:
        note('it was converted into a temporary folder first; "partwise convert" does this once for all runs')
    return source


def planned(
    source: "BlockSource", components: int | str, loss: str, missing: str, *, checkpoints: bool, verbose: bool
) -> "tuple[Numbers, int, int]":
    """Return the matrix as readers do, how many threads fit into the memory limit, and how many entries are unknown.

    Raises
    ------
    ParameterError
        If not even one thread fits.
    """
    from partwise.losses import get_loss
    from partwise.matrix import as_matrix
    from partwise.solvers import copies_of_factors, get_solver
    from partwise.tables import Numbers
    from partwise.threads import count_threads

    if isinstance(components, str):
        raise click.UsageError(
            f"--components {components}: {source.name} is read a block of rows at a time, and the choice needs all "
            "rows at once. Give a number; partwise rank finds one for a file with some of the rows."
        )
    plan, X = source.plan, source if missing == "none" else as_matrix(source, missing_values=MISSING[missing])
    solver = get_solver("auto", get_loss(loss), X)
    fit: Any = {
        "init": None if missing == "none" else "random",
        "checkpoints": checkpoints,
        "copies": copies_of_factors(X, components, solver),
    }
    n_jobs = plan.threads(components, count_threads(-1), **fit)
    plan.check(components, n_jobs, **fit)
    if verbose and not quiet():
        from partwise.units import in_bytes

        click.echo(escaped_lines(f"{plan}\n"), err=True, nl=False)
        threads = f"{n_jobs} thread{'s' if n_jobs > 1 else ''}"
        peak = plan.peak(components, n_jobs, **fit)
        note(f"a fit of {components} parts on {threads} takes up to {in_bytes(peak)}")
    n, m = source.shape
    unknown = 0 if missing == "none" else n * m - X.n_stored
    return Numbers(source, None, None if source.column_names is None else list(source.column_names)), n_jobs, unknown
