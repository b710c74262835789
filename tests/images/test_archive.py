"""Models of images in a file: the same bits when loaded, and damage is noticed."""

import copy

import numpy as np
import pytest

import partwise as pw
from partwise.exceptions import ModelFileError
from partwise.images import ImageParts, PatchParts
from partwise.io import model_file


@pytest.mark.parametrize("colour", [False, True])
def test_loaded_parts_answer_with_the_same_bits(stripes, tmp_path, colour):
    images = np.stack([stripes, stripes[::-1], stripes], axis=-1) if colour else stripes
    model = ImageParts(3).fit(images)
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert loaded.get_params() == model.get_params()
    for name in ("parts_", "weights_", "errors_", "shares_"):
        assert getattr(loaded, name).tobytes() == getattr(model, name).tobytes()
    known = np.random.default_rng(0).random(stripes.shape) > 0.3
    assert loaded.inpaint(images, known).tobytes() == model.inpaint(images, known).tobytes()
    assert loaded.similar("3") == model.similar("3")
    assert loaded.similar(images[5]) == model.similar(images[5])
    assert loaded.badly_explained(4) == model.badly_explained(4)


def test_loaded_parts_of_patches_answer_with_the_same_bits(tmp_path):
    picture = np.random.default_rng(0).random((30, 20, 3))
    model = PatchParts(4, patch_size=5, max_iter=500).fit(picture)
    pw.save(model, tmp_path / "a.model")
    assert pw.load(tmp_path / "a.model").reconstruct(picture).tobytes() == model.reconstruct(picture).tobytes()


@pytest.mark.parametrize("given", [{"loss": pw.losses.Huber(0.1)}, {"random_state": np.random.RandomState(0)}])
@pytest.mark.parametrize("kind", [ImageParts, PatchParts])
def test_parameters_that_are_objects_are_kept_in_the_model_and_its_factorization(stripes, tmp_path, kind, given):
    model = kind(2, max_iter=1000, **given).fit(stripes)
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert loaded.inpaint(stripes[0]).tobytes() == model.inpaint(stripes[0]).tobytes()
    for own, other in ((model, loaded), (model.nmf_, loaded.nmf_)):
        for name, value in own.get_params(deep=False).items():
            found = getattr(other, name)
            if isinstance(value, np.random.RandomState):
                found, value = found.random_sample(3).tolist(), copy.deepcopy(value).random_sample(3).tolist()
            np.testing.assert_equal(found, value)  # NaN is missing_values


@pytest.mark.parametrize(
    "damage",
    [
        lambda header, arrays: header.update(pixel_shape=[8, 9]),
        lambda header, arrays: header.update(pixel_shape=[80]),
        lambda header, arrays: header.update(pixel_shape=[-8, -10]),
        lambda header, arrays: arrays.update(names=["a"]),
        lambda header, arrays: arrays.update(weights_=np.full((60, 3), np.nan)),
        lambda header, arrays: arrays.update(weights_=np.ones((60, 2))),
        lambda header, arrays: arrays.update(looks=np.ones((59, 80))),
        lambda header, arrays: arrays.pop("errors_"),
        lambda header, arrays: header.pop("nmf"),
    ],
)
def test_a_damaged_file_is_refused(stripes, tmp_path, damage):
    pw.save(ImageParts(3).fit(stripes), tmp_path / "a.model")
    kind, header, arrays = model_file.read(tmp_path / "a.model")
    header, arrays = dict(header), dict(arrays)
    damage(header, arrays)
    model_file.write(tmp_path / "a.model", kind, header, arrays)
    with pytest.raises(ModelFileError):
        pw.load(tmp_path / "a.model")
