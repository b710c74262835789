"""From a path to text: packing and encodings are found out, and what is no text file is refused by its name."""

import bz2
import gzip
import io
import lzma
import os
import subprocess

import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.tables import Format, open_table

TEXT = "id,text\n1,grün\n2,weiß\n"
EXPECTED = ["grün", "weiß"]


def read(path, **format):
    with open_table(path, Format(**format)) as table:
        return table.texts("text"), table.notes


def written(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_a_packed_file_reads_as_it_does_unpacked_and_half_of_it_is_refused(tmp_path, ending, pack):
    packed = pack(TEXT.encode())
    assert read(written(tmp_path, packed, f"a.csv.{ending}")) == (EXPECTED, [])
    with pytest.raises(DataError, match=rf"half\.csv\.{ending} is not a complete"):
        read(written(tmp_path, packed[:-9], f"half.csv.{ending}"))


def test_zst_is_read_without_a_module_of_python_s_own(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    lines = written(tmp_path, b'id,text\n1,"two, ""or"" three"\n\n2,\n')
    copied = (
        f"select line from read_csv('{lines}', delim='\x01', quote='', header=false, columns={{'line': 'VARCHAR'}})"
    )
    packed = tmp_path / "b.csv.zst"
    duckdb.execute(
        f"copy ({copied}) to '{packed}' (format csv, header false, quote '', delimiter '\x01', compression zstd)"
    )
    assert read(packed)[0] == ['two, "or" three', None]
    with pytest.raises(DataError, match=r"c\.csv\.zst is not a complete zst file"):
        read(written(tmp_path, b"nonsense", "c.csv.zst"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_unicode_file_is_read_without_being_told_how_it_is_written(tmp_path, encoding):
    assert read(written(tmp_path, TEXT.encode(encoding))) == (EXPECTED, [])


@pytest.mark.parametrize(
    ("encoding", "text", "found"),
    [
        ("cp1252", TEXT, "cp1252"),
        ("cp1252", "id,text\n1,Jürg\n2,ann\n", "cp1252"),
        ("cp1252", "id,text\n1,\u201cÇa va\u201d très bien à l\u2019école\n2,x\n", "cp1252"),
        ("cp1251", "id,text\n1,Привет как дела сегодня\n2,хорошо\n", "cp1251"),
        ("cp1250", "id,text\n1,zażółć gęślą jaźń\n2,źdźbło żółw\n", "cp1250"),
    ],
)
def test_another_encoding_is_guessed_and_told_with_its_line(tmp_path, encoding, text, found):
    path = written(tmp_path, text.encode(encoding))
    texts, notes = read(path)
    assert texts == [line.split(",")[1] for line in text.splitlines()[1:]]
    (note,) = notes
    assert f"{path}, line 2 is not UTF-8" in note
    assert f"read as {found}; give encoding=..." in note
    assert read(path, encoding=encoding) == (texts, [])


def test_a_byte_that_does_not_fit_the_given_encoding_is_named_by_its_line(tmp_path):
    with pytest.raises(
        DataError, match=r"a\.csv, line 2: byte 0xfc at offset 12 is not utf-8\. Give the file's encoding"
    ):
        read(written(tmp_path, TEXT.encode("cp1252")), encoding="utf-8")
    with pytest.raises(ParameterError, match="'klingon' is not a text encoding"):
        read(tmp_path / "a.csv", encoding="klingon")


def test_the_first_stray_byte_may_come_late(tmp_path):
    path = written(tmp_path, b"id,text\n" + b"1,plain\n" * 300_000 + b"2,gr\xfcn\n")
    texts, notes = read(path)
    assert texts[-1] == "grün"
    assert "line 300002" in notes[0]


@pytest.mark.parametrize(
    ("content", "part"), [(b"", "is empty"), (b" \n\n", "is empty"), (b"id,text\n\0\1,2\n", "holds binary data")]
)
def test_what_holds_no_text_is_refused(tmp_path, content, part):
    with pytest.raises(DataError, match=rf"a\.csv .*{part}"):
        read(written(tmp_path, content))


@pytest.mark.parametrize("ends", ["\r\n", "\r", "mixed"])
def test_lines_end_as_on_any_system(tmp_path, ends):
    text = TEXT.replace("\n", "\r\n", 1) if ends == "mixed" else TEXT.replace("\n", ends)
    assert read(written(tmp_path, text.encode())) == (EXPECTED, [])


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_carriage_return_within_a_cell_is_kept(tmp_path, encoding):
    content = 'id,text\r\n1,"grün\rgelb"\r\n2,"weiß\nrot"\r\n'.encode(encoding)
    assert read(written(tmp_path, content))[0] == ["grün\rgelb", "weiß\nrot"]


def test_standard_input_is_a_table_or_json_by_its_first_character(monkeypatch):
    for content in (TEXT, '{"text": "grün"}\n{"text": "weiß"}\n', '[{"text": "grün"}, {"text": "weiß"}]'):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        assert read("-")[0] == EXPECTED
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input is closed"):
        read("-")


def test_a_name_with_signs_of_patterns_is_a_name(tmp_path):
    folder = tmp_path / "year=2020"
    folder.mkdir()
    written(tmp_path, b"id,text\n9,wrong\n", "year=2020/a1.csv")
    assert read(written(tmp_path, TEXT.encode(), "year=2020/a[1]*'.csv"))[0] == EXPECTED
    with open_table(folder / "a[1]*'.csv") as table:
        assert table.names == ["id", "text"]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst", ".jsonl", ".parquet"])
def test_devices_and_pipes_are_refused_instead_of_waited_for(tmp_path, ending):
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"zero{ending}").symlink_to("/dev/zero")
    for name in (f"pipe{ending}", f"zero{ending}"):
        with pytest.raises(DataError, match="is a device or a pipe"):
            open_table(tmp_path / name)


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    read(written(tmp_path, gzip.compress(TEXT.encode("cp1252")), "a.csv.gz"))
    for content in (b"", b"a,a\n1,2\n", b"a,b\n1,2\n3\n"):
        with pytest.raises(DataError):
            read(written(tmp_path, content))
    abandoned = open_table(written(tmp_path, TEXT.encode()))
    del abandoned
    assert list(temporary.iterdir()) == []


def test_duckdb_is_imported_only_when_a_table_is_read():
    modules = "partwise, partwise.tables, partwise.cli.main, partwise.cli.fit"
    program = f"import sys, {modules}; print('duckdb' in sys.modules)"
    run = subprocess.run([os.sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
