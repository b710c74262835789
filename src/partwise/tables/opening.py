"""A file as a table, whatever its format."""

import os
import shutil
import tempfile
from pathlib import Path

from partwise.exceptions import DataError
from partwise.io.files import open_file
from partwise.tables.delimited import Delimited
from partwise.tables.format import Format
from partwise.tables.json_table import JsonTable
from partwise.tables.parquet import Parquet
from partwise.tables.source import STDIN, ending, text_source
from partwise.tables.table import Table
from partwise.tables.workbook import open_workbook

__all__ = ["FORMATS", "TABLES", "open_table"]

TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".json", ".parquet", ".xlsx")
FORMATS = "a .csv, .tsv, .txt, .jsonl or .json file (also .gz, .bz2, .xz or .zst), or a .parquet or .xlsx file"


def open_table(
    path: str | Path, format: Format | None = None, *, header: bool | None = True, threads: int | None = None
) -> Table:
    """Open a table, which reads each column at its first use.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.tsv``, ``.txt``, ``.jsonl``, ``.json``, also as ``.gz``, ``.bz2``, ``.xz`` or ``.zst``;
        ``.parquet``; ``.xlsx`` with ``pip install "partwise[io]"``; or ``-`` for standard input, which is JSON if it
        begins with ``{`` or ``[``.
    format : Format, default=None
        The format of the file. By default it is detected.
    header : bool or None, default=True
        Whether the first row of a delimited file holds the names; None detects it.
    threads : int, default=None
        Number of threads that read. By default one for each core.

    Returns
    -------
    Table
        The table, to be used in a ``with``.

    Raises
    ------
    DataError
        If the file is not a table, empty or damaged, or two columns have one name; the text names file and line.
    MissingExtraError
        If it is an .xlsx file, and python-calamine is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = path.write_text("reader,article,strength\\nann,7,1\\nbob,9,\\n")
    >>> with open_table(path) as table:
    ...     print(table.names, table.n_rows, table.texts("article"), table.numbers("strength"))
    ['reader', 'article', 'strength'] 2 ['7', '9'] [ 1. nan]
    """
    format = format or Format()
    kind = ending(path)[0]
    if str(path) != STDIN and kind not in TABLES:
        raise DataError(f"{path}: cannot read a table from a {kind or 'file without suffix'!r}. Give {FORMATS}.")
    if kind:
        format.check(path, kind)
    folder = tempfile.mkdtemp(prefix="partwise-")
    try:
        if kind == ".parquet":
            open_file(path).close()
            link = os.path.join(folder, "linked")
            os.symlink(os.path.abspath(path), link)
            return Parquet(str(path), link, format, folder, threads)
        if kind == ".xlsx":
            return open_workbook(path, format, folder, header, threads)
        source = text_source(path, format, folder)
        format.check(source.name, source.kind)
        if source.kind in (".jsonl", ".json"):
            return JsonTable(source, format, folder, threads)
        return Delimited(source, format, folder, header, threads)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
