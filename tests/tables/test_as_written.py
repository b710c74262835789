"""Files whose rows are not where they seem: titles, two lines of names, quotes that were left open, prose."""

import numpy as np
import pandas as pd
import pytest

from partwise.exceptions import DataError
from partwise.tables import Format, read_numbers, read_reads, read_texts


def written(tmp_path, content, name="a.csv"):
    (tmp_path / name).write_text(content)
    return tmp_path / name


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_reads, 'reader,article,n\n1,a,1\n2,"b,2\n3,c,3\n4,d",4\n5,e,5\n'),
        (read_texts, 'id,text\n0,fine\n1,"He said\n2,hello\n3,world"\n4,fine\n'),
    ],
)
def test_a_quote_left_open_swallows_no_rows(tmp_path, read, content):
    with pytest.raises(DataError, match=r"line 3: a quoted cell holds 3 lines.*Close every quoted field"):
        read(written(tmp_path, content))


def test_lines_of_a_cell_that_may_be_rows_are_told(tmp_path):
    read = read_texts(written(tmp_path, 'id,text\na1,"He said\na2,hello"\na4,fine\n'))
    assert read.ids == ["a1", "a4"]
    assert "line 2" in read.notes[0]


def test_a_cell_may_hold_breaks_and_a_file_blank_lines(tmp_path):
    read = read_texts(written(tmp_path, 'id,text\n1,"He said\n\nhello, you"\n\n2,fine\n\n'))
    assert (read.texts, read.notes) == (["He said\n\nhello, you", "fine"], [])


@pytest.mark.parametrize(
    "content",
    [
        "Sales of 2024\nid;x;y\na;1,5;2\nb;3;4\n",
        "Sales of 2024,,\n,,\nid,x,y\na,1.5,2\nb,3,4\n",
        '"Sales, of 2024"\n\nid,x,y\na,1.5,2\nb,3,4\n',
    ],
)
def test_a_title_above_a_table_is_left_out_and_told(tmp_path, content):
    read = read_numbers(written(tmp_path, content))
    np.testing.assert_array_equal(read.X, [[1.5, 2], [3, 4]])
    assert (read.row_names, read.column_names) == (["a", "b"], ["x", "y"])
    assert "title" in read.notes[0]


@pytest.mark.parametrize("named", [False, True])
def test_two_lines_of_names_are_refused_with_a_way_out(tmp_path, named):
    frame = pd.DataFrame(np.ones((3, 4)), columns=pd.MultiIndex.from_product([["a", "b"], ["x", "y"]]))
    if named:
        frame.columns.names, frame.index.name = ["one", "two"], "id"
    frame.to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"line 2 holds words.*MultiIndex.*'_'\.join"):
        read_numbers(tmp_path / "a.csv")


def test_several_columns_name_the_rows(tmp_path):
    index = pd.MultiIndex.from_tuples([("p", "u"), ("p", "v")], names=["g", "h"])
    pd.DataFrame(np.ones((2, 2)), columns=["a", "b"], index=index).to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match="several columns: separated by commas"):
        read_numbers(tmp_path / "a.csv")
    read = read_numbers(tmp_path / "a.csv", format=Format(index_column="g,h"))
    assert (read.row_names, read.column_names) == (["p_u", "p_v"], ["a", "b"])


def test_prose_that_begins_like_names_of_columns_is_prose(tmp_path):
    prose = written(tmp_path, "Title, author and others\nSome line\nAnother, line\n", "a.txt")
    assert len(read_texts(prose).texts) == 3
    assert len(read_texts(written(tmp_path, "text, not form\nSome line\nAnother\n", "a.txt")).texts) == 3
    table = written(tmp_path, "id,text\n1,Some line\n2,Another\n", "a.txt")
    assert read_texts(table).texts == ["Some line", "Another"]
