"""Pictures of models of images: parts and residuals are drawn in the shape of the images."""

import numpy as np
import pytest

import partwise as pw
from partwise import plot
from partwise.exceptions import DataError, ParameterError
from partwise.images import ImageParts, ImageStack, PatchParts

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

IMAGES = np.random.default_rng(0).random((30, 6, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def images():
    return ImageParts(3).fit(IMAGES)


@pytest.fixture(scope="module")
def patches():
    return PatchParts(2, patch_size=4).fit(IMAGES)


def test_parts_are_drawn_in_their_own_shape(images, patches):
    for model in (images, patches):
        found = plot.components(model)
        for ax, part in zip(found, model.parts_, strict=True):
            np.testing.assert_allclose(ax.images[0].get_array(), part)
    assert plot.components(images, (4, 6))[0].images[0].get_array().shape == (4, 6)


def test_parts_in_colour_are_drawn_in_colour():
    model = ImageParts(2).fit(np.stack([IMAGES, IMAGES[::-1], IMAGES], axis=-1))
    assert plot.components(model)[0].images[0].get_array().shape == (6, 4, 3)


def test_pairs_of_parts_are_drawn_as_images(images):
    other = ImageParts(3, random_state=1).fit(IMAGES)
    found = plot.comparison(images, other, kind="pairs")
    assert found.shape == (2, 3)
    first = pw.match(images, other).pairs[0]
    drawn = [ax.images[0].get_array() for ax in found[:, 0]]
    for picture, part in zip(drawn, (images.parts_[first[0]], other.parts_[first[1]]), strict=True):
        np.testing.assert_allclose(picture, part / np.linalg.norm(part), rtol=1e-5)
    assert plot.comparison(images, other).images[0].get_array().shape == (3, 3)


def test_weights_of_images_are_stacked_by_what_parts_give_each(images):
    ax = plot.weights(images)
    assert ax.get_xlabel() == "30 rows, by their largest part"
    tops = np.max([patch.get_data().values for patch in ax.patches], axis=0)
    np.testing.assert_allclose(tops, 1)
    first = ax.patches[0].get_data().values
    np.testing.assert_allclose(np.sort(first), np.sort(images.shares_[:, 0]), rtol=1e-5)


def test_the_curve_of_the_fit_is_drawn(images, patches):
    ax = plot.convergence(images, patches)
    for line, model in zip(ax.lines, (images, patches), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), model.nmf_.factorization_.curve["loss"])
    assert ax.get_ylabel() == "loss (frobenius)"


def test_images_and_what_is_left_of_them_are_drawn_with_their_names(images):
    found = plot.residuals(ImageStack(IMAGES, [f"{i}.png" for i in range(30)]), images)
    worst = images.badly_explained(1)[0]
    np.testing.assert_allclose(found[0, 0].images[0].get_array(), IMAGES[worst.index])
    np.testing.assert_allclose(found[1, 0].images[0].get_array(), images.reconstruct(IMAGES[worst.index]), atol=1e-6)
    assert found[0, 0].get_title() == f"{worst.index}.png\nerror {worst.error:.2g}"


def test_errors_of_images_and_of_pixels_are_drawn_if_asked_for(images):
    own = plot.weights(np.eye(3)).figure.subplots()
    assert plot.residuals(IMAGES, images, ax=own) is own
    errors = np.concatenate([line.get_ydata() for line in own.lines if line.get_marker() == "."])
    np.testing.assert_allclose(errors, images.errors_, rtol=1e-5)
    assert plot.residuals(IMAGES, images, by="columns").get_xlabel() == "column of X"


def test_the_search_for_a_number_of_parts_is_drawn():
    bars = np.kron(np.eye(3), np.ones((1, 20))).reshape(3, 10, 6)
    seen = np.tensordot(np.random.default_rng(0).random((40, 3)), bars, 1)
    ax = plot.rank(ImageParts("choose").fit(np.clip(seen + 0.02 * np.random.default_rng(1).random(seen.shape), 0, 1)))
    assert ax.get_title() == "3 parts"


@pytest.mark.parametrize("draw", [plot.words, plot.endmembers, plot.signature, plot.spectrogram])
def test_pictures_of_other_kinds_of_parts_refuse_images(draw, images):
    with pytest.raises(ParameterError, match=rf"plot\.{draw.__name__} draws no images.*use plot\.components"):
        draw(images)


def test_patches_have_no_weights_of_pictures_and_no_residuals(patches):
    with pytest.raises(ParameterError, match="weights of patches, and none of pictures"):
        plot.weights(patches)
    with pytest.raises(ParameterError, match=r"patches that overlap.*model\.reconstruct"):
        plot.residuals(IMAGES, patches)


def test_images_of_another_shape_are_not_matched_even_if_they_have_as_many_pixels(images):
    turned = ImageParts(3).fit(IMAGES.transpose(0, 2, 1))
    for compare in (pw.match, plot.comparison):
        with pytest.raises(DataError, match=r"shape \(6, 4\) and b of \(4, 6\)"):
            compare(images, turned)
