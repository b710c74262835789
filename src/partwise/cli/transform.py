"""``partwise transform``."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from partwise.cli.command import Command, existing_file, new_file, refuse
from partwise.cli.documents import embeddings_option, read_documents, text_options
from partwise.cli.formats import NUMBERS, TEXTS, format_options
from partwise.cli.inputs import count_unknown, for_model, missing_word, read_non_negative, tell_blank
from partwise.cli.memory import memory_option, opened_by_blocks
from partwise.cli.models import known_columns
from partwise.cli.progress import doing
from partwise.cli.saving import save_table
from partwise.exceptions import DataError
from partwise.io.endings import ENDINGS
from partwise.io.escapes import escaped_lines
from partwise.io.writing import write_stream

if TYPE_CHECKING:
    from partwise.blocks.source import BlockSource
    from partwise.matrix import Array
    from partwise.tables import Format

__all__ = ["command"]

REFUSED = 'Fit the model with "partwise fit --missing nan" if such cells are unknown, or drop those rows.'
"""What to do about a missing entry that the model does not allow."""
PIECE = 10_000
"""How many rows are written together."""


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@new_file(
    "TABLE",
    (".npy", *ENDINGS),
    prints=False,
    show_default="csv on standard output",
    help="Write to this table or .npy file; .npy keeps all digits.",
)
@text_options
@embeddings_option
@format_options(*NUMBERS)
@memory_option(
    help="Memory limit, such as 2GiB: a file that needs more is read, and TABLE written, a block of rows at a time.",
    show_default="all that FILE needs",
)
def command(
    model: str, file: str, out: str | None, format: "Format", max_memory: str | None, embeddings: Any, **settings: Any
) -> None:
    """Apply a saved model to the rows of a file.

    MODEL is a file that "partwise fit" or "partwise topics" wrote. FILE is of the kind that the model was made from.
    The result has one row for each row of FILE, with the weight of each part or topic. If MODEL and FILE both have
    names of columns, columns are matched by name, in any order. The --missing that the model was fitted with says
    which entries of FILE are unknown. Files that "partwise fit" reads a block of rows at a time are also read so here.
    In csv, an id that a spreadsheet would run, such as =1+1, gets an apostrophe before it.

    \b
    Example: partwise transform counts.model more.csv --out weights.csv
    """
    from partwise import NMF, MiniBatchNMF
    from partwise.persistence import load
    from partwise.topics import TopicModel

    with doing(f"Loading {model}"):
        loaded = load(model)
    names: Sequence[str] | None = None
    if isinstance(loaded, TopicModel):
        refuse({*NUMBERS, "max_memory"} - {*TEXTS}, f"{model} is a topic model, which takes texts")
        read = read_documents(file, format=format, **known_columns(loaded, settings))
        names = read.ids
        _write(out, "topic", [loaded.transform(read.texts, embeddings)], names)
    elif not isinstance(loaded, NMF | MiniBatchNMF):
        kind = type(loaded).__name__
        raise DataError(f'{model} holds a {kind}. Give a model of "partwise fit" or "partwise topics".')
    else:
        refuse({*settings, "embeddings"}, f"{model} is a model of numbers, which takes no texts")
        with ExitStack() as held:
            source = opened_by_blocks(file, format, max_memory, held)
            if source is not None:
                _write(out, "component", _by_blocks(loaded, source, file, model), None, source.shape[0])
                return
            missing = missing_word(loaded.missing_values)
            numbers = read_non_negative(file, format, missing, REFUSED)
            X = for_model(numbers, loaded, file, model)
            count_unknown(numbers.X, missing, file)
            _write(out, "component", [loaded.transform(X)], numbers.row_names)


def _by_blocks(loaded: Any, source: "BlockSource", file: str, model: str) -> "Iterator[Array]":
    """Yield the weights of one block of rows after another; all entries are checked before the first block."""
    from partwise.matrix import Named, as_matrix
    from partwise.tables import Numbers

    columns = None if source.column_names is None else list(source.column_names)
    given = for_model(Numbers(source, None, columns), loaded, file, model)
    missing = loaded.missing_values
    checked = as_matrix(source, model=type(loaded).__name__, missing_values=missing)
    if missing is not None:
        tell_blank(checked.blank_rows(), file)
    for first, last in source.blocks:
        rows = source.block(first, last)
        yield loaded.transform(Named(rows, given.columns) if isinstance(given, Named) else rows)


def _write(
    out: str | None, what: str, weights: "Iterable[Array]", names: Sequence[str] | None, n_rows: int | None = None
) -> None:
    """Write weights, which come a block of rows at a time, or print them as csv."""
    if out is not None and Path(out).suffix.lower() == ".npy":
        write_stream(out, lambda stream: _npy(stream, weights, n_rows))
    elif out is not None:
        save_table(_batches(what, weights, names), out)
    else:
        from partwise.tables.writing import csv_pieces

        for table in csv_pieces(_batches(what, weights, names)):
            click.echo(escaped_lines(table.decode()) if sys.stdout.isatty() else table, nl=False)


def _batches(what: str, weights: "Iterable[Array]", names: Sequence[str] | None) -> Iterator[dict[str, Sequence[Any]]]:
    """Yield the columns of the table, some rows at a time."""
    done = 0
    for W in weights:
        for first in range(0, len(W), PIECE):
            rows = W[first : first + PIECE]
            ids = {} if names is None else {"id": names[done : done + len(rows)]}
            yield ids | {f"{what}_{t}": rows[:, t].tolist() for t in range(rows.shape[1])}
            done += len(rows)


def _npy(stream: IO[bytes], weights: "Iterable[Array]", n_rows: int | None) -> None:
    """Write an array whose rows come a block at a time; `n_rows` is their number, or None if all come in one block."""
    import numpy as np

    for number, W in enumerate(weights):
        if not number:
            told = {"descr": np.lib.format.dtype_to_descr(W.dtype), "fortran_order": False}
            shape = (len(W) if n_rows is None else n_rows, W.shape[1])
            np.lib.format.write_array_header_1_0(stream, {**told, "shape": shape})
        stream.write(np.ascontiguousarray(W).data)
