"""``partwise over-time``."""

import click
from rich.text import Text

from partwise.cli.command import Command, Failure, existing_file, json_option, note, table_file
from partwise.cli.models import load_topics
from partwise.cli.render import as_many, print_json, print_line, terminal_width
from partwise.cli.saving import save_table
from partwise.io.escapes import escaped

__all__ = ["command"]

BINS = ("auto", "day", "week", "month", "quarter", "year", "decade")
"""The same as in `partwise.topics.timeline`; a copy, because that module imports NumPy."""


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.option("--bins", type=click.Choice(BINS), default="auto", show_default=True, help="Length of each bin of time.")
@click.option(
    "--words", type=click.IntRange(min=1), default=5, show_default=True, help="Words to list for each topic in a bin."
)
@table_file(show_default="nothing is written", help="Write a table with a row for each bin and topic.")
@json_option
def command(model: str, bins: str, words: int, out: str | None, as_json: bool) -> None:
    """Show how the topics of a saved model change with time.

    MODEL is a file that "partwise topics --date COLUMN --out MODEL" wrote. A line shows the largest topics of one bin
    of time. The table of --out has the columns bin, topic, label, share, documents (of the bin), and words (of the
    topic in the bin).

    \b
    Example: partwise over-time news.model --bins month --out months.csv
    """
    topics = load_topics(model)
    if topics.dates_ is None or not any(topics.dates_):
        raise Failure(
            f'{model} holds no dates. Make it with "partwise topics FILE --date COLUMN --out MODEL".', exit_code=2
        )
    columns = topics.over_time_columns(bins, words)
    if out is not None:
        save_table(columns, out)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if as_json:
        print_json(rows)
    else:
        names = list(dict.fromkeys(columns["bin"]))
        width = max(map(len, ["bin", *names]))
        print_line(Text(f"{'bin':{width}}  documents  largest topics", "dim"))
        for name in names:
            own = sorted((row for row in rows if row["bin"] == name), key=lambda row: -row["share"])
            line = Text(f"{name:{width}}  {own[0]['documents']:9,}  ")
            shares = [f"{row['share']:.0%} {escaped(row['label'])}" for row in own if row["share"] >= 0.005]
            print_line(line.append(as_many(shares or ["none"], terminal_width() - line.cell_len, ", ")))
    if out is not None:
        note(f"wrote {out}: {len(rows):,} rows")
