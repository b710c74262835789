"""The room between parts: its slope, its units, and mixtures in which no row is one part alone."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import factorize, match
from partwise.domains import Simplex
from partwise.exceptions import IncompatibleSolverError, ParameterError
from partwise.init import INITS, initialize
from partwise.losses import Frobenius
from partwise.matrix import as_matrix
from partwise.matrix.convert import SMALL
from partwise.penalties import Bounds
from partwise.solvers import HALS, Factor, alternate, lighten
from partwise.stopping import Stopping, StopReason
from partwise.terms import Volume
from partwise.threads import Workers

NAN = np.nan


def scene(seed=0, n=500, bands=60, k=3, noise=0.03):
    """Return mixtures of smooth parts that overlap, none with more than 80 % of a part, and the parts."""
    rng = np.random.default_rng(seed)
    parts = 0.3 + np.exp(-0.5 * ((np.linspace(0, 1, bands) - np.linspace(0.2, 0.8, k)[:, None]) / 0.2) ** 2)
    shares = rng.dirichlet(np.ones(k), 20 * n)
    clean = shares[shares.max(axis=1) <= 0.8][:n] @ parts
    return np.maximum(clean + noise * np.sqrt(np.mean(clean**2)) * rng.normal(size=clean.shape), 0), parts


X, PARTS = scene()
OPTIONS = {"sum_to_one": True, "min_volume": 1.0, "random_state": 0}


def degrees(found, parts):
    return np.degrees(np.arccos(match(parts, found.H).similarity)).mean()


def paid(volume, H):
    return volume.value(H.T, H @ H.T, H.T)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_pull_is_the_slope_of_the_value(k):
    rng = np.random.default_rng(k)
    H, way, step = rng.random((k, 9)), rng.normal(size=(k, 9)), 1e-5
    volume = Volume(weight=0.7, floor=0.4)
    ahead, behind = (paid(volume, at) for at in (H + step * way, H - step * way))
    assert (ahead - behind) / (2 * step) == pytest.approx(np.vdot(volume.quadratic(H @ H.T) @ H, way), rel=1e-7)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_value_lies_under_its_tangent_and_does_not_depend_on_where_the_parts_are(k):
    rng = np.random.default_rng(k)
    volume, H = Volume(weight=0.7, floor=0.4), rng.random((k, 9))
    value = paid(volume, H)
    for other in (rng.random((k, 9)), 5 * H, np.zeros((k, 9))):
        slope = 0.5 * np.vdot(volume.quadratic(H @ H.T), other @ other.T - H @ H.T)
        assert paid(volume, other) <= value + slope + 1e-12
    assert paid(volume, H + 3) == pytest.approx(value)
    same = np.ones((k, 1)) * H[0]
    assert paid(volume, same) == pytest.approx(0, abs=1e-12)


def test_the_pull_draws_no_part_as_a_whole():
    H = np.random.default_rng(0).random((4, 9))
    np.testing.assert_allclose(Volume(1.0, 0.1).quadratic(H @ H.T).sum(axis=1), 0, atol=1e-12)


def test_its_weight_is_the_noise_and_its_floor_the_spread_of_the_rows():
    volume = Volume.of(as_matrix(X), 3, 2.0)
    assert volume.weight == pytest.approx(2 * np.linalg.svd(X, compute_uv=False)[3] ** 2, rel=0.05)
    assert volume.floor == pytest.approx(np.linalg.eigvalsh(np.cov(X.T, bias=True))[-2:].mean(), rel=1e-3)
    again = Volume.of(as_matrix(X * 1024), 3, 2.0)
    assert (again.weight, again.floor) == pytest.approx((volume.weight * 2**20, volume.floor * 2**20))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_is_none_where_nothing_is_noise(dtype):
    clean = scene(noise=0)[0].astype(dtype)
    for data, k in ((clean, 3), (X, 1), (X[:4], 4), (np.zeros((9, 9)), 3), (np.ones((9, 9)), 2)):
        assert Volume.of(as_matrix(data), k, 1.0) is None
    assert Volume.of(as_matrix(X), 3, 0.0) is None


@pytest.mark.parametrize("init", [*INITS])
@pytest.mark.parametrize("noise", [0.003, 0.03])
def test_parts_are_found_where_no_row_is_one_part_alone(init, noise):
    data, parts = scene(1, noise=noise)
    plain = factorize(data, 3, init=init, sum_to_one=True, random_state=0)
    found = factorize(data, 3, init=init, **OPTIONS)
    assert found.converged
    assert degrees(found, parts) < 1.5 < 2.5 < degrees(plain, parts)
    np.testing.assert_allclose(found.W.sum(axis=1), 1, atol=1e-6)
    assert found.W.min() >= 0 <= found.H.min()


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_what_a_fit_reports_is_what_it_minimises(strength):
    found = factorize(X, 3, **{**OPTIONS, "min_volume": strength}, max_iter=1000)
    volume = Volume.of(as_matrix(X), 3, strength)
    assert (np.diff(found.curve["loss"]) <= 0).all()
    assert found.loss == pytest.approx(0.5 * np.square(X - found.W @ found.H).sum())
    assert found.curve["loss"][-1] == pytest.approx(found.loss + paid(volume, found.H))
    gradient = found.W.T @ (found.W @ found.H - X) + volume.quadratic(found.H @ found.H.T) @ found.H
    at_rest = np.where(found.H > 0, np.abs(gradient), np.maximum(-gradient, 0))
    assert at_rest.max() < 2e-3 * np.abs(found.W.T @ X).max()


def test_a_callback_hears_the_objective_of_the_pair_it_sees():
    values = []

    def watch(at):
        volume = Volume.of(as_matrix(X), 3, 1.0)
        values.append(0.5 * np.square(X - at.W @ at.H).sum() + paid(volume, at.H))
        assert values[-1] == pytest.approx(at.loss)

    factorize(X, 3, **OPTIONS, tol=0, max_iter=30, callback=watch)
    assert (np.diff(values) <= 1e-12 * values[0]).all()


@pytest.mark.parametrize("exponent", [-300, 300])
def test_units_do_not_matter(exponent):
    unit = 2.0**exponent
    found, extreme = (factorize(data, 3, init="separable", **OPTIONS) for data in (X, X * unit))
    np.testing.assert_allclose(extreme.W, found.W, atol=1e-9)
    np.testing.assert_allclose(extreme.H / unit, found.H, atol=1e-9)
    assert extreme.n_iter == found.n_iter
    for scaled, plain in ((extreme.loss, found.loss), (extreme.curve["loss"], found.curve["loss"])):
        np.testing.assert_allclose(scaled / unit / unit, plain, rtol=1e-9)


@pytest.mark.parametrize("n_init", [1, 3])
def test_threads_leave_no_trace(n_init):
    data = np.tile(X, (8, 4))  # of several blocks
    one, two = (factorize(data, 3, init="random", n_init=n_init, max_iter=10, n_jobs=n, **OPTIONS) for n in (1, 2))
    assert len(as_matrix(data).blocks) > 1
    for name in ("W", "H", "loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.curve["loss"], two.curve["loss"])


def test_storages_agree():
    dense, sparse = (factorize(data, 3, init="separable", **OPTIONS) for data in (X, sp.csr_array(X)))
    np.testing.assert_allclose(sparse.W, dense.W, atol=1e-6)
    np.testing.assert_allclose(sparse.H, dense.H, atol=1e-6)
    large = np.tile(X, (4, 1))
    assert large.size > SMALL
    single = factorize(large.astype(np.float32), 3, init="separable", **OPTIONS)
    assert single.H.dtype == np.float32
    np.testing.assert_allclose(single.H, factorize(large, 3, init="separable", **OPTIONS).H, atol=1e-3)


def test_columns_may_have_weights():
    weights = np.random.default_rng(0).uniform(0.5, 2, 60)
    found = factorize(X, 3, feature_weight=weights, **OPTIONS)
    assert degrees(found, PARTS) < 2
    scaled = factorize(X * np.sqrt(weights), 3, **OPTIONS)
    np.testing.assert_allclose(found.H * np.sqrt(weights), scaled.H, atol=1e-9)


@pytest.mark.parametrize("data", [scene(noise=0)[0], np.zeros((9, 9))], ids=["mixtures", "zeros"])
def test_data_without_noise_are_taken_apart_as_without_it(data):
    plain, found = (factorize(data, 3, **{**OPTIONS, "min_volume": strength}) for strength in (0.0, 1.0))
    np.testing.assert_array_equal(found.H, plain.H)


def test_pure_rows_stay_the_parts():
    """With nothing but little noise the smallest parts that mix to pure rows are these."""
    rng = np.random.default_rng(0)
    mixed = np.vstack([np.eye(3), rng.dirichlet(np.ones(3), 200)]) @ PARTS
    noisy = mixed * (1 + 1e-4 * rng.normal(size=mixed.shape))
    found = factorize(noisy, 3, **OPTIONS, init="separable", max_iter=1000)
    assert degrees(found, PARTS) < 0.2


def test_fixed_parts_keep_their_values_to_the_bit():
    fixed = np.where(np.arange(60) % 7, PARTS[1], NAN)[None]
    found = factorize(X, 3, init="random", bounds_H=Bounds.fixed(fixed), **OPTIONS)
    known = ~np.isnan(fixed[0])
    assert (found.H[0, known] == fixed[0, known]).all()
    assert (np.diff(found.curve["loss"]) <= 0).all()
    assert degrees(found, PARTS) < 2


@pytest.mark.parametrize("strength", [-0.1, NAN, np.inf, "1", None, True])
def test_strengths_that_are_none_are_refused(strength):
    with pytest.raises(ParameterError, match=r"min_volume must be a finite number of at least 0; got .*"):
        factorize(X, 3, sum_to_one=True, min_volume=strength)


def test_what_it_needs_is_said():
    with pytest.raises(ParameterError, match=r"min_volume=0\.3 needs sum_to_one=True.*Add sum_to_one=True"):
        factorize(X, 3, min_volume=0.3)
    with pytest.raises(IncompatibleSolverError, match="use solver='hals' with loss='frobenius'"):
        factorize(X, 3, loss="kullback-leibler", **OPTIONS)
    with pytest.raises(IncompatibleSolverError, match="cannot go with unknown entries"):
        factorize(np.where(X > 1, NAN, X), 3, missing_values=NAN, **OPTIONS)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_light_volume_is_reached_through_heavier_ones_in_fewer_iterations(n_jobs):
    data = as_matrix(scene(noise=0.003)[0])
    volume = Volume.of(data, 3, 1.0)
    fits = []
    for leads in (True, False):
        W, Ht = initialize(data, 3, "random", np.random.RandomState(0))
        w, h = Factor(Simplex().project(W), domain=Simplex()), Factor(Ht, terms=(volume,))
        limit, spent = Stopping(max_iter=400), 0
        with Workers(n_jobs) as workers:
            if leads:
                w, h, spent = lighten(data, Frobenius(), HALS(), w, h, limit, workers, 0.0)
            assert h.terms == (volume,)
            fits += alternate(data, Frobenius(), HALS(), [(w, h)], stopping=limit, workers=workers, began=0.0)
    assert spent == 0 < fits[0].n_iter
    assert fits[0].objective < 0.98 * fits[1].objective


def test_the_volume_that_a_start_is_led_to_is_the_last_of_its_terms():
    data = as_matrix(scene(noise=0.003)[0])
    volume, spent = Volume.of(data, 3, 1.0), []
    for terms in ((volume,), (Volume(1e-12, 1.0), volume)):
        W, Ht = initialize(data, 3, "random", np.random.RandomState(0))
        w, h = Factor(Simplex().project(W), domain=Simplex()), Factor(Ht, terms=terms)
        with Workers(1) as workers:
            _, h, steps = lighten(data, Frobenius(), HALS(), w, h, Stopping(max_iter=2000), workers, 0.0)
        assert h.terms == terms
        spent.append(steps)
    assert 0 < spent[1] < 2 * spent[0]


@pytest.mark.parametrize("max_iter", [1, 3, 40])
def test_all_iterations_together_keep_to_their_limit(max_iter):
    started = []

    def watch(at):
        started.append(at.iteration)

    found = factorize(scene(noise=0.003)[0], 3, **OPTIONS, tol=0, max_iter=max_iter, callback=watch)
    assert found.n_iter == len(started) == max_iter - max_iter // 2


@pytest.mark.parametrize(("magnitude", "least"), [(np.inf, 0.2 * 50), (1e9, 50), (1.0, 1.0)])
def test_what_a_volume_weighs_sets_when_a_loss_is_steady(magnitude, least):
    """Without a volume it is a fifth of the loss; with one its weight, or the loss where that is less."""
    for share, reason in ((0.9, StopReason.STEADY), (1.1, None)):
        stopping = Stopping(tol=1e-3)
        fall = share * 1e-3 * least / 5
        reasons = [stopping.check(i, 0.0, 50 - fall * i, 1.0, 100.0, magnitude) for i in range(1, 7)]
        assert reasons == [None] * 5 + [reason]
