"""--weights: one weight a row, from a file of its own or a column of a table, or one an entry."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from partwise.cli.command import note
from partwise.cli.inputs import check_entries
from partwise.exceptions import DataError
from partwise.io.escapes import unguarded
from partwise.io.files import data_suffix, decode, delimited_rows, read_bytes

if TYPE_CHECKING:
    from partwise.io import Numbers

__all__ = ["Weights", "read_weights", "weights_option"]

MEND = "Weights are numbers >= 0, and 0 leaves out: mend the file."


class Column(NamedTuple):
    """A file, and the column of it that is meant; None: all that it holds."""

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
    help="How much rows count, or single entries: one number a row, or a matrix of the shape of FILE.",
)


class Weights(NamedTuple):
    """Weights as `NMF.fit` takes them.

    Attributes
    ----------
    kind : {'row', 'entry'}
        What each is the weight of.
    values : ndarray of shape (n_samples,), or matrix of shape (n_samples, n_features)
        The weights, at least 0.
    """

    kind: str
    values: Any

    @property
    def keywords(self) -> dict[str, Any]:
        """What to pass to `fit`."""
        return {"sample_weight" if self.kind == "row" else "entry_weight": self.values}


def read_weights(source: Column, numbers: "Numbers", path: str) -> Weights:
    """Read the weights of the `numbers` that were read from `path`, and say how they were understood."""
    read = _read(source)
    check_entries(read, source.path, MEND, MEND)
    n, m = numbers.X.shape
    if read.X.shape[1] == 1:
        values, how = _in_order(read, numbers, source, path)
        weights, said = Weights("row", values), f"one weight a row, {how}"
    elif read.X.shape == (n, m):
        _same_names("row", read.row_names, numbers.row_names, source, path)
        _same_names("column", read.column_names, numbers.column_names, source, path)
        weights, said = Weights("entry", read.X), "one weight an entry"
    else:
        named = "" if read.column_names is None else f", a column of it as {source.path}:{read.column_names[0]}"
        raise DataError(
            f"{source} holds {read.X.shape[0]:,} x {read.X.shape[1]:,} numbers, but {path} {n:,} x {m:,}. "
            f"Give one weight a row ({n:,} x 1){named}, or one an entry ({n:,} x {m:,})."
        )
    if weights.values.sum() == 0:
        raise DataError(f"{source}: every weight is 0. Give at least one that is not.")
    note(f"{source}: understood as {said}")
    return weights


def _read(source: Column) -> "Numbers":
    from partwise.io import Numbers, read_numbers

    suffix = data_suffix(source.path)
    if source.name is None:
        return _lines(source.path) if suffix == ".txt" else _whole(source.path, suffix)
    if suffix in (".csv", ".tsv"):
        return _named_column(source.path, source.name)
    read = read_numbers(source.path)
    if read.column_names is None:
        raise DataError(f"{source.path} has no column names. Give it without :{source.name}.")
    index = _index(read.column_names, source.name, source.path)
    return Numbers(read.X[:, [index]], read.row_names, [source.name])


def _whole(path: str, suffix: str) -> "Numbers":
    from partwise.io import read_numbers

    try:
        return read_numbers(path, vector=True)
    except DataError as error:
        if suffix not in (".csv", ".tsv"):
            raise
        raise DataError(f"{error} For one column of a table, give {path}:COLUMN.") from None


def _lines(path: str) -> "Numbers":
    import numpy as np

    from partwise.io import Numbers

    values = []
    for number, line in enumerate(decode(read_bytes(path), path).rstrip().splitlines(), 1):
        try:
            values.append(float(line))
        except ValueError:
            raise DataError(f"{path}, line {number}: {line!r} is no number. Give one weight a line.") from None
    return Numbers(np.array(values)[:, None])


def _named_column(path: str, column: str) -> "Numbers":
    """Read one column of a table whose others need not hold numbers; the first one may name the rows."""
    import numpy as np

    from partwise.io import Numbers

    (_, header), *rows = delimited_rows(decode(read_bytes(path), path), data_suffix(path), path)
    index = _index(header, column, path)
    if not rows:
        raise DataError(f"{path} has column names but no rows. Give one row for each weight.")
    values = []
    for line, cells in rows:
        try:
            values.append(float(cells[index].strip() or "nan"))
        except ValueError:
            raise DataError(
                f"{path}, line {line}, column {column!r}: {cells[index]!r} is no number. Mend the cell."
            ) from None
    names = [unguarded(cells[0]) for _, cells in rows] if index else None
    return Numbers(np.array(values)[:, None], names, [column])


def _index(columns: list[str], name: str, path: str) -> int:
    if name not in columns:
        raise DataError(f"{path} has no column {name!r}. Its columns are {', '.join(columns)}.")
    return columns.index(name)


def _in_order(read: "Numbers", numbers: "Numbers", source: Column, path: str) -> tuple[Any, str]:
    """Return one weight for each row, and how they were told apart: by name where both files have the same names."""
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
            f"{source} holds {len(values):,} weights, but {path} has {numbers.X.shape[0]:,} rows. Give one a row."
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
