"""Matrices from files of any format."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from partwise.exceptions import DataError, likely
from partwise.io.escapes import unguarded
from partwise.tables.delimited import Delimited
from partwise.tables.format import Format, plural
from partwise.tables.index import PANDAS_INDEX, index_of
from partwise.tables.matrices import MATRICES, read_matrix
from partwise.tables.matrix import matrix_of
from partwise.tables.numerals import is_number
from partwise.tables.opening import TABLES, open_table
from partwise.tables.source import STDIN, ending
from partwise.tables.table import Table, quoted_names

__all__ = ["Numbers", "read_numbers"]


class Numbers(NamedTuple):
    """A matrix with the names of its rows and columns, if the file has them.

    Attributes
    ----------
    X : ndarray or scipy.sparse array of shape (n_samples, n_features)
        The numbers, in the file's dtype; from tables float64, with NaN for an unknown cell.
    row_names : list of str or None
        Name of each row.
    column_names : list of str or None
        Name of each column.
    notes : list of str
        What was guessed, one line each.
    layers : list of str
        Other matrices in the file.
    """

    X: Any
    row_names: list[str] | None = None
    column_names: list[str] | None = None
    notes: Sequence[str] = ()
    layers: Sequence[str] = ()


def read_numbers(
    path: str | Path, *, format: Format | None = None, vector: bool = False, threads: int | None = None
) -> Numbers:
    """Read a matrix. Nothing in the file is executed: pickled objects are refused.

    Parameters
    ----------
    path : str or Path
        A table: ``.csv``, ``.tsv``, ``.txt``, ``.jsonl``, ``.json``, ``.parquet``, or ``-`` for one on standard input;
        ``.xlsx`` with ``pip install "partwise[io]"``. A matrix: ``.npy``, ``.npz``, ``.mtx``; ``.h5ad`` and ``.zarr``
        with ``partwise[io]``; or a folder of 10x with matrix.mtx, barcodes.tsv and features.tsv, whose cells become
        rows. Text, .npy, .npz and .mtx also packed, as ``.gz``, ``.bz2``, ``.xz`` or ``.zst``.
    format : Format, default=None
        The format of the file. By default it is detected; the notes list what was guessed.
    vector : bool, default=False
        Whether to read an array of shape (n,), which ``.npy`` can hold, as a matrix of one column.
    threads : int, default=None
        Number of threads that read a table. By default one for each core.

    Returns
    -------
    Numbers
        ``(X, row_names, column_names, notes, layers)``; names are None if the file has none.

    Raises
    ------
    DataError
        If the file does not hold a matrix of numbers; the message names the file, and the row and column of a bad cell.
    MissingExtraError
        If the format needs a package that is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "counts.csv")
    >>> _ = path.write_text("sample,a,b\\ns1,1,0\\ns2,NA,2.5\\n")
    >>> counts = read_numbers(path)
    >>> counts.X
    array([[1. , 0. ],
           [nan, 2.5]])
    >>> counts.row_names, counts.column_names
    (['s1', 's2'], ['a', 'b'])
    """
    format = format or Format()
    kind = ending(path)[0]
    if kind in MATRICES or Path(path).is_dir():
        read = Numbers(*read_matrix(path, format))
        if vector and read.X.ndim == 1:
            read = read._replace(X=read.X[:, None])
        _check(read.X, path)
        read = _selected(read, format.columns, str(path))
    elif kind in TABLES or str(path) == STDIN:
        with open_table(path, format, header=None, threads=threads) as table:
            read = _of_table(table)
        _check(read.X, path)
    else:
        known = ", ".join((*TABLES, *MATRICES))
        raise DataError(
            f"{path}: cannot read a matrix from a {kind or 'file without suffix'!r}. Give {known}, or a folder of 10x."
        )
    if not format.transpose:
        return read
    return read._replace(X=read.X.T, row_names=read.column_names, column_names=read.row_names)


def _check(X: Any, path: str | Path) -> None:
    if X.ndim != 2:
        raise DataError(f"{path} holds an array of shape {X.shape}. Save a matrix: rows are samples.")
    if 0 in X.shape:
        raise DataError(f"{path} holds a matrix of shape {X.shape}, without a single entry.")
    if X.dtype.kind not in "biuf":
        raise DataError(f"{path} holds entries of type {X.dtype}. Save real numbers.")


def _of_table(table: Table) -> Numbers:
    asked = table.format.columns
    index = index_of(table, asked or ())
    columns = [name for name in table.names if name not in index]
    again = [name for name in columns if index and PANDAS_INDEX.fullmatch(index[0]) and PANDAS_INDEX.fullmatch(name)]
    if again and asked is None:
        table.notes.append(f"{table.name}: {quoted_names(again)} left out: an index that pandas wrote a second time")
        columns = [name for name in columns if name not in again]
    if asked is not None:
        columns = [columns[i] for i in _chosen(columns, asked, table.name)]
    words = len(table.names) == 1 and not any(is_number(cell) for (cell,) in table.sample(columns))
    if not columns or (words and table.n_rows):
        raise DataError(
            f"{table.name} has a single column, without numbers. Check its delimiter, and give delimiter=... if it is "
            "an unusual one."
        )
    headed = not isinstance(table, Delimited) or table.dialect.names is not None
    X = matrix_of(table, columns)
    if not len(X):
        raise DataError(f"{table.name} has column names but no rows of numbers.")
    X, columns = _without_blank(table, X, columns, headed)
    rows = _joined([table.texts(name) for name in index]) if index else None
    blank = _blank_rows(table, X)
    if blank.any():
        table.notes.append(f"{table.name}: {plural(int(blank.sum()), 'blank row')} left out")
        X = X[~blank]
        rows = rows and [name for name, left in zip(rows, ~blank, strict=True) if left]
    return Numbers(X, rows, [unguarded(name) for name in columns] if headed else None, table.notes)


def _joined(levels: Sequence[Sequence[str | None]]) -> list[str]:
    """Return one name per row, from an index of one or several levels."""
    return [unguarded("_".join(level or "" for level in row)) for row in zip(*levels, strict=True)]


def _chosen(names: Sequence[str], asked: Sequence[str], place: str) -> list[int]:
    """Return the places of columns that are asked for by name or pattern, in the order asked."""
    found: dict[int, None] = {}
    for one in asked:
        for wanted in [one] if one in names else one.split(","):
            exact = [i for i, name in enumerate(names) if name == wanted.strip()]
            fitting = exact or [i for i, name in enumerate(names) if fnmatchcase(name, wanted.strip())]
            if not fitting:
                raise DataError(
                    f"{place} has no column {wanted!r}; it has {quoted_names(names)}.{likely(wanted, names)}"
                )
            found |= dict.fromkeys(fitting)
    return list(found)


def _selected(read: Numbers, asked: Sequence[str] | None, path: str) -> Numbers:
    if asked is None:
        return read
    if read.column_names is None:
        raise DataError(f"{path} has no names of columns to choose from. Leave columns out.")
    places = _chosen(read.column_names, asked, path)
    X = read.X.tocsc()[:, places].tocsr() if hasattr(read.X, "tocsc") else read.X[:, places]
    return read._replace(X=X, column_names=[read.column_names[i] for i in places])


def _blank_rows(table: Table, X: Any) -> Any:
    """Return which rows have only empty cells, as Excel writes below a table; NA is not empty."""
    blank = np.isnan(X).all(axis=1)
    if not isinstance(table, Delimited) or not blank.any():
        return np.zeros(len(X), dtype=bool)
    cells = [(name, f"c{i}") for i, name in enumerate(table.names)]
    found = table.run(f"select coalesce({', '.join(cell for _, cell in cells)}) is null b from ({table.select(cells)})")
    empty = np.ma.getdata(found.fetchnumpy()["b"]).astype(bool)
    return empty if not empty.all() else np.zeros(len(X), dtype=bool)


def _without_blank(table: Table, X: Any, columns: list[str], headed: bool) -> tuple[Any, list[str]]:
    """Leave out columns without a name and without a number, which delimiters at the end of lines make."""
    if not isinstance(table, Delimited):
        return X, columns
    names = table.dialect.names or ()
    blank = [i for i, name in enumerate(columns) if not (headed and names[table.at[name]]) and np.isnan(X[:, i]).all()]
    if not blank or len(blank) == len(columns):
        return X, columns
    count = f"{len(blank)} columns" if len(blank) > 1 else "a column"
    table.notes.append(f"{table.name}: {count} without a name and without a number left out")
    kept = [i for i in range(len(columns)) if i not in blank]
    return X[:, kept], [columns[i] for i in kept]
