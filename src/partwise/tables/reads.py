"""Logs of who read what, and tables of articles, from files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError, shown
from partwise.tables.format import Format
from partwise.tables.numerals import is_number, is_unknown
from partwise.tables.opening import open_table
from partwise.tables.table import Table

__all__ = ["Reads", "read_article_table", "read_reads"]

Array = NDArray[Any]

NO_ID = ("\\N", "NULL", "null", "NA", "<NA>", "NaN", "nan", "None")
"""What databases, R and Python write for a missing id."""


KINDS = ("event", "event_type", "eventtype", "event_name", "action", "interaction", "type", "rating", "weight")
"""Usual names, in lower case, of a column of kinds of reads or of strengths."""


@dataclass(frozen=True)
class Reads:
    """Reads of a file, in its order; ids are text.

    Attributes
    ----------
    readers, articles : list of str
        Different ids, in order of appearance.
    reader, article : ndarray of int64, shape (n_reads,)
        Index of the reader and of the article of each read.
    strength : ndarray of float64, shape (n_reads,), or None
        How much each read counts, or a rating; None if the file has none.
    time : ndarray of float64, shape (n_reads,), or None
        Seconds since 1970; None if the file has no times.
    notes : list of str
        What was guessed or left out, one line each.
    """

    readers: list[str]
    articles: list[str]
    reader: Array
    article: Array
    strength: Array | None = None
    time: Array | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.reader)


def read_reads(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    strengths: Mapping[str, float] | None = None,
    format: Format | None = None,
) -> Reads:
    """Read a log of who read what.

    Parameters
    ----------
    path : str or Path
        A table with one read per row, as `open_table` reads it.
    columns : mapping of str to str, default=None
        Names, in the file, of the columns reader, article, strength and time. Strength and time are read if the file
        has them, and are required if they are named here.
    strengths : mapping of str to float, default=None
        How much each word in the column of strengths counts, such as ``{"view": 1, "like": 2}``. By default strengths
        are numbers.
    format : Format, default=None
        The format of the file. By default it is detected.

    Returns
    -------
    Reads
        The reads. Rows without a reader or an article are left out, and counted in a note.

    Raises
    ------
    DataError
        If a column is missing, there are no reads, or a strength or time is invalid; the text names file and line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = path.write_text("user,item,time\\nann,7,2024-05-01\\nbob,7,2024-05-02\\n")
    >>> reads = read_reads(path, {"reader": "user", "article": "item"})
    >>> reads.readers, reads.articles, reads.article, float(reads.time[1] - reads.time[0])
    (['ann', 'bob'], ['7'], array([0, 0]), 86400.0)
    """
    named = dict(columns or {})
    with open_table(path, format) as table:
        reader = _required(table, "reader", named)
        article = _required(table, "article", named)
        strength, time = _optional(table, "strength", named), _optional(table, "time", named)
        if strengths is not None and strength is None:
            strength = _required(table, "strength", named)
        if time is None and table.format.date_format is not None:
            raise DataError(f"{table.name}: date_format=... without a column of times. Name it with --time-column.")
        table.keep([column for column in (reader, article, strength, time) if column is not None])
        readers, who = _known(table, reader)
        articles, what = _known(table, article)
        whole = (who >= 0) & (what >= 0)
        if not whole.any():
            raise DataError(f"{table.name} has no row with a reader and an article. Give at least one.")
        if not whole.all():
            gaps = f"{int((~whole).sum()):,} of {len(whole):,} rows"
            table.notes.append(f"{table.name}: {gaps} have no {reader!r} or no {article!r}, and were left out")
        values = None if strength is None else _strength(table, strength, strengths, whole)
        if strength is None:
            _tell_of_kinds(table)
        seconds = None if time is None else _time(table, time, whole)
        if strengths is not None and values is not None:
            whole &= values > 0
            if not whole.any():
                raise DataError(
                    f"{table.name}: --strength leaves out every read, because all count 0. Give a kind of reads a "
                    "number above 0."
                )
        if not whole.all():
            readers, who = _used(readers, who[whole])
            articles, what = _used(articles, what[whole])
        return Reads(
            readers,
            articles,
            who,
            what,
            None if values is None else values[whole],
            None if seconds is None else seconds[whole],
            table.notes,
        )


def read_article_table(
    path: str | Path, columns: Mapping[str, str] | None = None, *, format: Format | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Read a table of articles.

    Parameters
    ----------
    path : str or Path
        A table with one article per row.
    columns : mapping of str to str, default=None
        Names, in the file, of the columns article, text, time and title. Times and titles are read if the file has
        them.
    format : Format, default=None
        The format of the file. By default it is detected.

    Returns
    -------
    columns : dict of str to list or ndarray
        What `Recommender.fit` takes: ``article`` and ``text``, and if the file has them ``time``, NaN where it is
        unknown, and ``title``.
    notes : list of str
        What was guessed or left out, one line each.

    Raises
    ------
    DataError
        If a column is missing, an id appears twice or a time is invalid; the text names file and line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "news.csv")
    >>> _ = path.write_text("article,text\\n7,Rates rise again\\n")
    >>> read_article_table(path)
    ({'article': ['7'], 'text': ['Rates rise again']}, [])
    """
    named = dict(columns or {})
    with open_table(path, format) as table:
        article, text = _required(table, "article", named), _required(table, "text", named)
        time, title = _optional(table, "time", named), _optional(table, "title", named)
        table.keep([column for column in (article, text, time, title) if column is not None])
        ids, codes = _used_ids(*_known(table, article))
        whole = codes >= 0
        if not whole.all():
            gaps = f"{int((~whole).sum()):,} of {len(whole):,} rows"
            table.notes.append(f"{table.name}: {gaps} have no {article!r}, and were left out")
        rows = np.flatnonzero(whole)
        if len(ids) < len(rows):
            again = rows[np.setdiff1d(np.arange(len(rows)), np.unique(codes[rows], return_index=True)[1])[0]]
            first = int(np.flatnonzero(codes == codes[again])[0])
            raise DataError(
                f"{table.name}: article {shown(ids[codes[again]])} is in {table.where(first)} and again in "
                f"{table.where(int(again))} ({len(rows) - len(ids):,} rows repeat an article). Keep one row for each."
            )
        texts = table.texts(text)
        found: dict[str, Any] = {"article": ids, "text": [texts[i] or "" for i in rows]}
        if time is not None:
            found["time"] = table.times(time, relative=True).seconds[rows]
        if title is not None:
            titles = table.texts(title)
            found["title"] = [titles[i] or "" for i in rows]
        return found, table.notes


def _required(table: Table, what: str, named: Mapping[str, str]) -> str:
    """Return a required column; the error for a missing one names its option."""
    column = named.get(what, what)
    try:
        table.require(column)
    except DataError as error:
        raise DataError(f"{error} Name the column of the {what} with --{what}-column.") from None
    return column


def _optional(table: Table, what: str, named: Mapping[str, str]) -> str | None:
    """Return an optional column, or None; one that the user names is required."""
    if what in named and named[what] != what:
        return _required(table, what, named)
    return what if table.has(what) else None


def _known(table: Table, column: str) -> tuple[list[str], Array]:
    """Return the ids of a column and the code of each row, -1 where a word means a missing id."""
    names, codes = table.codes(column)
    words = [i for i, name in enumerate(names) if name in NO_ID]
    if words:
        said = ", ".join(names[i] for i in words)
        table.notes.append(f"{table.name}: {said} in column {column!r} was read as a missing id")
        codes = np.where(np.isin(codes, words), -1, codes)
    ids = [name for name in names if name not in NO_ID]
    if ids and all(name.endswith(".0") and name[:-2].isdecimal() for name in ids):
        names = [name if name in NO_ID else name.removesuffix(".0") for name in names]
        table.notes.append(f"{table.name}: {ids[0]} and other ids in column {column!r} were read as whole numbers")
    return names, codes


def _used_ids(names: list[str], codes: Array) -> tuple[list[str], Array]:
    """Return the names that rows use, and the index of each row among them; -1 stays -1."""
    given = codes >= 0
    names, codes[given] = _used(names, codes[given])
    return names, codes


def _used(names: list[str], codes: Array) -> tuple[list[str], Array]:
    """Return the names that are in use, in order of appearance, and the index of each code among them."""
    places, first, again = np.unique(codes, return_index=True, return_inverse=True)
    if len(places) == len(names):
        return names, codes
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return [names[code] for code in places[order]], rank[again]


def _strength(table: Table, column: str, strengths: Mapping[str, float] | None, whole: Array) -> Array:
    if strengths is None:
        _refuse_words(table, column)
        values = table.numbers(column)
        bad = whole & ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            i = int(bad.argmax())
            raise DataError(
                f"{table.name}, {table.where(i)}, column {column!r}: the strength is {values[i]} ({int(bad.sum()):,} "
                "rows are negative, infinite or empty). Give each row a number >= 0, or drop it."
            )
        return values
    words, codes = table.codes(column)
    by_lower = {word.lower(): value for word, value in strengths.items()}
    there = {word.lower() for word in words}
    unused = [word for word in strengths if word.lower() not in there]
    if unused:
        table.notes.append(f"{table.name}, column {column!r}: no read is called {', '.join(map(shown, unused))}")
    unknown = sorted({word for word in words if word.lower() not in by_lower})
    if unknown or (whole & (codes < 0)).any():
        kinds = ", ".join(map(shown, unknown[:5])) or "an empty cell"
        raise DataError(
            f"{table.name}, column {column!r} also has {kinds}, without a strength. Give the strengths of all kinds "
            "with --strength, such as VIEW=1,LIKE=2; 0 leaves reads of a kind out."
        )
    values = np.array([by_lower[word.lower()] for word in words], dtype=np.float64)
    return values[codes]


def _tell_of_kinds(table: Table) -> None:
    """Note a column that was not read, if it may hold the kind of each read."""
    kinds = next((name for name in table.names if name.lower() in KINDS), None)
    if kinds is not None:
        table.notes.append(
            f"{table.name}: column {kinds!r} was not read, and all reads count the same; if it holds kinds or "
            f"strengths of reads, give --strength-column {kinds}"
        )


def _refuse_words(table: Table, column: str) -> None:
    """Refuse a column of kinds of reads if the user gives no strengths for them."""
    cells = [cell.strip() for (cell,) in table.sample([column]) if not is_unknown(cell, table.format.missing)]
    words = [cell for cell in cells if not is_number(cell)]
    if 2 * len(words) > len(cells):
        kinds = [*dict.fromkeys(words)]
        example = ",".join(f"{word.upper()}={i}" for i, word in enumerate(kinds[:2], 1))
        raise DataError(
            f"{table.name}, column {column!r} holds words, such as {shown(words[0])}, not numbers. Say how much each "
            f"counts with --strength, such as {example}; 0 leaves reads of a kind out."
        )


def _time(table: Table, column: str, whole: Array) -> Array:
    seconds = table.times(column, relative=True).seconds
    absent = whole & np.isnan(seconds)
    if absent.any():
        raise DataError(
            f"{table.name}, {table.where(int(absent.argmax()))}, column {column!r}: the time is empty "
            f"({int(absent.sum()):,} rows are empty). Fill it in, or drop these rows."
        )
    return seconds
