"""Uploaded files of articles and of reads: what is good in them, and what is refused and why."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from partwise.exceptions import DataError, PartwiseError, shown
from partwise.portal.articles import Article, add_articles
from partwise.portal.bodies import ArticleIn, EventIn
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events
from partwise.portal.faults import said_of
from partwise.portal.upload_rows import KINDS, Row, rows_of
from partwise.tables.cells import is_missing
from partwise.tables.dates import read_times
from partwise.tables.format import plural
from partwise.tables.table import quoted_names

__all__ = ["COLUMNS", "Refused", "Upload", "read_upload", "store_upload"]

COLUMNS = {
    "articles": ("id", "text", "title", "time", "section", "url"),
    "events": ("reader", "article", "time", "strength", "key"),
}
"""The columns that a file of each kind can have."""
NEEDED = {"articles": ("id", "text"), "events": ("reader", "article", "time")}
BATCH = 1_000
"""Rows that are stored at a time."""
SHOWN = 100
"""Refused rows that are told one by one."""
TRIES = 50
"""Most times of a column that are refused one by one; with more of them the format is unclear."""
SAID = {
    "string_pattern_mismatch": "it holds a control character, such as a line break. Take it out",
    "string_too_short": "the cell is empty",
    "missing": "the cell is empty",
}
"""Words for what a row's check finds, where those for a request do not fit."""
YEAR = 31_536_000.0
"""Seconds of 1970."""


@dataclass(frozen=True)
class Refused:
    """A row or file that is refused: where it is, the column, and why."""

    where: str
    column: str
    why: str


@dataclass
class Upload:
    """What was found in a file.

    Attributes
    ----------
    kind : {'articles', 'events'}
        What its rows are.
    rows : list of Article or of Event
        The good rows.
    refused : list of Refused
        The first faults.
    n_refused : int
        All faults.
    notes : list of str
        What was guessed.
    """

    kind: str
    rows: list[Any] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    n_refused: int = 0
    notes: list[str] = field(default_factory=list)

    def refuse(self, where: str, column: str, why: str) -> None:
        """Note a fault."""
        self.n_refused += 1
        if len(self.refused) < SHOWN:
            self.refused.append(Refused(where, column, why))


def read_upload(path: Path, kind: str, stored: Callable[[str], str] = str) -> Upload:
    """Read a file of articles or of reads.

    Parameters
    ----------
    path : Path
        The file; its ending tells the format.
    kind : {'articles', 'events'}
        What its rows are.
    stored : callable
        Returns what is stored for the id of a reader, or for the key of a read.

    Returns
    -------
    Upload
        The good rows, and the faults of the others.
    """
    upload = Upload(kind)
    if path.suffix not in KINDS:
        ending = f"the file ends in {path.suffix}" if path.suffix else "the name of the file has no ending"
        upload.refuse("", "", f"{ending}. Give one that ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
        return upload
    try:
        rows = rows_of(path, (*COLUMNS[kind], "article"), upload.notes)
        good = [*_known(rows, upload, path.suffix not in (".json", ".jsonl"))]
        if not good and not upload.n_refused:
            raise DataError("the file has no rows. Give at least one.")
        times = _times([cells.get("time") for _, cells in good], [where for where, _ in good], upload)
    except PartwiseError as error:
        upload.refuse("", "", str(error).replace(str(path), "the file"))
        return upload
    except UnicodeError as error:
        upload.refuse("", "", f"the file cannot be read ({type(error).__name__}). Write it again as UTF-8.")
        return upload
    seen: dict[str, str] = {}
    for (where, cells), time in zip(good, times, strict=True):
        if time is False:
            continue
        try:
            made = _article(cells, time) if kind == "articles" else _event(cells, time, stored)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            said = SAID.get(fault["type"]) or said_of(fault)
            upload.refuse(where, str(fault["loc"][0]), f"{said}.")
            continue
        if isinstance(made, Article):
            if made.id in seen:
                why = f"{shown(made.id)} is in {seen[made.id]} already. Keep one row for each article."
                upload.refuse(where, "id", why)
                continue
            seen[made.id] = where
        upload.rows.append(made)
    return upload


def store_upload(db: Database, upload: Upload) -> dict[str, int]:
    """Store the good rows of an upload; return how many were taken, and how many were there before.

    Returns
    -------
    dict
        ``kept``, and ``changed`` (articles with other contents) or ``duplicates`` (reads).
    """
    told = {"kept": 0, "changed": 0, "duplicates": 0}
    for first in range(0, len(upload.rows), BATCH):
        batch = upload.rows[first : first + BATCH]
        if upload.kind == "articles":
            taken = add_articles(db, batch)
            told["changed"] += taken.changed
            told["kept"] += taken.accepted
        else:
            added = add_events(db, batch)
            told["duplicates"] += added.duplicates
            told["kept"] += added.accepted
    return told


def _known(rows: Iterable[Row], upload: Upload, same: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the cells of rows that can be read; of rows with the `same` columns, the first is checked."""
    for row in rows:
        if row.fault:
            upload.refuse(row.where, "", row.fault)
            continue
        cells = {name.strip().lower(): cell for name, cell in row.cells.items()}
        if upload.kind == "articles" and "id" not in cells and "article" in cells:
            cells["id"] = cells["article"]
        lacking = [name for name in NEEDED[upload.kind] if name not in cells]
        if same and lacking:
            raise DataError(
                f"there is no column {lacking[0]!r}; the file has {quoted_names([*row.cells])}. Rename one."
            )
        yield row.where, cells


def _times(cells: list[Any], places: list[str], upload: Upload) -> list[Any]:
    """Return the times of a column in seconds since 1970: None where the cell is empty, False where it is refused."""
    given = [cell if isinstance(cell, str | int | float) else None if cell is None else repr(cell) for cell in cells]
    if all(map(_is_empty, given)):
        return [None] * len(given)
    refused: set[int] = set()
    at = -1

    def row(i: int) -> str:
        nonlocal at
        at = i
        return places[i]

    while True:
        at = -1
        try:
            found = read_times(given, "column 'time'", row, relative=upload.kind == "events")
            break
        except DataError:
            if at < 0 or at in refused or len(refused) == TRIES:
                raise
            why = f"{shown(given[at])} is not a date or time. Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ."
            upload.refuse(places[at], "time", why)
            refused.add(at)
            given[at] = None
    if found.note:
        upload.notes.append(f"column 'time': {found.note}")
    read = [False if i in refused else None if s != s else s for i, s in enumerate(found.seconds.tolist())]
    pairs = zip(given, read, strict=True)
    early = [cell for cell, s in pairs if isinstance(s, float) and 0 <= s < YEAR and _is_number(cell)]
    if early:
        said = f"{plural(len(early), 'number')} such as {early[0]} lie in 1970, as numbers are seconds since 1970"
        upload.notes.append(f"column 'time': {said}. Give dates if the log counts from another time")
    return read


def _article(cells: dict[str, Any], time: float | None) -> Article:
    given = {name: _text(cells[name], name) for name in COLUMNS["articles"] if not is_missing(cells.get(name))}
    return Article(**ArticleIn.model_validate(given | {"time": time}).model_dump())


def _event(cells: dict[str, Any], time: float | None, stored: Callable[[str], str]) -> Event:
    given = {name: _text(cells[name], name) for name in COLUMNS["events"] if not _is_empty(cells.get(name))}
    # A strength is a text in most files. Without a key, one is made below, of the name that is stored.
    read = EventIn.model_validate({"key": "-", **given, "time": "" if time is None else time}, strict=False)
    reader = stored(read.reader)
    if "key" in given:
        key = stored(read.key)
    else:
        made = json.dumps([reader, read.article, read.time])
        key = f"upload-{hashlib.sha256(made.encode()).hexdigest()}"
    return Event(**read.model_dump() | {"key": key, "reader": reader})


def _is_empty(cell: Any) -> bool:
    return is_missing(cell) or cell == ""


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _text(cell: Any, name: str) -> Any:
    """Return a cell as text where it is a text or a number; the check of the row refuses other things."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return cell
    text = str(cell).encode("utf-8", "replace").decode()  # JSON can hold half a surrogate pair
    return text if name in ("text", "title") else text.strip()
