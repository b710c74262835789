"""Texts of a table, or of a folder of .txt files, with what belongs to each of them."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from partwise.exceptions import DataError, shown
from partwise.io.files import open_file
from partwise.io.spilled import SpilledTexts
from partwise.tables.dates import iso_days
from partwise.tables.delimited import Delimited
from partwise.tables.format import Format
from partwise.tables.opening import open_table
from partwise.tables.source import STDIN, ending, text_source
from partwise.tables.table import Table, quoted_names

__all__ = ["Texts", "file_text", "read_texts"]

HELD = "1GiB"
"""Memory for the columns of texts that are read a piece at a time; the rest is on disk."""
TEXT_COLUMNS = ("text", "body", "content", "article", "document", "abstract", "description", "title")


@dataclass(frozen=True)
class Texts:
    """Texts of a collection, each with an id and perhaps a date.

    Attributes
    ----------
    texts : list of str or SpilledTexts
        One text per document; an empty one stays in its place.
    ids : list of str
        One id per document, all different.
    dates : list of str or None
        One date per document as ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``, ``""`` if it has none; None if no column was
        asked for.
    source : str
        Where the texts come from, for error messages.
    metadata : dict of str to list of str
        Other columns that were asked for, one value per document.
    notes : list of str
        What was guessed, one line each.
    """

    texts: Sequence[str]
    ids: list[str]
    dates: list[str] | None
    source: str
    metadata: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_texts(
    path: str | Path,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    date_column: str | None = None,
    metadata_columns: Mapping[str, str] | None = None,
    format: Format | None = None,
    spill: bool = False,
) -> Texts:
    """Read a collection of texts.

    Parameters
    ----------
    path : str or Path
        A table with one document per row, as `open_table` reads it; a ``.txt`` file with one document per line; a
        folder, whose ``.txt`` files are the documents, at any depth; or ``-`` for standard input.
    text_column : str, default=None
        Column of the texts. By default the first that is called text, body, content, article, document, abstract,
        description or title, in any case; or the only column there is. Several, as in ``title,text``, are joined.
    id_column : str, default=None
        Column of the ids. By default the column ``id``, or the index that pandas wrote, if its values are all
        different; otherwise rows are numbered from 1. In a folder the id is the file's path without ``.txt``.
    date_column : str, default=None
        Column of the dates. By default no dates are read.
    metadata_columns : mapping of str to str, default=None
        Names of other facts to read, such as title, and the column of each.
    format : Format, default=None
        The format of the file. By default it is detected.
    spill : bool, default=False
        Whether the texts of a table or a folder go to a temporary file, a piece at a time, instead of a list.

    Returns
    -------
    Texts
        The texts with their ids, in the order of the file; files of a folder are sorted by path.

    Raises
    ------
    DataError
        If there is no such column, a line cannot be read, an id is missing or appears twice, a date is invalid, or
        there are no texts; the message names file and line and says what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "news.csv")
    >>> _ = path.write_text("id,body,day\\na1,Rates rise again,26 February 1987\\na2,Home side wins,27.2.1987\\n")
    >>> news = read_texts(path, date_column="day")
    >>> news.texts
    ['Rates rise again', 'Home side wins']
    >>> news.ids, news.dates
    (['a1', 'a2'], ['1987-02-26', '1987-02-27'])
    """
    format = format or Format()
    others = dict(metadata_columns or {})
    asked = [column for column in (id_column, date_column, *others.values()) if column is not None]
    if format.date_format is not None and date_column is None:
        raise DataError(f"{path}: date_format=... without a column of dates. Name one with --date, or leave it out.")
    if Path(path).is_dir():
        format.check(path, ".txt" if format.delimiter is None else "")
        return _of_folder(Path(path), [*asked, *([text_column] if text_column else [])], format, spill)
    if str(path) != STDIN and ending(path)[0] == ".txt" and not (text_column or asked or format.delimiter):
        lines = _of_lines(path, format)
        if lines is not None:
            return lines
    with open_table(path, format) as table:
        columns = _text_columns(table, text_column)
        for column in asked:
            table.require(column)
        if spill:
            table.hold(HELD)
        table.keep([*columns, *asked])
        if not table.n_rows:
            raise DataError(f"{table.name} has column names but no rows. Give a file with at least one row of data.")
        return Texts(
            texts=SpilledTexts(_pieces(table, columns)) if spill else [*_pieces(table, columns)],
            ids=_ids(table, id_column),
            dates=None if date_column is None else iso_days(table.times(date_column)),
            source=table.name,
            metadata={what: _filled(table, column) for what, column in others.items()},
            notes=table.notes,
        )


def _filled(table: Table, column: str) -> list[str]:
    return [text or "" for text in table.texts(column)]


def _pieces(table: Table, columns: Sequence[str]) -> Iterator[str]:
    """Yield the texts of one column, or those of several with a blank line between them."""
    if len(columns) == 1:
        yield from (text or "" for text in table.piecewise(columns[0]))
        return
    for texts in zip(*map(table.piecewise, columns), strict=True):
        yield "\n\n".join(text for text in texts if text is not None and text.strip())


def _text_columns(table: Table, asked: str | None) -> list[str]:
    if asked is not None:
        columns = [asked] if table.has(asked) else [name.strip() for name in asked.split(",")]
        for column in columns:
            table.require(column)
        return columns
    if len(table.names) == 1:
        if isinstance(table, Delimited) and table.names[0].lower() not in TEXT_COLUMNS:
            table.notes.append(
                f"{table.name}: its first line, {shown(table.names[0])}, was read as the name of the column; if it "
                "is a document, put a name above it, or end the file's name in .txt"
            )
        return table.names
    by_lower = {name.lower(): name for name in reversed(table.names)}
    for name in TEXT_COLUMNS:
        if name in by_lower:
            return [by_lower[name]]
    raise DataError(
        f"{table.name}: which column holds the texts? It has {quoted_names(table.names)}. Name it with --text."
    )


def _ids(table: Table, asked: str | None) -> list[str]:
    numbers = [str(number) for number in range(1, table.n_rows + 1)]
    likely = [name for name in table.names if name.lower() == "id"] + table.index
    if asked is not None:
        return _unique_ids(table, asked)
    if not likely:
        return numbers
    try:
        return _unique_ids(table, likely[0])
    except DataError as error:
        table.notes.append(f"{error} Rows are numbered from 1 instead.")
        return numbers


def _unique_ids(table: Table, column: str) -> list[str]:
    names, codes = table.codes(column)
    blank = int((codes < 0).sum())
    if blank:
        raise DataError(
            f"{table.name}, {table.where(int((codes < 0).argmax()))}: the id in column {column!r} is empty "
            f"({blank:,} rows have no id). Fill it in, or name another column with --id."
        )
    if len(names) < len(codes):
        first = np.unique(codes, return_index=True)[1]
        again = int(np.setdiff1d(np.arange(len(codes)), first)[0])
        raise DataError(
            f"{table.name}: id {shown(names[codes[again]])} is in {table.where(int(first[codes[again]]))} and "
            f"again in {table.where(again)} ({len(codes) - len(names):,} rows repeat one in column {column!r}). "
            "Name a column without repeats with --id."
        )
    return names


def _of_lines(path: str | Path, format: Format) -> Texts | None:
    """Return the lines of a file, each a document; None if its first line names a column of texts."""
    notes: list[str] = []
    lines = [line for line in file_text(path, format, notes).split("\n") if line.strip()]
    if not lines or _names_columns(lines):
        return None
    notes.append(f"{path}: each of its {len(lines):,} lines was read as a document")
    return Texts(
        [line.rstrip("\r") for line in lines], [*map(str, range(1, len(lines) + 1))], None, str(path), notes=notes
    )


def _names_columns(lines: Sequence[str]) -> bool:
    """Tell whether the first line names columns, one of them of texts, and most others have as many cells."""
    first = lines[0].strip().lower().replace('"', "")
    mark = next((mark for mark in "\t;|," if mark in first), "\t")
    names, fitting = (
        [name.strip() for name in first.split(mark)],
        sum(line.count(mark) >= first.count(mark) for line in lines),
    )
    short = all(len(name.split()) <= 2 for name in names)
    return short and any(name in TEXT_COLUMNS for name in names) and fitting >= 0.8 * len(lines)


def _of_folder(folder: Path, asked: Sequence[str], format: Format, spill: bool) -> Texts:
    if asked:
        raise DataError(f"{folder} is a folder: it has no column {asked[0]!r}. Leave the column out.")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".txt" and path.is_file() and not path.name.startswith(".")
    )
    if not paths:
        raise DataError(f"{folder} has no .txt file in it. Give a folder of .txt files, or a table.")
    notes: list[str] = []
    texts = (file_text(path, format, notes) for path in paths)
    return Texts(
        texts=SpilledTexts(texts) if spill else [*texts],
        ids=[path.relative_to(folder).with_suffix("").as_posix() for path in paths],
        dates=None,
        source=str(folder),
        notes=notes,
    )


def file_text(path: str | Path, format: Format, notes: list[str]) -> str:
    """Return all that a text file holds, ``""`` if that is white space; add to `notes` what was guessed."""
    with open_file(path) as file:
        if not file.read().strip():
            return ""
    with tempfile.TemporaryDirectory(prefix="partwise-") as scratch:
        source = text_source(path, format, scratch)
        notes += source.notes
        return Path(source.path).read_text(encoding="utf-8")
