"""Tables: columns by name in the order of the file, alike from every format; a bad line is named."""

import json

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.tables import Format, open_table

ROWS = [{"reader": "ann", "n": 2, "text": "one, two"}, {"reader": "bob", "n": None, "text": 'a "b"'}]


def lines_of(rows):
    return "\n".join(json.dumps(row) for row in rows)


def csv_of(rows, between):
    def quoted(value):
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"' if set(text) & {between, '"'} else text

    return "\n".join(between.join(map(quoted, line)) for line in [list(rows[0]), *(row.values() for row in rows)])


FORMATS = {
    "a.csv": lambda: csv_of(ROWS, ","),
    "b.csv": lambda: csv_of(ROWS, ";"),
    "a.txt": lambda: csv_of(ROWS, "|"),
    "a.tsv": lambda: csv_of(ROWS, "\t"),
    "a.jsonl": lambda: lines_of(ROWS),
    "a.json": lambda: json.dumps(ROWS, indent=1),
}


def write(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def error_of(tmp_path, content, name="a.csv", column=None):
    with pytest.raises(DataError) as caught, open_table(write(tmp_path, content, name)) as table:
        table.numbers(column) if column else table.texts(table.names[0])
    assert str(tmp_path / name) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_every_text_format_gives_the_same_columns(tmp_path, name):
    with open_table(write(tmp_path, FORMATS[name](), name)) as table:
        assert (table.names, table.n_rows, table.notes) == (["reader", "n", "text"], 2, [])
        assert table.texts("text") == ["one, two", 'a "b"']
        assert table.texts("n") == ["2", None]
        np.testing.assert_array_equal(table.numbers("n"), [2, np.nan])


def test_parquet_keeps_types_and_tells_the_index_of_pandas(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"b": [1.5, 2.0], "B": ["u", "v"]}, index=pd.Index([7, 9], name="id"))
    frame.to_parquet(tmp_path / "a.parquet")
    with open_table(tmp_path / "a.parquet") as table:
        assert (table.names, table.index) == (["b", "B", "id"], ["id"])
        assert table.texts("id") == ["7", "9"]
        np.testing.assert_array_equal(table.numbers("b"), [1.5, 2])
        with pytest.raises(DataError, match=r"a\.parquet, row 1, column 'B': 'u' is not a number"):
            table.numbers("B")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match=r"a\.parquet cannot be read"):
        open_table(tmp_path / "a.parquet")


def test_codes_number_texts_as_they_appear(tmp_path):
    content = "reader\n" + "".join(f"{name}\n" for name in ("bob", " ann", "bob ", '" "', "10_1", "ann"))
    with open_table(write(tmp_path, content)) as table:
        names, codes = table.codes("reader")
    assert names == ["bob", "ann", "10_1"]
    assert codes.tolist() == [0, 1, 0, -1, 2, 1]
    assert codes.dtype == np.int64


def test_codes_keep_the_order_of_many_rows(tmp_path):
    drawn = np.random.default_rng(0).integers(0, 3000, 300_000)
    with open_table(write(tmp_path, "reader\n" + "\n".join(map(str, drawn)))) as table:
        names, codes = table.codes("reader")
    _, first = np.unique(drawn, return_index=True)
    assert names == [str(drawn[i]) for i in sorted(first)]
    np.testing.assert_array_equal(np.array(names, int)[codes], drawn)


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.csv", "a,b\n1,2\n\n3\n", ["line 4: 1 fields where the first line has 2"]),
        ("a.csv", '"a\nb",c\n1,2\n\n3,4\n5,x,6\n', ["line 6: 3 fields"]),
        ("a.csv", 'a,b\n"x,1\nz,2\n', ["line 2", "Close every quoted field"]),
        ("a.csv", "a,b\n1,2,3\n4,5,6\n", ["line 2: 3 fields"]),
        ("a.csv", "a,b,a\n1,2,3\n", ["two columns called 'a': columns 1 and 3"]),
        ("a.jsonl", '{"a": 1}\n\n{"a":\n', ["line 3 is not JSON"]),
        ("a.jsonl", '{"a": 1}\n' * 3000 + "{\n", ["line 3001 is not JSON"]),
        ("a.jsonl", "[1]\n", ["line 1 is JSON, but not an object"]),
        ("a.jsonl", "3\n", ["line 1 is JSON, but not an object"]),
        ("a.jsonl", "[" * 100_000, ["line 1 is not JSON"]),
        ("a.jsonl", '{"a": 1, "a": 2}\n', ["line 1", "two fields called 'a'"]),
        ("a.jsonl", '{"a": "x"}\n\n{"a": [1]}\n', ["line 3: field 'a' holds a list"]),
        ("a.json", '[{"a": 1}, 3]', ["record 2 is JSON, but not an object"]),
    ],
)
def test_a_bad_line_is_named(tmp_path, name, content, parts):
    message = error_of(tmp_path, content, name)
    for part in parts:
        assert part in message


def test_a_bad_cell_is_named_by_line_and_column(tmp_path):
    assert "line 5, column 'b': 'many' is not a number" in error_of(tmp_path, 'a,b\n"x\ny",2\n\nz,many\n', column="b")
    assert "line 3, column 'b': '10_1' is not a number" in error_of(tmp_path, "a,b\nx,2\ny,10_1\n", column="b")


def test_a_column_that_is_not_there_is_named_with_its_like(tmp_path):
    with open_table(write(tmp_path, "Reader,n\nx,1\n")) as table:
        with pytest.raises(DataError, match=r"no column 'raeder'; it has 'Reader', 'n'\. Did you mean 'Reader'\?"):
            table.texts("raeder")
        assert table.has("n")
        assert not table.has("reader")


def test_json_lines_end_at_line_feeds_alone(tmp_path):
    text = '{"a": "one\u2028two\u2029three\x85four"}\n{"b": 2}\n'
    with open_table(write(tmp_path, text, "a.jsonl")) as table:
        assert table.texts("a") == ["one\u2028two\u2029three\x85four", None]
        assert table.names == ["a", "b"]


def test_json_fields_keep_names_that_differ_by_case_or_hold_signs(tmp_path):
    row = {"r": "1", "R": "2", "a/b~c": "3", "q\"'": "4", "": "5"}
    with open_table(write(tmp_path, lines_of([row]), "a.jsonl")) as table:
        assert [table.texts(name) for name in row] == [["1"], ["2"], ["3"], ["4"], ["5"]]


def test_json_that_only_python_understands_is_read_all_the_same(tmp_path):
    text = '{"a": "x\\ud800y", "n": NaN}\n{"a": "\\ud83d\\ude00", "n": 2}\n'
    with open_table(write(tmp_path, text, "a.jsonl")) as table:
        assert table.texts("a") == ["x\ufffdy", "\U0001f600"]
        np.testing.assert_array_equal(table.numbers("n"), [np.nan, 2])


def test_a_late_field_of_json_is_found(tmp_path):
    with open_table(write(tmp_path, '{"a": 1}\n' * 2500 + '{"late": 5}\n', "a.jsonl")) as table:
        assert table.texts("late")[-1] == "5"
        assert table.names == ["a", "late"]


def test_cells_may_be_long(tmp_path):
    with open_table(write(tmp_path, "a,b\n1," + "x" * 5_000_000 + "\n2,y\n")) as table:
        assert [len(text) for text in table.texts("b")] == [5_000_000, 1]
    with open_table(write(tmp_path, json.dumps({"b": "x" * 20_000_000}), "a.jsonl")) as table:
        assert len(table.texts("b")[0]) == 20_000_000


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2", "-0,25"], [1.5, 2, -0.25]),
        (["1.234,5", "1.234", "0,5"], [1234.5, 1234, 0.5]),
        (['"1,234.5"', "7", "-"], [1234.5, 7, np.nan]),
        (["NA", "n/a", "#N/A", "null", "-", "nan", "3"], [np.nan] * 6 + [3]),
    ],
)
def test_numbers_are_written_in_many_ways(tmp_path, cells, expected):
    between = "," if '"' in cells[0] else ";"
    path = write(tmp_path, f"a{between}b\n" + "".join(f"x{between}{cell}\n" for cell in cells))
    with open_table(path) as table:
        np.testing.assert_array_equal(table.numbers("b"), expected)


def test_a_comma_that_can_be_read_in_two_ways_is_asked_about(tmp_path):
    path = write(tmp_path, "a;b\nx;1,234\ny;2,500\n")
    with open_table(path) as table, pytest.raises(DataError, match=r"'1,234' is 1\.234 or 1234\. Give decimal=','"):
        table.numbers("b")
    for decimal, expected in ((",", [1.234, 2.5]), (".", [1234, 2500])):
        with open_table(path, Format(decimal=decimal)) as table:
            np.testing.assert_array_equal(table.numbers("b"), expected)


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    with open_table(write(tmp_path, "a,b\n")) as table:
        assert (table.names, table.n_rows, table.texts("b")) == (["a", "b"], 0, [])
