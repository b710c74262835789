"""Bad input is refused with where, what and the way out; odd but valid input gives finite factors."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from partwise import NMF, MiniBatchNMF, choose_rank, non_negative_factorization
from partwise.exceptions import DataError

X = np.random.default_rng(0).gamma(1.0, 1.0, (12, 9))
BAD = {
    "NaN": (np.where(X.max() == X, np.nan, X), {}, r"NaN: X\[\d+, \d+\].*1 of 108 entries is.*SimpleImputer"),
    "infinity": (np.where(X.max() == X, np.inf, X), {}, r"infinity.*X\[\d+, \d+\] = inf"),
    "negative": (X - 1, {}, r"Negative values in data passed to \w+.*X\[\d+, \d+\] = -.*np\.clip"),
    "negative, sparse": (sp.csr_matrix(X - 1), {}, r"Negative values.*X\[0, \d\]"),
    "no rows": (X[:0], {}, r"0 sample\(s\)"),
    "no columns": (X[:, :0], {}, r"0 feature\(s\)"),
    "one dimension": (X[0], {}, "Expected 2D array"),
    "three dimensions": (np.ones((2, 2, 2)), {}, "dim 3"),
    "text": (np.array([["a", "b"], ["c", "d"]]), {}, "(?i)string|numeric"),
    "complex": (X * 1j, {}, "Complex"),
    "zero components": (X, {"n_components": 0}, "n_components must be a positive integer, 'auto'.* or None; got 0"),
    "a fraction of components": (X, {"n_components": 2.5}, "n_components.*got 2.5"),
    "components by name": (X, {"n_components": "aut"}, "n_components.*got 'aut'. Did you mean 'auto'"),
    "too many for the start": (X, {"n_components": 10, "init": "nndsvd"}, r"n_components <= min.*Use init='random'"),
    "unknown init": (X, {"init": "randon"}, "init='randon' is not known.*Did you mean 'random'"),
    "unknown loss": (X, {"beta_loss": "frobenus"}, "beta_loss='frobenus' is not known.*Did you mean 'frobenius'"),
    "negative tol": (X, {"tol": -1}, "tol must be a finite number of at least 0; got -1"),
    "tol by name": (X, {"tol": "small"}, "tol.*got 'small'"),
    "zero iterations": (X, {"max_iter": 0}, "max_iter.*got 0"),
    "negative alpha": (X, {"alpha_W": -0.5}, "alpha_W.*got -0.5"),
    "alpha by name": (X, {"alpha_H": "sam"}, "alpha_H"),
    "l1_ratio over 1": (X, {"l1_ratio": 1.5}, "l1_ratio must be a number from 0 to 1; got 1.5"),
    "zeros and Itakura-Saito": (
        np.eye(4),
        {"beta_loss": "itakura-saito", "solver": "mu"},
        "beta_loss <= 0 and X contains",
    ),
    "custom without a start": (X, {"init": "custom"}, "init='custom' needs"),
    "a random state of no kind": (X, {"random_state": "seed"}, "seed"),
}
NMF_ONLY = {
    "unknown solver": ({"solver": "hal"}, "solver='hal' is not known.*Did you mean 'hals'"),
    "hals with Kullback-Leibler": ({"solver": "hals", "beta_loss": 1}, r"Use solver='auto'.*'mu'.*'ccd'"),
    "zero starts": ({"n_init": 0}, "n_init"),
    "time by name": ({"max_time": "long"}, "max_time"),
    "negative time": ({"max_time": -1.0}, "max_time"),
}
MINI_BATCH_ONLY = {
    "empty batches": ({"batch_size": 0}, "batch_size.*got 0"),
    "forgetting too much": ({"forget_factor": 1.5}, "forget_factor"),
    "no patience": ({"max_no_improvement": 0}, "max_no_improvement.*got 0"),
}


@pytest.mark.parametrize("kind", [NMF, MiniBatchNMF])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_text_that_helps(kind, case):
    data, options, words = BAD[case]
    options = {"n_components": 3, "init": "random", **options}
    if kind is MiniBatchNMF:
        options.pop("solver", None)
    with pytest.raises((ValueError, TypeError), match=words):
        kind(**options).fit(data)


@pytest.mark.parametrize(
    ("kind", "case"), [*((NMF, case) for case in NMF_ONLY), *((MiniBatchNMF, case) for case in MINI_BATCH_ONLY)]
)
def test_a_bad_parameter_of_its_own_is_refused(kind, case):
    options, words = (NMF_ONLY | MINI_BATCH_ONLY)[case]
    with pytest.raises(ValueError, match=words):
        kind(**{"n_components": 3, "init": "random", **options}).fit(X)


@pytest.mark.parametrize("kind", [NMF, MiniBatchNMF])
@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"W": np.ones((11, 3)), "H": np.ones((3, 9))}, r"W\). Expected 12, but got 11"),
        ({"W": np.ones((12, 2)), "H": np.ones((3, 9))}, r"W\). Expected 3, but got 2"),
        ({"W": np.ones((12, 3)), "H": np.ones((2, 9))}, r"H\). Expected 3, but got 2"),
        ({"W": np.ones((12, 3)), "H": np.ones((3, 8))}, r"H\). Expected 9, but got 8"),
        ({"W": np.ones((12, 3)), "H": np.zeros((3, 9))}, "full of zeros"),
        ({"W": -np.ones((12, 3)), "H": np.ones((3, 9))}, "Negative values"),
        ({"W": np.ones((12, 3), np.float32), "H": np.ones((3, 9))}, "should have the same dtype as X. Got"),
        ({"W": np.ones((12, 3), int), "H": np.ones((3, 9), int)}, "should have the same dtype as X. Got"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(kind, start, words):
    with pytest.raises((ValueError, TypeError), match=words):
        kind(3, init="custom").fit_transform(X, **start)


def test_a_start_without_init_custom_is_ignored_with_a_warning():
    with pytest.warns(RuntimeWarning, match="W or H are ignored"):
        NMF(3, init="random", random_state=0).fit_transform(X, W=np.ones((12, 3)), H=np.ones((3, 9)))
    with pytest.warns(RuntimeWarning, match="W is not used"):
        non_negative_factorization(X, W=np.ones((12, 3)), H=np.ones((3, 9)), update_H=False)


def masked(condition):
    return np.where(condition, 0, X)


ODD = {
    "all zero": np.zeros_like(X),
    "a row and a column of zeros": masked((np.arange(12) == 1)[:, None] | (np.arange(9) == 2)[None]),
    "constant": np.full_like(X, 3.0),
    "one row": X[:1],
    "one column": X[:, :1],
    "one entry": X[:1, :1],
    "repeated rows": np.repeat(X[:2], 10, axis=0),
    "tiny": X * 1e-300,
    "huge": X * 1e300,
    "smallest": np.full_like(X, 5e-324),
    "largest": np.full_like(X, np.finfo(float).max),
    "huge and tiny": X * np.logspace(-150, 150, 9),
    "one huge entry": np.where(X.max() == X, 1e300, X),
    "one tiny entry": np.where(X.max() == X, 1e-300, 0),
    "float32": X.astype(np.float32),
    "float32, tiny": (X * 1e-38).astype(np.float32),
    "float32, huge": (X * 1e37).astype(np.float32),
    "integers": (X * 10).astype(np.int64),
    "bytes": (X * 10).astype(np.uint8),
    "booleans": X.mean() < X,
    "sparse, empty": sp.csr_matrix(X.shape),
    "sparse, stored zeros": sp.csr_matrix((np.zeros(3), ([0, 1, 2], [0, 1, 2])), shape=X.shape),
    "sparse, duplicates": sp.coo_matrix((np.ones(4), ([0, 0, 1, 1], [1, 1, 0, 0])), shape=X.shape),
    "sparse, huge": sp.csc_array(masked(X < 1) * 1e300),
    "negative zeros": np.where(X < 1, -0.0, X),
    "frame of integers": pd.DataFrame((X * 10).astype(int)),
    "lists": X.tolist(),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.pairwise("kind", "options")
@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("k", [1, 3, 15])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (NMF, {}),
        (NMF, {"solver": "mu"}),
        (NMF, {"solver": "pivoting"}),
        (NMF, {"beta_loss": "kullback-leibler"}),
        (NMF, {"beta_loss": "kullback-leibler", "solver": "mu"}),
        (NMF, {"beta_loss": 1.5, "solver": "mu"}),
        (MiniBatchNMF, {"batch_size": 5}),
        (MiniBatchNMF, {"batch_size": 5, "beta_loss": "kullback-leibler"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else " ".join(map(str, value.values())),
)
def test_odd_input_gives_finite_factors_and_a_finite_error(kind, options, k, case):
    data = ODD[case]
    model = kind(k, init="random", random_state=0, max_iter=20, **options)
    W = model.fit_transform(data)
    for factor in (W, model.components_, model.transform(data)):
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()
    assert np.isfinite(model.reconstruction_err_)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e300])
def test_a_fit_of_extreme_data_is_as_good_as_of_ordinary_data(loss, unit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        plain, extreme = (
            NMF(3, beta_loss=loss, init="random", random_state=0, max_iter=50).fit(X * scale) for scale in (1.0, unit)
        )
    found = extreme.factorization_
    assert found.relative_error == pytest.approx(plain.factorization_.relative_error, rel=1e-6)
    np.testing.assert_allclose(
        (extreme.transform(X * unit) @ (extreme.components_ / unit)),
        plain.transform(X) @ plain.components_,
        rtol=1e-4,
        atol=1e-6,
    )


def test_an_all_zero_row_has_no_weights_and_an_all_zero_column_no_part():
    data = X.copy()
    data[4], data[:, 2] = 0, 0
    model = NMF(3, random_state=0)
    W = model.fit_transform(data)
    assert W[4].max() < 1e-6 * W.max()
    assert model.components_[:, 2].max() < 1e-6 * model.components_.max()


def test_more_parts_than_rows_and_columns_are_possible():
    model = NMF(15, random_state=0, max_iter=2000)
    assert model.fit_transform(X).shape == (12, 15)
    assert model.factorization_.relative_error < 0.01


@pytest.mark.parametrize("kind", [NMF, MiniBatchNMF])
@pytest.mark.parametrize("make", [np.array, sp.csr_matrix, sp.csc_matrix], ids=["dense", "CSR", "CSC"])
def test_an_anndata_object_is_its_matrix_with_the_names_of_its_columns(kind, make):
    anndata = pytest.importorskip("anndata")
    names = [f"gene{j}" for j in range(9)]
    data = anndata.AnnData(make(X), obs=pd.DataFrame(index=map(str, range(12))), var=pd.DataFrame(index=names))
    model = kind(2, init="random", random_state=0, max_iter=5000).fit(data)
    np.testing.assert_array_equal(model.components_, clone(model).fit(make(X)).components_)
    np.testing.assert_array_equal(model.feature_names_in_, names)
    np.testing.assert_array_equal(model.transform(data[3:5]), model.transform(data)[3:5])
    np.testing.assert_allclose(model.transform(data[:, ::-1]), model.transform(data), rtol=1e-12)
    data.var_names = ["gene"] * 9
    with pytest.raises(DataError, match=r"more than one column named 'gene'.*var_names_make_unique"):
        model.transform(data)


def test_an_anndata_object_without_a_matrix_in_memory_is_refused_at_once_with_the_lines_to_write(tmp_path):
    anndata = pytest.importorskip("anndata")
    names = {"obs": pd.DataFrame(index=map(str, range(12))), "var": pd.DataFrame(index=map(str, range(9)))}
    anndata.AnnData(X, **names).write_h5ad(tmp_path / "x.h5ad")
    backed = anndata.read_h5ad(tmp_path / "x.h5ad", backed="r")
    for take in (NMF(2).fit, MiniBatchNMF(2).fit, MiniBatchNMF(2).partial_fit, NMF(2).fit(X).transform, choose_rank):
        with pytest.raises(DataError, match=r"backed by a file.*adata\.to_memory\(\).*\.fit\(adata\.X\)"):
            take(backed)
        with pytest.raises(DataError, match=r"has no X.*NMF\(\.\.\.\)\.fit\(adata\.layers\['counts'\]\)"):
            take(anndata.AnnData(layers={"counts": X}, **names))
    backed.file.close()


@pytest.mark.parametrize("kind", [NMF, MiniBatchNMF])
def test_names_that_columns_share_are_refused(kind):
    with pytest.raises(DataError, match="more than one column named 'a'"):
        kind(2).fit(pd.DataFrame(X[:, :3], columns=["a", "b", "a"]))


@pytest.mark.parametrize("kind", [NMF, MiniBatchNMF])
def test_a_start_may_come_in_what_data_come_in_but_has_two_dimensions_and_no_gaps(kind):
    rng = np.random.default_rng(0)
    W, H = rng.random((12, 2)), rng.random((2, 9))
    model = kind(2, init="custom", max_iter=5000)
    expected = clone(model).fit_transform(X, W=W, H=H)
    np.testing.assert_array_equal(model.fit_transform(X, W=pd.DataFrame(W), H=H.tolist()), expected)
    np.testing.assert_array_equal(model.fit_transform(X, W=np.asfortranarray(W), H=np.asfortranarray(H)), expected)
    for start in ({"W": np.ma.masked_array(W, W < 0.2)}, {"H": np.ma.masked_array(H, H < 0.2)}, {"H": sp.csr_array(H)}):
        with pytest.raises(DataError, match=r"(mask|sparse)"):
            clone(model).fit(X, **{"W": W, "H": H, **start})
    for start in ({"W": W[:, 0]}, {"H": H[0]}, {"W": 1.0}, {"H": np.ones((2, 9, 1))}):
        with pytest.raises(ValueError, match="must have shape"):
            clone(model).set_params(n_components="auto").fit(X, **start)


def test_inverse_transform_takes_what_transform_gives_in_any_storage_and_says_what_does_not_fit():
    model = NMF(3, init="random", random_state=0, max_iter=5000).fit(X)
    W = model.transform(X)
    for store in (np.array, sp.csr_array, sp.coo_matrix, pd.DataFrame, np.ndarray.tolist):
        np.testing.assert_allclose(model.inverse_transform(store(W)), W @ model.components_)
    with pytest.raises(DataError, match=r"W has shape \(12, 9\); it needs one column for each of the 3 parts"):
        model.inverse_transform(X)
