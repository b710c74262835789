"""Parts of patches: pictures of any size are made anew, holes are filled, noise goes."""

import numpy as np
import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.images import ImageStack, PatchParts, patches

SIDE = 60
HIDDEN = np.random.default_rng(0).random((SIDE, 70)) < 0.3


@pytest.fixture(scope="module")
def picture():
    """A smooth picture of 60 x 70."""
    y, x = np.mgrid[:SIDE, :70]
    return 0.5 + 0.25 * np.sin(y / 6) + 0.2 * np.cos(x / 5)


@pytest.fixture(scope="module")
def model(picture):
    return PatchParts(8, n_patches=600).fit(picture)


def test_a_picture_is_made_of_its_patches(model, picture):
    assert model.parts_.shape == (8, 8, 8)
    np.testing.assert_allclose(model.reconstruct(picture), picture, atol=0.03)


@pytest.mark.parametrize("at_once", [1, 40, 10_000])
def test_how_many_patches_are_held_at_once_changes_nothing(model, picture, monkeypatch, at_once):
    whole = model.reconstruct(picture)
    monkeypatch.setattr(patches, "AT_ONCE", at_once)
    np.testing.assert_allclose(model.reconstruct(picture), whole, atol=1e-6)


@pytest.mark.parametrize("side", [2, 3, 5, 60])
def test_every_pixel_lies_in_a_patch_of_any_size(picture, side):
    found = PatchParts(2, patch_size=side, n_patches=200).fit(picture).reconstruct(picture)
    assert found.shape == picture.shape
    assert np.isfinite(found).all()


def test_the_average_of_exact_patches_is_the_picture(model, picture, monkeypatch):
    monkeypatch.setattr(model, "_modelled", lambda rows: rows)
    np.testing.assert_allclose(model.reconstruct(picture), picture, atol=1e-6)


def test_hidden_pixels_of_one_picture_are_filled_in(picture):
    given = np.where(HIDDEN, np.nan, picture)
    filled = PatchParts(6, n_patches=600).fit(given).inpaint(given)
    np.testing.assert_array_equal(filled[~HIDDEN], picture[~HIDDEN].astype(np.float32))
    assert np.abs(filled - picture)[HIDDEN].max() < 0.05
    same = PatchParts(6, n_patches=600).fit(picture, ~HIDDEN).inpaint(picture, ~HIDDEN)
    np.testing.assert_array_equal(filled, same)


def test_noise_goes(picture):
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 0.1, picture.shape), 0, 1)
    clean = PatchParts(3, n_patches=600).fit(noisy).denoise(noisy)
    assert np.square(clean - picture).mean() < np.square(noisy - picture).mean() / 3


def test_pictures_of_several_sizes_share_their_parts(model, picture):
    several = [picture, picture[:40, :30], picture[10:30]]
    found = PatchParts(8, n_patches=600).fit(several, [None, ~HIDDEN[:40, :30], None])
    remade = found.reconstruct(several)
    assert [one.shape for one in remade] == [one.shape for one in several]
    assert model.reconstruct(picture[:40, :30]).shape == (40, 30)


def test_a_picture_in_colour_keeps_its_colours(picture):
    colour = np.dstack([picture, picture[::-1], np.full_like(picture, 0.2)])
    model = PatchParts(10, n_patches=600).fit(colour, ~HIDDEN)
    assert model.parts_.shape == (10, 8, 8, 3)
    filled = model.inpaint(colour, ~HIDDEN)
    assert np.abs(filled - colour).max() < 0.1
    stack = model.reconstruct(np.stack([colour, colour]))
    assert stack.shape == (2, *colour.shape)


@pytest.mark.parametrize("colours", [(), (3,)])
def test_patches_are_drawn_where_a_pixel_is_known(colours):
    rng = np.random.RandomState(0)
    dark, speck = np.full((100, 90, *colours), np.nan), np.full((100, 90, *colours), np.nan)
    speck[50, 40] = 0.5
    drawn = patches._drawn([dark, speck, speck], 4, 1000, rng)
    assert drawn.shape == (32, 16 * max(sum(colours), 1))  # 16 places of a patch have the speck
    assert (~np.isnan(drawn)).any(axis=1).all()
    assert len(patches._drawn([dark, speck], 4, 5, rng)) == 5
    assert len(patches._drawn([speck, speck], 4, 1, rng)) == 1


def test_a_hole_larger_than_a_patch_is_refused(model, picture):
    mask = np.ones(picture.shape, bool)
    mask[20:40, 20:40] = False
    with pytest.raises(
        DataError, match=r"pixel \[\d+, \d+\] of image '0' lies in a hole that is larger than a patch of"
    ):
        model.inpaint(picture, mask)
    with pytest.raises(DataError, match=r"of image '1' lies in a hole"):
        model.inpaint([picture, picture], [None, mask])


def test_errors_name_the_picture_of_a_list_or_the_file_of_a_folder(model, picture):
    small = picture[:4]
    with pytest.raises(DataError, match=r"images\[1\] is 4 x"):
        PatchParts(2).fit([picture, small])
    with pytest.raises(DataError, match="image '1' is 4 x"):
        model.reconstruct([picture, small])
    stack = ImageStack(small[None].astype(np.float32), ["a.png"])
    for asked in (PatchParts(2).fit, model.reconstruct):
        with pytest.raises(DataError, match=r"image 'a\.png' is 4 x"):
            asked(stack)
    with pytest.raises(DataError, match=r"image '1' is in colour, and the parts grey"):
        model.reconstruct([picture, np.zeros((20, 20, 3))])


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((5, 20)), "smaller than a patch of 8 x 8"),
        ([np.zeros((20, 20)), np.zeros((20, 20, 3))], "not both grey"),
        ([], "no images"),
        (np.full((20, 20), np.nan), "no pixel of the pictures is known"),
    ],
)
def test_what_has_no_patches_is_refused(images, said):
    with pytest.raises(DataError, match=said):
        PatchParts(2).fit(images)


def test_a_picture_of_other_colours_than_the_parts_is_refused(model, picture):
    with pytest.raises(DataError, match="the pictures are in colour, and the parts grey"):
        model.reconstruct(np.zeros((2, 20, 20, 3)))
    with pytest.raises(DataError, match="smaller than a patch"):
        model.reconstruct(picture[:4])


@pytest.mark.parametrize("given", [{"patch_size": 1}, {"n_patches": 0}, {"n_components": 0}, {"n_components": 5000}])
def test_a_parameter_that_is_none_is_refused(picture, given):
    with pytest.raises(ParameterError, match=next(iter(given))):
        PatchParts(**given).fit(picture)
