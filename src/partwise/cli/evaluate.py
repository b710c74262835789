"""``partwise evaluate``."""

import math
from typing import Any

import click

from partwise.cli.command import Command, existing_file, json_option
from partwise.cli.progress import doing, reading
from partwise.cli.recommend import model_of, table_options, tables
from partwise.cli.render import print_json

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("log", type=existing_file)
@click.option(
    "--split",
    type=click.Choice(["time", "leave-last-out", "random"]),
    default="time",
    show_default=True,
    help="Reads to predict: the end of the log; or (with leaks) each reader's last read or a random fifth.",
)
@click.option("--k", "length", type=click.IntRange(min=1), default=10, show_default=True, help="Articles in each list.")
@click.option("--no-baselines", is_flag=True, help="Do not compare with simple rules.")
@table_options
@json_option
def command(log: str, split: str, length: int, no_baselines: bool, as_json: bool, **settings: Any) -> None:
    """Measure how well recommendations predict what readers read next.

    LOG is a table with a row for each read: .csv, .tsv, .jsonl, .parquet and others. The table of results also shows
    simple rules, to compare with. Each measure is a mean over readers. The interval of ndcg is from a bootstrap over
    readers.

    \b
    Example: partwise evaluate log.csv --articles news.csv --split time --k 10
    """
    from partwise.recommend import evaluate

    with reading(log):
        reads, texts = tables(log, settings)
    with doing("Fitting to the log without its end, and judging lists"):
        seed = settings["seed"]
        found = evaluate(model_of(settings), reads, texts, split, length, not no_baselines, random_state=seed)
    if as_json:
        rows = [dict(zip(found.columns, row, strict=True)) for row in zip(*found.columns.values(), strict=True)]
        plain = [{name: None if _nan(value) else value for name, value in row.items()} for row in rows]
        print_json({**found.facts, "measures": plain})
        return
    click.echo(str(found))


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
