"""Which column names the rows: a guess is told with the way to say otherwise, and is never made in silence."""

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.tables import Format, read_numbers

N = 30
X = np.random.default_rng(0).poisson(2.0, (N, 4))
SHUFFLED = np.random.default_rng(1).permutation(N)


def read(tmp_path, header, firsts, **format):
    lines = [";".join([header, "a", "b", "c", "d"])] + [
        ";".join([str(first), *map(str, row)]) for first, row in zip(firsts, X, strict=False)
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    return read_numbers(tmp_path / "a.csv", format=Format(**format))


GUESSED = {
    "gene_id": ("gene_id", SHUFFLED + 7157),
    "GeneID": ("GeneID", SHUFFLED + 7157),
    "repeated": ("customer_id", SHUFFLED // 2),
    "date": ("date", SHUFFLED + 20200101),
    "dates under another name": ("when", SHUFFLED + 20200101),
    "year": ("year", range(1990, 1990 + N)),
    "rising": ("nm", range(400, 400 + N)),
    "counted": ("x", range(N)),
    "large": ("entrez", SHUFFLED + 7157),
    "id twice": ("id", [1] * N),
    "conditions": ("group", ["ill", "well"] * 15),
    "prices": ("price", [f"$ {i},5" for i in range(N)]),
    "shares": ("share", [f"{i}%" for i in range(N)]),
}


@pytest.mark.parametrize("kind", GUESSED)
def test_a_guess_that_a_column_names_the_rows_is_told(tmp_path, kind):
    header, firsts = GUESSED[kind]
    found = read(tmp_path, header, firsts)
    assert found.row_names == [str(first) for first in firsts]
    np.testing.assert_array_equal(found.X, X)
    (note,) = found.notes
    assert f"column {header!r} was read as names of rows" in note
    assert "give index_column='none'" in note


@pytest.mark.parametrize("odd", ["2310009E13", "INF", "7", "nan", "1_2", "1e5"])
def test_one_name_among_words_may_look_like_a_number(tmp_path, odd):
    names = [f"gene{i}" for i in range(N)]
    names[4] = odd
    found = read(tmp_path, "gene", names)
    assert found.row_names == names
    assert [note for note in found.notes if "mostly words (29 of 30)" in note] == list(found.notes)


SURE = {
    "": range(N),
    "Unnamed: 0": range(N),
    "id": SHUFFLED,
    "sample": [f"s{i}" for i in range(N)],
    "plate": [f"{i + 10}_{i % 3 + 1}" for i in range(N)],
    "day": [f"2020-01-{i + 1:02}" for i in range(N)],
}


@pytest.mark.parametrize("header", SURE)
def test_what_surely_names_the_rows_needs_no_word(tmp_path, header):
    found = read(tmp_path, header, SURE[header])
    assert found.row_names == [str(first) for first in SURE[header]]
    assert not found.notes


DATA = {"acid": np.round(SHUFFLED / 7 + 3, 2), "fluid": SHUFFLED // 3, "time": np.round(SHUFFLED / 7 + 1, 2)}


@pytest.mark.parametrize("header", DATA)
def test_measurements_are_data_whatever_they_are_called(tmp_path, header):
    found = read(tmp_path, header, DATA[header])
    assert (found.row_names, found.column_names) == (None, [header, "a", "b", "c", "d"])
    np.testing.assert_array_equal(found.X[:, 0], DATA[header])


def test_different_whole_numbers_that_may_be_data_are_told_to_be_taken_for_it(tmp_path):
    found = read(tmp_path, "area", SHUFFLED * 3 + 5)
    assert found.column_names[0] == "area"
    assert (
        "column 'area' holds different whole numbers, and was read as data; give index_column='area'" in found.notes[0]
    )


def test_the_user_s_word_counts(tmp_path):
    assert read(tmp_path, "gene_id", range(N), index_column="none").column_names[0] == "gene_id"
    found = read(tmp_path, "x", SHUFFLED, index_column="c")
    assert (found.row_names, found.column_names) == ([str(x) for x in X[:, 2]], ["x", "a", "b", "d"])
    assert read(tmp_path, "gene_id", range(N), columns=("gene_id", "b")).column_names == ["gene_id", "b"]
    with pytest.raises(DataError, match="no column 'gene'; it has 'gene_id', 'a'"):
        read(tmp_path, "gene_id", range(N), index_column="gene")


def test_a_word_among_numbers_is_a_bad_cell(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv, line 31, column 'm': 'x' is not a number"):
        read(tmp_path, "m", ["7"] * (N - 1) + ["x"])


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ('"a","b"\n"x",1,2\n"y",3,4\n', ["x", "y"], ["a", "b"]),
        ("a\tb\n7\t1\t2\n8\t3\t4\n", ["7", "8"], ["a", "b"]),
        ('"a" "b"\n"x" 1 2\n"y" 3 4\n', ["x", "y"], ["a", "b"]),
        ('"","1","2"\n"x",1,2\n"y",3,4\n', ["x", "y"], ["1", "2"]),
    ],
)
def test_a_header_of_r_s_is_one_field_short_or_blank_where_rows_are_named(tmp_path, text, rows, columns):
    (tmp_path / "a.txt").write_text(text)
    found = read_numbers(tmp_path / "a.txt")
    np.testing.assert_array_equal(found.X, [[1, 2], [3, 4]])
    assert (found.row_names, found.column_names, [*found.notes]) == (rows, columns, [])


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("0,1,2,3\n0.5,1,2,1\n1,1,2,3\n", ["0", "1", "2", "3"]),
        ("gene,2001,2002,2003\nx,1,2,4\ny,3,4,4\n", ["2001", "2002", "2003"]),
    ],
)
def test_names_of_columns_may_be_numbers_and_it_is_said(tmp_path, text, columns):
    (tmp_path / "a.csv").write_text(text)
    found = read_numbers(tmp_path / "a.csv")
    assert found.column_names == columns
    assert "line 1 was read as names of columns, although they are numbers" in found.notes[0]


def test_a_comment_may_hold_the_names_of_columns(tmp_path):
    (tmp_path / "a.tsv").write_text("# Constructed from biom file\n#Feature ID\tS1\tS2\nx12\t1.0\t2\nx15\t0\t3\n")
    found = read_numbers(tmp_path / "a.tsv")
    assert (found.row_names, found.column_names) == (["x12", "x15"], ["S1", "S2"])
    assert "line 2 begins with # and was read as the names of columns" in found.notes[0]
