"""A fit goes on from its state with the bits that it would have had."""

import time
from copy import deepcopy

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.losses import get_loss
from partwise.matrix import as_matrix
from partwise.solvers import Factor, alternate, get_solver
from partwise.stopping import Stopping
from partwise.threads import Workers

RNG = np.random.default_rng(0)
DENSE = RNG.gamma(0.5, 1.0, (300, 5)) @ RNG.gamma(0.5, 1.0, (5, 40)) + 0.1 * RNG.random((300, 40))


@pytest.mark.parametrize("X", [DENSE, sp.csr_array(np.where(DENSE > 1, DENSE, 0)), DENSE.astype(np.float32)])
@pytest.mark.parametrize(("loss", "solver"), [(2, "hals"), (2, "pivoting"), (1, "ccd"), (1, "mu"), (0.5, "mu")])
@pytest.mark.parametrize("stop", [1, 2, 7, 24])
def test_a_fit_goes_on_from_its_state_with_the_same_bits(X, loss, solver, stop):
    if loss == 0.5 and sp.issparse(X):
        pytest.skip("it takes no zeros")
    data, states = as_matrix(X), []
    start = [np.abs(RNG.standard_normal((size, 4))).astype(data.dtype) for size in data.shape]

    def fit(most, **more):
        with Workers(1) as workers:
            return alternate(
                data, get_loss(loss), get_solver(solver, get_loss(loss)), [tuple(map(Factor, start))],
                stopping=Stopping(0.0, most, None), workers=workers, began=time.perf_counter(), **more,
            )[0]  # fmt: skip

    calm = fit(30, keep=lambda fit: states.append(deepcopy(fit.state())))
    found = fit(30, state=deepcopy(states[stop - 1]))
    assert np.array_equal(found.W, calm.W)
    assert np.array_equal(found.Ht, calm.Ht)
    assert found.objective == calm.objective
    assert np.array_equal(found.curve["loss"], calm.curve["loss"])
    assert fit(stop, state=states[stop - 1]).n_iter == stop
