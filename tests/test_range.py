"""At the ends of float64: what leaves a fit are numbers, or an error that says what is out of range."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, MiniBatchNMF, factorize
from partwise.exceptions import DataError, PartwiseError
from partwise.losses import BetaDivergence, Huber
from partwise.losses.base import Loss
from partwise.penalties import Bounds, Penalty
from partwise.solvers import HALS, Step, Update, rows
from partwise.stopping import StopReason
from partwise.units import scaled

RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (30, 4)) @ RNG.gamma(1.0, 1.0, (4, 20)) + RNG.random((30, 20))
LOSSES = ["frobenius", "kullback-leibler", "itakura-saito", "huber", 30, -30, 2.5, 0.5]


def fit_unless_refused(way_out, *given, **options):
    """Return the fit, or None where it is refused with this way out; any other error is one."""
    try:
        return factorize(*given, **options)
    except PartwiseError as error:
        if way_out not in str(error):
            raise
        return None


def numbers(*factors):
    return all(np.isfinite(factor).all() and (factor >= 0).all() for factor in factors)


@pytest.mark.parametrize("exponent", [-1070, -530, -300, 0, 300, 500, 1000])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_the_reconstruction_error_is_right_wherever_it_is_a_number(exponent, store):
    unit = 2.0**exponent
    options = {"init": "random", "random_state": 0, "max_iter": 30, "tol": 0}
    found, plain = factorize(store(X * unit), 3, **options), factorize(store(X), 3, **options)
    expected = plain.reconstruction_error * unit
    assert plain.reconstruction_error == pytest.approx(np.linalg.norm(X - plain.W @ plain.H))
    assert found.reconstruction_error == pytest.approx(expected, rel=1e-5 if exponent > -1000 else 0.1)
    assert found.relative_error == pytest.approx(plain.relative_error, rel=1e-5 if exponent > -1000 else 0.1)
    assert found.loss == pytest.approx(scaled(plain.loss, 2.0 * exponent), rel=1e-5)
    model = NMF(3, **options).fit(X * unit)
    assert model.reconstruction_err_ == pytest.approx(expected, rel=1e-5 if exponent > -1000 else 0.1)
    stream = MiniBatchNMF(3, **{**options, "max_iter": 5})
    W, root = stream.fit_transform(X * unit), 2.0 ** (exponent // 2)
    error = np.linalg.norm(X - (W / root) @ (stream.components_ / (unit / root)))
    assert stream.reconstruction_err_ == pytest.approx(error * unit, rel=1e-5 if exponent > -1000 else 0.1)


@pytest.mark.parametrize("value", [0.0, 3.0, 5e-324, 1e308])
@pytest.mark.parametrize("exponent", [-1e9, -1074.0, -3.5, 0.0, 1000.0, 1e9])
def test_a_number_in_other_units_is_exact_up_to_where_numbers_end(value, exponent):
    found = scaled(value, exponent)
    expected = 0.0 if value == 0 else math.log2(value) + exponent
    assert found == 0 if value == 0 or expected < -1076 else found > 0 or expected < -1073
    if value and -1000 < expected < 1023:
        assert math.log2(found) == pytest.approx(expected)
    if value and expected > 1025:
        assert found == np.finfo(np.float64).max


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes", [(1e200, 1.0), (1e-200, 1e200), (1e200, 1e200), (1e-200, 1e-200)])
def test_a_start_of_any_size_leads_to_a_fit(loss, sizes):
    W, H = sizes[0] * RNG.random((30, 3)), sizes[1] * RNG.random((3, 20))
    found = factorize(X, 3, loss=loss, W=W, H=H, max_iter=30)
    assert numbers(found.W, found.H)
    assert np.isfinite(found.curve["loss"]).all()
    plain = factorize(X, 3, loss=loss, init="random", random_state=0, max_iter=30)
    assert found.relative_error < 2 * plain.relative_error + 0.1


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weight", [1e-300, 1e20, 1e300])
def test_penalties_of_any_size_lead_to_numbers(loss, weight):
    for penalty in (Penalty(l1=weight), Penalty(l2=weight)):
        for factors in ("WH", "W", "H"):
            options = {f"penalty_{factor}": penalty for factor in factors}
            found = factorize(X, 3, loss=loss, init="random", random_state=0, max_iter=20, **options)
            assert numbers(found.W, found.H, found.transform(X))
            assert np.isfinite([found.loss, found.relative_error, *found.curve["loss"]]).all()
            assert (np.diff(found.curve["loss"]) <= 0).all()


@pytest.mark.parametrize("exponent", [-300, -150, 150, 300])
@pytest.mark.parametrize("loss", [*LOSSES, Huber(1e-3), Huber(1e250)])
def test_data_of_any_size_lead_to_numbers(loss, exponent):
    data = X * 10.0**exponent
    found = factorize(data, 3, loss=loss, init="random", random_state=0, max_iter=20)
    assert numbers(found.W, found.H, found.transform(data))
    assert np.isfinite([found.loss, found.relative_error, *found.curve["loss"]]).all()


def test_factors_beyond_numbers_are_refused_with_the_way_out():
    with pytest.raises(PartwiseError, match="divide X by its mean"):
        factorize(X * 1e10, 3, bounds_H=Bounds(0, 1e-300), random_state=0)


def test_a_step_that_leaves_the_range_of_numbers_ends_the_fit_with_the_best_pair(monkeypatch):
    update = HALS.update_all

    def broken(self, X, loss, asked, workers):
        updates = update(self, X, loss, asked, workers)
        if asked[0].iteration == 4:
            updates[0].point[:] = np.nan
            return [found._replace(step=Step(np.nan, after=np.nan if found.step.after else None)) for found in updates]
        return updates

    monkeypatch.setattr(HALS, "update_all", broken)
    found = factorize(X, 3, init="random", random_state=0, callback=lambda at: None)  # iterations one by one
    assert (found.reason, found.converged, found.n_iter) == (StopReason.BEYOND, False, 3)
    assert numbers(found.W, found.H)

    def lost(self, X, loss, asked, workers):
        return [Update(*each.into, None, Step(np.nan, after=np.nan)) for each in asked]

    monkeypatch.setattr(HALS, "update_all", lost)
    with pytest.raises(PartwiseError, match="range of numbers"):
        factorize(X, 3, init="custom", W=np.full((30, 3), 1.0), H=np.full((3, 20), 1.0))


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", "itakura-saito", "huber", 1e-9, 2.5])
@pytest.mark.parametrize("weight", [1e150, 1e300])
def test_penalties_of_any_size_go_with_bounds(loss, weight):
    for penalty in (Penalty(l1=weight), Penalty(l2=weight)):
        for bounds in (Bounds(0.5, 0.5), Bounds(0.1, 2.0), Bounds(0.0, 1e-300), Bounds(0.0, 1e300)):
            options = {"penalty_W": penalty, "penalty_H": penalty, "bounds_H": bounds, "max_iter": 10}
            found = fit_unless_refused(
                "divide X by its mean", X, 3, loss=loss, init="random", random_state=0, **options
            )
            if found is None:
                continue
            assert numbers(found.W, found.H)
            assert np.isfinite([found.loss, found.relative_error, *found.curve["loss"]]).all()


@pytest.mark.parametrize("weight", [1e30, 1e300])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", "itakura-saito", "huber"])
def test_penalties_beyond_float32_lead_to_numbers_on_data_that_stay_in_it(loss, weight):
    data = RNG.random((700, 100), np.float32) + np.float32(0.01)
    for penalty in (Penalty(l1=weight), Penalty(l2=weight)):
        found = factorize(data, 2, loss=loss, init="random", random_state=0, max_iter=3, penalty_W=penalty)
        assert found.W.dtype == np.float32
        assert numbers(found.W, found.H, found.transform(data))
        assert np.isfinite(found.curve["loss"]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_bounds_of_any_size_are_kept_or_refused_with_the_way_out(dtype, scale):
    data = (X * scale).astype(dtype)
    for low, high in ((0.0, 1e-300), (1e-300, 1e300), (0.0, 1e300), (1e300, np.inf), (0.0, 1e-30), (1e30, 1e30)):
        for factor in "WH":
            options = {f"bounds_{factor}": Bounds(low, high), "init": "random", "random_state": 0, "max_iter": 5}
            found = fit_unless_refused("ivide X by its mean", data, 2, **options)
            if found is None:
                continue
            assert numbers(found.W, found.H)
            bounded = getattr(found, factor)
            with np.errstate(over="ignore"):
                lowest, highest = np.array([low, high]).astype(dtype)
            assert ((bounded >= lowest) & (bounded <= highest)).all()


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", "huber", 1.5, 2.5])
@pytest.mark.parametrize("size", [0.0, 1e-160])
def test_a_lower_bound_whose_squares_overflow_is_kept_without_a_warning(loss, size):
    options = {"init": "random", "random_state": 0, "max_iter": 20, "bounds_W": Bounds(1e300, np.inf)}
    found = factorize(X * size, 3, loss=loss, **options)
    assert numbers(found.W, found.H)
    assert found.W.min() >= 1e300


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("size", [1e-320, 1e-160, 1e300])
@pytest.mark.parametrize("scale", [1e-320, 1.0, 1e300])
def test_a_start_or_seeds_of_any_size_fit_data_of_any_size(loss, size, scale):
    data, W, H = X * size, scale * (RNG.random((30, 3)) + 0.1), scale * (RNG.random((3, 20)) + 0.1)
    for given in (
        {"W": W},
        {"H": H},
        {"W": W, "H": H},
        {"init": "random", "seed_components": H[:2]},
        {"H": H, "seed_components": H[:2]},
    ):
        found = factorize(data, 3, loss=loss, random_state=0, max_iter=3, **given)
        assert numbers(found.W, found.H)
        assert np.isfinite([found.loss, found.relative_error]).all()
    if loss not in ("huber", 30, -30):
        model = MiniBatchNMF(3, beta_loss=loss, init="custom", max_iter=2, tol=0).fit(data, W=W, H=H)
        assert numbers(model.components_)


@pytest.mark.parametrize("loss", [1e300, -1e300, 1e30, -1e30, 5000])
@pytest.mark.parametrize("size", [1e-3, 0.999, 1.0, 1e5])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_a_beta_whose_powers_of_the_data_are_no_numbers_is_refused(loss, size, store):
    with pytest.raises(PartwiseError, match="take a beta nearer to 1"):
        factorize(store(X * size), 2, loss=loss, random_state=0, max_iter=5)


BETAS = [1e-9, 0.001, 0.015, 0.05, -0.01, -0.1, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("lowest", [0.5, 1e-5, 1e-30, 1e-200])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_count_alike_however_given_or_are_refused_before_the_fit(beta, lowest, dtype):
    """Rows and columns are weighted by a change of scale, w ** (1 / beta), and entries in the gradient."""
    data, weights = (X + 0.1).astype(dtype), np.geomspace(lowest, 1.0, 30)
    options = {"loss": beta, "init": "random", "random_state": 0, "max_iter": 30}
    found = []
    for given in (
        {"entry_weight": np.repeat(weights[:, None], 20, axis=1).astype(dtype)},
        {"sample_weight": weights},
        {"feature_weight": weights},
    ):
        turned = data.T if "feature_weight" in given else data
        result = fit_unless_refused("Divide them by their mean", turned, 3, **options, **given)
        if result is not None:
            assert numbers(result.W, result.H)
            found.append(result.relative_error)
    if lowest >= 1e-5:  # from smaller ones the three starts lead to minima of their own
        assert max(found, default=0.0) <= 2 * min(found, default=0.0)
    assert found or abs(beta) < 0.05 or lowest < 0.5


@pytest.mark.parametrize("weights", [False, True])
def test_the_last_step_never_raises_the_objective_of_a_loss_that_is_not_convex(monkeypatch, weights):
    scale = np.arange(30.0) if weights else None
    options = {"loss": 0.5, "init": "random", "random_state": 0, "max_iter": 5, "sample_weight": scale}
    usual, solve = factorize(X, 3, **options), rows.solve_rows

    def astray(*given, **named):
        return 3 * solve(*given, **named)

    monkeypatch.setattr(rows, "solve_rows", astray)
    found = factorize(X, 3, **options)
    assert found.loss <= 1.5 * usual.loss
    assert found.curve["loss"][-1] == found.loss == found.curve["loss"].min()
    loss: Loss = BetaDivergence(1.5)
    assert loss.convex
    assert factorize(X, 3, **{**options, "loss": loss}).loss > 2 * factorize(X, 3, **options).loss


def test_a_model_beyond_numbers_is_refused_by_inverse_transform():
    model = NMF(3, init="random", random_state=0, max_iter=5, tol=1.0).fit(X)
    with pytest.raises(PartwiseError, match="cannot hold"):
        model.inverse_transform(np.full((2, 3), 1e308))
    assert np.isfinite(model.inverse_transform(np.full((2, 3), 1e300))).all()


@pytest.mark.parametrize(
    "W",
    [
        np.array([[1, np.nan, 0]]),
        np.array([[1, 0, np.inf]]),
        np.ma.masked_equal([[1.0, 2.0, 3.0]], 2),
        [[1, None, 0]],
        sp.csr_array([[np.nan, 0, 0]]),
    ],
)
def test_weights_that_are_unknown_or_infinite_are_refused_by_inverse_transform(W):
    model = NMF(3, init="random", random_state=0, max_iter=5, tol=1.0).fit(X)
    with pytest.raises(DataError, match="W is not finite"):
        model.inverse_transform(W)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e300])
@pytest.mark.parametrize("store", [np.array, sp.csr_array])
def test_a_stream_whose_scale_changes_keeps_to_numbers_or_refuses_a_batch(loss, factor, store):
    model = MiniBatchNMF(3, beta_loss=loss, init="random", random_state=0)
    for scale in (1.0, factor, 1.0):
        try:
            model.partial_fit(store(X * scale))
        except PartwiseError as error:
            if scale == 1.0 or "stream" not in str(error):
                raise
        assert numbers(model.components_)
