"""Every solver with every loss that it minimises, on every storage, in both number types."""

import pickle

import numpy as np
import pytest
from registry import (
    EVERY,
    LOSSES,
    PAIRS,
    PARTLY,
    STORAGES,
    data,
    gradient,
    known,
    name,
    pair,
    pair_name,
    skip_unweighable,
)

from partwise import Penalty, factorize
from partwise.exceptions import IncompatibleSolverError
from partwise.matrix import as_matrix
from partwise.solvers import SOLVERS, Factor, HalfStep, Multiplicative, Solver, get_solver
from partwise.stopping import StopReason
from partwise.threads import Workers

every_pair = pytest.mark.parametrize("pairing", PAIRS, ids=pair_name)
TOLERANCE = {np.float32: 2e-3, np.float64: 1e-8}
"""Largest difference of W H between storages after ten iterations, relative to the largest entry: sums are taken in
another order, and a coordinate that passes zero in one may pass it an iteration later in the other."""


def run(pairing, X, dtype=np.float64, *, k=3, **options):
    solver, loss = pairing
    W, Ht = pair(k=k, dtype=dtype)
    return factorize(X, k, loss=loss, solver=solver(), W=W, H=Ht.T, **{"tol": 0, "max_iter": 10, **options})


@pytest.fixture(scope="module")
def reference():
    """Results on a dense array in C order, made once for each solver, loss and number type."""
    made = {}

    def get(pairing, dtype):
        key = (*pairing, dtype)
        if key not in made:
            made[key] = run(pairing, data(pairing[1]).astype(dtype), dtype)
        return made[key]

    return get


@every_pair
@pytest.mark.pairwise
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_factors_are_finite_non_negative_of_the_data_s_type_and_the_same_on_every_storage(
    reference, pairing, storage, dtype
):
    X = data(pairing[1]).astype(dtype)
    found, expected = run(pairing, STORAGES[storage](X), dtype), reference(pairing, dtype)
    for factor, shape in ((found.W, (23, 3)), (found.H, (3, 14))):
        assert factor.shape == shape
        assert factor.dtype == dtype
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
    model = expected.W @ expected.H
    np.testing.assert_allclose(found.W @ found.H, model, rtol=0, atol=TOLERANCE[dtype] * model.max())
    assert found.loss == pytest.approx(expected.loss, rel=TOLERANCE[dtype])


@every_pair
@pytest.mark.parametrize("storage", PARTLY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_known_entries_alone_give_finite_non_negative_factors_of_the_data_s_type(pairing, storage, dtype):
    """A row or a column without a known entry is the mean of the others."""
    skip_unweighable(pairing[1], storage)
    found = run(pairing, EVERY[storage](data(pairing[1]).astype(dtype)), dtype)
    for factor, shape in ((found.W, (23, 3)), (found.H, (3, 14))):
        assert (factor.shape, factor.dtype) == (shape, dtype)
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
    np.testing.assert_allclose(found.W[7], np.delete(found.W, 7, axis=0).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.H[:, 2], np.delete(found.H, 2, axis=1).mean(axis=1), rtol=1e-5)


@every_pair
@pytest.mark.pairwise
@pytest.mark.parametrize("storage", ["C order", "Fortran order", "CSR array", "CSC", *PARTLY])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_reported_loss_is_that_of_the_factors(pairing, storage, dtype):
    _, loss = pairing
    skip_unweighable(loss, storage)
    X = data(loss).astype(dtype)
    found = run(pairing, EVERY[storage](X), dtype)
    wide = (found.W.astype(np.float64), np.ascontiguousarray(found.H.T, np.float64))
    # W H is rounded to float32 inside the loss of float32 data
    expected = loss.value(as_matrix(EVERY[storage](X.astype(np.float64))), *wide)
    assert found.loss == pytest.approx(expected, rel=1e-5 if dtype is np.float32 else 1e-10)


@every_pair
@pytest.mark.parametrize("storage", ["C order", "CSR array", *PARTLY])
@pytest.mark.parametrize("penalties", [{}, {"penalty_W": Penalty(l1=0.4), "penalty_H": Penalty(l2=0.3)}])
def test_the_curve_never_rises_and_a_stop_there_is_at_least_as_good(pairing, storage, penalties):
    """A row or a column without a known entry is no part of the objective: it costs no penalty."""
    skip_unweighable(pairing[1], storage)
    X = EVERY[storage](data(pairing[1]))
    matrix = as_matrix(X)
    told, columns = ~matrix.blank_rows(), ~matrix.T.blank_rows()

    def objective(found):
        factors = zip(
            (found.W[told], found.H[:, columns]), (penalties.get("penalty_W"), penalties.get("penalty_H")), strict=True
        )
        return found.loss + sum(p.value(f.sum(), (f * f).sum()) for f, p in factors if p is not None)

    whole = run(pairing, X, max_iter=12, **penalties)
    losses = whole.curve["loss"]
    assert np.isfinite(losses).all()
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] == pytest.approx(objective(whole), rel=1e-9)
    for iteration in (1, 2, 5):
        stopped = run(pairing, X, max_iter=iteration, **penalties)
        assert objective(stopped) <= losses[iteration - 1] * (1 + 1e-9)
        assert objective(stopped) >= objective(whole) * (1 - 1e-9)


@every_pair
@pytest.mark.parametrize("storage", ["C order", *PARTLY])
def test_the_fit_ends_with_a_reason_that_is_a_sentence(pairing, storage):
    skip_unweighable(pairing[1], storage)
    X = EVERY[storage](data(pairing[1]))
    found = run(pairing, X, tol=1e-3, max_iter=2000)
    assert found.converged
    for reason in (found.reason, run(pairing, X).reason):
        assert str(reason)[0].isupper()
        assert str(reason).endswith(".")
        assert len(str(reason).split()) > 5


@every_pair
@pytest.mark.parametrize("storage", ["C order", *PARTLY])
def test_an_exact_model_stays(pairing, storage):
    """At X = W H there is nothing to gain: the loss is that of rounding."""
    skip_unweighable(pairing[1], storage)
    W, Ht = pair()
    X = W @ Ht.T
    found = run(pairing, EVERY[storage](X))
    assert found.loss <= 1e-12 * pairing[1].size(as_matrix(X))
    at = known(storage) > 0 if storage in PARTLY else np.ones(X.shape, bool)
    np.testing.assert_allclose((found.W @ found.H)[at], X[at], rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_multiplicative_step_moves_every_zero_that_should_grow(loss):
    X, (W, Ht) = as_matrix(data(loss)), pair()
    W[np.random.default_rng(3).random(W.shape) < 0.5] = 0
    W[0] = 0
    left, right = Factor(W), Factor(Ht)
    negative, positive, _ = gradient(loss, X, W, Ht, 0, 23, value=False)
    with Workers(1) as workers:
        found = Multiplicative().update(X, loss, HalfStep.alone(left, right, final=True), workers).point
    grows = negative > positive
    assert ((W == 0) & grows).any()
    assert (found[(W == 0) & grows] > 0).all()
    assert (found[(W == 0) & ~grows] == 0).all()


@every_pair
def test_caller_s_arrays_stay_as_they_are(pairing):
    X, (W, Ht) = data(pairing[1]), pair()
    before = X.copy(), W.copy(), Ht.copy()
    H = Ht.T
    factorize(X, 3, loss=pairing[1], solver=pairing[0](), W=W, H=H, max_iter=3)
    for array, copy in zip((X, W, H.T), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=name)
def test_a_solver_can_be_pickled_and_compared_and_says_where_it_comes_from(solver):
    assert pickle.loads(pickle.dumps(solver())) == solver()
    assert issubclass(solver, Solver)
    assert "References\n" in solver.__doc__


@pytest.mark.parametrize("loss", LOSSES, ids=name)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pairing_either_works_by_name_or_is_refused_with_a_way_out(solver, loss):
    if SOLVERS[solver].minimises(loss):
        assert type(get_solver(solver, loss)) is SOLVERS[solver]
    else:
        with pytest.raises(IncompatibleSolverError, match=r"Use solver='auto'.*'mu'"):
            get_solver(solver, loss)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_the_automatic_solver_minimises_every_loss(loss):
    found = factorize(data(loss), 3, loss=loss, random_state=0, init="random", max_iter=5000)
    assert found.converged
    assert found.reason in (StopReason.STATIONARY, StopReason.STEADY)
