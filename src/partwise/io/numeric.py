"""Matrices from npy, npz, mtx, csv, tsv, parquet and h5ad files."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.io
import scipy.sparse

from partwise.exceptions import DataError, MissingExtraError
from partwise.indices import sound
from partwise.io.escapes import unguarded
from partwise.io.files import data_suffix, decode, delimited_rows, read_bytes, reading

__all__ = ["Numbers", "read_numbers"]


class Numbers(NamedTuple):
    """A matrix with the names of its rows and columns, where the file has them.

    Attributes
    ----------
    X : ndarray or scipy.sparse array of shape (n_samples, n_features)
        The numbers, in the file's dtype; from csv and tsv float64, with NaN for an empty cell.
    row_names : list of str or None
        Name of each row.
    column_names : list of str or None
        Name of each column.
    """

    X: Any
    row_names: list[str] | None = None
    column_names: list[str] | None = None


def read_numbers(path: str | Path, *, encoding: str = "utf-8", vector: bool = False) -> Numbers:
    """Read a matrix. Nothing in the file is ever executed: pickled objects are refused.

    Parameters
    ----------
    path : str or Path
        ``.npy``; ``.npz`` with one matrix, dense or as ``scipy.sparse.save_npz`` writes it; ``.mtx`` or ``.mtx.gz``;
        ``.csv`` or ``.tsv`` (also ``.gz``), where a first row without numbers holds the column names and a first
        column without numbers the row names; ``.parquet`` and ``.h5ad`` with ``pip install "partwise[io]"``.
    encoding : str, default='utf-8'
        Encoding of csv and tsv.
    vector : bool, default=False
        Take an array of shape (n,), as ``.npy`` may hold one, for a matrix of one column.

    Returns
    -------
    Numbers
        ``(X, row_names, column_names)``; names are None where the file has none.

    Raises
    ------
    DataError
        If the file is no matrix of numbers; the message names the file, and the row and column of a bad cell.
    MissingExtraError
        If the format needs a package that is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "counts.csv")
    >>> _ = path.write_text("sample,a,b\\ns1,1,0\\ns2,0,2.5\\n")
    >>> X, rows, columns = read_numbers(path)
    >>> X
    array([[1. , 0. ],
           [0. , 2.5]])
    >>> rows, columns
    (['s1', 's2'], ['a', 'b'])
    """
    suffix = data_suffix(path)
    if suffix not in READERS:
        raise DataError(
            f"{path}: cannot read a matrix from a {suffix or 'file without suffix'!r}. Give {', '.join(READERS)}."
        )
    numbers: Numbers = READERS[suffix](Path(path), encoding)
    X = numbers.X[:, None] if vector and numbers.X.ndim == 1 else numbers.X
    return numbers._replace(X=_checked(X, path))


def _checked(X: Any, path: str | Path) -> Any:
    if X.ndim != 2:
        raise DataError(f"{path} holds an array of shape {X.shape}. Save a matrix: rows are samples.")
    if 0 in X.shape:
        raise DataError(f"{path} holds a matrix of shape {X.shape}, without a single entry.")
    if X.dtype.kind not in "biuf":
        raise DataError(f"{path} holds entries of type {X.dtype}. Save real numbers.")
    return X


def _csr(X: Any, path: Path) -> Any:
    """Return a sparse matrix as CSR, once it is known that its indices stay within it; another one as it is."""
    return sound(X, str(path)).tocsr() if scipy.sparse.issparse(X) else X


def _read_npy(path: Path, encoding: str) -> Numbers:
    with reading(path, "Save a plain array of numbers with numpy.save.") as file:
        return Numbers(np.lib.format.read_array(file, allow_pickle=False))


def _read_npz(path: Path, encoding: str) -> Numbers:
    with reading(path, "Save plain arrays of numbers with numpy.savez.") as file:
        loaded = np.lib.npyio.NpzFile(file, allow_pickle=False)
        if "format" in loaded.files:
            file.seek(0)
            return Numbers(_csr(scipy.sparse.load_npz(file), path))
        arrays = {name: loaded[name] for name in loaded.files}
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    if len(matrices) != 1:
        raise DataError(
            f"{path} holds {len(matrices)} matrices among its arrays {', '.join(arrays) or '(none)'}. "
            "Save the one to factorize in a file of its own."
        )
    return Numbers(arrays[matrices[0]])


def _read_mtx(path: Path, encoding: str) -> Numbers:
    with reading(path, "Write it in Matrix Market format, as scipy.io.mmwrite does.") as file:
        content = file.read()
        if b"\0" in content:
            raise ValueError("it holds binary data")
        # SciPy reads past the end of its memory where a number that ends in E is the last thing before that, or a zero.
        return Numbers(_csr(scipy.io.mmread(io.BytesIO(content + b"\n"), spmatrix=False), path))


def _read_table(path: Path, encoding: str) -> Numbers:
    text = decode(read_bytes(path), str(path), encoding)
    lines_and_cells = list(delimited_rows(text, data_suffix(path), str(path)))
    lines = [line for line, _ in lines_and_cells]
    rows = [cells for _, cells in lines_and_cells]
    header = None
    if _is_header(rows[0]):
        header, rows, lines = rows[0], rows[1:], lines[1:]
    if not rows:
        raise DataError(f"{path} has column names but no rows of numbers.")
    named = (header is not None and header[0].strip().lower() in NAMES and len(header) > 1) or not any(
        _is_number(cells[0]) for cells in rows
    )
    row_names = [unguarded(cells[0]) for cells in rows] if named else None
    first = int(named)
    column_names = None if header is None else [unguarded(name) for name in header[first:]]
    if len(rows[0]) == first:
        raise DataError(f"{path} has a single column, without numbers. Check its delimiter.")
    try:
        X = np.array([[cell.strip() or "nan" for cell in cells[first:]] for cells in rows]).astype(np.float64)
    except ValueError:
        line, column = next(
            (line, column)
            for line, cells in zip(lines, rows, strict=True)
            for column in range(first, len(cells))
            if cells[column].strip() and not _is_number(cells[column])
        )
        cell = rows[lines.index(line)][column]
        name = f"column {column + 1}" if header is None else f"column {header[column]!r}"
        raise DataError(
            f"{path}, line {line}, {name}: {cell!r} is no number. Mend the cell, or leave it empty if unknown."
        ) from None
    return Numbers(X, row_names, column_names)


NAMES = {"", "id", "ids", "index", "key", "name", "names", "row", "sample"}
"""What the first column is called where it names the rows."""


def _is_header(cells: list[str]) -> bool:
    # A first column without a name (as pandas writes it), or called as names are, is headed; years after it are names.
    if len(cells) > 1 and cells[0].strip().lower() in NAMES:
        return True
    return not any(map(_is_number, cells[1:] or cells))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _read_parquet(path: Path, encoding: str) -> Numbers:
    try:
        import polars
    except ImportError as error:
        raise _missing("polars", ".parquet") from error
    with reading(path, "Write it anew, or export it as csv.") as file:
        frame = polars.read_parquet(file)
    row_names = None
    if frame.width and frame.dtypes[0] == polars.String:
        row_names = [str(name) for name in frame.to_series(0)]
        frame = frame[:, 1:]
    for name, dtype in frame.schema.items():
        if not (dtype.is_numeric() or dtype == polars.Boolean):
            raise DataError(f"{path}: column {name!r} holds {dtype}, no numbers. Drop or encode the column.")
    return Numbers(frame.to_numpy(), row_names, frame.columns)


def _read_h5ad(path: Path, encoding: str) -> Numbers:
    try:
        import anndata
    except ImportError as error:
        raise _missing("anndata", ".h5ad") from error
    with reading(path, "Write it anew with anndata.") as file:
        data = anndata.read_h5ad(file)
    if data.X is None:
        raise DataError(f"{path} has no matrix X. Put the counts there.")
    X = _csr(data.X, path) if scipy.sparse.issparse(data.X) else np.asarray(data.X)
    return Numbers(X, list(map(str, data.obs_names)), list(map(str, data.var_names)))


def _missing(package: str, suffix: str) -> MissingExtraError:
    return MissingExtraError(
        f'reading {suffix} files needs {package}, which is not installed: pip install "partwise[io]".'
    )


READERS = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".mtx": _read_mtx,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".parquet": _read_parquet,
    ".h5ad": _read_h5ad,
}
