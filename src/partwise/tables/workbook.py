"""Sheets of .xlsx files, written to a delimited file that is read as any other."""

import csv
import datetime
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from partwise.exceptions import DataError, MissingExtraError, likely
from partwise.io.files import open_file
from partwise.tables.delimited import Delimited
from partwise.tables.format import Format
from partwise.tables.source import Source

__all__ = ["open_workbook"]

DELIMITER = "|"
"""Between cells of the file that is written: no decimal mark, and not the semicolon of a European Excel."""


def open_workbook(path: str | Path, format: Format, folder: str, header: bool | None, threads: int | None) -> Delimited:
    """Open a sheet as a table: the one that `format.layer` names, or the first that holds anything."""
    try:
        import python_calamine
    except ImportError as error:
        raise MissingExtraError(
            'reading .xlsx files needs python-calamine, which is not installed: pip install "partwise[io]".'
        ) from error
    with open_file(path) as file:
        try:
            book = python_calamine.CalamineWorkbook.from_filelike(file)
            sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
        except Exception as error:  # of a library that raises one for each kind of damage
            raise DataError(f"{path} cannot be read: {error}. Save it again as .xlsx, or as csv.") from error
    name, notes = _chosen(sheets, format.layer, str(path))
    text = os.path.join(folder, "sheet")
    source = Source(str(path), ".csv", text, notes)
    places = _write(sheets[name], text)
    return Delimited(source, replace(format, delimiter=DELIMITER), folder, header, threads, places)


def _chosen(sheets: dict[str, list[list[Any]]], asked: str | None, path: str) -> tuple[str, list[str]]:
    if asked is not None:
        if asked not in sheets:
            raise DataError(f"{path} has no sheet {asked!r}; it has {', '.join(sheets)}.{likely(asked, sheets)}")
        return asked, []
    filled = [name for name, rows in sheets.items() if any(cell != "" for row in rows for cell in row)]
    if not filled:
        raise DataError(f"{path} is empty. Give a file with at least one row of data.")
    if len(filled) == 1:
        return filled[0], []
    return filled[0], [f"{path}: sheet {filled[0]!r} was read; give layer={filled[1]!r} for the next"]


def _write(rows: Sequence[Sequence[Any]], path: str) -> list[int]:
    """Write the rows that hold anything, and return for each line of the file the row of the sheet."""
    places: list[int] = []
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=DELIMITER, lineterminator="\n")
        for number, row in enumerate(rows, 1):
            cells = [_text(cell) for cell in row]
            if any(cells):
                writer.writerow(cells)
                places += [number] * (1 + sum(cell.count("\n") for cell in cells))
    return places


def _text(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, as Excel shows them, and dates in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("\r\n", "\n").replace("\r", "\n")
