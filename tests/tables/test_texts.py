"""Reading texts: every format gives the same collection, and every fault is named with file, line and way out."""

import gzip
import io
import json
import sys

import pandas as pd
import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.tables import Format, read_texts

ROWS = [("a1", "Rates rise, again", "2024-01"), ("a2", 'A "cup"\nfor the home side', ""), ("a3", "", "2024-03")]


def csv_text(delimiter=","):
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in ROWS]
    return "\n".join([delimiter.join(("id", "body", "when")), *quoted]) + "\n"


def jsonl_text():
    return "".join(json.dumps(dict(zip(("id", "body", "when"), row, strict=True))) + "\n" for row in ROWS)


FILES = {
    "a.csv": csv_text().encode(),
    "semicolons.csv": csv_text(";").encode(),
    "bom.csv": csv_text().encode("utf-8-sig"),
    "windows_line_ends.csv": csv_text().replace("\n", "\r\n").replace("\r\nfor", "\nfor").encode(),
    "a.tsv": csv_text("\t").encode(),
    "a.jsonl": jsonl_text().encode(),
    "a.csv.gz": gzip.compress(csv_text().encode()),
    "A.JSONL.GZ": gzip.compress(jsonl_text().encode()),
}


def write(folder, content, name="a.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def error_of(path, **columns):
    with pytest.raises(DataError) as caught:
        read_texts(path, **columns)
    return str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_collection(tmp_path, name):
    read = read_texts(write(tmp_path, FILES[name], name), date_column="when")
    assert list(zip(read.ids, read.texts, read.dates, strict=True)) == ROWS


def test_json_lines_come_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(jsonl_text().encode())))
    assert read_texts("-").ids == ["a1", "a2", "a3"]


def test_a_folder_gives_its_text_files_at_any_depth_sorted_by_path(tmp_path):
    (tmp_path / "news").mkdir()
    write(tmp_path / "news", "second", "b.txt")
    write(tmp_path, "first", "a.TXT")
    write(tmp_path, "", "z.txt")
    write(tmp_path, "hidden", ".a.txt")
    write(tmp_path, "no text", "a.md")
    read = read_texts(tmp_path)
    assert (read.ids, read.texts) == (["a", "news/b", "z"], ["first", "second", ""])


def test_a_document_longer_than_the_limit_of_the_csv_module_is_read_whole(tmp_path):
    assert len(read_texts(write(tmp_path, "text\n" + "x" * 200_000)).texts[0]) == 200_000


def test_separators_of_unicode_do_not_end_a_row(tmp_path):
    assert read_texts(write(tmp_path, "text\none\u2028two\x85three\n")).texts == ["one\u2028two\x85three"]


@pytest.mark.parametrize(
    ("header", "expected"), [("Title,Text", "2"), ("Title,Body", "2"), ("Title,author", "1"), ("whatever", "1")]
)
def test_the_text_column_is_guessed_from_its_name_or_from_being_alone(tmp_path, header, expected):
    row = "1,2" if "," in header else "1"
    assert read_texts(write(tmp_path, f"{header}\n{row}\n")).texts == [expected]


@pytest.mark.parametrize("ids", [("a", "a"), ("a", "")])
def test_rows_are_numbered_where_a_column_called_id_does_not_tell_them_apart(tmp_path, ids):
    path = write(tmp_path, f"id,text\n{ids[0]},x\n{ids[1]},y\n")
    read = read_texts(path)
    assert read.ids == ["1", "2"]
    assert "Rows are numbered from 1 instead" in read.notes[0]


def test_numbers_and_null_of_json_become_text(tmp_path):
    path = write(tmp_path, '{"id": 7, "text": null, "when": 1998}\n', "a.jsonl")
    read = read_texts(path, date_column="when")
    assert (read.ids, read.texts, read.dates) == (["7"], [""], ["1998"])


def test_half_a_character_of_json_becomes_a_replacement_character(tmp_path):
    assert read_texts(write(tmp_path, '{"text": "a\\ud800b"}', "a.jsonl")).texts == ["a\ufffdb"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_another_encoding_is_found_or_read_when_it_is_named(tmp_path, encoding):
    path = write(tmp_path, "text\nUn café à la crème s'il vous plaît\n".encode(encoding))
    for format in (None, Format(encoding=encoding)):
        assert read_texts(path, format=format).texts == ["Un café à la crème s'il vous plaît"]
    assert len(read_texts(path).notes) == (encoding == "cp1252")


def test_lines_of_a_txt_file_are_documents_and_that_is_told(tmp_path):
    read = read_texts(write(tmp_path, 'Rates rise, again\n"Cup"\n', "a.txt"))
    assert (read.texts, read.ids) == (["Rates rise, again", '"Cup"'], ["1", "2"])
    assert "each of its 2 lines" in read.notes[0]


def test_dates_become_days_and_one_that_is_none_is_named_with_its_line(tmp_path):
    path = write(tmp_path, "text,day\na,13/2/1987\nb,1/3/1987\nc,\n")
    read = read_texts(path, date_column="day")
    assert read.dates == ["1987-02-13", "1987-03-01", ""]
    assert "the day comes first" in read.notes[0]
    ambiguous = write(tmp_path, "text,day\na,3/2/1987\n", "b.csv")
    assert "--date-format" in error_of(ambiguous, date_column="day")
    assert read_texts(ambiguous, date_column="day", format=Format(date_format="%m/%d/%Y")).dates == ["1987-03-02"]
    assert "column 'day', line 3" in error_of(write(tmp_path, "text,day\na,1987\nb,soon\n"), date_column="day")


@pytest.mark.parametrize(
    ("columns", "missing"),
    [({"text_column": "bodi"}, "bodi"), ({"id_column": "bodi"}, "bodi"), ({"date_column": "bodi"}, "bodi")],
)
def test_a_missing_column_is_named_with_the_columns_there_are_and_the_nearest(tmp_path, columns, missing):
    message = error_of(write(tmp_path, "key,body\n1,x\n"), **columns)
    assert f"no column {missing!r}" in message
    assert "'key', 'body'" in message
    assert "Did you mean 'body'?" in message


def test_where_no_column_looks_like_text_the_columns_are_listed(tmp_path):
    message = error_of(write(tmp_path, "key,author\n1,x\n"))
    assert "'key', 'author'" in message
    assert "--text" in message


@pytest.mark.parametrize(
    ("content", "name", "parts"),
    [
        (b"", "a.csv", ["is empty"]),
        (b"\n \n", "a.jsonl", ["is empty"]),
        (b"id,text\n", "a.csv", ["no rows"]),
        (b"id,text\n1,a\0b\n", "a.csv", ["not a text file", "binary"]),
        (b"id,text\n1,ok\n2,too,many\n", "a.csv", ["line 3", "3 fields", "has 2"]),
        (b'id,text\n1,"never closed\n', "a.csv", ["line 2", "quote"]),
        (b"text,text\na,b\n", "a.csv", ["two columns called 'text'"]),
        (b'{"text": "ok"}\n{"text": \n', "a.jsonl", ["line 2", "not JSON", "one JSON object on each line"]),
        (b"[" * 100_000, "a.jsonl", ["line 1", "not JSON"]),
        (b'{"text": "ok"}\n[1]\n', "a.jsonl", ["line 2", "not an object"]),
        (b'{"text": ["x"]}\n', "a.jsonl", ["line 1", "holds a list"]),
        (b"not gzip", "a.csv.gz", ["gzip"]),
        (gzip.compress(b"text\nx\n" * 1000, mtime=0)[:-20], "a.csv.gz", ["gzip"]),
        (b"x", "a.docx", [".docx", ".csv, .tsv"]),
        (b"x", "notes", ["without suffix"]),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_place_and_the_way_out(tmp_path, content, name, parts):
    message = error_of(write(tmp_path, content, name))
    for part in [name, *parts]:
        assert part in message


def test_an_encoding_that_does_not_exist_is_refused():
    with pytest.raises(ParameterError, match="not a text encoding"):
        Format(encoding="latin-99")


@pytest.mark.parametrize(("ids", "parts"), [("a\nb\na", ["'a'", "line 2", "line 4"]), ("a\n \nb", ["line 3", "empty"])])
def test_an_id_that_is_missing_or_stands_twice_is_refused_with_its_lines(tmp_path, ids, parts):
    rows = "".join(f"{name},x\n" for name in ids.split("\n"))
    message = error_of(write(tmp_path, "key,text\n" + rows), id_column="key")
    for part in parts:
        assert part in message


def test_a_folder_without_text_files_is_refused(tmp_path):
    write(tmp_path, "x", "a.md")
    assert "no .txt file" in error_of(tmp_path)


def test_a_folder_has_no_columns(tmp_path):
    write(tmp_path, "x", "a.txt")
    assert "no column 'body'" in error_of(tmp_path, text_column="body")


def test_a_missing_file_raises_what_python_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_texts(tmp_path / "absent.csv")


@pytest.mark.parametrize("name", FILES)
def test_other_columns_are_carried_under_their_names(tmp_path, name):
    read = read_texts(write(tmp_path, FILES[name], name), metadata_columns={"title": "body", "url": "when"})
    assert read.metadata == {"title": [row[1] for row in ROWS], "url": [row[2] for row in ROWS]}


def test_several_columns_of_texts_are_joined(tmp_path):
    path = write(tmp_path, "title,body\nRates,They rise\nCup,\n")
    assert read_texts(path, text_column="title,body").texts == ["Rates\n\nThey rise", "Cup"]
    assert read_texts(path, text_column="body, title").texts[0] == "They rise\n\nRates"
    assert "no column 'boy'" in error_of(path, text_column="title,boy")
    whole = write(tmp_path, '"title,body",title\nboth,one\n')
    assert read_texts(whole, text_column="title,body").texts == ["both"]


def test_a_column_to_carry_that_is_not_there_is_told(tmp_path):
    path = write(tmp_path, "title,body\nRates,They rise\n")
    assert "no column 'link'" in error_of(path, metadata_columns={"url": "link"})
    (tmp_path / "texts").mkdir()
    write(tmp_path / "texts", "Rates rise", "a.txt")
    assert "it has no column 'link'" in error_of(tmp_path / "texts", metadata_columns={"url": "link"})


def test_a_format_of_dates_needs_dates(tmp_path):
    (tmp_path / "a.csv").write_text("text,day\nRates rise,1.2.2021\n")
    with pytest.raises(DataError, match="--date"):
        read_texts(tmp_path / "a.csv", format=Format(date_format="%d.%m.%Y"))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_texts_read_a_piece_at_a_time_are_those_of_one_reading(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("partwise.tables.table.PIECE", 7)
    rows = pd.DataFrame(
        {"id": [f"d{i}" for i in range(50)], "title": ["", "A title"] * 25, "text": [f"text {i}" for i in range(50)]}
    )
    rows.loc[3, "text"] = None
    path = tmp_path / f"news.{kind}"
    write = {"csv": rows.to_csv, "jsonl": lambda path, index: rows.to_json(path, orient="records", lines=True)}
    write.get(kind, rows.to_parquet)(path, index=False)
    for columns in ("text", "title,text"):
        spilled, whole = (read_texts(path, text_column=columns, spill=spill) for spill in (True, False))
        assert [*spilled.texts] == whole.texts
        assert isinstance(whole.texts, list)
        assert not isinstance(spilled.texts, list)
        assert spilled.ids == whole.ids


def test_the_files_of_a_folder_can_be_spilled(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"text of {name}")
    assert [*read_texts(tmp_path, spill=True).texts] == ["text of a", "text of b"]


def test_a_row_that_needs_more_memory_than_is_held_is_read_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("partwise.tables.texts.HELD", "16MiB")
    path = tmp_path / "news.csv"
    path.write_text("id,text\na," + "word " * 800_000 + "\nb,short\n")
    read = read_texts(path, text_column="text", spill=True)
    assert [len(text) for text in read.texts] == [4_000_000, 5]
