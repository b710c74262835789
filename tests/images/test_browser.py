"""A page of images in a browser, offline: it fits the window, shows its pictures, and a check finds no fault."""

from pathlib import Path

import numpy as np
import pytest

from partwise.images import ImageParts, ImageStack

AXE = Path(__file__).parents[1] / "report" / "vendor" / "axe.min.js"
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def page_file(stripes, tmp_path_factory):
    """A page of images with long names, of which some pixels are unknown."""
    mask = np.random.default_rng(0).random(stripes.shape) > 0.05
    stack = ImageStack(stripes, [f"{i:02}{'-a-long-name-without-a-space' * 3}.png" for i in range(60)], mask)
    path = tmp_path_factory.mktemp("page") / "images.html"
    ImageParts(3, max_iter=1000).fit(stack).report(path, stack)
    return path


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_images_fits_shows_its_pictures_and_has_no_fault(chromium, page_file, width, scheme):
    said = []
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url))
    page.goto(page_file.as_uri())
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("img").count() > 60
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(fault["id"], fault["nodes"][0]["html"][:300]) for fault in found["violations"]] == []
    context.close()
    assert said == []
