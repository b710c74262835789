"""NMF beside truncated SVD."""

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return rng.gamma(0.5, 1.0, (40, 5)) @ rng.gamma(0.5, 1.0, (5, 20)) + 0.1 * rng.random((40, 20))


def test_svd_has_the_lowest_error_and_nmf_no_negative_entries(X):
    side = pw.compare_with_svd(X, 4)
    s = np.linalg.svd(X, compute_uv=False)
    assert side.svd.relative_error == pytest.approx(np.sqrt((s[4:] ** 2).sum() / (s**2).sum()), rel=1e-6)
    assert side.svd.relative_error <= side.nmf.relative_error
    assert side.nmf.negative_share == 0 < side.svd.negative_share


def test_sparse_and_dense_data_give_the_same_figures(X):
    dense, sparse = (pw.compare_with_svd(data, 3).to_dict() for data in (X, sp.csr_array(X)))
    for kind in ("nmf", "svd"):
        assert dense[kind] == pytest.approx(sparse[kind], rel=1e-4)


def test_the_seed_fixes_the_figures_and_options_reach_the_fit(X):
    assert pw.compare_with_svd(X, 3) == pw.compare_with_svd(X, 3)
    assert pw.compare_with_svd(X, 3, max_iter=1).nmf.relative_error > pw.compare_with_svd(X, 3).nmf.relative_error


def test_it_reads_as_a_table_and_as_a_dictionary(X):
    side = pw.compare_with_svd(X, 3)
    lines = str(side).splitlines()
    assert lines[0].split() == ["3", "parts", "NMF", "SVD"]
    assert [line.rsplit(maxsplit=2)[0] for line in lines[1:]] == [
        "relative error",
        "sparseness of parts",
        "negative entries",
    ]
    assert side.to_dict()["n_components"] == 3
    assert set(side.to_dict()["nmf"]) == {"relative_error", "sparseness", "negative_share"}
