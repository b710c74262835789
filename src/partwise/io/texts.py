"""Texts from a csv, tsv or jsonl file, or from a folder of .txt files."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partwise.exceptions import DataError
from partwise.io.files import STDIN, data_suffix, decode, delimited_rows, read_bytes

__all__ = ["Texts", "read_texts"]

TEXT_COLUMNS = ("text", "body", "content", "article", "document", "abstract", "description", "title")
FORMATS = "a .csv, .tsv or .jsonl file (each also .gz), or a folder of .txt files"

Row = tuple[int, Mapping[str, Any]]  # line number, value of each column


@dataclass(frozen=True)
class Texts:
    """Texts of a collection, each with an id and perhaps a date.

    Attributes
    ----------
    texts : list of str
        One text a document; an empty one stays in its place.
    ids : list of str
        One id a document, all different.
    dates : list of str or None
        One date a document as the file has it, ``""`` where it has none; None if no column was asked for.
    source : str
        Where the texts come from, as error messages name it.
    metadata : dict of str to list of str
        What else was asked for, one string a document, ``""`` where it has none.
    """

    texts: list[str]
    ids: list[str]
    dates: list[str] | None
    source: str
    metadata: dict[str, list[str]] = field(default_factory=dict)


def read_texts(
    path: str | Path,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    date_column: str | None = None,
    metadata_columns: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
) -> Texts:
    """Read a collection of texts.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.tsv`` or ``.jsonl`` file with one document a row, each also as ``.gz``; or a folder, whose
        ``.txt`` files are the documents, at any depth; or ``-`` for JSON lines on standard input.
    text_column : str, default=None
        Column of the texts. By default the first that is called text, body, content, article, document, abstract,
        description or title, in any case; or the only column there is. Several, as in ``title,text``, are joined.
    id_column : str, default=None
        Column of the ids. By default the column ``id`` where it is there and tells all rows apart, else rows are
        numbered from 1. In a folder the id is the file's path without ``.txt``.
    date_column : str, default=None
        Column of the dates. By default no dates are read.
    metadata_columns : mapping of str to str, default=None
        Names of what else to read, such as title, and the column of each.
    encoding : str, default='utf-8'
        Encoding of the text.

    Returns
    -------
    Texts
        The texts with their ids, in the order of the file; files of a folder are sorted by path.

    Raises
    ------
    DataError
        If there is no such column, a line cannot be read, an id is missing or stands twice, or there are no texts;
        the message names file and line and says what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "news.csv")
    >>> _ = path.write_text("id,body\\na1,Rates rise again\\na2,Home side wins the cup\\n")
    >>> news = read_texts(path)
    >>> news.texts
    ['Rates rise again', 'Home side wins the cup']
    >>> news.ids
    ['a1', 'a2']
    """
    if Path(path).is_dir():
        asked = text_column or id_column or date_column or next(iter((metadata_columns or {}).values()), None)
        return _read_folder(Path(path), asked, encoding)
    source = "standard input" if str(path) == STDIN else str(path)
    suffix = ".jsonl" if str(path) == STDIN else data_suffix(path)
    if suffix not in (".csv", ".tsv", ".jsonl"):
        raise DataError(f"{source}: cannot read texts from a {suffix or 'file without suffix'!r}. Give {FORMATS}.")
    content = decode(read_bytes(path), source, encoding)
    rows = list(_json_rows(content, source) if suffix == ".jsonl" else _table_rows(content, suffix, source))
    if not rows:
        raise DataError(f"{source} has column names but no rows. Give a file with at least one row of data.")
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    text_columns = _text_columns(columns, text_column, source)
    others = dict(metadata_columns or {})
    for name in (id_column, date_column, *others.values()):
        if name is not None:
            _require(columns, name, source)
    return Texts(
        texts=[_joined(row, text_columns, line, source) for line, row in rows],
        ids=_ids(rows, columns, id_column, source),
        dates=None if date_column is None else [_cell(row, date_column, line, source) for line, row in rows],
        source=source,
        metadata={what: [_cell(row, name, line, source) for line, row in rows] for what, name in others.items()},
    )


def _read_folder(folder: Path, column: str | None, encoding: str) -> Texts:
    if column is not None:
        raise DataError(f"{folder} is a folder: it has no column {column!r}. Leave the column out.")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".txt" and path.is_file() and not path.name.startswith(".")
    )
    if not paths:
        raise DataError(f"{folder} has no .txt file in it. Give {FORMATS}.")
    return Texts(
        texts=[_file_text(path, encoding) for path in paths],
        ids=[path.relative_to(folder).with_suffix("").as_posix() for path in paths],
        dates=None,
        source=str(folder),
    )


def _file_text(path: Path, encoding: str) -> str:
    raw = read_bytes(path)
    return decode(raw, str(path), encoding) if raw.strip() else ""


def _table_rows(content: str, suffix: str, source: str) -> Iterator[Row]:
    rows = delimited_rows(content, suffix, source)
    _, names = next(rows)
    names = [name.strip() for name in names]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{source} has two columns called {twice[0]!r}. Rename one of them.")
    for line, cells in rows:
        yield line, dict(zip(names, cells, strict=True))


def _json_rows(content: str, source: str) -> Iterator[Row]:
    for line, record in enumerate(content.split("\n"), start=1):
        if not record.strip():
            continue
        try:
            row = json.loads(record)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{source}, line {line} is no JSON ({error}). Write one JSON object on each line."
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{source}, line {line} is JSON, but no object. "
                'Write one object on each line, such as {"id": "a1", "text": "..."}.'
            )
        yield line, row


def _text_columns(columns: list[str], asked: str | None, source: str) -> list[str]:
    if asked is not None:
        names = [asked] if asked in columns else [name.strip() for name in asked.split(",")]
        for name in names:
            _require(columns, name, source)
        return names
    if len(columns) == 1:
        return columns
    by_lower = {name.lower(): name for name in reversed(columns)}
    for name in TEXT_COLUMNS:
        if name in by_lower:
            return [by_lower[name]]
    raise DataError(
        f"{source}: which column holds the texts? It has {_listing(columns)}. Name one with text_column (--text)."
    )


def _require(columns: list[str], name: str, source: str) -> None:
    if name in columns:
        return
    near = difflib.get_close_matches(name.lower(), [column.lower() for column in columns], n=1, cutoff=0.5)
    hint = next((f" Did you mean {column!r}?" for column in columns if column.lower() in near), "")
    raise DataError(f"{source} has no column {name!r}; it has {_listing(columns)}.{hint}")


def _listing(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _joined(row: Mapping[str, Any], columns: list[str], line: int, source: str) -> str:
    """Return a text, or several with a blank line between them."""
    texts = [_cell(row, column, line, source) for column in columns]
    return texts[0] if len(texts) == 1 else "\n\n".join(text for text in texts if text.strip())


def _cell(row: Mapping[str, Any], column: str, line: int, source: str) -> str:
    if column not in row:
        raise DataError(f"{source}, line {line} has no field {column!r}; it has {_listing(row)}.")
    value = row[column]
    if value is None:
        return ""
    if isinstance(value, str):
        # JSON can spell half a character, which no terminal or file takes.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int | float):
        return str(value)
    raise DataError(
        f"{source}, line {line}: field {column!r} holds a {'list' if isinstance(value, list) else 'nested object'}. "
        "Give a field of plain text."
    )


def _ids(rows: list[Row], columns: list[str], asked: str | None, source: str) -> list[str]:
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    column = asked or next((name for name in columns if name.lower() == "id"), None)
    if column is None:
        return numbers
    try:
        return _unique_ids(rows, column, source)
    except DataError:
        if asked is not None:
            raise
        return numbers


def _unique_ids(rows: list[Row], column: str, source: str) -> list[str]:
    first_lines: dict[str, int] = {}
    for line, row in rows:
        found = _cell(row, column, line, source).strip()
        if not found:
            raise DataError(
                f"{source}, line {line}: the id in column {column!r} is empty. "
                "Fill it in, or leave id_column (--id) out to number the rows."
            )
        if found in first_lines:
            raise DataError(
                f"{source}: id {found!r} stands in line {first_lines[found]} and again in line {line}. "
                "Name a column without repeats, or leave id_column (--id) out to number the rows."
            )
        first_lines[found] = line
    return list(first_lines)
