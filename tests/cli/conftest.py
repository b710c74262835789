"""A small collection, a small matrix, and the command line in 80 columns."""

import os
import pty
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import numpy as np
import pytest
from click.testing import CliRunner

from partwise.cli.main import group

SUBJECTS = {"sport": "cup team goal coach league match", "money": "bank rates shares market profit trade"}


@pytest.fixture
def six_digits():
    """Make of a value what --json prints."""

    def six_digits(value):
        if isinstance(value, dict):
            return {name: six_digits(held) for name, held in value.items()}
        if isinstance(value, list):
            return [*map(six_digits, value)]
        return float(f"{value:.6g}") if isinstance(value, float) else value

    return six_digits


@pytest.fixture
def news(tmp_path):
    """A csv file of 40 texts of two subjects in two years, with a title that is no text."""
    rng = np.random.default_rng(0)
    lines = ["id,title,body,published"]
    for i in range(40):
        subject = "sport" if i % 2 else "money"
        words = " ".join(rng.choice(SUBJECTS[subject].split(), size=8))
        lines.append(f'{subject}/{i:02},Number {i},"{words}",{2021 + i % 2}-0{1 + i % 5}-11')
    path = tmp_path / "news.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def counts(tmp_path):
    """A csv file of a matrix of rank two, with names of rows and columns."""
    rng = np.random.default_rng(0)
    X = rng.random((12, 2)) @ rng.random((2, 5))
    rows = [",".join([f"s{i}", *(f"{x:.6f}" for x in row)]) for i, row in enumerate(X)]
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(["sample,a,b,c,d,e", *rows]) + "\n")
    return path


@pytest.fixture
def run(monkeypatch):
    """Run the command line, check its exit code, and return what it said."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments, code=0, **settings):
        result = CliRunner().invoke(group, [str(argument) for argument in arguments], **settings)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture(scope="session")
def program():
    """The command line as a program of its own, to put arguments after."""
    return [sys.executable, "-c", "from partwise.cli.main import main; main()"]


@pytest.fixture
def on_terminal(monkeypatch):
    """Run the command line with standard error on a terminal; return what it wrote there, and to standard output."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")

    def on_terminal(*words):
        reader, terminal = pty.openpty()
        said = []

        def read():
            while not said or not said[-1].endswith(b"end"):
                said.append(os.read(reader, 100_000))

        listener = threading.Thread(target=read)
        listener.start()
        with open(terminal, "w", closefd=False) as errors, redirect_stderr(errors), redirect_stdout(StringIO()) as out:
            with pytest.raises(SystemExit) as end:
                group.main([*map(str, words)])
            assert not end.value.code
        os.write(terminal, b"end")
        listener.join()
        os.close(terminal)
        os.close(reader)
        return b"".join(said).decode(), out.getvalue()

    return on_terminal
