"""The command line among hostile names, in odd terminals, and before closed and full outputs."""

import csv
import io
import json
import os
import pty
import subprocess

import numpy as np
import pytest

from partwise.io.escapes import UNSAFE

SUBJECTS = ["cup team goal coach league match", "bank rates shares market profit trade"]
EVIL = [
    "\x1b]0;title\x07\x1b[31m", "\u202eRTL\u202c", "\x9b2J", "=HYPERLINK(1)", "-2+3", "$(touch x)", "two\nlines",
    "\r over", "\u200bzero", "\u2066a\u2069",
]  # fmt: skip


@pytest.fixture
def evil(tmp_path):
    """Texts, a log and a matrix whose ids, names and texts hold what terminals, shells and spreadsheets obey."""
    rng = np.random.default_rng(0)
    names = [f"{EVIL[i % len(EVIL)]}{i}" for i in range(40)]
    tables = {
        "texts.csv": [["id", "text"]],
        "log.csv": [["reader", "article"]],
        "numbers.csv": [["name", *EVIL[:4]]],
    }
    for i, name in enumerate(names):
        words = " ".join(rng.choice(SUBJECTS[i % 2].split(), size=9))
        tables["texts.csv"].append([name, f"{EVIL[i % len(EVIL)]} {words}"])
        tables["log.csv"] += [[name, names[(i * j) % 40]] for j in range(1, 5)]
        tables["numbers.csv"].append([name, *rng.integers(1, 9, 4)])
    for file, rows in tables.items():
        with open(tmp_path / file, "w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return tmp_path, names


def is_safe(said):
    return not UNSAFE.search(said.replace("\n", ""))


def test_nothing_of_names_and_texts_is_obeyed_by_the_terminal(run, evil):
    folder, names = evil
    model = folder / "a.model"
    found = [run("topics", folder / "texts.csv", "--topics", 2, "--out", model)]
    found += [run("similar", model, "-n", 40, "--", name) for name in names[:3]]
    found += [run("similar", model, "\x1b[2Jabsent", code=2), run("similar", "\x1b[2Jabsent", "1", code=2)]
    found += [run("recommend", folder / "log.csv", "-k", 2, "--reader", names[0], "--reader", "\x1b[2J")]
    found += [run("explain", folder / "log.csv", "-k", 2, "--reader", names[0], "--article", names[1])]
    found += [run("explain", folder / "log.csv", "-k", 2, "--reader", names[0], "--article", "\x9babsent", code=2)]
    found += [run("consensus", folder / "numbers.csv", "--components", 2, "--runs", 2)]
    found += [run("topics", folder / "texts.csv", "--text", "\x1babsent", code=2), run("\x1bodd", code=2)]
    assert all(is_safe(said.stdout) and is_safe(said.stderr) for said in found)
    assert "\\x1b]0;title\\x07" in "".join(said.stdout for said in found)
    assert len(found[0].stdout.splitlines()[1]) <= 80


def test_json_holds_the_names_as_they_are_and_shows_them(run, evil):
    folder, names = evil
    said = run("recommend", folder / "log.csv", "-k", 2, "-n", 40, "--reader", names[0], "--json").stdout
    assert {row["reader"] for row in json.loads(said)} == {names[0]}
    assert {row["article"] for row in json.loads(said)} <= set(names)
    assert is_safe(said)


def test_csv_runs_in_no_spreadsheet_and_is_read_back_with_the_same_names(run, evil):
    folder, names = evil
    run("fit", folder / "numbers.csv", "--components", 2, "--out", folder / "a.model")
    said = run("transform", folder / "a.model", folder / "numbers.csv").stdout_bytes.decode()
    ids = [row[0] for row in csv.reader(io.StringIO(said, newline=""))][1:]
    assert not [cell for cell in ids if cell[0] in "=+-@\t\r"]
    assert [cell.removeprefix("'") for cell in ids] == names
    run("transform", folder / "a.model", folder / "numbers.csv", "--out", folder / "W.csv")
    assert (folder / "W.csv").read_bytes().decode() == said
    weights = said.replace("component_0,component_1", "w,x")
    (folder / "weights.csv").write_text(weights, newline="")
    again = run(
        "fit",
        folder / "numbers.csv",
        "--components",
        2,
        "--weights",
        f"{folder / 'weights.csv'}:w",
        "--out",
        folder / "b.model",
    )
    assert "in the order of the file" in again.stderr  # every row has its own name there
    run("consensus", folder / "numbers.csv", "--components", 2, "--runs", 2, "--out", folder / "c.csv")
    with open(folder / "c.csv", newline="") as stream:
        assert {row[1] for row in csv.reader(stream)} >= {"'=HYPERLINK(1)", EVIL[0]}


def test_a_next_command_is_quoted_and_has_every_option_that_changes_the_fit(run, evil, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "two words.csv"
    X = rng.gamma(1, 1, (40, 2)) @ rng.gamma(1, 1, (2, 12))
    X[0, 0] = np.nan
    np.savetxt(file, X, delimiter=",", fmt="%g")
    file.write_text(file.read_text().replace("nan", ""))
    said = run(
        "rank", file.name, "--loss", "kullback-leibler", "--missing", "nan", "--seed", 3, "--max", 3, "--folds", 3
    )
    assert (
        "next: partwise fit 'two words.csv' --components 2 --out MODEL --loss kullback-leibler --missing nan --seed 3"
        in said.stderr
    )
    folder, _ = evil
    said = run("topics", folder / "texts.csv", "--topics", 2, "--out", "a b.model")
    assert "next: partwise similar 'a b.model' " in said.stderr


@pytest.mark.parametrize(
    ("command", "out", "right"),
    [
        (["report", "a.model"], "x.pdf", ".html or .htm"),
        (["report", "a.model"], "x", ".html or .htm"),
        (["fit", "counts.csv", "--components", 2], "x.csv", ".model or .partwise"),
        (["fit", "counts.csv", "--components", 2], "x.HTML", ".model or .partwise"),
        (["fit", "counts.csv", "--components", 2], "x.jpg", ".model or .partwise"),
        (["fit", "counts.csv", "--components", 2], "x.xml", ".model or .partwise"),
        (["fit", "counts.csv", "--components", 2], "x.7z", ".model or .partwise"),
        (["fit", "counts.csv", "--components", 2], "x.parquet.md", ".model or .partwise"),
        (["topics", "news.csv"], "x.json", ".model or .partwise"),
        (["consensus", "counts.csv", "--components", 2], "x.npy", ".csv, .model or .partwise"),
        (["transform", "a.model", "counts.csv"], "x.txt", ".npy, .csv, .tsv, .xlsx, .parquet, .jsonl or .json"),
        (["rank", "counts.csv"], "x.jpg", ".png, .svg or .pdf"),
    ],
)
def test_a_wrong_ending_is_refused_before_work_begins(run, news, counts, tmp_path, monkeypatch, command, out, right):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.model").write_text("is not even looked at")
    said = run(*command, "--out", out, code=2)
    assert f"End its name in {right}." in said.stderr
    assert "|" not in said.stderr.splitlines()[-1]
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize("out", ["news", "news.2024-05", "news.v2", "/dev/null"])
def test_a_date_and_a_version_are_part_of_a_models_name_and_a_device_needs_no_ending(
    run, counts, tmp_path, monkeypatch, out
):
    monkeypatch.chdir(tmp_path)
    run("fit", counts, "--components", 2, "--out", out)
    assert (tmp_path / out).exists()


@pytest.mark.parametrize(
    ("out", "command"),
    [
        ("/dev/stdout", ("fit", "--components", 2)),
        ("/dev/fd/1", ("topics", "--topics", 2)),
        ("/proc/self/fd/1", ("consensus", "--components", 2, "--runs", 2)),
        ("own", ("fit", "--components", 2)),
        ("/dev/stdout", ("rank",)),
    ],
)
def test_a_command_that_prints_saves_nothing_to_standard_output(program, news, counts, tmp_path, command, out):
    read = news if command[0] == "topics" else counts
    with open(tmp_path / "own", "wb") as own:
        said = program_says(program, command[0], read, *command[1:], "--out", out, stdout=own, cwd=tmp_path)
    assert said.returncode == 2
    assert b"is standard output" in said.stderr
    assert (tmp_path / "own").read_bytes() == b""


def test_what_a_command_saves_to_an_open_file_is_whole(program, run, counts, tmp_path):
    model, (found, write) = tmp_path / "a.model", os.pipe()
    run("fit", counts, "--components", 2, "--out", model)
    with open(found, "rb") as pipe:
        said = run("fit", counts, "--components", 2, "--out", f"/dev/fd/{write}")
        os.close(write)
        assert pipe.read() == model.read_bytes()
    assert "saved to" in said.stdout
    with open(tmp_path / "w.csv", "w") as own:
        assert program_says(program, "transform", model, counts, "--out", "/dev/stdout", stdout=own).returncode == 0
    assert (tmp_path / "w.csv").read_bytes() == run("transform", model, counts).stdout_bytes


def program_says(program, *arguments, **settings):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **settings.pop("env", {})}
    return subprocess.run(
        [*program, *map(str, arguments)], stderr=subprocess.PIPE, env=environment, check=False, **settings
    )


@pytest.mark.parametrize("columns", ["0", "1", "x"])
def test_odd_widths_are_written_to(run, evil, columns):
    said = run("topics", evil[0] / "texts.csv", "--topics", 2, env={"COLUMNS": columns})
    assert "2 topics" in said.stdout
    assert "Error" not in said.stderr


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "utf-16"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=lambda env: "".join(env.values()),
)
def test_odd_terminals_are_written_to(program, evil, env):
    said = program_says(program, "topics", evil[0] / "texts.csv", "--topics", 2, env=env, stdout=subprocess.PIPE)
    assert (said.returncode, b"Error" in said.stderr) == (0, False)
    assert "2 topics" in said.stdout.decode(env.get("PYTHONIOENCODING", "utf-8"))


@pytest.mark.parametrize(
    "command", [["topics", "news.csv", "--topics", "2"], ["--help"], ["transform", "a.model", "counts.csv"]]
)
def test_closed_and_full_outputs_end_the_program_with_1_and_a_line(
    program, run, news, counts, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    run("fit", counts, "--components", 2, "--out", tmp_path / "a.model")
    with open("/dev/full", "w") as full:
        said = program_says(program, *command, stdout=full)
    assert said.returncode == 1
    assert said.stderr.decode().splitlines()[-1].startswith("Error: ")
    reading, writing = os.pipe()
    os.close(reading)
    said = program_says(program, *command, stdout=writing)
    os.close(writing)
    assert (said.returncode, said.stderr.decode()) == (1, "")
    said = program_says(["bash", "-c", 'exec "$@" >&-', "bash", *program], *command)
    assert (said.returncode, said.stderr.decode()) == (
        1, "Error: standard output is closed. Send it to a file, or to /dev/null.\n"
    )  # fmt: skip


def test_closed_input_and_error_are_no_internal_errors(program, news, tmp_path):
    closed = ["bash", "-c", 'exec "$@" <&-', "bash", *program]
    said = program_says(closed, "topics", "-", stdout=subprocess.PIPE)
    assert (said.returncode, said.stderr.decode()) == (2, "Error: standard input is closed. Give a file.\n")
    closed = ["bash", "-c", 'exec "$@" 2>&-', "bash", *program]
    said = program_says(closed, "topics", news, "--topics", 2, "--out", tmp_path / "a.model", stdout=subprocess.PIPE)
    assert said.returncode == 0
    assert (tmp_path / "a.model").stat().st_size > 1000


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "counts.csv", "--components", 2, "--out", "a.model", "--seed", -1],
        ["consensus", "counts.csv", "--components", 2, "--seed", 2**32],
        ["rank", "counts.csv", "--max-time", "nan"],
        ["rank", "counts.csv", "--max-time", "inf"],
        ["recommend", "counts.csv", "--reader", "a", "--half-life", "nan"],
        ["recommend", "counts.csv", "--reader", "a", "--diversity", "nan"],
    ],
    ids=lambda words: " ".join(map(str, words[-2:])),
)
def test_numbers_beyond_limits_are_refused_by_the_name_of_their_option(run, counts, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert f"Invalid value for '{words[-2]}'" in run(*words, code=2).stderr


def test_a_page_holds_no_control_characters_and_nothing_that_turns_text_around(run, evil):
    folder, _ = evil
    run("topics", folder / "texts.csv", "--topics", 2, "--out", folder / "a.model")
    run("report", folder / "a.model", "--out", folder / "a.html", "--title", "\x1b[2J\u202e</title><script>x</script>")
    page = (folder / "a.html").read_text(encoding="utf-8")
    content = page.partition("<script")[0] + page[page.index("<body") : page.index("<script", page.index("<body"))]
    assert "\\x1b[2J\\u202e&lt;/title&gt;" in content
    assert not [character for character in content if character in "\x00\x07\x1b\x9b\u202e\u202c\u2066\u2069"]


def test_csv_in_a_terminal_is_shown_and_not_obeyed(program, run, evil):
    folder, _ = evil
    run("topics", folder / "texts.csv", "--topics", 2, "--out", folder / "a.model")
    ours, theirs = pty.openpty()
    words = [*program, "transform", str(folder / "a.model"), str(folder / "texts.csv")]
    with subprocess.Popen(words, stdout=theirs):
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the program has ended
                break
    os.close(ours)
    assert b"\\x1b]0;title\\x07" in seen
    assert b"\x1b]0;title" not in seen
