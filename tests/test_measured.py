"""Numbers that the documents give for data that do not ship hold on these data."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import normalize

import partwise as pw

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "known-parts.md"


@pytest.mark.parametrize(
    ("init", "column"),
    [("separable", "sums"), ("nndsvda", "sums"), ("random", "sums"), ("nndsvda", "raw"), ("random", "raw")],
)  # raw from 'separable' takes a quarter of a minute
def test_angles_of_materials_found_with_sum_to_one_are_those_of_the_page(init, column, shared_data):
    scene = np.load(shared_data / "samson_hyperspectral" / "samson.npz")
    X = (scene["Y"] / scene["scale"]).T
    if column == "sums":
        X = normalize(X, norm="l1")
    model = pw.NMF(3, init=init, sum_to_one=True, random_state=0, max_iter=2000).fit(X)
    angle = np.degrees(np.arccos(pw.match(model, scene["M"].T).similarity)).mean()

    row = re.search(rf"^\| `{init}` \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert angle == pytest.approx(float(row.group(1 if column == "raw" else 2)), abs=0.15)


@pytest.mark.parametrize(("init", "column"), [("separable", 1), ("random", 3)])
@pytest.mark.parametrize("strength", ["0.3", "1"])
def test_angles_of_materials_found_with_min_volume_are_those_of_the_page(init, column, strength, shared_data):
    scene = np.load(shared_data / "samson_hyperspectral" / "samson.npz")
    X = normalize((scene["Y"] / scene["scale"]).T, norm="l1")
    model = pw.NMF(3, init=init, sum_to_one=True, min_volume=float(strength), random_state=0).fit(X)
    angle = np.degrees(np.arccos(pw.match(model, scene["M"].T).similarity)).mean()

    row = re.search(rf"^\| {strength} \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert angle == pytest.approx(float(row.group(column)), abs=0.15)
    assert angle < 4
