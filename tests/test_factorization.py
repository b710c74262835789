"""factorize and Factorization: starts, penalties, callbacks, threads, and what is refused."""

import dataclasses
import pickle
from importlib import import_module
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import Bounds, Penalty, factorize
from partwise.exceptions import DataError, DataTypeError, ParameterError
from partwise.losses import Frobenius, Loss, get_loss
from partwise.matrix import as_matrix
from partwise.matrix.sparse import FEW
from partwise.solvers import SOLVERS, Solver, get_solver
from partwise.solvers.base import Step, Update
from partwise.stopping import StopReason

RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (40, 4)) @ RNG.gamma(1.0, 1.0, (4, 25)) * RNG.gamma(20.0, 0.05, (40, 25))
X[RNG.random(X.shape) < 0.3] = 0
PAIRS = [("hals", 2), ("pivoting", 2), ("mu", 2), ("mu", 1), ("mu", 1.5), ("ccd", 1)]


def test_what_comes_back_is_frozen_and_can_be_pickled():
    found = factorize(X, 3, random_state=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.loss = 0.0
    twin = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(twin.W, found.W)
    np.testing.assert_array_equal(twin.transform(X), found.transform(X))
    assert (twin.reason, twin.objective, twin.loss) == (found.reason, found.loss_function, found.loss)


@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_starts_in_step_give_what_they_give_one_after_another(solver, loss):
    options = {"loss": loss, "solver": solver, "n_init": 5, "init": "random", "random_state": 3, "max_iter": 40}
    together = factorize(sp.csr_array(X), 3, **options)
    apart = factorize(sp.csr_array(X), 3, **options, callback=lambda at: False)
    np.testing.assert_array_equal(together.W, apart.W)
    np.testing.assert_array_equal(together.H, apart.H)
    assert (together.n_iter, together.reason) == (apart.n_iter, apart.reason)


def test_starts_too_large_to_go_in_step_give_the_same(monkeypatch):
    options = {"n_init": 5, "init": "random", "random_state": 3}
    together = factorize(sp.csr_array(X), 3, **options)
    monkeypatch.setattr(import_module("partwise.solvers.alternate"), "ROOM", 1)  # the package names a function so
    np.testing.assert_array_equal(factorize(sp.csr_array(X), 3, **options).W, together.W)


def test_max_time_ends_all_starts():
    found = factorize(X, 3, n_init=50, init="random", random_state=0, tol=0, max_iter=10**9, max_time=0.05)
    assert found.reason is StopReason.MAX_TIME


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
def test_loss_and_relative_error_are_those_of_their_definitions(loss):
    found, kind = factorize(X, 3, loss=loss, random_state=0), get_loss(loss)
    matrix = as_matrix(X)
    value = kind.value(matrix, found.W, np.ascontiguousarray(found.H.T))
    assert found.loss == pytest.approx(value, rel=1e-12)
    if loss == "frobenius":
        assert found.relative_error == pytest.approx(np.linalg.norm(X - found.W @ found.H) / np.linalg.norm(X))
    else:
        assert found.relative_error == pytest.approx(value / kind.size(matrix))


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5, 3.0])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
@pytest.mark.parametrize("penalty", [None, Penalty(l1=0.5, l2=0.2)])
def test_transform_of_the_data_is_w(loss, store, penalty):
    found = factorize(store(X), 3, loss=loss, penalty_W=penalty, random_state=0)
    if found.loss_function.convex:
        np.testing.assert_allclose(found.transform(store(X)), found.W, rtol=1e-5, atol=1e-6 * found.W.max())
    # where a row's problem has several minima another start may find another one: no worse than by a little
    transformed = found.loss_function.value(as_matrix(X), found.transform(X), np.ascontiguousarray(found.H.T))
    assert transformed <= found.loss * (1.05 if not found.loss_function.convex else 1 + 1e-6)


def test_transform_of_one_row_is_its_row_of_w():
    found = factorize(X, 3, random_state=0)
    np.testing.assert_allclose(found.transform(X[7:8])[0], found.W[7], rtol=1e-7, atol=1e-9)


def test_transform_refuses_another_number_of_columns():
    with pytest.raises(DataError, match="X has 24 features, but this model was fitted with 25 features"):
        factorize(X, 2).transform(X[:, :24])


def test_the_seed_fixes_the_result_and_another_seed_starts_elsewhere():
    one, same, other = (factorize(X, 4, init="random", random_state=seed, max_iter=3) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.W, same.W)
    assert not np.allclose(one.W, other.W)


@pytest.mark.parametrize("given", ["W", "H", "both"])
def test_a_custom_start_is_used(given):
    """From the factors of an exact model the first iteration is exact already; one factor alone leads there fast."""
    W, H = RNG.random((12, 2)), RNG.random((2, 9))
    start = {"W": {"W": W}, "H": {"H": H}, "both": {"W": W, "H": H}}[given]
    found = factorize(W @ H, 2, **start, solver="pivoting", max_iter=1 if given == "both" else 500, random_state=0)
    assert found.relative_error < 1e-3


def test_n_init_keeps_the_best_of_starts_that_differ():
    few = {"init": "random", "max_iter": 5, "tol": 0}
    losses = [factorize(X, 4, **few, n_init=n, random_state=3).loss for n in (1, 4, 12)]
    assert losses[2] <= losses[1] * (1 + 1e-6)
    assert losses[1] <= losses[0] * (1 + 1e-6)
    assert losses[2] < losses[0]


@pytest.mark.parametrize("side", ["penalty_W", "penalty_H"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_penalties_shrink_their_factor_or_make_it_sparse(side, solver):
    loss = "kullback-leibler" if solver == "ccd" else "frobenius"

    def factor(**penalty):
        # the other factor pays a little too: else all weight would move there at no cost
        other = {"penalty_H" if side == "penalty_W" else "penalty_W": Penalty(l2=1.0)}
        found = factorize(X, 3, loss=loss, solver=solver, random_state=0, max_iter=500, **other, **penalty)
        return found.W if side == "penalty_W" else found.H

    plain = factor()
    assert np.linalg.norm(factor(**{side: Penalty(l2=50.0)})) < 0.9 * np.linalg.norm(plain)
    assert factor(**{side: Penalty(l1=50.0)}).sum() < 0.9 * plain.sum()


@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_a_penalty_beyond_all_gain_leaves_nothing(solver, loss):
    found = factorize(X, 3, loss=loss, solver=solver, penalty_W=Penalty(l1=1e9), max_iter=200, random_state=0)
    assert found.W.max() < 1e-6


@pytest.mark.pairwise("solver", "loss")
@pytest.mark.parametrize(("solver", "loss"), PAIRS)
@pytest.mark.parametrize("store", [np.ascontiguousarray, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_the_same_at_one_and_two_jobs(blocky, solver, loss, store, dtype):
    """On data of several blocks either way."""
    data = store(blocky.astype(dtype))
    one, two = (
        factorize(data, 3, loss=loss, solver=solver, init="random", max_iter=3, tol=0, random_state=0, n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.W, two.W)
    np.testing.assert_array_equal(one.H, two.H)
    assert one.loss == two.loss
    np.testing.assert_array_equal(one.transform(data, n_jobs=1), one.transform(data, n_jobs=2))


@pytest.mark.parametrize("store", [sp.csr_array, sp.csc_array])
def test_the_bits_are_the_same_with_and_without_a_transposed_copy(store):
    """There is one of tall data on many threads alone."""
    X = sp.random_array((9_000, 400), density=0.1, rng=np.random.default_rng(0), dtype=np.float32)
    one, *others = (
        factorize(store(X), 5, init="random", max_iter=9, tol=0, random_state=0, n_jobs=n_jobs)
        for n_jobs in (1, 2, FEW + 1)
    )
    for other in others:
        np.testing.assert_array_equal(other.W, one.W)
        np.testing.assert_array_equal(other.H, one.H)


@pytest.mark.parametrize("n_init", [1, 3])
@pytest.mark.parametrize(
    "options",
    [{}, {"sum_to_one": True}, {"feature_weight": np.arange(1.0, 8)}, {"bounds_W": Bounds(upper=0.5)}, {"H": None}],
)
def test_a_given_start_is_not_written_to(options, n_init):
    rng = np.random.default_rng(0)
    X, start = rng.random((30, 7)), {"W": rng.random((30, 3)), "H": rng.random((3, 7))}
    before = {name: array.copy() for name, array in start.items()}
    for array in start.values():
        array.flags.writeable = False
    found = factorize(X, 3, init="custom", random_state=0, max_iter=5, n_init=n_init, **{**start, **options})
    for name, array in start.items():
        np.testing.assert_array_equal(array, before[name])
        assert not np.shares_memory(getattr(found, name), array)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("name", ["hals", "pivoting", "mu"])
def test_a_start_that_lies_as_the_solver_wants_it_is_not_written_to(name, k):
    """H by columns and W by rows need no copy; a dead part is what the loop would write into."""
    rng = np.random.default_rng(0)
    X, W, H = rng.random((30, 7)), rng.random((30, k)), np.asfortranarray(rng.random((k, 7)))
    if k > 1:
        W[:, 0], H[0] = 0, 0
    before = W.copy(), H.copy()
    for most in (1, 2, 20):
        found = factorize(X, k, solver=name, init="custom", W=W, H=H, max_iter=most)
        np.testing.assert_array_equal(W, before[0])
        np.testing.assert_array_equal(H, before[1])
        assert not np.shares_memory(found.W, W)
        assert not np.shares_memory(found.H, H)


def test_a_start_that_a_solver_leaves_as_it_is_stays_the_user_s():
    @dataclasses.dataclass(frozen=True)
    class Content(Solver):
        name: ClassVar[str] = "content"
        losses: ClassVar[tuple[type[Loss], ...]] = (Frobenius,)

        def update(self, X, loss, asked, workers):
            return Update(asked.left.point, asked.left.point, None, Step(0.0))

    rng = np.random.default_rng(0)
    X, W, H = rng.random((30, 7)), rng.random((30, 3)), np.asfortranarray(rng.random((3, 7)))
    before = W.copy(), H.copy()
    found = factorize(X, 3, solver=Content(), init="custom", W=W, H=H, max_iter=3)
    np.testing.assert_array_equal(W, before[0])
    np.testing.assert_array_equal(H, before[1])
    assert not np.shares_memory(found.W, W)


def test_zero_jobs_are_refused_however_small_the_data():
    with pytest.raises(ValueError, match="n_jobs"):
        factorize(np.ones((6, 4)), 2, n_jobs=0)


@pytest.fixture(scope="module")
def blocky():
    rng = np.random.default_rng(4)
    dense = rng.gamma(1.0, 1.0, (1200, 700)) * (rng.random((1200, 700)) < 0.6)
    matrices = as_matrix(dense), as_matrix(sp.csr_array(dense))
    assert all(len(m.blocks) > 1 and len(m.T.blocks) > 1 for m in matrices)
    return dense


@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_a_callback_sees_every_iteration_with_a_pair_no_worse_than_it_says(solver, loss):
    seen = []
    found = factorize(
        X, 3, loss=loss, solver=solver, random_state=0, tol=0, max_iter=6,
        callback=lambda at: seen.append((at, at.W.copy(), at.H.copy())) or False,
    )  # fmt: skip
    assert [at.iteration for at, _, _ in seen] == list(range(1, found.n_iter + 1))
    assert found.n_iter == 6
    matrix = as_matrix(X)
    for at, W, H in seen:
        assert (W.shape, H.shape) == ((40, 3), (3, 25))
        value = get_loss(loss).value(matrix, np.ascontiguousarray(W), np.ascontiguousarray(H.T))
        assert np.isnan(at.loss) or value <= at.loss * (1 + 1e-9)
        assert np.isnan(at.loss) or np.isfinite(at.loss)


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, 25)])
@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_what_a_callback_is_handed_cannot_be_written_to(solver, loss, weight):
    options = {"loss": loss, "solver": solver, "feature_weight": weight, "random_state": 0, "tol": 0, "max_iter": 4}
    refused = []

    def vandal(at):
        for factor in (at.W, at.H):
            with pytest.raises(ValueError, match="read-only"):
                factor[:] = -1
            for view in (factor, factor.T, factor[:], factor.view(), np.asarray(factor)):
                with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
                    view.flags.writeable = True
            refused.append(at.iteration)

    spoiled, alone = factorize(X, 3, **options, callback=vandal), factorize(X, 3, **options)
    assert len(refused) == 8
    np.testing.assert_array_equal(spoiled.W, alone.W)
    np.testing.assert_array_equal(spoiled.H, alone.H)
    spoiled.W[:] = 1  # the result is the user's own
    spoiled.H[:] = 1


@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_a_callback_that_returns_something_true_stops_and_keeps_the_best(solver, loss):
    options = {"loss": loss, "solver": solver, "random_state": 0, "tol": 0}
    found = factorize(X, 3, **options, max_iter=50, callback=lambda at: at.iteration == 4)
    assert (found.reason, found.n_iter) == (StopReason.CALLBACK, 4)
    assert not found.converged
    assert found.loss == pytest.approx(factorize(X, 3, **options, max_iter=4).loss, rel=1e-6)


@pytest.mark.parametrize("answer", [True, np.True_, 1, np.int8(1), False, np.False_, 0, None])
def test_a_callback_may_return_a_boolean_an_integer_or_none(answer):
    found = factorize(X, 3, random_state=0, tol=0, max_iter=5, callback=lambda at: answer)
    assert found.n_iter == (1 if answer else 5)


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, 25)])
@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (np.ones(3), r"ndarray of shape \(3,\)"),
        (np.ones(()), r"array\(1\.\)"),
        (sp.csr_array(np.eye(2)), r"csr_array of shape \(2, 2\)"),
        ("stop", "'stop'"),
        (0.5, "0.5"),
        ([], r"\[\]"),
    ],
)
def test_a_callback_that_returns_no_truth_value_is_told_what_it_may_return(answer, named, weight):
    with pytest.raises(ParameterError, match=rf"callback returned {named}\. It must return True"):
        factorize(X, 3, random_state=0, feature_weight=weight, callback=lambda at: answer)


def test_ctrl_c_keeps_the_best_with_a_callback():
    def interrupt(at):
        if at.iteration == 3:
            raise KeyboardInterrupt

    found = factorize(X, 3, random_state=0, tol=0, max_iter=50, callback=interrupt)
    assert found.reason is StopReason.INTERRUPTED
    assert found.n_iter == 3
    assert found.loss == pytest.approx(factorize(X, 3, random_state=0, tol=0, max_iter=3).loss, rel=1e-6)


def test_ctrl_c_raises_without_a_callback(monkeypatch):
    kind = type(get_solver("hals", get_loss("frobenius")))
    original, calls = kind.update_all, []

    def update_all(*args, **options):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return original(*args, **options)

    monkeypatch.setattr(kind, "update_all", update_all)
    with pytest.raises(KeyboardInterrupt):
        factorize(X, 3, random_state=0, tol=0)
    calls.clear()
    found = factorize(X, 3, random_state=0, tol=0, callback=lambda at: False)
    assert (found.reason, found.n_iter) == (StopReason.INTERRUPTED, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "n_components must be a positive integer; got 0"),
        ({"n_components": -2}, "n_components.*got -2"),
        ({"n_components": 2.0}, "n_components.*got 2.0"),
        ({"n_components": "3"}, "n_components.*got '3'"),
        ({"n_components": True}, "n_components.*got True"),
        ({"max_iter": 0}, "max_iter.*got 0"),
        ({"n_init": 0}, "n_init.*got 0"),
        ({"tol": -1e-3}, "tol must be a finite number of at least 0; got -0.001"),
        ({"tol": np.nan}, "tol.*got nan"),
        ({"init": "randon"}, "init='randon' is not known.*Did you mean 'random'"),
        ({"init": "custom"}, "init='custom' needs W or H"),
        ({"solver": "hal"}, "solver='hal' is not known.*Did you mean 'hals'"),
        ({"solver": 3}, "solver must be a name or a solver object"),
        ({"loss": "kullback"}, "loss='kullback' is not known.*Did you mean 'kullback-leibler'"),
        ({"solver": "hals", "loss": 1}, "Use solver='auto' or 'mu' or 'ccd'"),
        ({"init": "nndsvd", "n_components": 26}, "n_components <= min.*Use init='random'"),
        ({"W": np.ones((40, 2))}, r"input W\). Expected 3, but got 2; W must have shape \(40, 3\)"),
        ({"W": np.ones((39, 3))}, "Expected 40, but got 39"),
        ({"H": np.ones((3, 24))}, "input H.*Expected 25, but got 24"),
        ({"H": np.ones(3)}, "input H"),
        ({"H": np.zeros((3, 25))}, "full of zeros"),
        ({"H": -np.ones((3, 25))}, r"H\[0, 0\] = -1 is negative"),
        ({"W": np.full((40, 3), np.nan)}, r"W\[0, 0\]"),
    ],
)
def test_a_parameter_that_nothing_accepts_is_refused(options, words):
    with pytest.raises((ParameterError, DataError), match=words):
        factorize(**{"X": X, "n_components": 3, **options})


def test_a_start_that_is_not_numbers_is_refused():
    with pytest.raises(DataTypeError, match="H has dtype <U1, and must hold numbers"):
        factorize(X, 3, H=np.full((3, 25), "a"))


@pytest.mark.parametrize("store", [np.array, sp.csr_array, sp.csc_array])
def test_negative_entries_are_refused_or_taken_as_zeros(store):
    noisy = X - 0.2 * np.random.default_rng(1).random(X.shape)
    kept = noisy.copy()
    with pytest.raises(DataError, match="negatives='clip'"):
        factorize(store(noisy), 3)
    found = factorize(store(noisy), 3, random_state=0, negatives="clip")
    expected = factorize(store(np.maximum(noisy, 0)), 3, random_state=0)
    # rounding: X's entries are summed by rows in one and by columns in the other where they are stored so
    by_columns = 1e-9 if store is sp.csc_array else 0
    np.testing.assert_allclose(found.W, expected.W, rtol=by_columns, atol=1e-3 * by_columns)
    weights = found.transform(store(noisy), negatives="clip")
    np.testing.assert_array_equal(weights, found.transform(store(np.maximum(noisy, 0))))
    np.testing.assert_array_equal(noisy, kept)
    with pytest.raises(ParameterError, match="negatives='zero' is not known"):
        factorize(X, 3, negatives="zero")


@pytest.mark.parametrize("weights", [(-1.0, 0.0), (0.0, -1.0), (np.nan, 0.0)])
def test_a_penalty_below_zero_is_refused(weights):
    with pytest.raises(ParameterError, match="at least 0"):
        Penalty(*weights)


def test_a_start_in_another_number_type_is_taken_in_x_s():
    found = factorize(X.astype(np.float32), 3, H=np.ones((3, 25)), max_iter=2, random_state=0)
    assert found.W.dtype == found.H.dtype == np.float32
