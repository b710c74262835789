"""Lists of all readers as a table: whole or not at all, gone on with after a kill, and never mixed with others."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.recommend import Recommender, everyone, lists

READERS = 150


def make_log(seed=0):
    rng = np.random.default_rng(seed)
    reader = np.concatenate([np.arange(READERS), rng.integers(0, READERS, 5 * READERS)])
    return {
        "reader": [f"r{i}" for i in reader],
        "article": [f"a{i}" for i in (reader % 3 + rng.integers(0, 40, len(reader)))],
    }


class Killed(BaseException):
    """Stands for a kill: nothing of ours catches it."""


def kill_after(calls):
    """Return a callback that raises at one of its calls."""
    left = [calls]

    def callback(done):
        left[0] -= 1
        if not left[0]:
            raise Killed

    return callback


@pytest.fixture(scope="module")
def model():
    return Recommender(4, n_jobs=2).fit(make_log())


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Make batches of a few readers."""
    monkeypatch.setattr(lists, "BLOCK", 8)
    monkeypatch.setattr(lists, "ROUND", 1)


READ = {
    ".csv": pd.read_csv,
    ".jsonl": lambda path: pd.read_json(path, lines=True),
    ".parquet": pd.read_parquet,
    ".json": pd.read_json,
}


@pytest.mark.parametrize("ending", READ)
def test_the_table_holds_what_recommend_gives_each_reader_alone(model, tmp_path, ending):
    path = tmp_path / f"lists{ending}"
    rows = model.write_lists(path, 3)
    table = READ[ending](path)
    expected = pd.concat([model.recommend([reader], 3) for reader in model.reader_ids_], ignore_index=True)
    assert rows == len(table) == len(expected)
    for column in ("reader", "article", "rank"):
        assert table[column].tolist() == expected[column].tolist()
    exact = {"rtol": 0} if ending == ".parquet" else {"rtol": 1e-5}
    np.testing.assert_allclose(table["score"], expected["score"], **exact)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("calls", [1, 2, 5, 9])
def test_a_killed_run_goes_on_and_ends_with_the_bytes_of_a_calm_one(model, tmp_path, calls):
    calm, path = tmp_path / "calm.csv", tmp_path / "lists.csv"
    model.write_lists(calm)
    with pytest.raises(Killed):
        model.write_lists(path, callback=kill_after(calls))
    assert not path.exists()
    made = []
    model.write_lists(path, callback=made.append)
    assert made[0] == (0 if calls == 1 else 8 + 16 * (calls - 2))
    assert made[-1] == READERS
    assert path.read_bytes() == calm.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["calm.csv", "lists.csv"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "zeros"])
def test_what_a_kill_left_half_written_is_made_again(model, tmp_path, damage):
    calm, path = tmp_path / "calm.csv", tmp_path / "lists.csv"
    model.write_lists(calm)
    with pytest.raises(Killed):
        model.write_lists(path, callback=kill_after(5))
    unfinished = path.with_name("lists.csv.unfinished")
    content = unfinished.read_bytes()
    content = {
        "cut": content[:-7],
        "flipped": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "zeros": content + bytes(500),
    }[damage]
    unfinished.write_bytes(content)
    model.write_lists(path)
    assert path.read_bytes() == calm.read_bytes()


def test_an_existing_table_stays_until_the_new_one_is_whole(model, tmp_path):
    path = tmp_path / "lists.csv"
    path.write_text("old")
    with pytest.raises(Killed):
        model.write_lists(path, callback=kill_after(4))
    assert path.read_text() == "old"
    model.write_lists(path)
    assert path.read_text().startswith("reader,rank,article,score\n")


def other_log(model):
    return Recommender(4).fit(make_log(seed=1)), {}


def more_reads(model):
    return Recommender(4).fit(make_log()).update({"reader": ["r1"], "article": ["a1"]}), {}


def other_model(model):
    return Recommender(4, random_state=1).fit(make_log()), {}


def other_length(model):
    return model, {"n": 4}


def other_options(model):
    return model, {"diversity": 0.5}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (other_log, "another log"),
        (more_reads, "another log"),
        (other_model, "another model"),
        (other_length, "other options, n=10 for 4"),
        (other_options, r"other options, diversity=0.0 for 0.5"),
    ],
)
def test_lists_of_something_else_are_refused_with_the_reason(model, tmp_path, other, told):
    path = tmp_path / "lists.csv"
    with pytest.raises(Killed):
        model.write_lists(path, callback=kill_after(3))
    left = path.with_name("lists.csv.unfinished").read_bytes()
    changed, settings = other(model)
    with pytest.raises(DataError, match=f"cannot go on from it: its lists are of .*{told}"):
        changed.write_lists(path, **settings)
    assert path.with_name("lists.csv.unfinished").read_bytes() == left


def test_a_fit_of_the_same_log_goes_on_with_the_lists_of_the_first(model, tmp_path):
    path = tmp_path / "lists.csv"
    with pytest.raises(Killed):
        model.write_lists(path, callback=kill_after(3))
    made = []
    Recommender(4, n_jobs=1).fit(make_log()).write_lists(path, callback=made.append)
    assert made[0] > 0


def test_another_version_is_refused(model, tmp_path, monkeypatch):
    with pytest.raises(Killed):
        model.write_lists(tmp_path / "lists.csv", callback=kill_after(3))
    monkeypatch.setattr("partwise.__version__", "0.0.1")
    with pytest.raises(DataError, match="another version of partwise"):
        model.write_lists(tmp_path / "lists.csv")


@pytest.mark.parametrize("content", [b"my notes", b"my notes\nof today\n", b'{"a": 1}\n', b"[]\n"])
def test_a_file_that_is_none_of_ours_is_left_alone(model, tmp_path, content):
    unfinished = tmp_path / "lists.csv.unfinished"
    unfinished.write_bytes(content)
    with pytest.raises(DataError, match="holds something else"):
        model.write_lists(tmp_path / "lists.csv")
    assert unfinished.read_bytes() == content


def test_two_runs_do_not_write_one_file(model, tmp_path):
    path = tmp_path / "lists.csv"

    def meanwhile(done):
        with pytest.raises(DataError, match="written by another run"):
            model.write_lists(path)

    model.write_lists(path, callback=meanwhile)


def test_a_table_that_cannot_be_written_is_told_before_lists_are_made(model, tmp_path):
    made = []
    for path in (tmp_path / "no folder" / "lists.csv", tmp_path):
        with pytest.raises(OSError, match=r"No such file|Is a directory"):
            model.write_lists(path, callback=made.append)
    assert not made


def test_a_pipe_gets_rows_as_they_are_made(model, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # what is written fits into the pipe
    model.write_lists(path, 2)
    rows = os.read(reader, 1 << 16).decode().splitlines()
    os.close(reader)
    assert rows[0] == "reader,rank,article,score"
    assert len(rows) == 1 + 2 * READERS
    assert [file.name for file in tmp_path.iterdir()] == ["pipe"]


def test_titles_stand_beside_articles(tmp_path):
    articles = {
        "article": [f"a{i}" for i in range(42)],
        "text": ["cup"] * 42,
        "title": [f"Title {i}" for i in range(42)],
    }
    Recommender(2).fit(make_log(), articles).write_lists(tmp_path / "lists.csv", 2)
    table = pd.read_csv(tmp_path / "lists.csv")
    assert table["title"].tolist() == [f"Title {name[1:]}" for name in table["article"]]


def test_bad_settings_leave_no_file(model, tmp_path):
    for settings in ({"n": 0}, {"diversity": -1}, {"callback": 7}):
        with pytest.raises(ParameterError, match=next(iter(settings))):
            model.write_lists(tmp_path / "lists.csv", **settings)
    assert not [*tmp_path.iterdir()]


KILLED = """
import sys
import numpy as np
from partwise.recommend import Recommender, lists
lists.BLOCK, lists.ROUND = 8, 1
rng = np.random.default_rng(0)
reader = np.concatenate([np.arange(4000), rng.integers(0, 4000, 20_000)])
model = Recommender(4).fit({"reader": reader, "article": reader % 3 + rng.integers(0, 40, len(reader))})
print("fitted", flush=True)
model.write_lists(sys.argv[1])
"""


def test_a_process_killed_again_and_again_ends_with_the_table_of_a_calm_one(tmp_path):
    calm, path = tmp_path / "calm.parquet", tmp_path / "lists.parquet"
    program = [sys.executable, "-c", KILLED]
    subprocess.run([*program, calm], check=True, stdout=subprocess.DEVNULL)
    unfinished, kills = path.with_name("lists.parquet.unfinished"), 0
    for share in (0.1, 0.5, 0.9):
        with subprocess.Popen([*program, path], stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            least = share * 4000 * 16 * 10
            while child.poll() is None and not (unfinished.exists() and unfinished.stat().st_size > least):
                pass
            child.send_signal(signal.SIGKILL)
        kills += child.returncode == -signal.SIGKILL
    assert kills
    assert not path.exists()
    subprocess.run([*program, path], check=True, stdout=subprocess.DEVNULL)
    pd.testing.assert_frame_equal(pd.read_parquet(path), pd.read_parquet(calm), check_exact=True)
    assert not unfinished.exists()
    assert everyone.ENDING == ".unfinished"
