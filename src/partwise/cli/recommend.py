"""``partwise recommend``, and the options that it shares with ``explain`` and ``evaluate``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from partwise.cli.command import Command, FiniteRange, existing_file, json_option, note, seed_option
from partwise.cli.render import print_json, print_line
from partwise.io.escapes import escaped

if TYPE_CHECKING:
    from partwise.recommend import Recommender

__all__ = ["command", "model_of", "table_options", "tables"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def table_options(function: Decorated) -> Decorated:
    """Add the options on what is read, and how."""
    columns = [
        click.option(
            f"--{what}-column", metavar="NAME", default=name, show_default=True, help=f"Column of {plural}{where}."
        )
        for what, name, plural, where in (
            ("reader", "reader", "readers", ""),
            ("article", "article", "articles, in both files", ""),
            ("strength", "strength", "how much a read says, or ratings", ", where it is there"),
            ("time", "time", "times, in both files", ", where it is there"),
            ("text", "text", "texts, in the file of articles", ""),
        )
    ]
    others = [
        click.option(
            "--articles", metavar="FILE", type=existing_file, show_default="none", help="Articles with texts."
        ),
        click.option(
            "--feedback",
            type=click.Choice(["implicit", "explicit"]),
            default="implicit",
            show_default=True,
            help="explicit: strengths are ratings.",
        ),
        click.option(
            "-k", "--components", type=click.IntRange(min=1), default=32, show_default=True, help="Parts to find."
        ),
        click.option(
            "--half-life",
            metavar="DAYS",
            type=FiniteRange(min=0, min_open=True),
            show_default="all reads count the same",
            help="Days in which what a reader read comes to count half.",
        ),
        *columns,
        seed_option,
    ]
    for option in reversed(others):
        function = option(function)
    return function


def tables(log: str, settings: dict[str, Any]) -> tuple[dict[str, list[Any]], dict[str, list[Any]] | None]:
    """Read the log and, if there is one, the file of articles; ids are strings."""
    from partwise.recommend.files import read_table

    named = {what: settings[f"{what}_column"] for what in ("reader", "article", "strength", "time", "text")}

    def some(*what: str) -> dict[str, str]:
        return {name: named[name] for name in what}

    reads = read_table(log, some("reader", "article"), some("strength", "time"))
    if settings["articles"] is None:
        return _strings(reads), None
    return _strings(reads), _strings(read_table(settings["articles"], some("article", "text"), some("time")))


def model_of(settings: dict[str, Any]) -> "Recommender":
    """Return the recommender that the options describe, not fitted yet."""
    from partwise.recommend import Recommender

    return Recommender(
        settings["components"],
        feedback=settings["feedback"],
        half_life=settings["half_life"],
        random_state=settings["seed"],
        n_jobs=-1,
    )


def _strings(table: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return a table with ids as strings, so that those of a .csv and a .parquet file are the same."""
    return {
        name: [_string(value) for value in values] if name in ("reader", "article") else values
        for name, values in table.items()
    }


def _string(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == value else value


@click.command(cls=Command)
@click.argument("log", type=existing_file)
@click.option(
    "--reader", "readers", metavar="ID", multiple=True, required=True, help="Reader; may be given many times."
)
@click.option("-n", "--number", type=click.IntRange(min=1), default=10, show_default=True, help="Articles for each.")
@click.option(
    "--diversity",
    type=FiniteRange(0, 1),
    default=0.0,
    show_default=True,
    help="How much a list avoids articles like those before.",
)
@table_options
@json_option
def command(log: str, readers: tuple[str, ...], number: int, diversity: float, as_json: bool, **settings: Any) -> None:
    """Recommend articles to readers, from a log of who read what.

    LOG is a .csv, .tsv, .jsonl or .parquet file with a row for each read. A reader who is not in it gets what is read
    lately.

    \b
    Example: partwise recommend log.csv --reader ann --articles news.csv -n 5
    """
    reads, articles = tables(log, settings)
    model = model_of(settings).fit(reads, articles)
    for name in readers:
        if name not in model.reader_ids_:
            note(f"reader {name!r} is not in {log}: what is read lately")
    found = model.recommendations(readers, number, diversity=diversity)
    if as_json:
        print_json(found)
        return
    width = max(len("reader"), *(cell_len(escaped(str(name))) for name in readers))
    print_line(Text(f"{set_cell_size('reader', width)}  rank   score  article", "dim"))
    for row in found:
        line = Text(f"{set_cell_size(escaped(str(row['reader'])), width)}  {row['rank']:4}  {row['score']:6.3f}  ")
        line.append(str(row["article"]), "bold")
        print_line(line)
