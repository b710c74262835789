"""``partwise explain``."""

from typing import Any

import click
from rich.console import Console
from rich.text import Text

from partwise.cli.command import Command, existing_file, json_option, note
from partwise.cli.recommend import as_given, fitted_model, saved_model, table_options
from partwise.cli.render import print_json, print_line, terminal_width
from partwise.io.escapes import escaped

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("log", type=existing_file, required=False)
@click.option("--reader", metavar="ID", required=True, help="Reader.")
@click.option("--article", metavar="ID", required=True, help="Article.")
@saved_model
@table_options
@json_option
def command(log: str | None, reader: str, article: str, saved: str | None, as_json: bool, **settings: Any) -> None:
    """Show why an article is recommended: reasons that add up to its score.

    LOG is a table with a row for each read: .csv, .tsv, .jsonl, .parquet and others.

    \b
    Example: partwise explain log.csv --reader ann --article a17
    """
    model = fitted_model(log, saved, settings)
    if reader not in map(str, model.reader_ids_):
        note(f"reader {reader!r} is not in {log or saved}: reasons are those of any new reader")
    reasons = model.reasons(as_given(reader, model.reader_ids_), as_given(article, model.article_ids_))
    if as_json:
        print_json(reasons)
        return
    print_line(Text(" share   score  because", "dim"))
    for reason in reasons:
        line = Text(f"{reason['share']:6.1%}  {reason['score']:6.3f}  ")
        first, *more = Text(escaped(reason["because"])).wrap(Console(), terminal_width() - line.cell_len)
        print_line(line + first)
        for rest in more:
            rest.pad_left(line.cell_len)
            print_line(rest)
    print_line(Text(f"{1:6.1%}  {sum(reason['score'] for reason in reasons):6.3f}  in all", "bold"))
