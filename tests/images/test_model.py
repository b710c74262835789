"""Parts of images: they are found, fill in what is unknown, and tell what is alike and what they do not explain."""

import numpy as np
import pytest
import sklearn

from partwise import diagnose, match
from partwise.exceptions import DataError, ParameterError
from partwise.images import ImageParts, read_folder

KNOWN = np.random.default_rng(1).random((60, 10, 8)) > 0.3


@pytest.fixture(scope="module")
def model(stripes):
    return ImageParts(3).fit(stripes)


def test_parts_that_images_are_made_of_are_found(model, stripes):
    assert model.parts_.shape == (3, 10, 8)
    bars = {tuple(np.flatnonzero((part / part.max() > 0.1).any(axis=1))) for part in model.parts_}
    assert bars == {(1, 2), (5, 6), (8, 9)}
    assert model.errors_.max() < 0.02
    np.testing.assert_allclose(model.reconstruct(stripes), stripes / 255, atol=0.02)


def test_a_folder_and_its_array_give_the_same_bits(model, folder):
    stack = read_folder(folder)
    found = ImageParts(3).fit(stack)
    assert found.parts_.tobytes() == model.parts_.tobytes()
    assert found.names_ == stack.names


def test_weights_of_the_fitted_images_are_those_that_transform_gives(model, stripes):
    np.testing.assert_allclose(model.transform(stripes), model.weights_, rtol=1e-5, atol=1e-7)  # worked out in float64
    np.testing.assert_allclose(model.shares_.sum(axis=1), 1)


def test_shares_are_of_brightness(model, stripes):
    part = np.argmax(model.parts_[:, 1, 0])
    bright = stripes[:, 1:3].sum(axis=(1, 2)) / stripes.sum(axis=(1, 2))
    np.testing.assert_allclose(model.shares_[:, part], bright, atol=0.02)


@pytest.mark.parametrize("form", ["mask", "nan", "masked", "stack"])
def test_hidden_pixels_are_filled_in_and_known_ones_stay(stripes, form):
    whole = (stripes / 255).astype(np.float32)
    given = {
        "mask": (whole, KNOWN),
        "nan": (np.where(KNOWN, whole, np.nan), None),
        "masked": (np.ma.masked_array(whole, mask=~KNOWN), None),
        "stack": (stripes, KNOWN),
    }[form]
    model = ImageParts(3, max_iter=2000).fit(*given)
    filled = model.inpaint(*given)
    np.testing.assert_array_equal(filled[KNOWN], whole[KNOWN])
    np.testing.assert_allclose(filled, whole, atol=0.03)
    assert filled.dtype == np.float32


def test_parts_of_whole_images_fill_in_new_ones(model, stripes):
    filled = model.inpaint(stripes[5], mask=KNOWN[5])
    np.testing.assert_allclose(filled, stripes[5] / 255, atol=0.03)


def test_noise_is_taken_away_by_the_share_asked_for(model, stripes):
    whole = stripes / 255
    noisy = np.clip(whole + np.random.default_rng(0).normal(0, 0.1, whole.shape), 0, 1)
    off = [np.square(model.denoise(noisy, strength=s) - whole).mean() for s in (0, 0.5, 1)]
    assert off[0] == pytest.approx(np.square(noisy - whole).mean(), rel=1e-5)
    assert off[0] > 2 * off[1] > 4 * off[2]
    np.testing.assert_array_equal(model.denoise(noisy), model.reconstruct(noisy))
    holes = model.denoise(noisy, KNOWN, strength=0)
    np.testing.assert_array_equal(holes[~KNOWN], model.reconstruct(noisy, KNOWN)[~KNOWN])


def test_images_come_back_in_the_form_in_which_they_came(model, stripes):
    assert model.reconstruct(stripes[0]).shape == (10, 8)
    assert model.reconstruct(stripes[:4]).shape == (4, 10, 8)
    one, two = model.inpaint([stripes[0], stripes[1]], [KNOWN[0], KNOWN[1]])
    np.testing.assert_array_equal(one, model.inpaint(stripes[0], KNOWN[0]))
    np.testing.assert_array_equal(two, model.inpaint(stripes[1], KNOWN[1]))


def test_colours_have_parts_of_their_own(stripes):
    colour = np.stack([stripes, stripes[::-1], np.zeros_like(stripes)], axis=-1)
    model = ImageParts(6).fit(colour)
    assert model.parts_.shape == (6, 10, 8, 3)
    assert model.reconstruct(colour[0]).shape == (10, 8, 3)
    np.testing.assert_allclose(model.reconstruct(colour), colour / 255, atol=0.03)


def test_no_nan_leaves_even_for_black_images_and_pixels_never_known(stripes):
    images = stripes / 255
    images[3] = 0
    images[:, 0, 0] = np.nan
    model = ImageParts(3).fit(images)
    for values in (model.parts_, model.weights_, model.shares_, model.errors_):
        assert np.isfinite(values).all()
    assert np.isfinite(model.reconstruct(images)).all()
    assert model.errors_[3] == 0


def test_images_without_a_known_pixel_are_refused_by_their_names(model, stripes):
    images = stripes / 255
    images[4] = np.nan
    for asked in (ImageParts(3).fit, model.inpaint, model.transform, model.rows_of):
        with pytest.raises(DataError, match="no pixel of image '4' is known"):
            asked(images)
    with pytest.raises(DataError, match=r"of image '4' \(nor of 55 more, such as '5'\) is known"):
        ImageParts(3).fit(images, np.arange(60)[:, None, None] < np.full((10, 8), 4))


@pytest.mark.parametrize("method", ["fit", "transform", "inpaint"])
@pytest.mark.parametrize(
    ("third", "mask", "said"),
    [
        (np.full((10, 8), 1.5), None, r"images\[2\]\[0, 0\] is 1\.5"),
        (np.ones((10, 8), int), None, r"images\[2\] has dtype int64"),
        (np.ones((9, 8)), None, r"(images\[2\]|image '2') has shape \(9, 8\)"),
        (np.full((10, 8), np.nan), None, "no pixel of image '2' is known"),
        (np.ones((10, 8)), np.ones((9, 8), bool), r"mask has shape \(9, 8\), which does not fit images\[2\]"),
        (np.ones((10, 8)), np.ones((10, 8)), r"mask of images\[2\] has dtype float64"),
        (np.ones((10, 8)), np.zeros((10, 8), bool), "no pixel of image '2' is known"),
    ],
)
def test_an_error_of_one_image_of_a_list_names_it(stripes, method, third, mask, said):
    model = ImageParts(2).fit(stripes)
    with pytest.raises(DataError, match=said):
        getattr(model, method)([stripes[0], stripes[1], third, stripes[3]], [None, None, mask, None])


def test_each_image_of_a_list_is_read_by_its_own_dtype(model, stripes):
    mixed = [stripes[0], stripes[1] / 255, stripes[2] > 99, stripes[3].astype(np.uint16) * 257]
    alike = [stripes[0] / 255, stripes[1] / 255, (stripes[2] > 99).astype(float), stripes[3] / 255]
    np.testing.assert_array_equal(model.transform(mixed), model.transform(alike))


def test_images_are_rows_of_the_factorization_and_unknown_pixels_are_nan(model, stripes):
    rows = model.rows_of(stripes, KNOWN)
    np.testing.assert_array_equal(np.isnan(rows), ~KNOWN.reshape(60, 80))
    np.testing.assert_array_equal(model.nmf_.transform(rows), model.transform(stripes, KNOWN))
    assert model.components_.shape == (3, 80)


def test_a_model_of_images_can_be_matched_and_diagnosed(model, stripes):
    other = ImageParts(3, random_state=1).fit(stripes[:40])
    np.testing.assert_allclose(match(model, other).similarity, 1, atol=0.02)
    found = diagnose(stripes, model)
    np.testing.assert_allclose(found.row_relative_error, model.errors_, rtol=1e-3, atol=1e-6)


def test_weights_are_arrays_whatever_scikit_learn_is_told_to_give(model, stripes):
    pytest.importorskip("pandas")
    with sklearn.config_context(transform_output="pandas"):
        found = ImageParts(3).fit(stripes)
        assert found.transform(stripes).tobytes() == model.transform(stripes).tobytes()
    assert found.weights_.tobytes() == model.weights_.tobytes()


def test_a_mask_of_one_value_is_refused_for_a_list_of_images(model, stripes):
    with pytest.raises(DataError, match="mask must be an array"):
        model.inpaint([stripes[0], stripes[1]], True)


@pytest.mark.parametrize("image", [7, "7", np.int64(7)])
def test_the_images_most_like_one_are_those_of_like_shares(model, image):
    found = model.similar(image, 3)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert 7 not in {one.index for one in found}
    H = model.nmf_.components_
    models = model.weights_ @ H
    expected = models @ models[7] / np.linalg.norm(models, axis=1) / np.linalg.norm(models[7])
    for one in found:
        assert one.score == pytest.approx(expected[one.index], abs=1e-5)
        assert one.name == str(one.index)


def test_a_new_image_is_most_like_itself_among_the_fitted(model, stripes):
    best = model.similar(stripes[9], 1)[0]
    assert best.index == 9
    assert best.score == pytest.approx(1)


@pytest.mark.parametrize("image", [60, -1, "none"])
def test_an_image_that_is_not_there_is_refused(model, image):
    with pytest.raises(ParameterError, match="there is no image"):
        model.similar(image)


def test_the_image_of_another_kind_is_explained_worst(stripes):
    images = stripes.copy()
    images[11] = 255 * np.eye(10, 8)
    worst = ImageParts(3).fit(images).badly_explained(2)
    assert worst[0].index == 11
    assert worst[0].error > 0.5 > worst[1].error


def test_a_number_of_parts_is_chosen_and_why_is_said(stripes):
    noise = np.random.default_rng(0).normal(0, 0.03, stripes.shape)
    model = ImageParts("choose").fit(np.clip(stripes / 255 + noise, 0, 1))
    assert model.n_components_ == 3
    assert "3 parts" in model.nmf_.rank_choice_.reason


def test_a_fit_that_fails_leaves_the_model_as_it_was(stripes):
    model = ImageParts(3).fit(stripes)
    before = model.parts_.copy()
    with pytest.raises(DataError, match="one image"):
        model.fit(stripes[:1])
    with pytest.raises(ParameterError, match="n_components=3 is more than the 2 images"):
        model.fit(stripes[:2])
    np.testing.assert_array_equal(model.parts_, before)


def test_images_of_another_size_are_refused(model):
    for asked in (model.transform, model.reconstruct, model.inpaint):
        with pytest.raises(DataError, match=r"images have shape \(5, 8\), the parts \(10, 8\)"):
            asked(np.zeros((3, 5, 8)))


@pytest.mark.parametrize("given", [{"n_components": 0}, {"n_components": "auto"}, {"alpha_W": -1}, {"loss": "none"}])
def test_a_parameter_that_is_none_is_refused(stripes, given):
    with pytest.raises(ParameterError, match=r"n_components|alpha_W|loss"):
        ImageParts(**{"n_components": 3, **given}).fit(stripes)
