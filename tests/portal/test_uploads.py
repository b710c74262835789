"""Uploaded files: good rows are told from bad ones, each bad one with its line and column."""

import json

import polars
import pytest

from partwise.portal import upload_rows
from partwise.portal.articles import all_articles, article
from partwise.portal.database import now
from partwise.portal.events import all_events, history
from partwise.portal.uploads import SHOWN, TRIES, read_upload, store_upload

NEWS = 'id,text,title,time\na1,Rates rise,Bank,2024-05-01\na2,"Rain, and\nsun",Weather,\n'


@pytest.fixture
def upload(tmp_path):
    """Read a file with some contents."""

    def read(contents, ending=".csv", kind="articles"):
        path = tmp_path / f"upload{ending}"
        if isinstance(contents, str):
            contents = contents.encode()
        path.write_bytes(contents)
        return read_upload(path, kind)

    return read


def faults(found):
    return [(fault.where, fault.column) for fault in found.refused]


def test_articles_of_a_csv_file(upload, database):
    found = upload(NEWS)
    assert found.refused == []
    assert store_upload(database, found) == {"kept": 2, "changed": 0, "duplicates": 0}
    assert article(database, "a1").time == 1714521600.0
    assert article(database, "a2").text == "Rain, and\nsun"
    assert article(database, "a2").time is None
    assert store_upload(database, upload(NEWS.replace("Rain", "Snow")))["changed"] == 1
    assert [held.id for held in all_articles(database)] == ["a1", "a2"]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_the_same_reads_in_every_format(upload, tmp_path, ending):
    rows = [{"reader": "ann", "article": "7", "time": f"2024-05-0{day}T10:00:00Z", "strength": day} for day in (1, 2)]
    path = tmp_path / f"log{ending}"
    table = polars.DataFrame(rows)
    if ending == ".json":
        path.write_text(json.dumps(rows))
    elif ending == ".jsonl":
        table.write_ndjson(path)
    elif ending == ".parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path, separator="\t" if ending == ".tsv" else ",")
    found = upload(path.read_bytes(), ending, "events")
    assert found.refused == []
    told = [(event.reader, event.article, event.time, event.strength) for event in found.rows]
    assert told == [("ann", "7", 1714557600.0, 1.0), ("ann", "7", 1714644000.0, 2.0)]


def test_each_bad_row_is_told_with_its_line_and_column_and_the_others_are_good(upload):
    found = upload(
        "id,text,time\n"
        "a1,fine,2024-05-01\n"
        "a2,one,2024-05-01,more\n"  # line 3
        "a3,fine,yesterday\n"  # line 4
        ",no id,2024-05-01\n"  # line 5
        "a1,again,2024-05-01\n"  # line 6
        f"{'x' * 201},long id,2024-05-01\n"  # line 7
        "a4,fine,2024-05-02\n"
    )
    assert [row.id for row in found.rows] == ["a1", "a4"]
    assert sorted(faults(found)) == [
        ("line 3", ""), ("line 4", "time"), ("line 5", "id"), ("line 6", "id"), ("line 7", "id"),
    ]  # fmt: skip
    assert found.n_refused == 5
    assert "'yesterday' is not a date" in next(fault.why for fault in found.refused if fault.where == "line 4")


def test_a_line_that_is_no_json_does_not_hide_the_others(upload):
    found = upload(
        '{"id": 7, "text": "seven"}\n{"id": \n[1]\n{"id": "a", "text": null}\n{"id": "b", "text": ["c"]}\n'
        '{"id": "c", "text": "\\ud800 \\u0000"}\n{"id": "d\\u0007", "text": "x"}\n{"id": true, "text": "x"}\n'
        '{"id": "e", "text": "half \\ud83d"}\n',
        ".jsonl",
    )
    assert [(row.id, row.text) for row in found.rows] == [("7", "seven"), ("e", "half ?")]
    assert faults(found) == [
        ("line 2", ""), ("line 3", ""), ("line 4", "text"), ("line 5", "text"), ("line 6", "text"), ("line 7", "id"),
        ("line 8", "id"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "ending", "said"),
    [
        (b"", ".csv", "empty"),
        (b"\x00\x01\x02", ".csv", "binary"),
        (b"name,words\na,b\n", ".csv", "no column 'id'; the file has 'name', 'words'"),
        (b"id,text,id\na,b,c\n", ".csv", "two columns are called 'id'"),
        (b"id,text\n", ".csv", "no rows"),
        (b"{", ".json", "line 1 is not JSON"),
        (b'{"id": 1}', ".json", "not a list"),
        (b"[" * 100_000, ".json", "not JSON"),
        (b"PAR1 and nothing more", ".parquet", "cannot be read"),
        (b"id,text\na,b\n", ".exe", "ends in .exe"),
        (b"id,text\na,b\n", "", "has no ending. Give one that ends in .csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(upload, tmp_path, contents, ending, said):
    found = upload(contents, ending)
    assert found.rows == []
    assert faults(found) == [("", "")]
    assert said in found.refused[0].why
    assert str(tmp_path) not in found.refused[0].why


def test_rows_before_an_open_quote_are_good(upload):
    found = upload('id,text\na1,fine\na2,"open\na3,lost\n')
    assert [row.id for row in found.rows] == ["a1"]
    assert faults(found) == [("line 3", "")]


def test_reads_without_keys_count_once(upload, database):
    log = "reader,article,time\nann,7,2024-05-01\nann,7,2024-05-01\nann,8,2024-05-01\n"
    assert store_upload(database, upload(log, kind="events")) == {"kept": 2, "changed": 0, "duplicates": 1}
    assert store_upload(database, upload(log, kind="events")) == {"kept": 0, "changed": 0, "duplicates": 3}
    assert sorted(event.article for event in history(database, "ann")) == ["7", "8"]


def test_readers_are_stored_under_the_names_that_are_asked_for(upload, tmp_path):
    upload("reader,article,time\nann,7,2024-05-01\n")
    plain, hidden = (read_upload(tmp_path / "upload.csv", "events", stored).rows[0] for stored in (str, str.upper))
    assert (plain.reader, hidden.reader) == ("ann", "ANN")
    assert plain.key != hidden.key  # a hash of the id would lead to the id


def test_reads_with_bad_cells_are_refused(upload):
    future = now() + 10 * 86_400
    found = upload(
        "reader,article,time,strength,key\n"
        f"ann,7,1714521600,1,k1\nann,7,,1,k2\nann,7,{future:.0f},1,k3\nann,7,1714521600,much,k4\n"
        "ann,7,1714521600,-1,k5\nann,7,1714521600,inf,k6\nann,,1714521600,1,k7\nann,8,1714521600,,\n",
        kind="events",
    )
    assert [(row.article, row.strength) for row in found.rows] == [("7", 1.0), ("8", 1.0)]
    assert faults(found) == [
        ("line 3", "time"), ("line 4", "time"), ("line 5", "strength"), ("line 6", "strength"), ("line 7", "strength"),
        ("line 8", "article"),
    ]  # fmt: skip


def test_many_faults_are_counted_and_the_first_are_told(upload):
    found = upload("id,text\n" + ",nothing\n" * (SHOWN + 20))
    assert found.n_refused == SHOWN + 20
    assert len(found.refused) == SHOWN


def test_a_column_of_other_things_than_times_is_refused_as_a_whole(upload):
    found = upload("id,text,time\n" + "".join(f"a{i},x,{'soon' if i % 2 else 2024}\n" for i in range(4 * TRIES)))
    assert found.rows == []
    assert found.n_refused > TRIES


def test_a_file_of_too_many_rows_is_refused(upload, tmp_path, monkeypatch):
    monkeypatch.setattr(upload_rows, "MOST_ROWS", 1000)
    found = upload("id,text\n" + "".join(f"a{i},x\n" for i in range(1001)))
    assert found.rows == []
    assert "more than 1,000 rows" in found.refused[0].why
    polars.DataFrame({"id": ["a"] * 2000, "text": ["b"] * 2000}).write_parquet(tmp_path / "many.parquet")
    found = upload((tmp_path / "many.parquet").read_bytes(), ".parquet")
    assert found.rows == []
    assert "has 2,000 rows and 4,000 characters" in found.refused[0].why


def test_a_file_of_another_encoding_is_read_in_it_and_said_so(upload):
    found = upload("id;text\na1;Löhne für Ärzte und Müller in Österreich, größer\n".encode("cp1252"))
    assert found.rows[0].text.startswith("Löhne")
    assert found.notes


def test_nothing_of_the_log_is_lost_in_batches(upload, database):
    log = "reader,article,time\n" + "".join(f"r{i},7,2024-05-01\n" for i in range(2500))
    assert store_upload(database, upload(log, kind="events"))["kept"] == 2500
    assert len([*all_events(database)]) == 2500


def test_small_numbers_that_are_times_of_1970_are_noted(upload):
    found = upload("reader,article,time\nann,a,0\nann,b,5\n", kind="events")
    assert [event.time for event in found.rows] == [0.0, 5.0]
    assert any("2 numbers such as 0" in note and "1970" in note for note in found.notes)
    for times in (("1700000000", "1700000005"), ("1970-01-01", "1970-05-01")):
        found = upload("reader,article,time\nann,a,{}\nann,b,{}\n".format(*times), kind="events")
        assert not [note for note in found.notes if "since 1970" in note]


def test_faults_of_cells_are_in_words(upload):
    table = [
        {"reader": 1.5, "article": [1], "time": "2025-01-01"},
        {"reader": "r", "article": "a", "time": "2025-01-02", "strength": "x"},
    ]
    found = upload(json.dumps(table), ".json", "events")
    assert [(fault.column, fault.why) for fault in found.refused] == [
        ("article", "this is not a text."),
        ("strength", "this is not a number."),
    ]
