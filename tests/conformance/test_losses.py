"""Every loss: its value, its gradient, and what the multiplicative solver needs of it, on every storage."""

import pickle
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from registry import EVERY, LOSSES, PARTLY, STORAGES, data, gradient, known, name, pair, skip_unweighable

from partwise.exceptions import DomainError, IncompatibleSolverError
from partwise.factorization import factorize
from partwise.losses import Huber
from partwise.matrix import as_matrix
from partwise.penalties import Penalty
from partwise.solvers import Factor, HalfStep, Multiplicative
from partwise.threads import Workers

pytestmark = pytest.mark.parametrize("loss", LOSSES, ids=name)
every_storage = pytest.mark.parametrize("storage", STORAGES)
one_of_each = pytest.mark.parametrize("storage", ["C order", "CSR array", *PARTLY])


def slope(loss, X, left, right):
    negative, positive, _ = gradient(loss, X, left, right)
    return np.asarray(positive, np.float64) - negative


@one_of_each
def test_the_gradient_is_the_slope_of_the_value(loss, storage):
    skip_unweighable(loss, storage)
    X = as_matrix(EVERY[storage](data(loss)))
    left, right = pair()
    found = slope(loss, X, left, right)
    expected, step = np.empty_like(left), 1e-6
    for place in np.ndindex(left.shape):
        ahead, behind = left.copy(), left.copy()
        ahead[place] += step
        behind[place] -= step
        expected[place] = (loss.value(X, ahead, right) - loss.value(X, behind, right)) / (2 * step)
    # the difference of two sums of size `value` loses about value * eps / step
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8 * (1 + loss.value(X, left, right)))


@every_storage
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_and_parts_are_those_of_a_float64_array_in_c_order(loss, storage, dtype):
    dense = data(loss).astype(dtype)
    left, right = pair(dtype=dtype)
    X, reference = as_matrix(EVERY[storage](dense)), as_matrix(dense.astype(np.float64))
    wide = left.astype(np.float64), right.astype(np.float64)
    rtol = 1e-4 if dtype is np.float32 else 1e-10
    assert loss.value(X, left, right) == pytest.approx(loss.value(reference, *wide), rel=rtol)
    found = gradient(loss, X, left, right, 0, 23, value=True)
    expected = gradient(loss, reference, *wide, 0, 23, value=True)
    for part, wanted in zip(found[:2], expected[:2], strict=True):
        np.testing.assert_allclose(np.broadcast_to(part, (23, 3)), np.broadcast_to(wanted, (23, 3)), rtol=rtol)
        assert part.dtype == dtype
    assert found[2] == pytest.approx(loss.value(reference, *wide), rel=10 * rtol)


@pytest.mark.parametrize("storage", PARTLY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_and_parts_of_known_entries_are_weighted_sums_over_them(loss, storage, dtype):
    skip_unweighable(loss, storage)
    dense, weights = data(loss).astype(dtype), known(storage)
    left, right = pair(dtype=dtype)
    X, x, p = EVERY[storage](dense), dense.astype(np.float64), left.astype(np.float64) @ right.T
    parts = loss.gradient_split(x, p.copy(), X.floor, False)[:2]
    value = 0.0
    for weight in np.unique(weights[weights > 0]):
        at = weights == weight
        value += weight * loss.gradient_split(x[at][None], p[at][None], X.floor, True)[2]
    rtol = 1e-4 if dtype is np.float32 else 1e-10
    assert loss.value(X, left, right) == pytest.approx(value, rel=rtol)
    found = gradient(loss, X, left, right, 0, 23, value=True)
    for part, wanted in zip(found[:2], parts, strict=True):
        np.testing.assert_allclose(part, (weights * wanted) @ right, rtol=rtol)
        assert part.dtype == dtype
    assert found[2] == pytest.approx(value, rel=10 * rtol)


@one_of_each
def test_the_parts_of_some_rows_are_those_rows_of_all_parts(loss, storage):
    skip_unweighable(loss, storage)
    X = as_matrix(EVERY[storage](data(loss)))
    left, right = pair()
    whole = gradient(loss, X, left, right, 0, 23, value=False)
    some = gradient(loss, X, left, right, 6, 15, value=False)
    for part, all_rows in zip(some[:2], whole[:2], strict=True):
        np.testing.assert_allclose(
            np.broadcast_to(part, (9, 3)), np.broadcast_to(all_rows, (23, 3))[6:15], rtol=1e-12, atol=1e-14
        )
    assert whole[2] == some[2] == 0


@one_of_each
def test_the_losses_of_row_ranges_add_up_to_the_value(loss, storage):
    skip_unweighable(loss, storage)
    X = as_matrix(EVERY[storage](data(loss)))
    left, right = pair()
    total = sum(gradient(loss, X, left, right, *rows, value=True)[2] for rows in ((0, 6), (6, 15), (15, 23)))
    assert total == pytest.approx(loss.value(X, left, right), rel=1e-10)


def test_both_parts_are_at_least_zero_and_zeros_pull_nothing(loss):
    x = np.tile(data(loss).reshape(1, -1), (2, 1))
    p = np.random.default_rng(2).gamma(1.0, 1.0, x.shape)
    negative, positive, _ = loss.gradient_split(x, p, 1e-12, False)
    assert (negative >= 0).all()
    assert (np.asarray(positive) >= 0).all()
    assert not negative[x == 0].any()


@one_of_each
def test_the_value_is_zero_at_an_exact_model_and_positive_elsewhere(loss, storage):
    skip_unweighable(loss, storage)
    left, right = pair()
    X = as_matrix(EVERY[storage](left @ right.T))
    assert abs(loss.value(X, left, right)) < 1e-12 * loss.size(X)
    assert loss.value(X, left * 1.1, right) > 1e-4 * loss.size(X)


@one_of_each
def test_the_gradient_is_zero_at_an_exact_model(loss, storage):
    skip_unweighable(loss, storage)
    left, right = pair()
    X = as_matrix(EVERY[storage](left @ right.T))
    negative, positive, _ = gradient(loss, X, left, right, 0, 23, value=False)
    np.testing.assert_allclose(negative, np.broadcast_to(positive, negative.shape), rtol=1e-10)


@pytest.mark.parametrize("storage", ["C order", "Fortran order", "CSR array", *PARTLY])
@pytest.mark.parametrize("penalty", [Penalty(), Penalty(l1=0.3), Penalty(l2=0.4)], ids=["no penalty", "l1", "l2"])
def test_no_multiplicative_half_step_raises_the_objective(loss, storage, penalty):
    skip_unweighable(loss, storage)
    X = as_matrix(EVERY[storage](data(loss)))
    sides = [Factor(factor, penalty) for factor in pair()]
    objective = loss.value(X, *(side.point for side in sides)) + sum(side.penalty_value(side.point) for side in sides)
    with Workers(1) as workers:
        for turn in range(20):
            left, right, matrix = sides[turn % 2], sides[1 - turn % 2], X.T if turn % 2 else X
            found = Multiplicative().update(matrix, loss, HalfStep.alone(left, right, final=True), workers)
            sides[turn % 2] = left.at(found.point)
            now = loss.value(X, *(side.point for side in sides)) + sum(side.penalty_value(side.point) for side in sides)
            assert now <= objective * (1 + 1e-12)
            objective = now


def test_the_value_scales_with_the_units_of_the_data_as_its_degree_says(loss):
    if loss.degree is None:
        pytest.skip("this loss has no degree: its value has no units")
    left, right = pair()
    value, scaled = (loss.value(as_matrix(data(loss) * unit), left * unit, right) for unit in (1.0, 64.0))
    assert scaled == pytest.approx(64.0**loss.degree * value, rel=1e-9)


@pytest.mark.parametrize("storage", ["C order", "CSR array"])
def test_the_size_of_the_data_is_its_pull_on_itself(loss, storage):
    if isinstance(loss, Huber):
        pytest.skip("its size is the pull on a model of zeros, which gross errors do not fill: see its own tests")
    dense = data(loss)
    X = as_matrix(EVERY[storage](dense))
    x = dense[dense > 0][None]
    expected = float((x * loss.gradient_split(x, x.copy(), X.floor, False)[0]).sum())
    assert loss.size(X) == pytest.approx(expected, rel=1e-12)
    assert loss.size(X) > 0


def test_data_outside_the_domain_is_refused(loss):
    zeros = np.zeros((3, 2)) + np.eye(3, 2)
    for storage in ("C order", "CSR array"):
        X = as_matrix(EVERY[storage](zeros))
        if loss.domain.closed and loss.domain.lowest <= 0:
            loss.check(X)
        else:
            with pytest.raises(DomainError, match=loss.name):
                loss.check(X)


def test_weights_on_entries_are_taken_or_refused_with_a_way_out(loss):
    X = data(loss)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, X.shape)
    if loss.degree:
        found = factorize(X, 2, loss=loss, solver="mu", entry_weight=weights, max_iter=5, random_state=0)
        assert np.isfinite(found.loss)
    else:
        with pytest.raises(IncompatibleSolverError, match=r"takes no weights.*'frobenius'"):
            factorize(X, 2, loss=loss, solver="mu", entry_weight=weights, random_state=0)


def test_it_can_be_pickled_compared_and_hashed_and_never_changes(loss):
    twin = pickle.loads(pickle.dumps(loss))
    assert twin == loss
    assert hash(twin) == hash(loss)
    assert all(loss != other for other in LOSSES if other is not loss)
    for field in fields(loss):
        with pytest.raises(FrozenInstanceError):
            setattr(loss, field.name, 5.0)


def test_its_docstring_gives_a_formula_and_a_source(loss):
    text = type(loss).__doc__
    assert ".. math::" in text or ":math:" in text
    assert "References\n" in text
    assert "Examples\n" in text
