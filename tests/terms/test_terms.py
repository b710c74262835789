"""Every term: what it adds to a half-step touches the objective and lies nowhere under it; fits with it are right."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import Penalty, factorize
from partwise.exceptions import IncompatibleSolverError, ParameterError
from partwise.terms import GraphSmoothness, Orthogonality, SymmetricCoupling, Volume

RNG = np.random.default_rng(0)
N, K = 12, 3
CHAIN = np.diag(np.ones(N - 1), 1) + np.diag(np.ones(N - 1), -1)
EDGES = np.triu(RNG.random((N, N)) * (RNG.random((N, N)) < 0.4), 1)
TERMS = {
    "graph": GraphSmoothness(EDGES + EDGES.T, 0.7),
    "chain": GraphSmoothness(sp.csr_array(CHAIN), 0.4),
    "coupling": SymmetricCoupling(0.8),
    "orthogonality": Orthogonality(0.6),
    "volume": Volume(0.7, 0.4),
}
every_term = pytest.mark.parametrize("term", TERMS.values(), ids=TERMS)
S = RNG.random((N, K)) @ RNG.random((K, N))
X = S + S.T + 0.1 * np.eye(N)


def paid(term, point, other):
    """What both factors pay where both share the term."""
    return (2 if term.is_shared else 1) * term.value(point, point.T @ point, other)


def surrogate(term, at, other):
    """The function of a factor that a half-step from `at` minimises in place of the term, up to a constant."""
    linear, quadratic = term.linear(at, other), term.quadratic(at.T @ at)

    def value(F):
        bent = 0.0 if quadratic is None else 0.5 * np.vdot(F @ quadratic, F)
        return bent - (0.0 if linear is None else np.vdot(linear, F))

    return value


@every_term
def test_a_half_step_s_part_touches_the_term_and_lies_nowhere_under_it(term):
    at, other = RNG.random((N, K)), RNG.random((N, K))
    above = surrogate(term, at, other)
    for F in (RNG.random((N, K)), 5 * at, np.zeros((N, K)), at[::-1]):
        assert paid(term, F, other) - paid(term, at, other) <= above(F) - above(at) + 1e-10
    way, step = RNG.standard_normal((N, K)), 1e-5
    slopes = [
        (of(at + step * way) - of(at - step * way)) / (2 * step) for of in (above, lambda F: paid(term, F, other))
    ]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-6)


@every_term
def test_its_share_of_the_objective_does_not_depend_on_the_units(term):
    F, other, unit = RNG.random((N, K)), RNG.random((N, K)), 8.0
    found = term.in_units(unit, 6.0)
    assert paid(found, F / unit, other / unit) * 2**6.0 == pytest.approx(paid(term, F, other), rel=1e-12)


@pytest.mark.parametrize("name", ["graph", "chain", "coupling", "orthogonality"])
@pytest.mark.parametrize("on", ["W", "H"])
@pytest.mark.parametrize("unit", [1.0, 2.0**400])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(name, on, unit):
    term, l2 = TERMS[name], Penalty(l2=0.5)
    asked, scaled = replace(term, weight=term.weight * unit), Penalty(l2=0.5 * unit)
    found = factorize(
        X * unit, K, init="random", random_state=0, tol=1e-9, max_iter=4000, penalty_W=scaled, penalty_H=scaled,
        **{f"terms_{on}": [asked]},
    )  # fmt: skip
    root = np.sqrt(unit)

    def objective(z):
        W, Ht = z[: N * K].reshape(N, K), z[N * K :].reshape(N, K)
        pays = paid(term, *((W, Ht) if on == "W" else (Ht, W)))
        return 0.5 * np.square(X - W @ Ht.T).sum() + l2.of(W) + l2.of(Ht) + pays

    start = np.concatenate([found.W.ravel(), found.H.T.ravel()]) / root
    value = objective(start)
    assert found.curve["loss"][-1] / unit / unit == pytest.approx(value, rel=1e-9)
    assert (np.diff(found.curve["loss"]) <= 0).all()
    direct = minimize(objective, start, bounds=[(0, None)] * len(start), method="L-BFGS-B")
    assert direct.fun > value * (1 - 1e-5)


def test_coupled_factors_of_a_symmetric_x_come_out_the_same():
    found = factorize(X, K, init="random", random_state=0, tol=1e-8, max_iter=5000, terms_W=[SymmetricCoupling(20.0)])
    assert np.linalg.norm(found.W - found.H.T) < 1e-3 * np.linalg.norm(found.W)
    assert found.relative_error < 0.1


def test_terms_go_together_on_both_factors():
    terms = {"terms_W": [TERMS["graph"], Orthogonality(0.1)], "terms_H": [TERMS["chain"]]}
    found = factorize(X, K, init="random", random_state=0, penalty_H=Penalty(l2=0.5), **terms)
    assert (np.diff(found.curve["loss"]) <= 0).all()
    one, two = (factorize(X, K, init="random", random_state=0, n_jobs=jobs, **terms, max_iter=9) for jobs in (1, 2))
    np.testing.assert_array_equal(one.W, two.W)


def test_what_terms_need_is_said():
    options = {"init": "random", "random_state": 0}
    with pytest.raises(IncompatibleSolverError, match="takes no terms; use solver='hals'"):
        factorize(X, K, loss="kullback-leibler", terms_W=[Orthogonality(0.1)], **options)
    with pytest.raises(IncompatibleSolverError, match="terms cannot go with unknown entries"):
        factorize(
            np.where(np.median(X) < X, np.nan, X), K, missing_values=np.nan, terms_W=[Orthogonality(0.1)], **options
        )
    with pytest.raises(ParameterError, match="GraphSmoothness on H needs X with 12 columns; it has 11"):
        factorize(X[:, 1:], K, terms_H=[TERMS["chain"]], **options)
    with pytest.raises(ParameterError, match="terms_W must be a list of terms"):
        factorize(X, K, terms_W=Orthogonality(0.1), **options)
    with pytest.raises(ParameterError, match="sample_weight and feature_weight cannot go with terms"):
        factorize(X, K, sample_weight=np.arange(N) + 1.0, terms_W=[Orthogonality(0.1)], **options)


@pytest.mark.parametrize(
    ("adjacency", "words"),
    [
        (np.triu(CHAIN), "symmetric"),
        (CHAIN[1:], "square"),
        (-CHAIN, "at least 0"),
        (np.ones(3), "Expected 2D"),
        (np.where(CHAIN > 0, np.inf, 0), "at least 0"),
        (sp.csr_array((np.ones(2), np.array([0, 9]), np.array([0, 1, 2])), shape=(2, 2)), "outside its shape"),
    ],
)
def test_a_graph_that_is_none_is_refused(adjacency, words):
    with pytest.raises(ValueError, match=words):
        GraphSmoothness(adjacency, 1.0)


def test_a_volume_without_a_floor_is_refused():
    with pytest.raises(ParameterError, match="floor must be a finite number above 0"):
        Volume(1.0, 0.0)
