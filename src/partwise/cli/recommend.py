"""``partwise recommend``, and the options that it shares with ``explain`` and ``evaluate``."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from partwise.cli.command import (
    Command,
    Failure,
    FiniteRange,
    existing_file,
    json_option,
    new_file,
    note,
    refuse,
    seed_option,
    table_file,
)
from partwise.cli.documents import plain_texts
from partwise.cli.formats import TEXTS, format_options, say
from partwise.cli.models import remember_columns
from partwise.cli.progress import doing, reaching, reading
from partwise.cli.render import cropped, print_json, print_line, terminal_width
from partwise.cli.saving import save_model, save_table, written
from partwise.io.escapes import escaped
from partwise.io.markup import without_markup

if TYPE_CHECKING:
    from partwise.recommend import Recommender
    from partwise.tables import Reads

__all__ = [
    "as_given",
    "command",
    "fitted_model",
    "log_options",
    "model_of",
    "saved_model",
    "table_options",
    "tables",
]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def table_options(function: Decorated) -> Decorated:
    """Add the options of the log, of its format and of the model."""
    others = [
        click.option(
            "--feedback",
            type=click.Choice(["implicit", "explicit"]),
            default="implicit",
            show_default=True,
            help="What strengths are; explicit: ratings.",
        ),
        click.option(
            "-k", "--components", type=click.IntRange(min=1), default=32, show_default=True, help="Number of parts."
        ),
        click.option(
            "--half-life",
            metavar="DAYS",
            type=FiniteRange(min=0, min_open=True),
            show_default="all reads count the same",
            help="Days after which a read counts half.",
        ),
        seed_option,
    ]
    for option in reversed(others):
        function = option(function)
    return log_options(format_options(*TEXTS)(function))


def log_options(function: Decorated) -> Decorated:
    """Add the options of the log and of the file of articles."""
    columns = [
        click.option(
            f"--{what}-column", metavar="NAME", default=name, show_default=True, help=f"Column of {plural}{where}."
        )
        for what, name, plural, where in (
            ("reader", "reader", "readers", ""),
            ("article", "article", "articles, in both files", ""),
            ("strength", "strength", "strengths (how much a read counts) or ratings", ", if there is one"),
            ("time", "time", "times, in both files", ", if there is one"),
            ("text", "text", "texts, in the file of articles", ""),
            ("title", "title", "titles, in the file of articles", ", if there is one"),
        )
    ]
    others = [
        click.option(
            "--articles",
            metavar="FILE",
            type=existing_file,
            show_default="none",
            help="Table of articles with their texts.",
        ),
        *columns,
        click.option(
            "--strength",
            "strengths",
            metavar="WORD=NUMBER,...",
            callback=_strengths,
            show_default="strengths are numbers",
            help="How much each kind of read counts, if strengths are words; 0 leaves a kind out.",
        ),
    ]
    for option in reversed(others):
        function = option(function)
    return function


def _strengths(ctx: click.Context, option: click.Parameter, value: str | None) -> dict[str, float] | None:
    """Return the number of each word, as in VIEW=1,LIKE=2."""
    if value is None:
        return None
    found: dict[str, float] = {}
    for pair in value.split(","):
        word, _, number = pair.rpartition("=")
        try:
            found[word.strip()] = float(number)
        except ValueError:
            found[word.strip()] = math.nan
        if not word.strip() or not 0 <= found[word.strip()] < math.inf:
            raise click.BadParameter(f"{pair!r} is not a word with a number of at least 0, as in VIEW=1.", ctx, option)
    return found


def tables(log: str, settings: dict[str, Any]) -> tuple["Reads", dict[str, Any] | None]:
    """Read the log and, if there is one, the file of articles; ids are text. Note what was guessed or left out."""
    from partwise.tables import read_article_table, read_reads

    named = {what: settings[f"{what}_column"] for what in ("reader", "article", "strength", "time", "text", "title")}
    reads = read_reads(log, named, strengths=settings["strengths"], format=settings["format"])
    say(reads.notes)
    if settings["articles"] is None:
        refuse({"text_column", "title_column"}, "they are in the file of --articles, which is not given")
        return reads, None
    articles, notes = read_article_table(settings["articles"], named, format=settings["format"])
    say(notes)
    articles["text"] = plain_texts(articles["text"], "articles")
    if "title" in articles:
        articles["title"] = [*map(without_markup, articles["title"])]
    return reads, articles


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


saved_model = click.option(
    "--model",
    "saved",
    metavar="MODEL",
    type=existing_file,
    show_default="a new one, of LOG",
    help='Model that "partwise recommend --out-model" saved, to use instead of LOG.',
)


def fitted_model(log: str | None, saved: str | None, settings: dict[str, Any]) -> "Recommender":
    """Return the saved model, or one fitted to the log; refuse options that would have no effect."""
    from partwise.persistence import load
    from partwise.recommend import Recommender

    ctx = click.get_current_context()
    if saved is None:
        if log is None:
            raise click.UsageError("Missing argument 'LOG'. Give a log, or a model with --model.", ctx)
        with reading(log):
            reads, articles = tables(log, settings)
        with doing("Learning what readers read"):
            return model_of(settings).fit(reads, articles)
    if log is not None:
        raise click.UsageError(f"--model holds its own log: leave out {log}, or --model.", ctx)
    for param in ctx.command.params:
        if param.name in settings and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[-1]} has no effect on a saved model: leave it out.", ctx)
    with doing(f"Loading {saved}"):
        model = load(saved)
    if isinstance(model, Recommender):
        return model
    raise Failure(
        f'{saved} holds a {type(model).__name__}. Give a model that "partwise recommend LOG --out-model MODEL" saved.',
        exit_code=2,
    )


def as_given(name: str, names: Sequence[Any]) -> Any:
    """Return an id as the model has it: in a model made in Python it can be a number."""
    return next((known for known in names if str(known) == name), name)


@click.command(cls=Command)
@click.argument("log", type=existing_file, required=False)
@click.option(
    "--reader",
    "readers",
    metavar="ID",
    multiple=True,
    show_default="none",
    help="Reader to recommend to; can be repeated.",
)
@click.option("--all", "everyone", is_flag=True, help="Make lists for all readers, and write them to --out.")
@click.option(
    "-n", "--number", type=click.IntRange(min=1), default=10, show_default=True, help="Articles for each reader."
)
@click.option(
    "--diversity",
    type=FiniteRange(0, 1),
    default=0.0,
    show_default=True,
    help="How much a list avoids articles that are like earlier ones in it.",
)
@table_file(show_default="lists are printed", help="Write the lists to this table.")
@new_file("MODEL", option="--out-model", show_default="nothing is saved", help="Save the model of LOG to this file.")
@saved_model
@table_options
@json_option
def command(
    log: str | None,
    readers: tuple[str, ...],
    everyone: bool,
    number: int,
    diversity: float,
    out: str | None,
    out_model: str | None,
    saved: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Recommend articles to readers, from a log of who read what.

    LOG is a table with a row for each read: .csv, .tsv, .jsonl, .parquet and others. A reader who is not in it gets the
    articles that are read most at the end of the log.

    \b
    Example: partwise recommend log.csv --reader ann --articles news.csv -n 5
    Example: partwise recommend log.csv --out-model readers.model
    Example: partwise recommend --model readers.model --all --out lists.csv
    """
    _check_asked(readers, everyone, out, out_model)
    model = fitted_model(log, saved, settings)
    if out_model is not None:
        if saved is None:
            remember_columns(model, [name for name in settings if name.endswith("_column") or name == "strengths"])
        save_model(model, out_model)
        sizes = [f"{len(model.reader_ids_):,} readers", f"{len(model.article_ids_):,} articles"]
        note(f"saved {', '.join(sizes)} and {model.n_reads_:,} reads to {out_model}")
    if everyone and out is not None:
        _write_all(model, out, number, diversity)
    if not readers:
        return
    known = set(map(str, model.reader_ids_))
    for name in readers:
        if name not in known:
            note(f"reader {name!r} is not in {log or saved}: the list holds what is read most lately")
    found = model.recommendations([as_given(name, model.reader_ids_) for name in readers], number, diversity=diversity)
    if out is not None:
        save_table(_columns(found, model.titles_), out)
        note(f"wrote {out}: {len(found):,} rows")
    elif as_json:
        titles = model.titles_
        print_json([row | ({"title": titles.get(row["article"], "")} if titles else {}) for row in found])
    else:
        _print(found, model.titles_)


def _check_asked(readers: tuple[str, ...], everyone: bool, out: str | None, out_model: str | None) -> None:
    ctx = click.get_current_context()
    if everyone and (readers or out is None):
        way_out = "Leave out --reader." if readers else "Give a table to write them to, as in --out lists.csv."
        raise click.UsageError(f"--all makes lists for all readers. {way_out}", ctx)
    if not (readers or everyone or out_model):
        raise click.UsageError("Nothing to do. Give --reader ID, or --all with --out, or --out-model.", ctx)


def _write_all(model: "Recommender", out: str, number: int, diversity: float) -> None:
    """Write the lists of all readers; note what an earlier run had made, and what an interrupt leaves."""
    from partwise.recommend.everyone import ENDING

    readers, unfinished, made = len(model.reader_ids_), f"{out}{ENDING}", list[int]()
    rows = 0

    def write() -> None:
        nonlocal rows
        model.n_jobs = -1  # the lists do not depend on the number of threads
        rows = model.write_lists(out, number, diversity=diversity, callback=told)

    def told(now: int) -> None:
        if now and not made:  # the first call reports what an earlier run made
            note(f"going on from {unfinished}: lists of {now:,} of {readers:,} readers are there")
        made.append(now)
        reached(now)

    try:
        with reaching("Recommending", f"of {readers:,} readers", readers) as reached:
            written(out, write)
    except KeyboardInterrupt:
        if made and made[-1] and Path(unfinished).exists():
            note(
                f"lists of {made[-1]:,} of {readers:,} readers are in {unfinished}: the same command goes on from there"
            )
        raise
    note(f"wrote {out}: {rows:,} rows for {readers:,} readers")


def _columns(found: list[dict[str, Any]], titles: dict[Any, str]) -> dict[str, list[Any]]:
    columns = {name: [row[name] for row in found] for name in ("reader", "rank", "article", "score")}
    return columns | ({"title": [titles.get(name, "") for name in columns["article"]]} if titles else {})


def _print(found: list[dict[str, Any]], titles: dict[Any, str]) -> None:
    width = max([len("reader"), *(cell_len(escaped(str(row["reader"]))) for row in found)])
    print_line(Text(f"{set_cell_size('reader', width)}  rank   score  article", "dim"))
    for row in found:
        line = Text(f"{set_cell_size(escaped(str(row['reader'])), width)}  {row['rank']:4}  {row['score']:6.3f}  ")
        line.append(escaped(str(row["article"])), "bold")
        title, room = titles.get(row["article"], ""), terminal_width() - line.cell_len - 2
        print_line(line.append(f"  {cropped(title, room)}") if title and room >= 12 else line)
