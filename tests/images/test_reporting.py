"""A page of images: one file that needs no network, whatever images are called, and what it tells."""

import base64
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from partwise.exceptions import DataError, ParameterError
from partwise.images import ImageParts, ImageStack
from partwise.images.pictures import LARGE, picture
from partwise.images.reporting import image_report_of
from partwise.report.images import image_page

HOSTILE = "\"><script>alert('x')</script>\x1b[31m.png"


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def stack(stripes):
    """The images of `stripes` with two that are the same, one that no parts make, and one of a hostile name."""
    pixels = stripes.copy()
    pixels[7] = pixels[8]
    pixels[11] = 255 * np.eye(10, 8)
    mask = np.ones(pixels.shape, bool)
    mask[20, 4:6, 3:5] = False
    return ImageStack(pixels, [HOSTILE, *(f"{i}.png" for i in range(1, 60))], mask, ["1 file left out"])


@pytest.fixture(scope="module")
def model(stack):
    return ImageParts(3).fit(stack)


@pytest.fixture(scope="module")
def report(model, stack):
    return image_report_of(model, stack, command="partwise images a")


@pytest.fixture(scope="module")
def text(report):
    return image_page(report)


def decoded(uri):
    return Image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_the_page_loads_nothing_and_runs_nothing(text):
    elements = Elements(text).found
    assert {name for name, _ in elements} & {"script", "link", "iframe", "object"} == set()
    for name, attributes in elements:
        for key in ("src", "href"):
            assert attributes.get(key, "#").startswith(("#", "data:image/")), name
        assert not any(key.startswith("on") or key == "style" for key in attributes)
    policy = next(attributes["content"] for _, attributes in elements if "http-equiv" in attributes)
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in policy


def test_names_are_shown_and_not_obeyed(text):
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;" in text


def test_every_picture_has_an_alternative_text_and_its_size(text):
    pictures = [attributes for name, attributes in Elements(text).found if name == "img"]
    assert pictures
    assert all("alt" in one and int(one["width"]) == 8 and int(one["height"]) == 10 for one in pictures)
    assert {f"Part {t}" for t in range(3)} <= {one["alt"] for one in pictures}


def test_pictures_are_the_images_and_what_the_parts_make_of_them(report, model, stack):
    one = report.shown[0]
    row = stack.names.index(one.name)
    np.testing.assert_array_equal(np.asarray(decoded(one.original.uri)), stack.pixels[row])
    made = np.asarray(decoded(one.model.uri)) / 255
    np.testing.assert_allclose(made, model.reconstruct(stack.take(np.array([row])))[0], atol=1 / 255)
    for part in report.parts:
        assert np.asarray(decoded(part.picture.uri)).max() == 255


def test_unknown_pixels_are_clear():
    pixels = np.full((4, 6), 0.5)
    pixels[1, 2] = np.nan
    alpha = np.asarray(decoded(picture(pixels).uri))[..., 3]
    assert np.argwhere(alpha == 0).tolist() == [[1, 2]]


def test_large_pictures_are_sized_down_and_small_in_bytes():
    rng = np.random.default_rng(0)
    made = picture(rng.random((900, 600, 3)).astype(np.float32))
    assert (made.height, made.width, made.coarse) == (LARGE, round(LARGE * 2 / 3), False)
    assert len(made.uri) < 30_000


def test_what_is_told_is_true(report, model, stack):
    assert (report.images, report.k, report.repeated) == (60, 3, 1)
    assert report.worst[0].name == "11.png"
    assert report.worst[0].error == pytest.approx(model.errors_[11])
    left = np.nansum(np.square(stack.images() - model.reconstruct(stack)))
    assert report.explained == pytest.approx(1 - left / np.nansum(np.square(stack.images())), abs=0.01)
    assert report.unknown == pytest.approx(4 / 4800)
    shares = model.shares_
    for part in report.parts:
        assert part.share == pytest.approx(shares[:, part.index].mean(), abs=1e-6)
        assert part.typical[0][0] == stack.names[int(shares[:, part.index].argmax())]
    assert [part.share for part in report.parts] == sorted((part.share for part in report.parts), reverse=True)
    np.testing.assert_allclose(np.sum(report.table, axis=1), 1)
    assert len({one.name for one in report.shown}) == len(report.shown) == 24


def test_pairs_are_of_different_images_each_in_one(report):
    names = [name for pair in report.pairs for name in pair.names]
    assert len(names) == len(set(names))
    assert not {"7.png", "8.png"} <= set(names) or ("7.png", "8.png") not in [pair.names for pair in report.pairs]
    scores = [pair.score for pair in report.pairs]
    assert scores == sorted(scores, reverse=True)
    assert 0.9 < scores[0] <= 1


def test_the_same_model_and_images_give_the_same_page(model, stack, text, tmp_path):
    assert image_page(image_report_of(model, stack, command="partwise images a")) == text
    model.report(tmp_path / "a.html", stack, title="Bars & bars")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<h1 dir="auto">Bars &amp; bars</h1>' in page


def test_the_page_says_how_it_was_made(text):
    assert "model = ImageParts(n_components=3).fit(images)" in text
    assert "# this page: partwise images a" in text
    assert re.search(r"while they were read</th><td>1 file left out", text)
    assert "Unknown pixels of an image are hatched" in text


def test_images_that_are_all_black_have_a_page(tmp_path):
    black = np.zeros((4, 5, 5))
    ImageParts(1).fit(black).report(tmp_path / "a.html", black)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<title>1 part of 4 images</title>" in page
    assert "3 images are the same as another" in page


def test_other_images_of_the_size_can_be_shown_and_none_of_another(model, stripes, tmp_path):
    model.report(tmp_path / "a.html", stripes[:2])
    with pytest.raises(DataError, match="images have shape"):
        model.report(tmp_path / "a.html", stripes[:, :5])
    with pytest.raises(ParameterError, match="path must be the name of a file"):
        model.report(3, stripes)
