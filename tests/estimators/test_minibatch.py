"""MiniBatchNMF gets lower than scikit-learn's in as many passes, forgets, and gives the same wherever X lies."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.decomposition as theirs

from partwise import MiniBatchNMF, divergence, open_blocks, relative_error
from partwise.estimators.archive import put_together, take_apart
from partwise.io.held import Held
from partwise.losses import get_loss
from partwise.solvers.online import Online
from partwise.solvers.past import Products, Ratio

K = 5


def dense(rng):
    X = rng.gamma(0.5, 1.0, (300, 8)) @ rng.gamma(0.5, 1.0, (8, 40))
    return X + 0.1 * X.mean() * rng.gamma(1.0, 1.0, X.shape) + 1e-3


def counts(rng):
    rates = rng.gamma(0.2, 1.0, (300, 8)) @ rng.gamma(0.2, 1.0, (8, 60))
    return sp.csr_array(rng.poisson(rates).astype(float))


def spectra(rng):
    return (rng.gamma(0.5, 1.0, (300, 8)) @ rng.gamma(0.5, 1.0, (8, 40)) + 1e-2) * rng.gamma(2.0, 0.5, (300, 40))


DATA = {"dense": dense, "counts": counts, "spectra": spectra}
CASES = [
    (loss, data)
    for loss in ("frobenius", "kullback-leibler", "itakura-saito", 0.5, 1.5)
    for data in DATA
    if loss != "itakura-saito" or data != "counts"  # it takes no zeros
]


def fitted(kind, X, start, passes, loss="frobenius", **options):
    model = kind(
        K,
        init="custom",
        beta_loss=loss,
        tol=0,
        max_no_improvement=None,
        max_iter=passes,
        **{"batch_size": 64} | options,
    )
    W = model.fit_transform(X, W=start[0].copy(), H=start[1].copy())
    return model, np.ascontiguousarray(W)


def start_of(rng, X, dtype=np.float64):
    size = np.sqrt(X.mean() / K)
    return tuple((size * (np.abs(rng.standard_normal(shape)) + 1e-3)).astype(dtype)
                 for shape in ((X.shape[0], K), (K, X.shape[1])))  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "data"), CASES)
@pytest.mark.parametrize("seed", range(2))
def test_it_is_lower_than_scikit_learn_after_each_pass(loss, data, dtype, seed):
    rng = np.random.default_rng(seed)
    X = DATA[data](rng).astype(dtype)
    start = start_of(rng, X, dtype)
    reached = [divergence(X, *start, loss)]
    for passes in (1, 2, 5, 10):
        ours, other = (
            divergence(X, W, model.components_, loss)
            for model, W in (fitted(kind, X, start, passes, loss) for kind in (MiniBatchNMF, theirs.MiniBatchNMF))
        )
        assert ours < other
        assert ours < reached[-1]
        reached.append(ours)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
def test_a_pass_over_blocks_of_a_file_gives_what_the_array_gives(tmp_path, loss):
    rng = np.random.default_rng(0)
    X = dense(rng)
    np.save(tmp_path / "x.npy", X)
    start, source = start_of(rng, X), open_blocks(tmp_path / "x.npy", max_memory="2MiB")
    (model, W), (by_blocks, other) = (fitted(MiniBatchNMF, data, start, 3, loss) for data in (X, source))
    np.testing.assert_allclose(by_blocks.components_, model.components_, rtol=1e-9)
    np.testing.assert_allclose(other, W, rtol=1e-6, atol=1e-9 * W.max())
    assert by_blocks.reconstruction_err_ == pytest.approx(model.reconstruction_err_, rel=1e-9)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 1.5])
@pytest.mark.parametrize("store", [np.asarray, sp.csr_array])
def test_a_fit_has_the_same_bits_on_one_thread_and_on_two(loss, store):
    rng = np.random.default_rng(0)
    X = rng.poisson(rng.gamma(0.3, 1.0, (1500, 8)) @ rng.gamma(0.3, 1.0, (8, 700))).astype(np.float32)
    start = start_of(rng, X, np.float32)
    one, two = (fitted(MiniBatchNMF, store(X), start, 2, loss, batch_size=700, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one[0].components_, two[0].components_)
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_stream_whose_parts_change_follows_them_if_it_forgets(loss):
    rng = np.random.default_rng(0)
    old, new = (rng.gamma(0.2, 1.0, (K, 40)) for _ in range(2))
    streams = [[rng.gamma(0.3, 1.0, (50, K)) @ parts + 1e-3 for _ in range(20)] for parts in (old, new)]
    errors = {}
    for forget in (0.3, 1.0):
        model = MiniBatchNMF(K, init="random", beta_loss=loss, forget_factor=forget, random_state=0)
        for batch in [batch for stream in streams for batch in stream]:
            model.partial_fit(batch)
        errors[forget] = [
            relative_error(X, model.transform(X), model.components_) for X in (np.vstack(stream) for stream in streams)
        ]
    assert errors[0.3][1] < errors[1.0][1]
    assert errors[1.0][0] < errors[0.3][0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_part_that_no_batch_uses_for_long_is_still_there_when_one_does(dtype):
    rng = np.random.default_rng(0)
    H = np.kron(np.eye(3), np.ones(6)).astype(dtype)
    model = MiniBatchNMF(3, init="custom", forget_factor=0.3)
    model.partial_fit((rng.random((40, 3)) @ H).astype(dtype), W=np.ones((40, 3), dtype), H=H)
    before = model.components_[2].copy()
    for _ in range(2000):  # weights of the past underflow in either number type
        model.partial_fit((rng.random((5, 2)) @ H[:2]).astype(dtype))
    np.testing.assert_allclose(model.components_[2], before, atol=1e-4)
    assert relative_error(H[2:], model.transform(H[2:]), model.components_) < 1e-3


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_the_scale_of_parts_does_not_drift_in_a_long_stream(loss):
    X = np.random.default_rng(0).gamma(1.0, 1.0, (4, 10, 8))
    model = MiniBatchNMF(3, init="random", beta_loss=loss, random_state=0).partial_fit(X[0])
    before = np.linalg.norm(model.components_)
    for number in range(2000):
        model.partial_fit(X[number % 4])
    assert 0.5 < np.linalg.norm(model.components_) / before < 2


@pytest.mark.parametrize(("loss", "passes"), [("frobenius", 1), ("kullback-leibler", 11)])
def test_weights_are_those_of_transform_for_squares_and_after_more_than_ten_passes(loss, passes):
    rng = np.random.default_rng(0)
    X = dense(rng)
    model, W = fitted(MiniBatchNMF, X, start_of(rng, X), passes, loss)
    np.testing.assert_allclose(W, model.transform(X), rtol=1e-5, atol=1e-7 * W.max())


def test_a_fit_whose_batches_pull_to_and_fro_ends_when_passes_end_at_the_same_place():
    X = np.random.default_rng(0).gamma(1.0, 1.0, (40, 8))
    model = MiniBatchNMF(3, batch_size=10, max_no_improvement=None, random_state=0).fit(X)
    assert model.n_iter_ < model.max_iter


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_stream_saved_before_it_kept_products_goes_on_as_it_did(loss):
    rng = np.random.default_rng(0)
    first, second = dense(rng)[:50], dense(rng)[:50]
    model = MiniBatchNMF(K, beta_loss=loss, init="random", random_state=0).partial_fit(first)
    model._online = Online(get_loss(loss), model._online.Ht, 0.7, model._online.unit, Ratio.none(model._online.Ht))
    header, arrays = take_apart(model)
    assert header["stream"].pop("past") == "Ratio"
    loaded = put_together({"kind": "MiniBatchNMF", **header}, Held(arrays))
    for stream in (model, loaded):
        stream.partial_fit(second)
    np.testing.assert_array_equal(model.components_, loaded.components_)


def test_squares_go_on_as_multiplicative_steps_where_entries_are_unknown():
    rng = np.random.default_rng(0)
    X = dense(rng)
    model = MiniBatchNMF(K, init="random", random_state=0, missing_values=np.nan).partial_fit(X[:150])
    assert isinstance(model._online.past, Products)
    gaps = np.where(rng.random(X[150:].shape) < 0.2, np.nan, X[150:])
    for _ in range(30):
        model.partial_fit(gaps)
    assert isinstance(model._online.past, Ratio)
    whole = model.transform(X[150:]) @ model.components_
    assert np.linalg.norm((whole - X[150:])[np.isnan(gaps)]) < 0.3 * np.linalg.norm(X[150:][np.isnan(gaps)])
