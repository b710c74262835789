"""``partwise rank``."""

import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from partwise.cli.command import (
    Command,
    Failure,
    data_file,
    json_option,
    loss_option,
    max_time_option,
    missing_option,
    new_file,
    next_command,
    note,
    operand,
    seed_option,
    with_folder,
)
from partwise.cli.formats import NUMBERS, format_options
from partwise.cli.inputs import MISSING, count_unknown, read_non_negative
from partwise.cli.progress import counting
from partwise.cli.render import print_facts, print_json, print_line, print_sentence
from partwise.io.escapes import quoted
from partwise.io.writing import write_bytes

if TYPE_CHECKING:
    from partwise.selection.choice import RankChoice
    from partwise.tables import Format

__all__ = ["command"]

PICTURES = (".png", ".svg", ".pdf")


def _numbers(ctx: click.Context, option: click.Parameter, value: str | None) -> list[int] | None:
    """Return positive integers, separated by commas, in ascending order and each once."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    bad = next((part for part in parts if not (part.isdecimal() and int(part) > 0)), None)
    if bad is not None:
        raise click.BadParameter(f"{bad!r} is not a positive integer. Give numbers as in 2,4,8.", ctx, option)
    return sorted(set(map(int, parts)))


@click.command(cls=Command)
@click.argument("file", type=data_file)
@click.option(
    "--min",
    "fewest",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Smallest number of parts to try.",
)
@click.option(
    "--max",
    "most",
    metavar="N",
    type=click.IntRange(min=1),
    show_default="20, or half of the rows or columns; less if errors rise",
    help="Largest number of parts to try.",
)
@click.option(
    "--ranks",
    metavar="N,N,...",
    callback=_numbers,
    show_default="from --min to --max",
    help="Numbers of parts to try instead.",
)
@click.option(
    "--folds",
    metavar="N",
    type=click.IntRange(min=2),
    default=5,
    show_default=True,
    help="Number of folds: how often cells are held out.",
)
@loss_option
@missing_option
@format_options(*NUMBERS)
@max_time_option
@click.option(
    "--resume",
    metavar="JSON",
    type=click.Path(dir_okay=False, writable=True),
    callback=with_folder,
    show_default="nothing is kept",
    help="Keep finished fits in this file and in others beside it, and go on from them.",
)
@seed_option
@json_option
@new_file("PICTURE", PICTURES, show_default="nothing is drawn", help="Draw the errors to this .png, .svg or .pdf file.")
def command(
    file: str,
    fewest: int,
    most: int | None,
    ranks: list[int] | None,
    folds: int,
    loss: str,
    missing: str,
    format: "Format",
    max_time: float | None,
    resume: str | None,
    seed: int,
    as_json: bool,
    out: str | None,
) -> None:
    """Choose the number of parts of a matrix of numbers.

    FILE is as for "partwise fit". For each number of parts, models are fitted without some cells of the matrix. Their
    error is how badly they predict these cells, relative to the cells. The command chooses the smallest number that no
    other number clearly beats. Each ± is a standard error over folds. Stability, up to 1, is how alike the parts of
    different folds are.

    \b
    Example: partwise rank counts.csv --max 6
    """
    from partwise.plot.canvas import axes
    from partwise.selection.rank import choose_rank

    ax = None
    if out is not None:  # before the search, not after it
        ax = axes(None, "--out")
    X = read_non_negative(file, format, missing).X
    n_unknown = count_unknown(X, missing, file)
    tried = _tried(fewest, most, ranks, X.shape)
    started = time.perf_counter()
    fits = folds * len({1, *(_usual(1, X.shape) if tried is None else tried)})
    with counting("Judging", f"of at most {fits} fits", fits) as progress:
        choice = choose_rank(
            X,
            tried,
            folds=folds,
            loss=loss,
            max_time=max_time,
            missing_values=MISSING[missing],
            random_state=seed,
            n_jobs=-1,
            resume=resume,
            progress=progress,
        )
    seconds = time.perf_counter() - started
    if not choice.records:
        way_out = (
            f"give the same {quoted(['--resume', resume])} again" if resume else "--resume FILE keeps what is finished"
        )
        raise Failure(f"{choice.reason} Raise --max-time; {way_out}.", exit_code=1)
    if ax is not None:
        choice.plot(ax)
        _draw(ax, str(out))
    if as_json:
        shape = {"n_samples": X.shape[0], "n_features": X.shape[1], "missing": missing, "n_unknown": n_unknown}
        settings = {"loss": loss, "folds": folds, "seed": seed, "seconds": round(seconds, 3), "picture": out}
        found = {"n_components": choice.n_components, "clear": choice.clear, "reason": choice.reason}
        print_json({**found, **shape, **settings, "tried": choice.records})
        return
    sizes = [f"{X.shape[0]:,} x {X.shape[1]:,}"] + ([f"{n_unknown:,} unknown"] if missing != "none" else [])
    print_facts([*sizes, f"{folds} folds", loss, f"seed {seed}", f"{seconds:.1f} s"])
    _print_table(choice)
    print_sentence(choice.reason)
    if out is not None:
        note(f"drawn to {out}")
    if choice.clear:
        words = [operand(file), "--components", str(choice.n_components), "--out", "MODEL"]
        note(f"next: {next_command('fit', *words)}")


def _tried(fewest: int, most: int | None, ranks: list[int] | None, shape: tuple[int, int]) -> Sequence[int] | None:
    """Return the numbers of parts to try, ascending; None: the usual ones, until errors rise."""
    if ranks is not None:
        if fewest > 1 or most is not None:
            raise click.UsageError("--ranks names all numbers to try: give either --ranks, or --min and --max.")
        return ranks
    if most is not None:
        if most < fewest:
            raise click.UsageError(f"--max {most} is less than --min {fewest}.")
        return range(fewest, most + 1)
    if fewest == 1:
        return None
    found = _usual(fewest, shape)
    if not found:
        raise click.UsageError(f"--min {fewest} is above the default of --max: give --max, too.")
    return found


def _usual(fewest: int, shape: tuple[int, int]) -> list[int]:
    """Return the numbers of parts that are tried by default, from `fewest` on."""
    from partwise.selection.rank import RANKS

    return [k for k in RANKS if fewest <= k <= max(1, min(shape) // 2)]


def _print_table(choice: "RankChoice") -> None:
    """Print a line for each number of parts, with a mark at the chosen one."""
    print_line(Text("  parts  held-out error        ±  above lowest        ±  stability  seconds", "dim"))
    for record in choice.records:
        chosen = record["n_components"] == choice.n_components
        line = f"{'*' if chosen else ' '} {record['n_components']:5}"
        line += f"  {record['error']:14.4g}  {record['error_se']:7.2g}"
        line += f"  {record['excess']:12.4g}  {record['excess_se']:7.2g}"
        line += f"  {record['stability']:9.2f}  {record['seconds']:7.1f}"
        print_line(Text(line, "bold" if chosen else ""))


def _draw(ax: Any, path: str) -> None:
    picture = io.BytesIO()
    ax.figure.savefig(picture, format=Path(path).suffix[1:].lower() or "png")
    write_bytes(path, picture.getvalue())
