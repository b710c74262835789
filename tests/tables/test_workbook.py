"""Sheets of .xlsx: read as any other table, with rows as they are numbered there."""

import datetime

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.tables import Format, open_table, read_numbers

xlsxwriter = pytest.importorskip("xlsxwriter", reason="needs partwise[io]")
pytest.importorskip("python_calamine", reason="needs partwise[io]")


def write(path, **sheets):
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    book.close()
    return path


def test_a_sheet_is_a_matrix_with_names(tmp_path):
    rows = [["gene", "a", "b"], [], ["x|y", 1.5, 1.234], ["two\nlines", 2, "NA"]]
    read = read_numbers(write(tmp_path / "a.xlsx", one=rows))
    np.testing.assert_array_equal(read.X, [[1.5, 1.234], [2, np.nan]])
    assert (read.row_names, read.column_names, [*read.notes]) == (["x|y", "two\nlines"], ["a", "b"], [])


def test_a_bad_cell_is_named_by_its_row_in_the_sheet(tmp_path):
    path = write(tmp_path / "a.xlsx", one=[["gene", "a", "b"], [], ["x\ny", 1, 2], ["z", 3, "many"]])
    with pytest.raises(DataError, match=r"a\.xlsx, row 4, column 'b': 'many' is not a number"):
        read_numbers(path)


def test_texts_dates_and_whole_numbers_are_as_they_are_shown(tmp_path):
    rows = [["id", "day"], [7, datetime.date(2020, 2, 1)], [8, datetime.datetime(2020, 2, 1, 12, 30)]]
    with open_table(write(tmp_path / "a.xlsx", one=rows)) as table:
        assert table.texts("id") == ["7", "8"]
        assert table.texts("day")[0] == "2020-02-01"


def test_a_sheet_is_chosen_by_name_and_the_first_filled_one_is_told(tmp_path):
    path = write(tmp_path / "a.xlsx", blank=[], one=[["a"], [1]], two=[["a"], [2]])
    read = read_numbers(path)
    assert read.X == [[1]]
    assert "sheet 'one' was read; give layer='two' for the next" in read.notes[0]
    assert read_numbers(path, format=Format(layer="two")).X == [[2]]
    with pytest.raises(DataError, match=r"no sheet 'tow'; it has blank, one, two\. Did you mean 'two'"):
        read_numbers(path, format=Format(layer="tow"))


def test_a_file_that_is_no_workbook_is_refused_by_name(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK nonsense")
    with pytest.raises(DataError, match=r"a\.xlsx cannot be read"):
        read_numbers(tmp_path / "a.xlsx")
