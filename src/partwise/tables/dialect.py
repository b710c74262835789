"""The dialect of a delimited file: lines to skip, delimiter, quotes, header."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from partwise.exceptions import DataError
from partwise.tables.format import Format
from partwise.tables.numerals import is_number, is_unknown
from partwise.tables.source import Source

__all__ = ["ID_NAME", "UNQUOTED", "Dialect", "Record", "find_dialect", "records"]

CANDIDATES = ",;\t|"
HEAD, LONGEST_HEAD = 1 << 20, 1 << 26
"""How many characters the dialect is detected from, and how many if lines are very long."""
ROWS = 200
COMMENTS = ("#", "%", "!")
UNQUOTED = "Close every quoted field, and write a quote inside one twice."
SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
ID_NAME = re.compile(
    r"|(?i:index|idx|keys?|names?|rows?|row[ _.]?(names?|numbers?|nr)|samples?|level_0|#|no\.?|nr\.?)"
    r"|(?i:unnamed: ?0(\.\d+)*)"
    r"|(?i:(.*[ _.\-])?(ids?|uuid|guid|barcodes?|accession|date|datum|day|month|year|week|time|timestamp))"
    r"|.*[a-z](ID|Id|IDs)"
    r"|(?i:(gene|user|customer|client|sample|cell|patient|subject|item|product|article|doc|document|reader|order)ids?)"
)
"""Usual names of a first column that holds row names. A name that pandas or R left blank is one of these."""


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is cut.

    Attributes
    ----------
    delimiter : str
        Between cells.
    quote : str
        Around cells that hold a delimiter; empty where quotes are plain characters.
    skip : int
        Lines before the first row.
    names : tuple of str or None
        The header, one name a column; None without one.
    width : int
        Number of columns.
    short : bool
        Whether the header had one name less, as R writes it: the first column names the rows.
    sample : tuple of tuple of str
        The first rows, without the header.
    """

    delimiter: str
    quote: str
    skip: int
    names: tuple[str, ...] | None
    width: int
    short: bool
    sample: tuple[tuple[str, ...], ...]


class Record(NamedTuple):
    """The cells of a row, and the first and last line of the file that it is written in, counted from 1."""

    line: int
    last: int
    cells: list[str]


def records(lines: Iterator[str], delimiter: str, quote: str, skip: int = 0) -> Iterator[Record]:
    """Yield each record that is not blank.

    Raises
    ------
    csv.Error
        If a quoted cell is not closed.
    """
    for _ in range(skip):
        next(lines, None)
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    limit = csv.field_size_limit(sys.maxsize)  # documents are longer than csv's 128 KiB
    reader = csv.reader(lines, delimiter=delimiter, strict=bool(quote), **quoting)
    try:
        line = 1
        for cells in reader:
            if cells:
                yield Record(skip + line, skip + reader.line_num, cells)
            line = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)


def find_dialect(source: Source, format: Format, header: bool | None) -> Dialect:
    """Detect the dialect of a delimited file; guesses are added to the notes of its source.

    Parameters
    ----------
    source : Source
        The file.
    format : Format
        The settings of the user.
    header : bool or None
        Whether the first row holds the names; None detects it.
    """
    head, whole = _head(source.path)
    lines = _lines(head)
    skip, delimiter, heading = _preamble(lines)
    if format.delimiter is not None:
        delimiter = format.delimiter
    body = lines[skip:]
    if not any(map(str.strip, body)):
        raise DataError(f"{source.name} is empty. Give a file with at least one row of data.")
    quote = _quote(source, delimiter, format)
    if delimiter is None:
        delimiter = _delimiter(body, whole, source.kind, quote, format)
    try:
        rows = _rows(body, delimiter, quote, whole)
    except csv.Error as error:
        raise DataError(f"{source.name}, line {skip + 1}: {error}. {UNQUOTED}") from error
    above = _titles([row.cells for row in rows])
    if above:
        source.notes.append(f"{source.name}, line {skip + rows[0].line} was read as a title above the table")
        rows = rows[above:]
    first, rest = rows[0].cells, [row.cells for row in rows[1:]]
    begin = skip + rows[0].line - 1
    marked = [] if heading is None else _rows([heading.lstrip("#% ")], delimiter, quote, True)
    if marked and len(marked[0].cells) == len(first) > 1:
        source.notes.append(f"{source.name}, line {skip} begins with # and was read as the names of columns")
        return _made(delimiter, quote, begin, marked[0].cells, [first, *rest])
    width = Counter(map(len, rest)).most_common(1)[0][0] if rest else 0
    longer = width == len(first) + 1
    trailing = longer and all(not cells[-1].strip() for cells in rest if len(cells) == width)
    short = longer and not trailing and (header is None or delimiter != "," or body[rows[1].line - 1].startswith('"'))
    if header is None:
        quoted = body[rows[0].line - 1].count('"') == 2 * len(first) and bool(rest)
        quoted = quoted and body[rows[1].line - 1].count('"') < 2 * len(first)
        header = longer or quoted or _is_header(first, rest, format.missing)
        if (
            header
            and not longer
            and not quoted
            and first[0].strip()
            and sum(map(is_number, first[1:])) > len(first) / 2
        ):
            place = f"{source.name}, line {begin + 1}"
            source.notes.append(
                f"{place} was read as names of columns, although they are numbers; put names above if they are data"
            )
        if (
            header
            and len(rest) > 1
            and _are_words(rest[0][1:], format)
            and any(is_number(cell) for row in rest[1:3] for cell in row[1:])
        ):
            raise DataError(
                f"{source.name}, line {skip + rows[1].line} holds words below the names of columns, as pandas writes "
                "a MultiIndex. Keep one line of names: in pandas X.columns = ['_'.join(one) for one in X.columns]."
            )
    if not header:
        return _made(delimiter, quote, begin, None, [first, *rest])
    names = ["", *first] if short else [*first, ""] if trailing else first
    return _made(delimiter, quote, skip + rows[0].last, names, rest, short)


def _made(
    delimiter: str,
    quote: str,
    skip: int,
    names: Sequence[str] | None,
    sample: Sequence[Sequence[str]],
    short: bool = False,
) -> Dialect:
    named = None if names is None else tuple(name.strip() for name in names)
    width = len(sample[0]) if named is None else len(named)
    return Dialect(delimiter, quote, skip, named, width, short, tuple(map(tuple, sample)))


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of title rows above a table of three columns or more: each is a single text in a first cell.

    If such a row has cells for all columns, the one below the last has to name them all.
    """
    width = Counter(map(len, rows)).most_common(1)[0][0]
    above = next((i for i, cells in enumerate(rows) if sum(map(bool, map(str.strip, cells))) > 1), 0)
    if width < 3 or len(rows) < above + 2 or any(map(is_number, map("".join, rows[:above]))):
        return 0
    names = rows[above]
    alone = all(len(cells) == 1 for cells in rows[:above])
    return above if alone or (all(map(str.strip, names)) and not any(map(is_number, names))) else 0


def _are_words(cells: Sequence[str], format: Format) -> bool:
    """Return whether all cells hold words, none of them a word for unknown."""
    return any(map(str.strip, cells)) and not any(
        is_number(cell) or is_unknown(cell, format.missing[1:]) for cell in cells
    )


def _head(path: str) -> tuple[str, bool]:
    """Return the beginning of a file, with some whole lines, and whether that is all of it."""
    with open(path, encoding="utf-8", newline="") as file:
        head, more = file.read(HEAD), True
        while more and head.count("\n") < 4 and len(head) < LONGEST_HEAD:
            block = file.read(len(head))
            more, head = bool(block), head + block
        whole = not more or not file.read(1)
    return head, whole


def _lines(text: str) -> list[str]:
    """Cut only at line feeds: Python's splitlines also cuts within texts."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _preamble(lines: Sequence[str]) -> tuple[int, str | None, str | None]:
    """Return the number of lines before the table, the delimiter they give, and the last line if it is a comment."""
    skip, delimiter, heading = 0, None, None
    for line in lines:
        said = SEPARATOR.fullmatch(line.strip("\r\n \ufeff"))
        if said and skip == 0:
            delimiter, heading = said[1], None
        elif line.lstrip().startswith(COMMENTS):
            heading = line
        elif not line.strip():
            heading = None
        else:
            break
        skip += 1
    if skip == len(lines):  # texts that all begin like comments
        return 0, delimiter, None
    return skip, delimiter, heading if heading is not None and heading.startswith("#") else None


def _quote(source: Source, delimiter: str | None, format: Format) -> str:
    """Return the quote of cells. Most files of tabs have none, and a text in them can begin or end with a quote.

    If all lines have the same number of tabs, quotes count if each is closed in its line. Otherwise cells may hold line
    breaks: then quotes count if they give all rows the same number of cells, and no cell holds a whole row.
    """
    if source.kind != ".tsv" and delimiter != "\t":
        return '"'
    delimiter = delimiter or "\t"
    quoted, closed, widths = False, True, set()
    with open(source.path, encoding="utf-8", newline="\n") as file:
        for line in file:
            if line.strip("\r\n"):
                widths.add(line.count(delimiter))
            if '"' not in line:
                continue
            cells = [cell for cell in line.rstrip("\r\n").split(delimiter) if cell.startswith('"')]
            quoted = quoted or bool(cells)
            closed = closed and all(
                len(cell) > 1 and cell.endswith('"') and not cell[1:-1].replace('""', "").count('"') for cell in cells
            )
    alike = closed if len(widths) == 1 else _quotes_hold_breaks(source, delimiter)
    return '"' if quoted and alike else ""


def _quotes_hold_breaks(source: Source, delimiter: str) -> bool:
    widths = set()
    with open(source.path, encoding="utf-8", newline="") as file:
        try:
            for record in records(file, delimiter, '"'):
                widths.add(len(record.cells))
                if any("\n" in cell and delimiter in cell for cell in record.cells):
                    return False
        except csv.Error:
            return False
    return len(widths) == 1


def _delimiter(body: Sequence[str], whole: bool, kind: str, quote: str, format: Format) -> str:
    """Return the delimiter that cuts the first lines into cells alike, most of them numbers if several do."""
    candidates = CANDIDATES if format.decimal != "," else CANDIDATES[1:] + ","
    if kind == ".tsv" and any("\t" in line for line in body):
        return "\t"
    best, score = "", (0.0, 0.0)
    for delimiter in [*candidates, " "]:
        try:
            rows = [row.cells for row in _rows(body, delimiter, quote, whole)]
        except csv.Error:
            continue
        rows = rows[_titles(rows) :]
        width = Counter(map(len, rows[1:] or rows)).most_common(1)[0][0]
        cells = [cell for row in rows[1:] or rows for cell in row[1:]]
        numbers = sum(map(is_number, cells)) / max(1, len(cells))
        fits = width > 1 and len(rows[0]) in (width, width - 1)  # R leaves out the first name
        if fits and len(rows[0]) == 1 and not body[0].startswith('"'):  # one name over two columns: R, or texts
            fits = numbers > 0.5
        agrees = sum(len(row) == width for row in rows) / len(rows) if fits else 0.0
        if delimiter == " " and not _spaced(body[0], rows, width, format):
            continue
        if agrees > 0 and (agrees, numbers) > score:
            best, score = delimiter, (agrees, numbers)
    if score[0] >= 0.5:
        return best
    first = body[0]
    return max(candidates, key=first.count) if kind != ".tsv" else "\t"


def _spaced(first: str, rows: Sequence[Sequence[str]], width: int, format: Format) -> bool:
    """Return whether spaces cut a table, not texts: equal rows, of numbers or below quoted names (as R writes)."""
    if any(len(row) != width for row in rows[1:]):
        return False
    cells = [cell for row in rows[1:] or rows for cell in row[1:]]
    known = [cell for cell in cells if not cell or not is_unknown(cell, format.missing)]
    quoted = first.startswith('"') and first.count('"') == 2 * len(rows[0]) and len(rows) > 1
    return quoted or sum(map(is_number, known)) >= 0.9 * max(1, len(known))


def _rows(body: Sequence[str], delimiter: str, quote: str, whole: bool) -> list[Record]:
    """Return the records of the first lines, without one that is cut off at the end."""
    found: list[Record] = []
    try:
        for record in records(iter(body), delimiter, quote):
            found.append(record)
            if len(found) > ROWS:
                return found
    except csv.Error:
        if not found:
            raise
        return found
    return found if whole or len(found) < 2 else found[:-1]


def _are_years(cells: Sequence[str]) -> bool:
    """Return whether a row is a sequence of at least three years."""
    if len(cells) < 3 or not all(cell.strip().isdecimal() for cell in cells):
        return False
    return 1800 <= int(cells[0]) < 2200 and [*map(int, cells)] == [int(cells[0]) + i for i in range(len(cells))]


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]], missing: Sequence[str]) -> bool:
    """Return whether the first row holds names; these can be numbers, such as years."""
    if len(first) > 1 and not is_number(first[0]) and ID_NAME.fullmatch(first[0].strip()):
        return True  # a first column without a name (as pandas writes it), or called as names are
    others = [cell for cell in first[1:] or first if not is_unknown(cell, missing)]
    words = [cell for cell in others if not is_number(cell)]
    if len(words) * 2 > len(others):
        return True
    if _are_years(first):
        return bool(rest) and not any(_are_years(row) for row in rest)
    if words or len(others) < 3 or not all(cell.strip().isdecimal() for cell in others):
        return False
    numbers = [int(cell) for cell in ([*first] if is_number(first[0]) else others)]
    if numbers == [*range(len(first))] or not is_number(first[0]):
        steps = {b - a for a, b in pairwise(numbers)}
        below = [cell for row in rest for cell in row[1:] if not is_unknown(cell, missing)]
        whole = all(cell.strip().isdecimal() for cell in below)
        return min(steps) > 0 and bool(below) and (not whole or steps == {1} or len(numbers) >= 8)
    return False
