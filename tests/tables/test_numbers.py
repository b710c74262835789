"""Reading matrices: every format keeps the numbers and names, and a bad cell is named by row and column."""

import builtins
import bz2
import gzip
import io
import lzma

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp

from partwise.exceptions import DataError, MissingExtraError
from partwise.tables import Format, read_numbers

X = np.array([[1.0, 0.0, 2.5], [0.0, 3.0, 0.0]])


def in_memory(write, array):
    content = io.BytesIO()
    write(content, array)
    return content.getvalue()


WRITERS = {
    "a.npy": lambda path: np.save(path, X),
    "dense.npz": lambda path: np.savez(path, X=X, names=np.array(["a", "b"])),
    "sparse.npz": lambda path: sp.save_npz(path, sp.csc_matrix(X)),
    "dense.mtx": lambda path: scipy.io.mmwrite(path, X),
    "sparse.mtx": lambda path: scipy.io.mmwrite(path, sp.coo_array(X)),
    "sparse.mtx.gz": lambda path: path.write_bytes(gzip.compress(in_memory(scipy.io.mmwrite, sp.coo_array(X)))),
    "a.csv": lambda path: path.write_text("1,0,2.5\n0,3,0\n"),
    "a.tsv.gz": lambda path: path.write_bytes(gzip.compress(b"1\t0\t2.5\n0\t3\t0\n")),
    "a.txt": lambda path: np.savetxt(path, X),
    "dense.npy.bz2": lambda path: path.write_bytes(bz2.compress(in_memory(np.save, X))),
    "sparse.mtx.xz": lambda path: path.write_bytes(lzma.compress(in_memory(scipy.io.mmwrite, sp.coo_array(X)))),
}


def error_of(path):
    with pytest.raises(DataError) as caught:
        read_numbers(path)
    return str(caught.value)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_keeps_the_numbers(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    read, rows, columns, notes, _ = read_numbers(path)
    assert sp.issparse(read) == name.startswith("sparse")
    np.testing.assert_array_equal(read.toarray() if sp.issparse(read) else read, X)
    assert rows is columns is None
    assert not notes


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_arrays_keep_their_dtype(tmp_path, dtype):
    np.save(tmp_path / "a.npy", X.astype(dtype))
    assert read_numbers(tmp_path / "a.npy").X.dtype == dtype


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("a,b,c\n1,0,2.5\n0,3,0\n", None, ["a", "b", "c"]),
        ("s,a,b,c\nx,1,0,2.5\ny,0,3,0\n", ["x", "y"], ["a", "b", "c"]),
        (",a,b,c\n0,1,0,2.5\n1,0,3,0\n", ["0", "1"], ["a", "b", "c"]),
        ("x,1,0,2.5\ny,0,3,0\n", ["x", "y"], None),
    ],
)
def test_names_of_rows_and_columns_are_found(tmp_path, text, rows, columns):
    (tmp_path / "a.csv").write_text(text)
    read = read_numbers(tmp_path / "a.csv")
    np.testing.assert_array_equal(read.X, X)
    assert (read.row_names, read.column_names) == (rows, columns)


def test_an_empty_cell_is_nan(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,\n")
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.csv").X, [[1, np.nan]])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b\n1,2\n3,many\n", ["line 3", "column 'b'", "'many'"]),
        ("1,2\n3,4\n5,x\n", ["line 3", "column 2", "'x'"]),
        ("x,oops,2\ny,3,4\n", ["line 1", "column 2", "'oops'"]),
        ("a,b\n1,2\n3\n", ["line 3", "1 fields"]),
        ("a,b\n", ["no rows"]),
        ("name\nx\ny\n", ["single column"]),
        ("", ["is empty"]),
    ],
)
def test_a_bad_table_is_named_by_line_and_column(tmp_path, text, parts):
    (tmp_path / "a.csv").write_text(text)
    message = error_of(tmp_path / "a.csv")
    for part in ["a.csv", *parts]:
        assert part in message


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (np.ones(3), "shape (3,)"),
        (np.ones((0, 3)), "without a single entry"),
        (np.ones((2, 2), dtype=complex), "complex128"),
        (np.array([["a"]]), "real numbers"),
    ],
)
def test_an_array_that_is_no_matrix_of_real_numbers_is_refused(tmp_path, array, part):
    np.save(tmp_path / "a.npy", array)
    assert part in error_of(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mtx", "a.mtx.gz", "a.csv.gz"])
def test_a_damaged_file_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x93NUMPY nonsense")
    assert name in error_of(tmp_path / name)


def test_an_unknown_suffix_is_refused_with_those_that_are_read(tmp_path):
    assert ".npz, .mtx" in error_of(tmp_path / "a.docx")


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.mtx"])
def test_a_missing_file_raises_what_python_raises(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        read_numbers(tmp_path / name)


@pytest.mark.parametrize("name", ["a.xlsx", "a.h5ad", "a.zarr"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch, name):
    real = builtins.__import__

    def without_extras(module, *rest):
        if module in ("python_calamine", "anndata"):
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without_extras)
    with pytest.raises(MissingExtraError, match=r'pip install "partwise\[io\]"'):
        read_numbers(tmp_path / name)


@pytest.mark.parametrize(
    ("index", "rows", "columns"),
    [
        (None, None, ["a", "b", "c"]),
        (["x", "y"], ["x", "y"], ["a", "b", "c"]),
        (pd.Index([7, 9], name="customer"), ["7", "9"], ["a", "b", "c"]),
        ("a", ["1", "0"], ["b", "c"]),
        (["a", "c"], ["1_2.5", "0_0"], ["b"]),
    ],
)
def test_the_index_of_pandas_in_parquet_names_the_rows(tmp_path, index, rows, columns):
    frame = pd.DataFrame(X, columns=list("abc"))
    named = [index] if isinstance(index, str) else index
    frame = (
        frame.set_index(named)
        if isinstance(named, list) and {*named} <= {*"abc"}
        else frame.set_axis(frame.index if index is None else index)
    )
    frame.to_parquet(tmp_path / "a.parquet")
    read = read_numbers(tmp_path / "a.parquet")
    assert (read.row_names, read.column_names) == (rows, columns)
    np.testing.assert_array_equal(read.X, frame.to_numpy())


def test_parquet_may_hold_any_kind_of_number(tmp_path):
    kinds = ["int8", "uint64", "float32", "bool", "Int32", "float64"]
    frame = pd.DataFrame({kind: pd.Series([1, 0], dtype=kind) for kind in kinds})
    frame.loc[1, "Int32"] = pd.NA
    frame.to_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.parquet").X, [[1] * 6, [0] * 4 + [np.nan, 0]])


def test_parquet_with_a_column_of_text_is_refused_by_its_name(tmp_path):
    pd.DataFrame({"a": [1, 0], "b": ["u", "v"]}).to_parquet(tmp_path / "a.parquet")
    assert "column 'b' holds VARCHAR" in error_of(tmp_path / "a.parquet")
    assert read_numbers(tmp_path / "a.parquet", format=Format(columns=("a",))).column_names == ["a"]
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    assert "a.parquet cannot be read" in error_of(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("name,2001,2002\nx,1,2\ny,3,4\n", ["x", "y"], ["2001", "2002"]),
        ("id,a,b\n7,1,2\n8,3,4\n", ["7", "8"], ["a", "b"]),
    ],
)
def test_a_first_column_called_as_names_are_names_the_rows(tmp_path, text, rows, columns):
    path = tmp_path / "table.csv"
    path.write_text(text)
    found = read_numbers(path)
    np.testing.assert_array_equal(found.X, [[1, 2], [3, 4]])
    assert (found.row_names, found.column_names) == (rows, columns)


@pytest.mark.parametrize(
    ("text", "expected", "columns"),
    [
        ("a;b\n1,5;2\n0;0,25\n", [[1.5, 2], [0, 0.25]], ["a", "b"]),
        ("1,5;2,5\n0,5;0,25\n", [[1.5, 2.5], [0.5, 0.25]], None),
        ("a;b\n1.234,5;2\n3;1.234\n", [[1234.5, 2], [3, 1234]], ["a", "b"]),
        ("1,5 2,5\n0,5 0,25\n", [[1.5, 2.5], [0.5, 0.25]], None),
        ("a\tb\n1,5\t2\n-\tN/A\n", [[1.5, 2], [np.nan, np.nan]], ["a", "b"]),
        ('a,b\n"1,234",2\n"3,500.5",1\n', [[1234, 2], [3500.5, 1]], ["a", "b"]),
        ("a;b\n1.234;2\n3.500;0.234\n", [[1.234, 2], [3.5, 0.234]], ["a", "b"]),
        ("a;b\n1.234;2000\n3.500;1\n", [[1.234, 2000], [3.5, 1]], ["a", "b"]),
        ("a;b\n1.234.567;2\n3.500;1\n", [[1234567, 2], [3500, 1]], ["a", "b"]),
        ("a;b\n1\u00a0234,5;2\n3\u202f500;1,5\n", [[1234.5, 2], [3500, 1.5]], ["a", "b"]),
        ("a,b\n1'234.5,2\n3 500,1.5\n", [[1234.5, 2], [3500, 1.5]], ["a", "b"]),
    ],
)
def test_decimal_commas_and_marks_between_thousands_are_found(tmp_path, text, expected, columns):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    read = read_numbers(tmp_path / "a.csv")
    np.testing.assert_array_equal(read.X, expected)
    assert read.column_names == columns


@pytest.mark.parametrize("text", ["a;b\n1.234;2\n3.500;1\n", "a;b\n1,234;2\n3,500;1\n", 'a,b\n"1,234",2\n"3,500",1\n'])
def test_numbers_that_can_be_read_in_two_ways_are_asked_about(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert "Give decimal='" in error_of(path)
    point, comma = (".", ",") if "1.234" in text else (",", ".")
    np.testing.assert_array_equal(read_numbers(path, format=Format(decimal=point)).X, [[1.234, 2], [3.5, 1]])
    np.testing.assert_array_equal(read_numbers(path, format=Format(decimal=comma)).X, [[1234, 2], [3500, 1]])


def test_a_point_among_decimal_commas_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\n1,5;2\n3.5;1\n")
    assert "line 3, column 'a': '3.5' is not a number (the others have a decimal comma)" in error_of(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        "a,b,\n1,2,\n3,4,\n",
        "a,b\n1,2,\n3,4,\n",
        "sep=;\na;b\n1;2\n3;4\n",
        "# made by a program\n# on a day\na,b\n1,2\n\n3,4",
        "\ufeffa|b\r\n1|2\r\n3|4\r\n",
        'a,b\n"1",2\n3,"4"\n',
        "a, b\n 1, 2\n 3, 4\n",
    ],
)
def test_a_table_is_read_as_it_is_meant(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    read = read_numbers(tmp_path / "a.csv")
    np.testing.assert_array_equal(read.X, [[1, 2], [3, 4]])
    assert (read.row_names, read.column_names) == (None, ["a", "b"])


WIDE = 100


@pytest.mark.parametrize(
    ("name", "last"), [("s{}", "1"), ('"s{}"', "NA"), ('"s,{}"', '""'), ('"s""{}"', "-"), ("'s{}", '"7"')]
)
def test_wide_tables_are_read_as_narrow_ones(tmp_path, name, last):
    cells = np.random.default_rng(0).integers(0, 9, (5, WIDE)).astype(str)
    cells[-1, -1] = last
    header = ",".join(["", *(f'"c{j}"' for j in range(WIDE))])
    rows = [",".join([name.format(i), *row]) for i, row in enumerate(cells)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]) + "\n")
    read = read_numbers(tmp_path / "a.csv")
    cells[-1, -1] = {"1": "1", '"7"': "7"}.get(last, "nan")
    np.testing.assert_array_equal(read.X, cells.astype(float))
    bare = name.strip("'") if name[0] == "'" else name.strip('"').replace('""', '"')
    assert read.row_names == [bare.format(i) if name[0] != "'" else f"'s{i}" for i in range(5)]
    assert read.column_names == [f"c{j}" for j in range(WIDE)]


@pytest.mark.parametrize(
    ("row", "part"), [("1,2", "line 4: 2 fields"), (f"x,{'1,' * 98}zz,1", "line 4, column 'c98': 'zz'")]
)
def test_a_bad_line_of_a_wide_table_is_named(tmp_path, row, part):
    header = ",".join(["id", *(f"c{j}" for j in range(WIDE))])
    (tmp_path / "a.csv").write_text(f"{header}\n{'r,' + '1,' * 99}1\n\n{row}\n")
    assert part in error_of(tmp_path / "a.csv")


@pytest.mark.parametrize("width", [2, WIDE])
def test_a_name_may_be_megabytes_long(tmp_path, width):
    rows = [",".join([name, *["1"] * width]) for name in ("x" * 3_000_000, "y")]
    (tmp_path / "a.csv").write_text("\n".join([",".join(["id", *(f"c{j}" for j in range(width))]), *rows]))
    read = read_numbers(tmp_path / "a.csv")
    assert [len(name) for name in read.row_names] == [3_000_000, 1]
    assert (read.X == 1).all()


def test_columns_are_chosen_by_name_or_pattern(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,s1,note,s2,"a,b"\nx,1,hello,2,3\n')
    for asked, expected in {("s*",): ["s1", "s2"], ("s2,s1",): ["s2", "s1"], ("a,b", "s1"): ["a,b", "s1"]}.items():
        read = read_numbers(path, format=Format(columns=asked))
        assert (read.row_names, read.column_names) == (["x"], expected)
    assert "'note': 'hello' is not a number" in error_of(path)
    with pytest.raises(DataError, match=r"no column 'S1'; it has .* Did you mean 's1'"):
        read_numbers(path, format=Format(columns=("S1",)))


def test_rows_and_columns_are_turned_with_their_names(tmp_path):
    (tmp_path / "a.tsv").write_text("gene\ts1\ts2\nx\t1\t2\ny\t3\t4\nz\t5\t6\n")
    read = read_numbers(tmp_path / "a.tsv", format=Format(transpose=True))
    np.testing.assert_array_equal(read.X, [[1, 3, 5], [2, 4, 6]])
    assert (read.row_names, read.column_names) == (["s1", "s2"], ["x", "y", "z"])


def test_json_lines_are_a_matrix_too(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "x", "a": 1, "b": null}\n{"id": "y", "b": "2.5"}\n')
    read = read_numbers(tmp_path / "a.jsonl")
    np.testing.assert_array_equal(read.X, [[1, np.nan], [np.nan, 2.5]])
    assert (read.row_names, read.column_names) == (["x", "y"], ["a", "b"])


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.csv", {"layer": "counts"}),
        ("a.npy", {"decimal": ","}),
        ("a.npy", {"index_column": "id"}),
        ("a.npy", {"layer": "X"}),
        ("a.parquet", {"encoding": "cp1252"}),
        ("a.jsonl", {"delimiter": ";"}),
        ("sparse.npz", {"layer": "counts"}),
    ],
)
def test_a_setting_that_says_nothing_about_a_file_is_refused(tmp_path, name, settings):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    np.save(tmp_path / "a.npy", frame.to_numpy())
    sp.save_npz(tmp_path / "sparse.npz", sp.csr_matrix(frame.to_numpy()))
    with pytest.raises(DataError, match=next(iter(settings))):
        read_numbers(tmp_path / name, format=Format(**settings))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_tens_of_thousands_of_columns_is_read(tmp_path, ending):
    """Each column is found by one look: as many looks as columns would make a square of them."""
    wide = pd.DataFrame(np.arange(40_000.0).reshape(2, 20_000), columns=[f"g{i}" for i in range(20_000)])
    path = tmp_path / f"wide.{ending}"
    wide.to_csv(path, index=False) if ending == "csv" else wide.to_parquet(path)
    read = read_numbers(path)
    assert (wide.to_numpy() == read.X).all()
    assert read.column_names == list(wide.columns)
