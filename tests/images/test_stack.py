"""Arrays as images: what is taken, what is unknown, what is refused."""

import numpy as np
import pytest

from partwise.exceptions import DataError, DataTypeError
from partwise.images import ImageStack
from partwise.images.stack import as_picture, as_stack, masks_of

GREY = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize(
    "images",
    [GREY, GREY / 255, (GREY / 255).astype(np.float32), GREY.astype(np.uint16) * 257, [*GREY], GREY[..., None]],
)
def test_all_kinds_of_pixels_are_the_same_brightness(images):
    np.testing.assert_allclose(as_stack(images).rows(), GREY.reshape(2, 12) / 255, rtol=1e-6)


def test_the_arrays_of_a_user_are_never_written_to():
    images = np.full((2, 3, 3), np.nan)
    images[0] = 0.5
    as_stack(images).rows()
    assert np.isnan(images[1]).all()
    whole = GREY.copy()
    as_stack(whole, np.zeros((4, 3), bool)).rows()
    np.testing.assert_array_equal(whole, GREY)


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3)])
def test_a_mask_says_true_where_a_pixel_is_known(shape):
    mask = np.random.default_rng(0).random(shape) > 0.5
    found = np.isnan(as_stack(GREY, mask).images())
    np.testing.assert_array_equal(found, np.broadcast_to(~mask, GREY.shape))


def test_masks_nan_and_masked_entries_add_up():
    images = GREY / 255
    images[0, 0, 0] = np.nan
    masked = np.ma.masked_array(images, mask=images == images[1, 1, 1])
    mask = np.ones((4, 3), bool)
    mask[3, 2] = False
    unknown = np.argwhere(np.isnan(as_stack(masked, mask).images())).tolist()
    assert unknown == [[0, 0, 0], [0, 3, 2], [1, 1, 1], [1, 3, 2]]
    stack = as_stack(masked)
    assert np.count_nonzero(np.isnan(as_stack(stack, mask).images())) == 4


def test_a_mask_of_pixels_counts_for_all_colours():
    colour = np.zeros((2, 4, 5, 3))
    mask = np.ones((2, 4, 5), bool)
    mask[1, 2, 3] = False
    assert np.argwhere(np.isnan(as_stack(colour, mask).images())).tolist() == [[1, 2, 3, c] for c in range(3)]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (GREY * 1.0, r"images\[0, 0, 2\] is 2: pixels of float64 lie between 0 and 1"),
        (-(GREY / 255), "lie between 0 and 1"),
        (np.full((2, 3, 3), np.inf), "is inf"),
        (GREY.astype(int), "has dtype int64"),
        (np.array([["a"]]), "must be an array"),
        (np.zeros((2, 3, 3, 4)), r"has 4 channels.*images\[\.\.\., :3\]"),
        (np.zeros((2, 3, 3, 2)), "has 2 channels"),
        (np.zeros((3, 4)), "must be an array"),
        (np.zeros((0, 3, 4)), "no images"),
        (np.zeros((2, 0, 4)), "and pixels"),
        ([], "no images"),
        ([np.zeros((3, 4)), np.zeros((4, 3))], r"images\[1\] has shape \(4, 3\).*PatchParts"),
    ],
)
def test_what_is_no_stack_is_refused_with_a_way_out(images, said):
    with pytest.raises(DataError, match=said):
        as_stack(images)


@pytest.mark.parametrize(
    "shape", [(3, 4), (5,), (3, 4, 3), (), (3,), (4, 1), (1, 3), (1, 4, 3), (2, 1, 1), (2, 4, 3, 1)]
)
def test_a_mask_of_another_shape_is_refused_even_if_numpy_would_repeat_it(shape):
    with pytest.raises(DataError, match=r"does not fit.*Give \(4, 3\) or \(2, 4, 3\)\."):
        as_stack(GREY, np.ones(shape, bool))


def test_a_mask_of_three_axes_is_one_for_each_image_even_if_it_has_the_shape_of_one_in_colour():
    mask = np.random.default_rng(0).random((3, 3, 3)) > 0.5
    found = np.isnan(as_stack(np.zeros((3, 3, 3, 3)), mask).images())
    np.testing.assert_array_equal(found, np.repeat(~mask[..., None], 3, axis=3))


@pytest.mark.parametrize("mask", [True, np.array(True)])
def test_one_value_is_no_mask_of_several_images(mask):
    with pytest.raises(DataError, match=r"mask must be an array \(height, width\), or one for each image; got"):
        masks_of(mask, 2)


def test_a_mask_of_numbers_is_refused():
    with pytest.raises(DataTypeError, match="True where a pixel is known"):
        as_stack(GREY, np.ones((4, 3)))


def test_a_picture_can_be_of_any_size():
    assert as_picture(np.zeros((5, 7, 1))).shape == (5, 7)
    assert np.isnan(as_picture(np.zeros((5, 7, 3)), np.zeros((5, 7), bool))).all()


def test_a_stack_tells_of_itself_in_a_few_lines():
    stack = as_stack(GREY, np.eye(4, 3, dtype=bool))
    assert repr(stack).split() == ["ImageStack", "images", "2", "size", "4", "x", "3", "unknown", "18", "pixels"]
    assert stack.take(np.array([1])).names == ["1"]
    assert len(ImageStack(GREY, ["a", "b"])) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((GREY[0], ["a"]), r"shape \(n, height, width\).*got \(4, 3\)"),
        ((np.zeros((2, 4, 3, 4), np.uint8), ["a", "b"]), "has 4 channels"),
        ((np.zeros((2, 0, 3), np.uint8), ["a", "b"]), "and pixels"),
        ((GREY / 255, ["a", "b"]), "pixels have dtype float64"),
        ((GREY.tolist(), ["a", "b"]), "pixels must be an array"),
        ((GREY, ["a"]), "there are 2 images and 1 names"),
        ((GREY, ["a", "b"], np.ones((4, 3), bool)), r"mask has shape \(4, 3\), the pixels \(2, 4, 3\)"),
        ((GREY, ["a", "b"], np.ones(GREY.shape)), "mask has dtype float64"),
        ((GREY, ["a", "b"], [True]), "mask must be an array of bool"),
    ],
)
def test_a_stack_checks_what_it_is_made_of(given, said):
    with pytest.raises(DataError, match=said):
        ImageStack(*given)
