"""partwise fit --checkpoint: Ctrl-C leaves with 130 and the command that goes on."""

import shlex
import signal

import numpy as np
import pytest

from partwise.checkpoints import NAME, Course
from partwise.persistence import load


@pytest.fixture
def interrupt(monkeypatch, ctrl_c):
    """Press Ctrl-C in an iteration of the next fits; 0: in none."""
    keep = Course.keep

    def interrupt(iteration):
        def kept(course, descent, *args, **options):
            if descent.iteration == iteration:
                signal.raise_signal(signal.SIGINT)
            keep(course, descent, *args, **options)

        monkeypatch.setattr(Course, "keep", kept)

    return interrupt


@pytest.fixture
def fit(counts):
    """A command, without what it is called with."""
    return ["fit", counts, "--components", 3, "--out", counts.parent / "a.model", "--max-iter", 40]


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_ctrl_c_prints_the_command_that_goes_on_to_the_same_model(run, fit, counts, interrupt, quiet):
    calm = [*fit[:5], counts.parent / "calm.model", *fit[6:]]
    run(*calm)
    folder = counts.parent / "a folder"
    interrupt(4)
    result = run(*fit, "--checkpoint", folder, *quiet, code=130)
    assert result.stdout == ""
    assert result.stderr.startswith("Interrupted. To go on: partwise fit --resume ")
    assert len(result.stderr.splitlines()) == 1
    assert not (counts.parent / "a.model").exists()
    words = shlex.split(result.stderr.partition("To go on: ")[2])
    assert words[:3] + words[-3 - len(quiet) :] == [
        "partwise",
        "fit",
        "--resume",
        "40",
        "--checkpoint",
        str(folder),
        *quiet,
    ]
    interrupt(0)
    run(*words[1:])
    assert (counts.parent / "a.model").read_bytes() == (counts.parent / "calm.model").read_bytes()
    assert load(counts.parent / "a.model").checkpoint_dir is None


def test_a_resumed_command_that_is_interrupted_prints_itself(run, fit, counts, interrupt):
    interrupt(2)
    said = run(*fit, "--resume", "--checkpoint", counts.parent / "run", code=130).stderr
    interrupt(3)
    again = run(*shlex.split(said.partition("partwise ")[2]), code=130).stderr
    assert again.count("--resume") == 1


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(run, fit, counts, interrupt, monkeypatch):
    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("partwise.estimators.nmf.fit", stopped)
    assert run(*fit, code=130).stderr == "Interrupted.\n"
    assert run(*fit, "--checkpoint", counts.parent / "run", code=130).stderr == "Interrupted.\n"


def test_a_checkpoint_of_another_fit_is_refused_in_the_words_of_the_command(run, fit, counts, interrupt):
    interrupt(2)
    folder = counts.parent / "run"
    run(*fit, "--checkpoint", folder, code=130)
    interrupt(0)
    result = run(*fit, "--checkpoint", folder, "--seed", 1, "--resume", code=2)
    assert f"The checkpoint in {folder} is of another fit: --seed is 0 there and 1 here." in result.stderr
    np.save(counts.parent / "b.npy", np.ones((3, 3)))
    fit[1] = counts.parent / "b.npy"
    assert "shape of X is 12 x 5 there and 3 x 3 here" in run(*fit, "--checkpoint", folder, code=2).stderr
    (folder / NAME).write_bytes(b"0")
    assert "fit.checkpoint cannot be used" in run(*fit, "--checkpoint", folder, code=2).stderr


@pytest.mark.parametrize("option", [["--resume"], ["--checkpoint-every", 5]])
def test_what_needs_a_folder_says_so(run, fit, option):
    assert f"{' '.join(map(str, option))} needs --checkpoint, the folder" in run(*fit, *option, code=2).stderr


def test_no_space_is_told_in_one_line(run, fit, counts, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("partwise.io.model_file.write", full)
    result = run(*fit, "--checkpoint", counts.parent / "run", "--checkpoint-every", 1, code=1)
    assert "The checkpoint was not written (No space left on device)" in result.stderr
    assert "go on with --resume" in result.stderr
    assert len(result.stderr.splitlines()) == 1
