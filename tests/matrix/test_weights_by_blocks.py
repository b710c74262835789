"""Weights of entries go with an X that is read by blocks: the fit in memory, and clear errors."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import ParameterError

RNG = np.random.default_rng(0)
DENSE = RNG.gamma(1.0, 1.0, (1000, 3)) @ RNG.gamma(1.0, 1.0, (3, 40)) + 0.1 * RNG.random((1000, 40))
DENSE[RNG.random(DENSE.shape) < 0.3] = 0
WEIGHTS = 2 * RNG.random(DENSE.shape)
WEIGHTS[RNG.random(DENSE.shape) < 0.2] = 0
WEIGHTS[64:128] = 0  # a whole tile
WEIGHTS[200:420] = 1
SPARSE = sp.csr_array(np.where(RNG.random(DENSE.shape) < 0.3, DENSE, 0))
NAN = np.where(RNG.random(DENSE.shape) < 0.1, np.nan, DENSE)
OPTIONS = {"init": "random", "random_state": 0, "max_iter": 40, "solver": "mu", "tol": 0}


def by_blocks(X):
    return pw.open_blocks(X, "1MiB")


@pytest.mark.parametrize("held", [lambda weights: weights, by_blocks], ids=["in memory", "by blocks"])
@pytest.mark.parametrize(
    ("X", "weights", "options"),
    [
        (DENSE, WEIGHTS, {}),
        (DENSE, sp.csr_array(WEIGHTS), {"loss": "kullback-leibler"}),
        (DENSE.astype(np.float32), WEIGHTS, {}),
        (DENSE * 1e200, np.where(WEIGHTS > 0, 1, 0), {}),
        (NAN, WEIGHTS, {"missing_values": np.nan}),
        (SPARSE, WEIGHTS, {"loss": "kullback-leibler", "missing_values": 0}),
        (SPARSE, sp.csr_array(WEIGHTS), {}),
        (SPARSE, WEIGHTS, {}),
    ],
)
@pytest.mark.filterwarnings("ignore:Maximum number of iterations")
def test_weights_of_entries_give_the_fit_in_memory(X, weights, options, held):
    given = held(weights)
    expected = pw.NMF(3, **OPTIONS | options).fit(X, entry_weight=weights)
    model = pw.NMF(3, **OPTIONS | options).fit(by_blocks(X), entry_weight=given)
    largest = expected.components_.max()
    np.testing.assert_allclose(model.components_, expected.components_, rtol=1e-9, atol=1e-9 * largest)
    assert model.reconstruction_err_ == pytest.approx(expected.reconstruction_err_, rel=1e-9)
    W = model.transform(by_blocks(X), entry_weight=given)
    np.testing.assert_allclose(W, expected.transform(X, entry_weight=weights), rtol=1e-4, atol=1e-4 * W.max())


@pytest.mark.parametrize("held", [lambda weights: weights, by_blocks], ids=["in memory", "by blocks"])
def test_weights_that_are_none_are_refused(held):
    bad = WEIGHTS.copy()
    bad[700, 3] = -1
    for weights in (bad, np.where(bad < 0, np.inf, WEIGHTS), np.zeros(DENSE.shape)):
        with pytest.raises(ParameterError, match="entry_weight must be finite, at least 0, and not zero everywhere"):
            pw.NMF(3, **OPTIONS).fit(by_blocks(DENSE), entry_weight=held(weights))
    with pytest.raises(ParameterError, match=r"entry_weight has shape \(900, 40\), X has shape \(1000, 40\)"):
        pw.NMF(3, **OPTIONS).fit(by_blocks(DENSE), entry_weight=held(WEIGHTS[:900]))
    with pytest.raises(ParameterError, match="its largest weight"):
        pw.NMF(3, **OPTIONS).fit(by_blocks(DENSE), entry_weight=held(1e20 * WEIGHTS))
    wide = np.where(WEIGHTS > 1, 1e-300, WEIGHTS)
    with pytest.raises(ParameterError, match="entry_weight has weights from 1e-300"):
        pw.NMF(3, **OPTIONS, loss="kullback-leibler").fit(by_blocks(DENSE), entry_weight=held(wide))


def test_dask_arrays_take_no_weights_of_entries():
    da = pytest.importorskip("dask.array")
    lazy, weights = (da.from_array(array, chunks=(200, -1)) for array in (DENSE, WEIGHTS))
    for X, given in ((lazy, WEIGHTS), (by_blocks(DENSE), weights)):
        with pytest.raises(ParameterError, match=r"entry_weight cannot go with a Dask array\. Compute both"):
            pw.NMF(3, **OPTIONS).fit(X, entry_weight=given)
