"""Names of columns: kept by a fit, matched by name wherever two tables have them, and refused where they differ."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import DataError, DataTypeError
from partwise.matrix import Named, as_matrix
from partwise.matrix.names import feature_names, with_columns
from partwise.penalties import Bounds

NAMES = list("abcdef")
TURNED = list("fbdace")
PLACES = [NAMES.index(name) for name in TURNED]
X = np.random.default_rng(0).gamma(1.0, 1.0, (30, 3)) @ np.random.default_rng(1).gamma(1.0, 1.0, (3, 6))
FRAME = pd.DataFrame(X, columns=NAMES)


def anndata_of(values, names):
    anndata = pytest.importorskip("anndata")
    return anndata.AnnData(values, obs=pd.DataFrame(index=map(str, range(30))), var=pd.DataFrame(index=names))


MAKES = {
    "pandas": lambda values, names: pd.DataFrame(values, columns=names),
    "pandas by rows": lambda values, names: pd.DataFrame(np.ascontiguousarray(values), columns=names, copy=False),
    "pandas sparse": lambda values, names: pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(values), columns=names),
    "Polars": lambda values, names: pl.DataFrame(values, schema=names),
    "Arrow": lambda values, names: pa.table(dict(zip(names, values.T, strict=True))),
    "AnnData": anndata_of,
    "AnnData of CSR": lambda values, names: anndata_of(sp.csr_matrix(values), names),
    "array": Named,
    "COO": lambda values, names: Named(sp.coo_array(values), names),
}
every_make = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@every_make
def test_a_factorization_keeps_names_and_finds_columns_by_them(make):
    found = pw.factorize(make(X, NAMES), 3, random_state=0)
    assert list(found.feature_names_in_) == NAMES
    np.testing.assert_allclose(found.transform(make(X[:, PLACES], TURNED)), found.transform(X), rtol=1e-9)
    with pytest.raises(DataError, match=r"lacks 1 of the 6 columns .*\('c'\), and has 1 .*\('x'\)\. Rename"):
        found.transform(make(X, ["a", "b", "x", "d", "e", "f"]))


def test_data_without_names_are_taken_by_place():
    named, bare = (pw.factorize(data, 3, random_state=0) for data in (FRAME, X))
    assert bare.feature_names_in_ is None
    np.testing.assert_array_equal(named.transform(X), bare.transform(X))
    np.testing.assert_array_equal(bare.transform(FRAME), bare.transform(X))
    with pytest.raises(DataError, match="X has 5 features"):
        named.transform(X[:, :5])


@pytest.mark.parametrize(
    "names", [range(6), [400.5, 410, 420, 430, 440, 450], pd.MultiIndex.from_product([[0, 1], [*"abc"]])]
)
def test_names_that_are_no_strings_are_places(names):
    assert feature_names(pd.DataFrame(X, columns=names)) is None


def test_names_of_which_some_are_strings_or_two_the_same_are_refused():
    with pytest.raises(DataTypeError, match=r"one named 3, a int\. Make all of them strings"):
        pw.factorize(pd.DataFrame(X, columns=["a", "b", "c", 3, "e", "f"]), 2)
    with pytest.raises(DataError, match="more than one column named 'b'"):
        pw.factorize(pd.DataFrame(X, columns=list("abcbef")), 2)


def test_an_error_lists_five_names_and_counts_the_others():
    found = pw.factorize(FRAME, 2, random_state=0)
    wide = pd.DataFrame(np.ones((2, 1200)), columns=[*NAMES, *(f"new{j}" for j in range(1194))])
    with pytest.raises(DataError, match=r"has 1,194 more .* \('new0', 'new1', 'new2', 'new3', 'new4' and 1,189 more\)"):
        found.transform(wide)


@pytest.mark.parametrize("missing", [None, np.nan, 0])
@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
def test_columns_in_another_order_are_those_of_the_array(store, missing):
    data = X * (np.random.default_rng(2).random(X.shape) < 0.6)
    if missing is np.nan:
        data[3, 2] = np.nan
    turned = with_columns(as_matrix(store(data), missing_values=missing), np.array(PLACES))
    expected = as_matrix(store(data[:, PLACES]), missing_values=missing)
    assert turned.n_stored == expected.n_stored
    np.testing.assert_array_equal(turned.dense(np.arange(30)), expected.dense(np.arange(30)))


def test_weights_of_entries_go_with_the_columns_of_their_names():
    weight = pd.DataFrame(np.random.default_rng(3).random(X.shape), columns=NAMES)
    found = pw.factorize(FRAME, 2, random_state=0, entry_weight=weight)
    again = pw.factorize(FRAME, 2, random_state=0, entry_weight=weight[TURNED])
    np.testing.assert_array_equal(again.H, found.H)
    expected = found.transform(FRAME, entry_weight=weight)
    np.testing.assert_allclose(found.transform(FRAME[TURNED], entry_weight=weight), expected, rtol=1e-9)
    np.testing.assert_allclose(
        found.transform(FRAME[TURNED], entry_weight=weight[TURNED].to_numpy()), expected, rtol=1e-9
    )
    with pytest.raises(DataError, match=r"columns of entry_weight and X .* lacks 'a', and has 'x'"):
        pw.factorize(FRAME, 2, entry_weight=weight.rename(columns={"a": "x"}))


@pytest.mark.parametrize("parameter", ["fixed_components", "seed_components", "forbidden", "upper"])
def test_known_parts_go_with_the_columns_of_their_names(parameter):
    parts = pd.DataFrame(np.arange(1.0, 7.0)[None], columns=NAMES)
    parts = parts > 4 if parameter == "forbidden" else parts
    models = [
        pw.NMF(2, init="random", random_state=0, tol=1e-2, **{parameter: given}).fit(FRAME)
        for given in (parts, parts[TURNED])
    ]
    np.testing.assert_array_equal(models[1].components_, models[0].components_)
    with pytest.raises(DataError, match=f"columns of {parameter} and X must have the same names"):
        pw.NMF(2, **{parameter: parts.rename(columns={"a": "x"})}).fit(FRAME)


def test_parts_in_a_frame_go_with_the_columns_of_their_names():
    found = pw.factorize(FRAME, 3, random_state=0)
    H, error = pd.DataFrame(found.H, columns=NAMES), pw.relative_error(X, found.W, found.H)
    for data, parts in ((FRAME, H[TURNED]), (FRAME[TURNED], H)):
        assert pw.relative_error(data, found.W, parts) == pytest.approx(error, rel=1e-9)
        assert pw.divergence(data, found.W, parts) == pytest.approx(found.loss, rel=1e-6)
        assert pw.diagnose(data, (found.W, parts)).relative_error == pytest.approx(error, rel=1e-9)
        W, _, _ = pw.non_negative_factorization(data, H=parts, update_H=False)
        np.testing.assert_allclose(W, found.transform(X), rtol=1e-9)
        start = pw.factorize(data, 3, init="custom", H=parts, max_iter=1, random_state=0)
        np.testing.assert_allclose(start.W @ start.H @ np.ones(6), X.sum(axis=1), rtol=0.2)


@pytest.mark.parametrize("of", [pw.factorize, lambda data, k, **options: pw.NMF(k, **options).fit(data)])
def test_a_diagnosis_is_in_the_order_of_the_data(of):
    model = of(FRAME, 2, random_state=0)
    found, turned = pw.diagnose(FRAME, model), pw.diagnose(FRAME[TURNED], model)
    np.testing.assert_allclose(turned.column_error, found.column_error[PLACES], rtol=1e-6)
    np.testing.assert_allclose(turned.row_error, found.row_error, rtol=1e-6)


def test_an_nmf_keeps_names_in_its_factorization_too():
    model = pw.NMF(2, random_state=0).fit(FRAME)
    assert list(model.factorization_.feature_names_in_) == NAMES
    assert list(pw.consensus(FRAME, 2, n_runs=2, random_state=0).feature_names_in_) == NAMES


VALUES = pd.Series([0.2, 1.0, 3.0, 0.5, 2.0, 0.1], index=NAMES)


@pytest.mark.parametrize("name", ["feature_weight", "upper"])
def test_a_series_with_a_value_for_each_column_is_matched_by_its_index(name):
    def parts(values):
        model = pw.NMF(2, random_state=0, max_iter=20, tol=0, **({"upper": values} if name == "upper" else {}))
        return model.fit(FRAME, **({} if name == "upper" else {name: values})).components_

    np.testing.assert_array_equal(parts(VALUES[TURNED]), parts(VALUES.to_numpy()))
    with pytest.raises(DataError, match=f"{name} lacks 'c'"):
        parts(VALUES.rename({"c": "x"}))


def test_bounds_and_weights_of_a_factorization_are_matched_by_their_index():
    def parts(values):
        bounds = Bounds(0.0, values)
        return pw.factorize(FRAME, 2, random_state=0, max_iter=20, feature_weight=values, bounds_H=bounds).H

    np.testing.assert_array_equal(parts(VALUES[TURNED]), parts(VALUES.to_numpy()))
