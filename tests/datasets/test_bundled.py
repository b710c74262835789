"""Data that comes with partwise."""

from dataclasses import astuple
from importlib.resources import files

import numpy as np
import pytest

from partwise.datasets import load_fashion_mnist, load_state_of_the_union, load_vibe_ace


def test_every_passage_has_a_text_an_id_of_its_own_and_a_year():
    passages = load_state_of_the_union()
    assert {len(column) for column in astuple(passages)} == {5360}
    assert len(set(passages.ids)) == 5360
    assert all(passages.texts)
    assert all(name.startswith(str(year)) for name, year in zip(passages.ids, passages.years, strict=True))
    assert (min(passages.years), max(passages.years)) == (1900, 2021)


def test_every_class_of_clothes_has_a_hundred_images_and_a_name():
    clothes = load_fashion_mnist()
    assert clothes.images.shape == (1000, 28, 28)
    assert clothes.images.dtype == np.uint8
    assert np.bincount(clothes.labels).tolist() == [100] * 10
    assert len(set(clothes.names)) == 10
    assert clothes.images.reshape(1000, -1).max(axis=1).min() > 100, "an image is empty"


def test_images_of_a_class_are_more_alike_than_images_of_others():
    """A trouser is nearer to the mean trouser than to the mean of any other class, for nearly all of them."""
    clothes = load_fashion_mnist()
    X = clothes.images.reshape(1000, -1).astype(float)
    means = np.array([X[clothes.labels == c].mean(axis=0) for c in range(10)])
    trousers = X[clothes.labels == clothes.names.index("Trouser")]
    nearest = np.square(trousers[:, None] - means).sum(axis=2).argmin(axis=1)
    assert np.mean(nearest == clothes.names.index("Trouser")) > 0.85


def test_the_sound_has_eight_seconds_within_its_range():
    sound = load_vibe_ace()
    assert sound.samples.shape == (8 * sound.sample_rate,)
    assert 0.1 < np.abs(sound.samples).max() <= 1
    assert abs(sound.samples.mean()) < 0.01


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("state_of_the_union", "no copyright protection"),
        ("fashion_mnist", "The MIT License (MIT) Copyright © 2017 Zalando SE"),
        ("vibe_ace", '"Vibe Ace" by Kevin MacLeod (https://incompetech.com)'),
        ("vibe_ace", "https://creativecommons.org/licenses/by/3.0/"),
    ],
)
def test_the_notice_lies_beside_the_data(folder, said):
    assert said in files("partwise.datasets").joinpath("data", folder, "NOTICE.txt").read_text("utf-8")
