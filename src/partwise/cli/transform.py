"""``partwise transform``."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Command, existing_file, new_file, refuse
from partwise.cli.documents import read_documents, text_options
from partwise.cli.formats import NUMBERS, TEXTS, format_options
from partwise.cli.inputs import count_unknown, for_model, missing_word, read_non_negative
from partwise.cli.models import known_columns
from partwise.cli.progress import doing
from partwise.cli.saving import save_table
from partwise.exceptions import DataError
from partwise.io.endings import ENDINGS
from partwise.io.escapes import escaped_lines
from partwise.io.writing import write_bytes

if TYPE_CHECKING:
    from partwise.tables import Format

__all__ = ["command"]

REFUSED = 'Fit the model with "partwise fit --missing nan" if such cells are unknown, or drop those rows.'
"""What to do about a missing entry that the model does not allow."""


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@new_file(
    "TABLE",
    (".npy", *ENDINGS),
    prints=False,
    show_default="csv on standard output",
    help="Write to this table; .npy keeps all digits.",
)
@text_options
@format_options(*NUMBERS)
def command(model: str, file: str, out: str | None, format: "Format", **settings: Any) -> None:
    """Apply a saved model to a file.

    MODEL is a file that "partwise fit" or "partwise topics" wrote; FILE is of the kind it was made from. The result
    has one row for each row of FILE, with the weight of each component or topic. If model and FILE name their columns,
    these are matched by name, in any order. Entries of FILE are unknown as they were when the model was fitted: see
    --missing of "partwise fit". In csv an id that a spreadsheet would run, such as =1+1, has an apostrophe before it.

    \b
    Example: partwise transform counts.model more.csv --out weights.csv
    """
    from partwise import NMF, MiniBatchNMF
    from partwise.persistence import load
    from partwise.topics import TopicModel

    with doing(f"Loading {model}"):
        loaded = load(model)
    names: Sequence[str] | None
    if isinstance(loaded, TopicModel):
        refuse({*NUMBERS} - {*TEXTS}, f"{model} knows topics, and reads texts")
        read = read_documents(file, format=format, **known_columns(loaded, settings))
        names, what, W = read.ids, "topic", loaded.transform(read.texts)
    elif not isinstance(loaded, NMF | MiniBatchNMF):
        kind = type(loaded).__name__
        raise DataError(f'{model} holds a {kind}. Give a model of "partwise fit" or "partwise topics".')
    else:
        refuse({*settings}, f"{model} knows parts of numbers, and no texts")
        missing = missing_word(loaded.missing_values)
        numbers = read_non_negative(file, format, missing, REFUSED)
        X = for_model(numbers, loaded, file, model)
        count_unknown(numbers.X, missing, file)
        names, what, W = numbers.row_names, "component", loaded.transform(X)
    columns = ({} if names is None else {"id": names}) | {f"{what}_{t}": W[:, t].tolist() for t in range(W.shape[1])}
    if out is None:
        _print(columns)
    elif Path(out).suffix.lower() == ".npy":
        write_bytes(out, _npy(W))
    else:
        save_table(columns, out)


def _npy(W: Any) -> bytes:
    import numpy as np

    content = io.BytesIO()
    np.save(content, W)
    return content.getvalue()


def _print(columns: dict[str, Sequence[Any]]) -> None:
    """Print a table as csv."""
    from partwise.tables.writing import csv_bytes

    table = csv_bytes(columns)
    click.echo(escaped_lines(table.decode()) if sys.stdout.isatty() else table, nl=False)
