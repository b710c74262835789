"""Tables of reads and of articles from files."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from partwise.exceptions import DataError, MissingExtraError
from partwise.io.files import data_suffix, decode, delimited_rows, read_bytes, reading

__all__ = ["read_table"]

FORMATS = "a .csv, .tsv or .jsonl file (each also .gz), or a .parquet file"
NUMBERS = ("strength",)


def read_table(path: str | Path, needed: Mapping[str, str], optional: Mapping[str, str]) -> dict[str, list[Any]]:
    """Read columns of a table.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.tsv`` or ``.jsonl`` file, each also as ``.gz``; ``.parquet`` with ``pip install "partwise[io]"``.
    needed : mapping of str to str
        What a column is for, and what it is called in the file.
    optional : mapping of str to str
        The same of columns that are read where they are there.

    Returns
    -------
    dict of str to list
        Values by what they are for. Ids of text files are strings.

    Raises
    ------
    DataError
        If a column is missing, or a line cannot be read; the text names file and line.
    MissingExtraError
        If the file is parquet, and polars is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = path.write_text("user,item\\nann,7\\n")
    >>> read_table(path, {"reader": "user", "article": "item"}, {"time": "time"})
    {'reader': ['ann'], 'article': ['7']}
    """
    source, suffix = str(path), data_suffix(path)
    if suffix == ".parquet":
        columns = _parquet(Path(path))
    elif suffix in (".csv", ".tsv", ".jsonl"):
        content = decode(read_bytes(path), source)
        columns = _columns(_json_rows(content, source)) if suffix == ".jsonl" else _cells(content, suffix, source)
    else:
        raise DataError(f"{source}: cannot read a table from a {suffix or 'file without suffix'!r}. Give {FORMATS}.")
    for what, name in needed.items():
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(
                f"{source} has no column {name!r} for the {what}; it has {', '.join(columns) or 'none'}.{hint} "
                f"Name the column with --{what}-column."
            )
    names = {**needed, **{what: name for what, name in optional.items() if name in columns}}
    table = {what: columns[name] for what, name in names.items()}
    for what in NUMBERS:
        if what in table:
            table[what] = [_number(value, i, names[what], source) for i, value in enumerate(table[what])]
    return table


def _cells(content: str, suffix: str, source: str) -> dict[str, list[Any]]:
    rows = delimited_rows(content, suffix, source)
    _, names = next(rows)
    cells = [row for _, row in rows]
    return {name.strip(): [row[i] for row in cells] for i, name in enumerate(names)}


def _json_rows(content: str, source: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{source}, line {number}: no JSON ({error}). Write one JSON object a line.") from error
        if not isinstance(row, dict):
            raise DataError(f"{source}, line {number}: no JSON object. Write one JSON object a line.")
        yield row


def _columns(rows: Iterator[Mapping[str, Any]]) -> dict[str, list[Any]]:
    listed: Sequence[Mapping[str, Any]] = list(rows)
    names = dict.fromkeys(name for row in listed for name in row)
    return {name: [row.get(name) for row in listed] for name in names}


def _parquet(path: Path) -> dict[str, list[Any]]:
    try:
        import polars
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: .parquet needs polars, which is not installed: pip install 'partwise[io]'."
        ) from error
    with reading(path, f"Give {FORMATS}.") as file:
        table = polars.read_parquet(file)
    return {name: table[name].to_list() for name in table.columns}


def _number(value: Any, row: int, name: str, source: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"{source}: column {name!r} of row {row + 1} is {value!r}, no number. Mend it, or name another column."
        ) from None
