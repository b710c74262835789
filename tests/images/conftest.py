"""Small images of made-up parts, and a folder of them."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def stripes():
    """60 grey images of 10 x 8, uint8: sums of three bars that do not overlap, each of its own brightness."""
    parts = np.zeros((3, 10, 8))
    parts[0, 1:3], parts[1, 5:7], parts[2, 8:10, 2:] = 1, 1, 1
    weights = np.random.default_rng(0).random((60, 3))
    return np.round(255 * np.tensordot(weights, parts, 1)).astype(np.uint8)


@pytest.fixture
def save(tmp_path):
    """Write an array, or an image of Pillow, under a name in a folder; return the folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()

    def save(name, image, **settings):
        made = image if isinstance(image, Image.Image) else Image.fromarray(image)
        (folder / name).parent.mkdir(exist_ok=True)
        made.save(folder / name, **settings)
        return folder

    return save


@pytest.fixture
def folder(save, stripes):
    """A folder of the images of `stripes`."""
    for i, image in enumerate(stripes):
        at = save(f"{i:02}.png", image)
    return at
