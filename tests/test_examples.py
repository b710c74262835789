"""The examples of the site run as they are, and what they draw says what it is."""

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").rglob("*.py"))
EXTRAS = ("anndata", "dask", "pandas")
"""Packages that an installation can be without."""


@pytest.fixture
def pyplot(monkeypatch, tmp_path):
    """pyplot without windows, in an empty folder."""
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    pyplot.close("all")  # what another test left open
    yield pyplot
    pyplot.close("all")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_warnings_and_its_pictures_have_titles(path, pyplot, monkeypatch):
    """The site reads out these titles where a picture is not seen."""
    for package in re.findall(rf"^\s*(?:import|from) ({'|'.join(EXTRAS)})\b", path.read_text("utf-8"), re.MULTILINE):
        pytest.importorskip(package)
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    assert figures, "the example draws nothing"
    for figure in figures:
        titles = [figure.get_suptitle(), *(ax.get_title() for ax in figure.axes)]
        assert any(map(str.strip, titles)), f"figure {figure.number} has no title"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_begins_with_a_title_and_a_sentence(path):
    opening = path.read_text(encoding="utf-8").split('"""')[1].strip().splitlines()
    assert set(opening[1]) == {"="}
    assert len(opening[1]) == len(opening[0])
    assert "".join(opening[2:]).rstrip("*").endswith((".", ":", "?"))
