"""Logs and tables of articles: codes in order of appearance, gaps counted, faults named with their line."""

import numpy as np
import pandas as pd
import pytest

from partwise.exceptions import DataError
from partwise.recommend import Recommender
from partwise.recommend.log import read_log
from partwise.tables import Format, read_article_table, read_reads

LOG = {
    "reader": ["ann", "bob", "ann", "cy"],
    "article": [7, 7, 12, 9],
    "strength": [1.0, 2.5, 1.0, 3.0],
    "time": ["2024-05-01", "2024-05-02T10:00:00Z", "2024-05-03", "2024-05-04"],
}


def write(folder, content, name="log.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(reads):
    return [(reads.readers[r], reads.articles[a]) for r, a in zip(reads.reader, reads.article, strict=True)]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.xz"])
def test_every_format_gives_the_same_reads(tmp_path, ending):
    frame, path = pd.DataFrame(LOG), tmp_path / f"log.{ending}"
    if "jsonl" in ending:
        frame.to_json(path, orient="records", lines=True)
    elif ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    reads = read_reads(path)
    assert rows_of(reads) == [("ann", "7"), ("bob", "7"), ("ann", "12"), ("cy", "9")]
    assert reads.strength.tolist() == LOG["strength"]
    assert (reads.time - reads.time[0]).tolist() == [0, 86_400 + 36_000, 2 * 86_400, 3 * 86_400]


def test_reads_of_a_file_are_the_log_of_the_same_table(tmp_path):
    pd.DataFrame(LOG).to_csv(tmp_path / "log.csv", index=False)
    table = LOG | {"article": [str(name) for name in LOG["article"]]}
    given, read = read_log(table), read_log(read_reads(tmp_path / "log.csv"))
    assert (given.readers.names, given.articles.names) == (read.readers.names, read.articles.names)
    for name in ("reader", "article", "strength", "time"):
        np.testing.assert_array_equal(getattr(given, name), getattr(read, name))
    more = read_log(read_reads(tmp_path / "log.csv"), before=read_log({"reader": ["cy"], "article": ["12"]}))
    assert more.readers.names == ["cy", "ann", "bob"]
    assert more.reader.tolist() == [1, 2, 1, 0]
    Recommender(1).fit(read_reads(tmp_path / "log.csv"))


def test_whole_numbers_that_a_gap_made_decimal_are_whole_again(tmp_path):
    pd.DataFrame({"reader": [1, 2, None], "article": [3, 4, 5]}).to_parquet(tmp_path / "log.parquet")
    reads = read_reads(tmp_path / "log.parquet")
    assert rows_of(reads) == [("1", "3"), ("2", "4")]
    assert reads.articles == ["3", "4"]
    assert "1 of 3 rows" in reads.notes[0]


def test_blank_ids_are_left_out_and_counted(tmp_path):
    reads = read_reads(write(tmp_path, "reader,article\nann,7\n,7\nbob, \nbob,8\n"))
    assert rows_of(reads) == [("ann", "7"), ("bob", "8")]
    assert "2 of 4 rows" in reads.notes[0]
    with pytest.raises(DataError, match="no row with a reader and an article"):
        read_reads(write(tmp_path, "reader,article\n,7\n"))


def test_words_for_strengths_count_what_is_said(tmp_path):
    path = write(tmp_path, "reader,article,event\nann,7,VIEW\nbob,8,LIKE\ncy,9,hide\n")
    columns = {"strength": "event"}
    reads = read_reads(path, columns, strengths={"view": 1, "like": 2, "hide": 0})
    assert (rows_of(reads), reads.strength.tolist()) == ([("ann", "7"), ("bob", "8")], [1, 2])
    with pytest.raises(DataError, match=r"'hide'.*--strength"):
        read_reads(path, columns, strengths={"view": 1, "like": 2})
    with pytest.raises(DataError, match=r"'VIEW', not numbers.*--strength, such as VIEW=1,LIKE=2;"):
        read_reads(path, columns)


def test_words_for_strengths_that_no_read_has_are_told(tmp_path):
    path = write(tmp_path, "reader,article,event\nann,7,VIEW\n")
    reads = read_reads(path, {"strength": "event"}, strengths={"view": 1, "share": 3})
    assert "'share'" in reads.notes[0]


def test_a_column_of_kinds_that_is_not_read_is_told(tmp_path):
    path = write(tmp_path, "reader,article,Event\nann,7,VIEW\n")
    assert "--strength-column Event" in read_reads(path).notes[0]
    assert read_reads(path, {"strength": "Event"}, strengths={"view": 1}).notes == []


def test_a_format_of_times_needs_times(tmp_path):
    with pytest.raises(DataError, match="--time-column"):
        read_reads(write(tmp_path, "reader,article\nann,7\n"), format=Format(date_format="%Y"))


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("bob,8,-1,2024-05-01", ["line 3", "'strength'", "-1"]),
        ("bob,8,inf,2024-05-01", ["line 3", "'strength'", "inf"]),
        ("bob,8,,2024-05-01", ["line 3", "'strength'"]),
        ("bob,8,x,2024-05-01", ["line 3", "'strength'", "'x'"]),
        ("bob,8,1,", ["line 3", "'time'", "empty"]),
        ("bob,8,1,soon", ["line 3", "'time'", "'soon'"]),
        ("bob,8,1", ["line 3", "3 fields"]),
    ],
)
def test_a_cell_that_says_nothing_is_named_with_its_line(tmp_path, row, parts):
    path = write(tmp_path, f"reader,article,strength,time\nann,7,1,2024-05-01\n{row}\n")
    with pytest.raises(DataError) as caught:
        read_reads(path)
    assert all(part in str(caught.value) for part in parts), caught.value


def test_a_missing_column_is_named_with_its_option(tmp_path):
    path = write(tmp_path, "user,article\nann,7\n")
    with pytest.raises(DataError, match=r"no column 'reader'.*--reader-column"):
        read_reads(path)
    with pytest.raises(DataError, match=r"no column 'when'.*--time-column"):
        read_reads(path, {"reader": "user", "time": "when"})


def test_a_format_of_times_is_obeyed(tmp_path):
    path = write(tmp_path, "reader,article,time\nann,7,3/4/2021\nann,8,5/4/2021\n")
    with pytest.raises(DataError, match="--date-format"):
        read_reads(path)
    assert np.diff(read_reads(path, format=Format(date_format="%d/%m/%Y")).time).tolist() == [2 * 86_400]


def test_articles_stand_once_and_may_have_no_time(tmp_path):
    path = write(tmp_path, "article,text,time\n7,Rates rise,2024-05-01\n,lost,\n8,,\n", "news.csv")
    columns, notes = read_article_table(path)
    assert (columns["article"], columns["text"]) == (["7", "8"], ["Rates rise", ""])
    assert np.isnan(columns["time"]).tolist() == [False, True]
    assert "1 of 3 rows" in notes[0]
    with pytest.raises(DataError, match=r"'7' is in line 2 and again in line 4"):
        read_article_table(write(tmp_path, "article,text\n7,a\n8,b\n7,c\n", "twice.csv"))
