"""NMF(sum_to_one=True, min_volume=...): the estimator's side of it."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from partwise import NMF, factorize
from partwise.exceptions import ParameterError

RNG = np.random.default_rng(0)
X = RNG.dirichlet(np.ones(3), 80) @ (RNG.gamma(0.5, 1.0, (3, 20)) + 0.01) * RNG.gamma(400.0, 1 / 400, (80, 20))


@pytest.mark.parametrize("form", [np.array, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_in_transform_are_those_of_the_fit(form, dtype, weighted):
    data, arguments = form(X.astype(dtype)), {"feature_weight": np.arange(1.0, 21)} if weighted else {}
    model = NMF(3, sum_to_one=True, min_volume=0.3, random_state=0)
    W = model.fit_transform(data, **arguments)
    assert W.dtype == model.components_.dtype == dtype
    np.testing.assert_allclose(model.transform(data), W, atol=1e-4)
    np.testing.assert_allclose(W.sum(axis=1), 1, atol=1e-6)
    assert (np.diff(model.factorization_.curve["loss"]) <= 0).all()
    np.testing.assert_array_equal(clone(model).fit(data, **arguments).components_, model.components_)


def test_it_is_what_factorize_finds():
    model = NMF(3, sum_to_one=True, min_volume=0.3, random_state=0).fit(X)
    found = factorize(X, 3, sum_to_one=True, min_volume=0.3, random_state=0)
    np.testing.assert_array_equal(model.components_, found.H)
    assert NMF(3).min_volume == 0


@pytest.mark.parametrize(
    ("options", "words"), [({"min_volume": 0.3}, "needs sum_to_one"), ({"min_volume": -1}, "at least 0")]
)
def test_a_volume_that_cannot_be_is_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        NMF(3, **options).fit(X)


def test_a_limit_on_time_holds_on_the_way_too():
    model = NMF(3, sum_to_one=True, min_volume=1e-6, random_state=0, max_time=1e-9, tol=0, max_iter=10**6)
    assert model.fit(X).n_iter_ == 1
