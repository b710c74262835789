"""Tables as programs and people write them: read as they are meant, and no reader goes on for ever."""

import gzip

import numpy as np
import pandas as pd
import pytest

from partwise.exceptions import DataError
from partwise.tables import read_article_table, read_numbers, read_reads, read_texts


def read(tmp_path, text, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_numbers(path)


@pytest.mark.parametrize("pair", [("1,234.5", "1.234,5"), ("1 234,5", "1,234.5")])
def test_two_ways_of_marking_thousands_end_in_an_error(tmp_path, pair):
    with pytest.raises(DataError, match=r"is not a number \(the others have a decimal"):
        read(tmp_path, "s,a\n" + "".join(f'x{i},"{cell}"\n' for i, cell in enumerate(pair)))


@pytest.mark.parametrize(
    ("text", "rows", "columns", "first"),
    [
        ('"a" "b"\n"r1" 1 NA\n"r2" 3 4\n', ["r1", "r2"], ["a", "b"], [1, np.nan]),
        ('"a" "b c"\n"x y" NA NA\n"r2" 3 4\n', ["x y", "r2"], ["a", "b c"], [np.nan, np.nan]),
    ],
    ids=["NA", "spaces in names"],
)
def test_what_write_table_of_r_writes_is_cut_at_spaces(tmp_path, text, rows, columns, first):
    found = read(tmp_path, text, "a.txt")
    assert (found.row_names, found.column_names) == (rows, columns)
    np.testing.assert_array_equal(found.X[0], first)


def test_texts_are_not_cut_at_spaces(tmp_path):
    (tmp_path / "a.csv").write_text('text\n"one two"\nthree four\n')
    assert read_texts(tmp_path / "a.csv").texts == ["one two", "three four"]


@pytest.mark.parametrize("word", ["\\N", "NaT", "NULL"])
def test_what_databases_write_for_nothing_is_unknown(tmp_path, word):
    found = read(tmp_path, f"id\ta\tb\n1\t{word}\t2\n2\t3\t4\n", "a.tsv")
    np.testing.assert_array_equal(found.X, [[np.nan, 2], [3, 4]])


def test_ids_that_begin_with_zeros_name_the_rows(tmp_path):
    found = read(tmp_path, "plz,a,b\n01067,1,2\n10115,3,4\n")
    assert found.row_names == ["01067", "10115"]
    assert "column 'plz' was read as names of rows" in found.notes[0]
    assert read(tmp_path, "u,v\n01,02\n03,04\n").row_names is None


def test_a_row_that_counts_years_is_no_data(tmp_path):
    found = read(tmp_path, "2001,2002,2003\n1,2,3\n4,5,6\n")
    assert found.column_names == ["2001", "2002", "2003"]
    np.testing.assert_array_equal(found.X, [[1, 2, 3], [4, 5, 6]])
    assert "line 1 was read as names of columns" in found.notes[0]
    assert read(tmp_path, "2001,2002,2003\n2004,2005,2006\n").column_names is None


@pytest.mark.parametrize("blank", [",,", "\n,,\n,,"], ids=["one", "more"])
def test_rows_without_any_cell_are_left_out_and_counted(tmp_path, blank):
    found = read(tmp_path, f"id,a,b\nx,1,2\n{blank}\ny,3,4\nz,NA,NA\n")
    assert found.row_names == ["x", "y", "z"]
    np.testing.assert_array_equal(found.X, [[1, 2], [3, 4], [np.nan, np.nan]])
    assert "blank row" in found.notes[0]


def test_a_table_may_stand_to_the_right_of_a_blank_column(tmp_path):
    found = read(tmp_path, ",s,a,b\n,x,1,2.5\n,y,3,4\n")
    assert (found.row_names, found.column_names) == (["x", "y"], ["a", "b"])
    np.testing.assert_array_equal(found.X, [[1, 2.5], [3, 4]])


def test_an_index_that_pandas_wrote_again_and_again_is_no_data(tmp_path):
    found = read(tmp_path, "Unnamed: 0.1,Unnamed: 0,a,b\n0,0,1,2\n1,1,3,4\n")
    assert (found.row_names, found.column_names) == (["0", "1"], ["a", "b"])
    assert found.notes == [f"{tmp_path / 'a.csv'}: 'Unnamed: 0' left out: an index that pandas wrote a second time"]


@pytest.mark.parametrize("text", ["[]", "{}", "[{}, {}]"])
@pytest.mark.parametrize("reader", [read_numbers, read_texts])
def test_json_without_a_field_is_empty(tmp_path, text, reader):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a\.json is empty"):
        reader(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("content", "way_out"),
    [(gzip.compress(b"a,b\n1,2\n"), "add .gz to its name"), (b"PK\x03\x04\x00", "end its name in .xlsx")],
    ids=["gzip", "workbook"],
)
def test_a_file_with_the_wrong_ending_is_recognised(tmp_path, content, way_out):
    with pytest.raises(DataError, match=way_out):
        read(tmp_path, content)


@pytest.mark.parametrize("word", ["NA", "NULL", "\\N", "NaT", "N/A"])
def test_a_word_for_unknown_is_no_date_and_no_fault(tmp_path, word):
    (tmp_path / "a.csv").write_text(f"id,text,day\n1,one,2020-01-31\n2,two,{word}\n")
    assert read_texts(tmp_path / "a.csv", date_column="day").dates == ["2020-01-31", ""]


@pytest.mark.parametrize("word", ["NULL", "\\N", "NA", "NaN"])
def test_a_word_for_no_id_is_neither_reader_nor_article(tmp_path, word):
    (tmp_path / "a.csv").write_text(f"reader,article\n{word},7\nann,8\nann,{word}\nbob,7\n")
    reads = read_reads(tmp_path / "a.csv")
    assert (reads.readers, reads.articles, reads.reader.tolist()) == (["ann", "bob"], ["8", "7"], [0, 1])
    assert f"{word} in column 'reader' was read as a missing id" in reads.notes[0]
    assert "2 of 4 rows have no 'reader' or no 'article', and were left out" in reads.notes[-1]


def test_kinds_of_reads_in_place_of_strengths_are_asked_about_by_the_option(tmp_path):
    (tmp_path / "a.csv").write_text("reader,article,strength\nann,7,view\nbob,7,like\nbob,8,view\n")
    with pytest.raises(DataError, match=r"holds words, such as 'view'.* with --strength, such as VIEW=1,LIKE=2"):
        read_reads(tmp_path / "a.csv")


def test_a_column_of_texts_is_not_cut_where_all_hold_one_semicolon(tmp_path):
    (tmp_path / "a.csv").write_text("text\nhello; world\nfoo; bar\n")
    assert read_texts(tmp_path / "a.csv").texts == ["hello; world", "foo; bar"]


def test_a_first_line_that_may_be_a_text_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("first document here\nsecond document\n")
    found = read_texts(tmp_path / "a.csv")
    assert found.texts == ["second document"]
    assert "its first line, 'first document here', was read as the name" in found.notes[0]


def test_ids_that_a_gap_made_decimal_are_those_of_the_articles(tmp_path):
    (tmp_path / "a.csv").write_text("reader,article\nann,7.0\nbob,12.0\ncy,\n")
    reads = read_reads(tmp_path / "a.csv")
    assert reads.articles == ["7", "12"]
    assert "7.0 and other ids in column 'article' were read as whole numbers" in reads.notes[0]
    (tmp_path / "b.csv").write_text("article,text\n7.0,one\nNULL,two\n12.0,three\n")
    assert read_article_table(tmp_path / "b.csv")[0] == {"article": ["7", "12"], "text": ["one", "three"]}


def test_true_and_false_of_parquet_are_data(tmp_path):
    pd.DataFrame({"a": [True, False], "b": [1, 2]}).to_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.parquet").X, [[1, 1], [0, 2]])
