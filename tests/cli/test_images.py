"""``partwise images``: a folder in, a page, a model and what was found out."""

import json

import numpy as np
import pytest
from PIL import Image

import partwise as pw
from partwise.images import ImageParts, read_folder


@pytest.fixture
def pictures(tmp_path):
    """A folder of 20 grey images of 8 x 6 that share two bars, and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, (one, two) in enumerate(np.random.default_rng(0).integers(20, 255, (20, 2))):
        image = np.zeros((8, 6), np.uint8)
        image[1:3], image[5:7] = one, two
        Image.fromarray(image).save(folder / f"{i:02}.png")
    (folder / "notes.csv").write_text("a")
    return folder


def test_parts_are_told_and_a_page_and_a_model_written(run, pictures, tmp_path):
    page, model = tmp_path / "a.html", tmp_path / "a.model"
    said = run("images", pictures, "--components", 2, "--out", page, "--out-model", model)
    lines = said.stdout.splitlines()
    assert lines[0].startswith("2 parts · 20 images · 8 x 6 pixels · seed 0 · ")
    assert " #  share  images with most of it" in lines
    assert any(line.startswith("most alike: ") for line in lines)
    assert "! 1 file left out, no images by their names, such as notes.csv" in said.stderr
    assert f"! wrote {page}; open it in a browser" in said.stderr
    loaded = pw.load(model)
    assert loaded.parts_.tobytes() == ImageParts(2, n_jobs=-1).fit(read_folder(pictures)).parts_.tobytes()
    text = page.read_text(encoding="utf-8")
    assert f"# this page: partwise images {pictures} --components 2 --out {page} --out-model {model}" in text
    assert "2 parts of 20 images" in text


def test_json_tells_the_same_and_nothing_is_written_unasked(run, pictures, tmp_path):
    before = sorted(tmp_path.iterdir())
    told = json.loads(run("images", pictures, "--components", 2, "--json", "--quiet").stdout)
    assert (told["n_components"], told["n_images"], told["height"], told["width"], told["colours"]) == (2, 20, 8, 6, 1)
    assert told["explained"] > 0.99
    assert [part["part"] for part in told["parts"]] == [0, 1]
    assert sum(part["share"] for part in told["parts"]) == pytest.approx(1, abs=1e-4)
    assert told["page"] is told["model"] is told["reason"] is None
    assert len(told["badly_explained"]) <= 12
    assert all(len(pair["images"]) == 2 for pair in told["similar"])
    assert sorted(tmp_path.iterdir()) == before


def test_a_number_of_parts_is_chosen_and_the_reason_printed(run, pictures):
    assert "2 parts" in run("images", pictures, "--components", "choose").stdout


@pytest.mark.parametrize(("size", "shape"), [("4", "4 x 4"), ("4x3", "4 x 3")])
def test_images_are_scaled(run, pictures, size, shape):
    said = run("images", pictures, "--components", 2, "--size", size, "--colour", "rgb")
    assert f"{shape} pixels in colour" in said.stdout
    assert f"scaled to {shape} (height x width)" in said.stderr


def test_what_is_wrong_with_a_folder_is_told_with_options(run, pictures):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(pictures / "odd.png")
    said = run("images", pictures, code=2).stderr
    assert "odd.png is 9 x 9 (height x width), while 20 of 21 are 8 x 6. Give a size, as in --size 6" in said
    (pictures / "odd.png").write_text("none")
    assert "odd.png is not an image" in run("images", pictures, code=2).stderr
    (pictures / "odd.png").unlink()
    assert "--components 25 is more than the 20 images" in run("images", pictures, code=2).stderr


@pytest.mark.parametrize("size", ["0", "4x", "x", "4x4x4", "-1", "a"])
def test_a_size_that_is_none_is_refused(run, pictures, size):
    assert "--size" in run("images", pictures, f"--size={size}", code=2).stderr


def test_a_page_ends_in_html_and_is_whole_or_not_there(run, pictures, tmp_path, monkeypatch):
    assert "End its name in .html or .htm" in run("images", pictures, "--out", tmp_path / "a.png", code=2).stderr

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("partwise.io.writing.os.fsync", full)
    said = run("images", pictures, "--components", 2, "--out", tmp_path / "a.html", code=1).stderr
    assert "a.html was not written (No space left on device); no file was left behind" in said


def test_without_pillow_the_extra_is_named(run, pictures, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    assert "pip install 'partwise[images]'" in run("images", pictures, code=1).stderr
