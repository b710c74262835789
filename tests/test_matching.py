"""Which part is which: pairs, what is left over, and near duplicates."""

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from sklearn.exceptions import NotFittedError

from partwise import NMF, factorize, match
from partwise.exceptions import DataError
from partwise.matching import duplicates

RNG = np.random.default_rng(0)
H = RNG.gamma(0.3, 1.0, (6, 40))


@pytest.mark.parametrize("seed", range(3))
def test_a_permutation_is_found_whatever_the_scale_of_each_part(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(6)
    found = match(H, H[order] * rng.gamma(1.0, 1.0, (6, 1)))
    np.testing.assert_array_equal(order[found.pairs[:, 1]], found.pairs[:, 0])
    np.testing.assert_allclose(found.similarity, 1)
    assert found.unmatched_left.size == found.unmatched_right.size == 0


def test_pairs_are_in_the_order_of_a_and_have_the_highest_sum_of_cosines():
    a, b = RNG.random((5, 8)), RNG.random((5, 8))
    cosines = (a / np.linalg.norm(a, axis=1)[:, None]) @ (b / np.linalg.norm(b, axis=1)[:, None]).T
    best = scipy.optimize.linear_sum_assignment(cosines, maximize=True)
    found = match(a, b)
    np.testing.assert_array_equal(found.pairs[:, 0], np.arange(5))
    assert found.similarity.sum() == pytest.approx(cosines[best].sum())
    np.testing.assert_allclose(found.similarity, cosines[tuple(found.pairs.T)])


@pytest.mark.parametrize("fewer", [2, 5])
def test_parts_that_only_one_model_has_are_left_over(fewer):
    kept = np.arange(6)[-fewer:]
    smaller = match(H, H[kept])
    np.testing.assert_array_equal(smaller.unmatched_left, np.setdiff1d(np.arange(6), kept))
    assert smaller.unmatched_right.size == 0
    larger = match(H[kept], H)
    np.testing.assert_array_equal(larger.unmatched_right, np.setdiff1d(np.arange(6), kept))
    assert len(larger.similarity) == fewer


def test_what_is_on_one_side_matches_as_well_from_the_other():
    other = RNG.random((4, 40))
    there, back = match(H, other), match(other, H)
    assert sorted(there.pairs.tolist()) == sorted(back.pairs[:, ::-1].tolist())


def test_a_part_of_zeros_is_like_no_other():
    found = match(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert sorted(found.similarity) == [0, 1]


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_parts_of_extreme_size_are_compared_without_overflow(scale):
    np.testing.assert_allclose(match(H, H * scale).similarity, 1)


def test_models_factorizations_frames_and_arrays_are_all_understood():
    X = RNG.random((30, 40))
    model = NMF(3, random_state=0).fit(X)
    fitted = factorize(X, 3, random_state=0)
    frame = pd.DataFrame(model.components_, columns=["H", *range(39)])
    for other in (model, fitted, frame, model.components_):
        np.testing.assert_allclose(match(model, other).similarity, 1)


def test_models_of_other_features_are_refused_with_both_numbers():
    with pytest.raises(DataError, match="40 features and b has parts of 39"):
        match(H, H[:, :39])


@pytest.mark.parametrize(("b", "words"), [(np.full((2, 40), np.nan), r"b\[0, 0\] = nan"), (np.ones(40), "shape")])
def test_what_cannot_be_compared_is_refused_by_name(b, words):
    with pytest.raises(DataError, match=words):
        match(H, b)


def test_a_model_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError, match="This NMF instance is not fitted yet"):
        match(H, NMF(2))


def test_near_duplicates_are_named_the_most_alike_first():
    parts = np.vstack([H[:3], H[0] * 5 + 0.01, H[1]])
    found = duplicates(parts)
    assert [pair[:2] for pair in found] == [(1, 4), (0, 3)]
    assert found[0][2] == pytest.approx(1)
    assert duplicates(parts, threshold=0.99999)[0][:2] == (1, 4)
    assert duplicates(H) == []


def test_a_matching_reads_as_lines():
    text = str(match(H[:2], H[:1]))
    assert "0 ~ 0    1.000" in text
    assert "only in a: 1" in text
