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
    help="What to predict: the end of the log, or (leaky) the last read of each reader, or a random fifth of them.",
)
@click.option("--k", "length", type=click.IntRange(min=1), default=10, show_default=True, help="Length of the lists.")
@click.option("--no-baselines", is_flag=True, help="Leave out the simple rules beside.")
@table_options
@json_option
def command(log: str, split: str, length: int, no_baselines: bool, as_json: bool, **settings: Any) -> None:
    """Measure how well recommendations predict what readers read next.

    LOG is a table with a row for each read: .csv, .tsv, .jsonl, .parquet, and others. Simple
    rules stand beside. Each measure is a mean over readers; ndcg
    comes with the interval that a bootstrap over readers gives.

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
