"""What many runs agree on: the right parts when there are as many, and low scores where there are too many."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import consensus, factorize, match, relative_error
from partwise.exceptions import DataError, MissingExtraError, ParameterError
from partwise.selection.agreement import reproducibility

stores = pytest.mark.parametrize("store", [np.array, sp.csr_array], ids=["dense", "sparse"])


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(1)
    rate = rng.gamma(0.3, 1.0, (120, 3)) @ rng.dirichlet(np.full(30, 0.2), 3) * 900
    return rng.poisson(rate).astype(float)


@stores
@pytest.mark.parametrize("resample", [None, "bootstrap"])
def test_the_right_number_of_parts_is_reproducible_and_too_many_are_not(planted, store, resample):
    X = store(planted(150, 40, 3, seed=2, noise=0.05))
    sure, over = (consensus(X, k, n_runs=12, resample=resample, random_state=0) for k in (3, 6))
    assert sure.reproducibility.min() > 0.9
    assert over.reproducibility.min() < 0.7
    assert sure.dispersion > over.dispersion
    assert sure.cophenetic >= over.cophenetic


@stores
def test_the_parts_are_those_planted_and_explain_the_data_as_well_as_a_fit(counts, store):
    agreed = consensus(store(counts), 3, n_runs=8, resample="poisson", random_state=0)
    best = factorize(counts, 3, loss="kullback-leibler", n_init=5, init="random", random_state=0, tol=1e-6)
    assert match(agreed, best).similarity.min() > 0.99
    assert agreed.relative_error == pytest.approx(best.relative_error, rel=0.01)
    assert relative_error(counts, agreed.W, agreed.components_) < 0.2
    assert (agreed.W.shape, agreed.components_.shape) == ((120, 3), (3, 30))


@stores
@pytest.mark.parametrize("resample", [None, "bootstrap", "poisson"])
@pytest.mark.parametrize("k", [3, 5])
def test_scores_lie_between_0_and_1_and_intervals_hold_the_parts(counts, store, resample, k):
    agreed = consensus(store(counts), k, n_runs=6, resample=resample, random_state=0)
    for score in (*agreed.reproducibility, agreed.cophenetic, agreed.dispersion):
        assert 0 <= score <= 1
    assert (agreed.lower <= agreed.components_).all()
    assert (agreed.components_ <= agreed.upper).all()
    assert agreed.n_kept + len(agreed.dropped) == 6


def test_counting_again_moves_parts_about_as_far_as_their_noise(counts):
    """Intervals of the same data with a hundredth of the counts are about ten times as wide, relatively."""
    rng = np.random.default_rng(0)
    few, many = np.floor(counts / 20), counts * 5
    width = [
        (np.sum(agreed.upper - agreed.lower) / agreed.components_.sum())
        for agreed in (
            consensus(X, 3, n_runs=10, resample="poisson", random_state=rng.integers(9)) for X in (few, many)
        )
    ]
    assert 4 < width[0] / width[1] < 25


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [1e-25, 1.0, 1e25])
def test_results_are_in_the_units_and_the_type_of_the_data(planted, dtype, unit):
    X = planted(60, 30, 2).astype(dtype) * dtype(unit)
    agreed = consensus(X, 2, n_runs=3, random_state=0)
    assert agreed.components_.dtype == agreed.W.dtype == agreed.upper.dtype == dtype
    scaled = X.astype(float) / unit
    model = (agreed.W / np.sqrt(unit)).astype(float) @ (agreed.components_ / np.sqrt(unit))
    assert np.linalg.norm(scaled - model) < 0.2 * np.linalg.norm(scaled)


@pytest.mark.parametrize("resample", [None, "bootstrap", "poisson"])
def test_the_consensus_has_the_same_bits_at_any_number_of_jobs(counts, resample):
    one, two = (consensus(counts, 3, n_runs=4, resample=resample, random_state=0, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.components_, two.components_)
    np.testing.assert_array_equal(one.reproducibility, two.reproducibility)
    np.testing.assert_array_equal(one.lower, two.lower)


def test_unknown_entries_count_for_nothing(planted):
    X = planted(100, 40, 3, noise=0.02)
    hidden = np.random.default_rng(0).random(X.shape) < 0.3
    for resample in (None, "bootstrap"):
        agreed = consensus(
            np.where(hidden, np.nan, X), 3, n_runs=5, resample=resample, random_state=0, missing_values=np.nan
        )
        guess = agreed.W @ agreed.components_
        assert np.linalg.norm((guess - X)[hidden]) < 0.1 * np.linalg.norm(X[hidden])


def test_a_run_that_found_other_parts_or_a_worse_fit_does_not_count(planted, monkeypatch):
    module = import_module("partwise.selection.consensus")

    class Spoiled(module.Runs):
        def fit(self, numbers, seconds):
            runs = super().fit(numbers, seconds)
            runs[2] = replace(runs[2], error=2 * runs[2].error)
            runs[4] = replace(runs[4], parts=np.roll(runs[4].parts, 5, axis=1))
            return runs

    monkeypatch.setattr(module, "Runs", Spoiled)
    agreed = consensus(planted(100, 40, 3, noise=0.05), 3, n_runs=6, random_state=0)
    assert agreed.dropped == [(2, "its error is an outlier"), (4, "its parts are outliers")]
    assert "dropped: run 2" in str(agreed)


def test_a_time_limit_leaves_at_least_two_runs(planted):
    agreed = consensus(planted(100, 40, 3), 3, n_runs=500, random_state=0, max_time=0.3)
    assert 2 <= agreed.n_kept < 500
    assert agreed.dropped[-1] == (499, "stopped by the time limit")
    assert consensus(planted(100, 40, 3), 3, n_runs=5, random_state=0, max_time=1e-9).n_kept >= 2


def test_progress_counts_the_runs(planted):
    heard = []
    consensus(planted(50, 30, 2), 2, n_runs=4, random_state=0, n_jobs=2, progress=heard.append)
    assert heard == [1, 2, 3, 4]


def test_data_of_zeros_has_parts_of_zeros():
    agreed = consensus(np.zeros((12, 6)), 2, n_runs=2, random_state=0)
    assert not agreed.components_.any()
    assert (agreed.relative_error, agreed.cophenetic) == (0, 1)


def test_the_mean_cosine_over_pairs_is_that_of_the_pairs():
    parts = np.random.default_rng(0).random((5, 3, 8))
    parts /= np.linalg.norm(parts, axis=2, keepdims=True)
    expected = [np.mean([parts[a, t] @ parts[b, t] for a in range(5) for b in range(5) if a != b]) for t in range(3)]
    np.testing.assert_allclose(reproducibility(parts), expected)


@stores
@pytest.mark.parametrize("resample", [None, "bootstrap", "poisson"])
def test_rows_of_one_part_each_are_grouped_by_it_in_every_run(store, resample):
    part = np.array([0, 2, 1, 0, 1, 2] * 5)
    X = store(40.0 * np.kron(np.eye(3)[part], np.ones(6)))
    agreed = consensus(X, 3, n_runs=5, resample=resample, random_state=0)
    np.testing.assert_array_equal(agreed.consensus_matrix(), part[:, None] == part)
    assert (agreed.cophenetic, agreed.dispersion) == (pytest.approx(1), 1)
    own = agreed.components_[:, ::6].argmax(axis=1)  # which part of the data each component is
    np.testing.assert_array_equal(own[agreed.main_parts], np.tile(part, (agreed.n_kept, 1)))


def test_rows_of_zeros_have_no_main_part_and_are_together():
    X = np.kron(np.eye(2), np.ones((4, 5)))
    X[[1, 6]] = 0
    agreed = consensus(X, 2, n_runs=4, random_state=0)
    np.testing.assert_array_equal(agreed.main_parts == -1, np.tile(~X.any(axis=1), (4, 1)))
    np.testing.assert_array_equal(agreed.consensus_matrix()[1], ~X.any(axis=1))


def test_as_many_rows_are_compared_as_asked_for(planted):
    X = planted(60, 30, 2)
    agreed = consensus(X, 2, n_runs=3, random_state=0, max_rows=20)
    assert (np.diff(agreed.rows_compared) > 0).all()
    assert agreed.consensus_matrix().shape == (20, 20)
    whole = consensus(X, 2, n_runs=3, random_state=0)
    np.testing.assert_array_equal(whole.rows_compared, np.arange(60))
    chosen = np.ix_(agreed.rows_compared, agreed.rows_compared)
    np.testing.assert_array_equal(whole.consensus_matrix()[chosen], agreed.consensus_matrix())


def test_counts_are_asked_for_where_counts_are_drawn(planted):
    with pytest.raises(DataError, match=r"X\[\d+, \d+\] = .* is not a count.*'bootstrap'"):
        consensus(planted(50, 30, 2), 2, resample="poisson", random_state=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resample": "jackknife"}, "'bootstrap', 'poisson'"),
        ({"max_rows": 1}, "max_rows must be an integer of at least 2; got 1"),
        ({"n_runs": 1}, "n_runs must be an integer of at least 2; got 1"),
        ({"max_time": -1}, "max_time.*got -1"),
        ({"n_components": 0}, "n_components.*got 0"),
        ({"tol": -1}, "tol must be a finite number of at least 0; got -1"),
        ({"max_iter": 0.5}, "max_iter.*got 0.5"),
    ],
)
def test_parameters_that_nothing_accepts_are_refused_by_name(planted, options, words):
    with pytest.raises(ParameterError, match=words):
        consensus(planted(30, 20, 2), **{"n_components": 2, **options})


def test_a_consensus_draws_itself(planted):
    figures = pytest.importorskip("matplotlib.figure", reason="pictures need matplotlib")
    own = figures.Figure().subplots()
    assert consensus(planted(50, 30, 2), 2, n_runs=3, random_state=0).plot(ax=own) is own
    assert len(own.patches) == 2


def test_a_plot_without_matplotlib_names_the_extra(planted, without):
    agreed = consensus(planted(50, 30, 2), 2, n_runs=3, random_state=0)
    without("matplotlib")
    with pytest.raises(MissingExtraError, match=r"partwise\[plot\]"):
        agreed.plot()
