"""Text from data: shown in a terminal, pasted into a shell, opened in a spreadsheet, read as JSON, never obeyed."""

import csv
import io
import json
import subprocess

import numpy as np
import pytest

from partwise.io.escapes import UNSAFE, csv_line, escaped, escaped_lines, json_text, quoted, unguarded
from partwise.tables import read_numbers

HOSTILE = [
    "\x1b]0;title\x07\x1b[2J", "\r over", "\x08\x7f", "\x9b31m", "\x85", "\u202eRTL\u202c", "\u2066a\u2069",
    "\u200bzero", "a\u200db", "\u200c", "\u200e\u200f", "\u2028\u2029", "\ufeff", "\U000e0041", "\ud800",
    "two\nlines", "a\tb",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_terminal_would_obey_is_shown_as_its_escape(text):
    found = escaped(text)
    assert found.isprintable()
    assert not UNSAFE.search(found)
    assert found.encode("ascii").decode("unicode_escape") == text
    assert escaped_lines(f"{text}\nend").split("\n")[-1] == "end"


@pytest.mark.parametrize("text", ["naïve · 北京", "می\u200cشود", "👩\u200d🔬", "שלום", "क्\u200dष", "C:\\new"])
def test_letters_and_joiners_of_every_script_stay(text):
    assert escaped(text) == text


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "utf-16", "no such encoding"])
def test_json_is_valid_and_shows_what_a_terminal_would_obey(encoding):
    value = {"ids": [*HOSTILE, "naïve 北京"], "x": [1, None, 0.1]}
    found = json_text(value, encoding)
    assert json.loads(found) == value
    assert not UNSAFE.search(found.replace("\n", ""))
    if encoding != "no such encoding":
        found.encode(encoding)


WORDS = [*HOSTILE, "\udc9b", "a\x9bb", "a'b\\c\x1b", "$(touch x)", "`x`", "two words", "-x", "", "*", "~", "=1+1"]


@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_quoted_command_is_read_by_a_shell_as_the_words_it_was_made_of(word):
    line = quoted(["printf", "%s", word])
    assert not UNSAFE.search(line)
    said = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    assert said.stdout == word.encode("utf-8", "surrogateescape" if word == "\udc9b" else "surrogatepass")


CELLS = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "-", "'=1", "''@", "\uff1d1"]


@pytest.mark.parametrize("cell", CELLS, ids=ascii)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(cell):
    _, (found, number) = csv.reader(io.StringIO(csv_line(["a", "b"]) + csv_line([cell, -1.5]), newline=""))
    assert found == f"'{cell}"
    assert number == "-1.5"
    assert unguarded(found) == cell


@pytest.mark.parametrize("cell", ["-5", "+1e5", "-inf", "-.5", "a=b", "'tis", "", "naïve", " =1"])
def test_numbers_and_other_texts_stand_as_they_are(cell):
    _, (found,) = csv.reader(io.StringIO(csv_line(["a"]) + csv_line([cell]), newline="")) if cell else (0, ("",))
    assert found == unguarded(found) == cell


def test_names_of_rows_and_columns_in_our_own_csv_are_read_as_they_were(tmp_path):
    lines = [csv_line(["id", *CELLS[:2]]), *(csv_line([cell, 1, 2]) for cell in CELLS)]
    (tmp_path / "a.csv").write_text("".join(lines), newline="")
    X, rows, columns, *_ = read_numbers(tmp_path / "a.csv")
    assert (rows, columns) == (CELLS, CELLS[:2])
    np.testing.assert_array_equal(X, [[1, 2]] * len(CELLS))


@pytest.mark.parametrize("cell", ["a;=1+1", "a\t=1+1", "a|=1+1"])
def test_a_cell_with_a_separator_of_another_country_is_quoted(cell):
    assert csv_line([cell]) == f'"{cell}"\n'


def test_numbers_are_written_with_all_their_digits():
    values = [0.1 + 0.2, -1e-320, 3, np.int64(-4), np.float64(2.5), np.float32(0.1)]
    assert csv_line(values) == "0.30000000000000004,-1e-320,3,-4,2.5,0.1\n"
