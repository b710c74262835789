"""Tables of results: every format says the same, a spreadsheet runs nothing, and a table is there whole or not."""

import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from partwise.exceptions import DataError, MissingExtraError
from partwise.io.endings import ENDINGS
from partwise.tables.writing import write_table

TABLE = {
    "id": ["=1+1", 'b,"c"\t;', "naïve\nline", None],
    "topic": [0, 1, None, np.int64(3)],
    "share": np.array([1 / 3, np.nan, 123456789.0, 2.5e-9]),
}
ROUNDED = [0.333333, None, 123457000.0, 2.5e-9]


def rows_of(path):
    """The cells of a sheet, read without a library: the text of each cell as the file spells it."""
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize(("ending", "separator"), [(".csv", ","), (".tsv", "\t")])
@pytest.mark.parametrize("batches", [1, 2])
def test_csv_and_tsv_hold_each_cell_and_six_digits(tmp_path, ending, separator, batches):
    path = tmp_path / f"a{ending}"
    write_table(path, iter([TABLE] * batches))
    found = pd.read_csv(path, sep=separator, dtype={"topic": "Int64"}, lineterminator="\n")
    assert found["id"].tolist()[:3] == ["'=1+1", 'b,"c"\t;', "naïve\nline"]
    assert len(found) == 4 * batches
    assert found["topic"].tolist()[3] == 3
    assert found["share"].fillna(-1).tolist()[:4] == [-1 if x is None else x for x in ROUNDED]
    assert found["topic"].isna().tolist()[:3] == [False, False, True]


def test_json_and_json_lines_hold_the_same_rows(tmp_path):
    write_table(tmp_path / "a.json", [TABLE, TABLE])
    write_table(tmp_path / "a.jsonl", [TABLE, TABLE])
    rows = json.loads((tmp_path / "a.json").read_text())
    assert rows == [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [row["share"] for row in rows] == ROUNDED * 2
    assert [row["topic"] for row in rows[:4]] == [0, 1, None, 3]
    assert rows[0]["id"] == "=1+1"  # nothing runs what stands in JSON


def test_parquet_keeps_types_and_every_digit(tmp_path):
    write_table(tmp_path / "a.parquet", [TABLE, TABLE])
    found = pq.read_table(tmp_path / "a.parquet")
    assert [str(field.type) for field in found.schema] == ["string", "int64", "double"]
    assert found["id"].to_pylist() == TABLE["id"] * 2
    assert found["share"].to_pylist() == [1 / 3, None, 123456789.0, 2.5e-9] * 2


def test_a_sheet_marks_texts_as_texts_and_numbers_as_numbers(tmp_path):
    write_table(tmp_path / "a.xlsx", TABLE)
    sheet = rows_of(tmp_path / "a.xlsx")
    assert '<c r="A2" t="inlineStr"><is><t>=1+1</t></is></c>' in sheet
    assert '<c r="C2"><v>0.333333</v></c>' in sheet
    assert "<f>" not in sheet
    assert 'r="C3"' not in sheet  # NaN is an empty cell
    assert 'state="frozen"' in sheet


def test_the_digits_can_be_all(tmp_path):
    write_table(tmp_path / "a.csv", {"x": [1 / 3]}, digits=None)
    assert (tmp_path / "a.csv").read_text() == f"x\n{1 / 3}\n"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_table_without_rows_has_its_columns_and_an_old_file_survives_a_failure(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_table(path, {"id": [], "share": []})
    before = path.read_bytes()

    def fails():
        yield TABLE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_table(path, fails())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_half_a_character_is_written_as_a_question_mark(tmp_path):
    for ending in (".csv", ".xlsx", ".parquet"):
        write_table(tmp_path / f"a{ending}", {"id": ["a\ud800b"]})
    assert (tmp_path / "a.csv").read_text() == "id\na?b\n"
    assert pq.read_table(tmp_path / "a.parquet")["id"].to_pylist() == ["a?b"]


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ({f"c{j}": [1] for j in range(2**14 + 1)}, "16,384 columns"),
        ({"text": ["x" * 32_768]}, "row 1 of column 'text' has 32,768 characters"),
    ],
)
def test_what_excel_does_not_open_is_refused(tmp_path, table, part):
    with pytest.raises(DataError, match=part):
        write_table(tmp_path / "a.xlsx", table)
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("partwise.tables.writing.EXCEL_ROWS", 3)
    write_table(tmp_path / "a.xlsx", {"x": [1, 2]})
    with pytest.raises(DataError, match="3 rows"):
        write_table(tmp_path / "a.xlsx", {"x": [1, 2, 3]})


def test_xlsx_without_its_library_is_an_error_that_names_the_extra(tmp_path, without):
    without("xlsxwriter")
    with pytest.raises(MissingExtraError, match=r"partwise\[io\]"):
        write_table(tmp_path / "a.xlsx", {"x": [1]})
