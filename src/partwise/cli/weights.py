"""--weights: one weight per row, from a file or a column of a table, or one per entry."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from partwise.cli.command import note
from partwise.cli.formats import say
from partwise.cli.inputs import check_entries
from partwise.exceptions import DataError
from partwise.io.escapes import unguarded

if TYPE_CHECKING:
    from partwise.tables import Format, Numbers

__all__ = ["Weights", "read_weights", "weights_option"]

MEND = "Weights are numbers >= 0, and 0 leaves a row or entry out: mend the file."


class Column(NamedTuple):
    """A file, and the column of it to read; None: all columns."""

    path: str
    name: str | None

    def __str__(self) -> str:
        return self.path if self.name is None else f"{self.path}, column {self.name!r}"


def _column(ctx: click.Context, option: click.Parameter, value: str | None) -> Column | None:
    """Tell FILE from FILE:COLUMN by what exists: a colon may be part of a file's name."""
    if value is None:
        return None
    if Path(value).is_file():
        return Column(value, None)
    path, _, column = value.rpartition(":")
    if not Path(path).is_file():
        raise click.BadParameter(f"there is no file {path or value!r}.", ctx, option)
    return Column(path, column)


weights_option = click.option(
    "--weights",
    metavar="FILE[:COLUMN]",
    callback=_column,
    show_default="all entries count the same",
    help="How much rows or entries count: a number for each row, or a matrix of the shape of FILE.",
)


class Weights(NamedTuple):
    """Weights as `NMF.fit` takes them.

    Attributes
    ----------
    kind : {'row', 'entry'}
        Whether each weight is for a row or an entry.
    values : ndarray of shape (n_samples,), or matrix of shape (n_samples, n_features)
        The weights, at least 0.
    """

    kind: str
    values: Any

    @property
    def keywords(self) -> dict[str, Any]:
        """What to pass to `fit`."""
        return {"sample_weight" if self.kind == "row" else "entry_weight": self.values}


def read_weights(source: Column, numbers: "Numbers", path: str, format: "Format") -> Weights:
    """Read the weights of the `numbers` that were read from `path`, and note how they were understood.

    `format` is the format of that file. The file of weights is read in the same format, with all its columns.
    """
    read = _read(source, replace(format, columns=None, index_column=_index_column(format), transpose=False, layer=None))
    say(read.notes)
    if format.transpose and read.X.shape[1] != 1:
        read = read._replace(X=read.X.T, row_names=read.column_names, column_names=read.row_names)
    check_entries(read, source.path, MEND, MEND)
    n, m = numbers.X.shape
    if read.X.shape[1] == 1:
        values, how = _in_order(read, numbers, source, path)
        weights, said = Weights("row", values), f"one weight per row, {how}"
    elif read.X.shape == (n, m):
        _same_names("row", read.row_names, numbers.row_names, source, path)
        _same_names("column", read.column_names, numbers.column_names, source, path)
        weights, said = Weights("entry", read.X), "one weight per entry"
    else:
        named = "" if read.column_names is None else f", a column of it as {source.path}:{read.column_names[0]}"
        raise DataError(
            f"{source} holds {read.X.shape[0]:,} x {read.X.shape[1]:,} numbers, but {path} {n:,} x {m:,}. "
            f"Give one weight per row ({n:,} x 1){named}, or one per entry ({n:,} x {m:,})."
        )
    if weights.values.sum() == 0:
        raise DataError(f"{source}: every weight is 0. Give at least one above 0.")
    note(f"{source}: understood as {said}")
    return weights


def _index_column(format: "Format") -> str | None:
    from partwise.tables.format import NO_COLUMN

    return format.index_column if format.index_column == NO_COLUMN else None


def _read(source: Column, format: "Format") -> "Numbers":
    from partwise.tables import read_numbers
    from partwise.tables.opening import TABLES
    from partwise.tables.source import ending
    from partwise.tables.table import quoted_names

    table = ending(source.path)[0] in TABLES
    if source.name is None:
        try:
            return read_numbers(source.path, format=format, vector=True)
        except DataError as error:
            if not table:
                raise
            raise DataError(f"{error} For one column of a table, give {source.path}:COLUMN.") from None
    if table:
        return _named_column(source.path, source.name, format)
    read = read_numbers(source.path, format=format)
    if read.column_names is None:
        raise DataError(f"{source.path} has no column names. Give it without :{source.name}.")
    if source.name not in read.column_names:
        raise DataError(
            f"{source.path} has no column {source.name!r}. Its columns are {quoted_names(read.column_names)}."
        )
    index = read.column_names.index(source.name)
    return read._replace(X=read.X[:, [index]], column_names=[source.name])


def _named_column(path: str, column: str, format: "Format") -> "Numbers":
    """Read one column of a table, whose other columns can hold text; the first one can name the rows."""
    from partwise.tables import Numbers, open_table

    with open_table(path, format) as table:
        values = table.numbers(column)
        if not len(values):
            raise DataError(f"{path} has column names but no rows. Give one row for each weight.")
        first = table.names[0]
        names = None if column == first else [unguarded(text or "") for text in table.texts(first)]
        return Numbers(values[:, None], names, [column], table.notes)


def _in_order(read: "Numbers", numbers: "Numbers", source: Column, path: str) -> tuple[Any, str]:
    """Return one weight for each row, and how rows were matched: by name if both files have the same names."""
    import numpy as np

    values = np.asarray(read.X.toarray() if hasattr(read.X, "toarray") else read.X, np.float64)[:, 0]
    names, rows = read.row_names, numbers.row_names
    if names is not None and rows is not None and names != rows and len(set(names)) == len(names):
        where = {name: i for i, name in enumerate(names)}
        known = [where[name] for name in rows if name in where]
        if len(known) == len(rows):
            return values[known], "found by its name"
        if known:
            lost = next(name for name in rows if name not in where)
            raise DataError(
                f"{source} has no weight for row {lost!r} of {path} ({len(rows) - len(known):,} rows are not named "
                f"in it). Name every row, or none."
            )
    if len(values) != numbers.X.shape[0]:
        raise DataError(
            f"{source} holds {len(values):,} weights, but {path} has {numbers.X.shape[0]:,} rows. "
            "Give one weight per row."
        )
    return values, "in the order of the file"


def _same_names(what: str, own: list[str] | None, others: list[str] | None, source: Column, path: str) -> None:
    if own is None or others is None or own == others:
        return
    i = next(i for i, (a, b) in enumerate(zip(own, others, strict=True)) if a != b)
    raise DataError(
        f"{source}: {what} {i + 1} is called {own[i]!r}, but {others[i]!r} in {path}. "
        f"Give {what}s in the same order, under the same names."
    )
