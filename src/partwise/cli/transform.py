"""``partwise transform``."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Command, existing_file, new_file
from partwise.cli.documents import read_documents, text_options
from partwise.cli.formats import NUMBERS, format_options
from partwise.cli.inputs import count_unknown, for_model, missing_word, read_non_negative
from partwise.cli.progress import doing
from partwise.exceptions import DataError
from partwise.io.escapes import csv_text, escaped_lines
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
    "FILE",
    (".npy", ".csv"),
    prints=False,
    show_default="csv on standard output",
    help="Write to this .npy or .csv file.",
)
@text_options
@format_options(*NUMBERS)
def command(model: str, file: str, out: str | None, format: "Format", **columns: Any) -> None:
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
        read = read_documents(file, format=format, **columns)
        names, what, W = read.ids, "topic", loaded.transform(read.texts)
    elif not isinstance(loaded, NMF | MiniBatchNMF):
        kind = type(loaded).__name__
        raise DataError(f'{model} holds a {kind}. Give a model of "partwise fit" or "partwise topics".')
    else:
        missing = missing_word(loaded.missing_values)
        numbers = read_non_negative(file, format, missing, REFUSED)
        X = for_model(numbers, loaded, file, model)
        count_unknown(numbers.X, missing, file)
        names, what, W = numbers.row_names, "component", loaded.transform(X)
    if out is None:
        table = _csv(W, names, what)
        click.echo(escaped_lines(table.decode()) if sys.stdout.isatty() else table, nl=False)
    else:
        write_bytes(out, _npy(W) if Path(out).suffix.lower() == ".npy" else _csv(W, names, what))


def _npy(W: Any) -> bytes:
    import numpy as np

    content = io.BytesIO()
    np.save(content, W)
    return content.getvalue()


def _csv(W: Any, names: Sequence[str] | None, what: str) -> bytes:
    header = [*([] if names is None else ["id"]), *(f"{what}_{t}" for t in range(W.shape[1]))]
    rows = W.tolist() if names is None else ([name, *row] for name, row in zip(names, W.tolist(), strict=True))
    return csv_text(header, rows).encode("utf-8", "replace")
