"""Parts written into AnnData objects."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context

import partwise as pw

anndata = pytest.importorskip("anndata")
from partwise.integrations.anndata import nmf  # noqa: E402  needs anndata

LOSS = {"beta_loss": "kullback-leibler", "random_state": 0}


def cells(make=sp.csr_matrix):
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.5, size=(40, 3)) @ rng.gamma(0.5, size=(3, 15)) * 10 + 0.1).astype(np.float32)
    adata = anndata.AnnData(make(counts))
    adata.var_names = [f"gene {i}" for i in range(15)]
    adata.layers["log"] = make(np.log1p(counts))
    adata.var["highly_variable"] = np.arange(15) % 2 == 0
    return adata


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array, sp.csc_matrix, np.asarray])
def test_results_are_those_of_a_fit_and_lie_where_scanpy_looks(make):
    adata = cells(make)
    assert nmf(adata, 3, **LOSS) is None
    model = pw.NMF(3, **LOSS)
    W = model.fit_transform(adata.X)
    assert np.array_equal(adata.obsm["X_nmf"], W)
    assert np.array_equal(adata.varm["nmf"], model.components_.T)
    told = adata.uns["nmf"]
    assert told["loss"] == model.factorization_.loss
    assert told["params"]["beta_loss"] == "kullback-leibler"
    assert told["reason"] == str(model.factorization_.reason)


def test_weights_are_an_array_whatever_container_the_estimator_is_told():
    adata = cells()
    nmf(adata, pw.NMF(2, random_state=0).set_output(transform="pandas"))
    assert isinstance(adata.obsm["X_nmf"], np.ndarray)


def test_a_layer_a_mask_a_key_and_a_copy():
    adata = cells()
    found = nmf(adata, 3, layer="log", mask_var="highly_variable", key_added="programs", copy=True, random_state=0)
    assert not adata.obsm
    assert not adata.varm
    used = adata.var["highly_variable"].to_numpy()
    expected = pw.NMF(3, random_state=0).fit(adata.layers["log"][:, used])
    assert np.array_equal(found.varm["programs"][used], expected.components_.T)
    assert not found.varm["programs"][~used].any()
    assert found.obsm["X_programs"].shape == (40, 3)
    assert found.uns["programs"]["params"]["layer"] == "log"


@pytest.mark.parametrize("extension", ["h5ad", "zarr"])
def test_files_hold_all_of_it(extension, tmp_path):
    adata = cells()
    nmf(adata, 3, mask_var=adata.var["highly_variable"].to_numpy(), **LOSS)
    path = tmp_path / f"cells.{extension}"
    if extension == "h5ad":
        adata.write_h5ad(path)
        back = anndata.read_h5ad(path)
    else:
        pytest.importorskip("zarr")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # anndata 0.12 says that version 3 of zarr comes
            adata.write_zarr(path)
        back = anndata.read_zarr(path)
    assert np.array_equal(back.obsm["X_nmf"], adata.obsm["X_nmf"])
    assert np.array_equal(back.varm["nmf"], adata.varm["nmf"])
    assert back.uns["nmf"]["n_iter"] == adata.uns["nmf"]["n_iter"]
    assert back.uns["nmf"]["params"]["n_components"] == 3


def test_an_estimator_is_fitted_and_then_knows_the_genes_of_other_cells():
    adata = cells()
    model = pw.NMF(3, **LOSS)
    nmf(adata, model, mask_var="highly_variable")
    other = adata[:7, ::-1][:, ::1].copy()
    known = [name for name in other.var_names if adata.var.loc[name, "highly_variable"]]
    weights = model.transform(other[:, known[::-1]])
    assert np.allclose(weights, adata.obsm["X_nmf"][:7])
    with pytest.raises(pw.exceptions.ParameterError, match="set parameters on the estimator"):
        nmf(adata, model, tol=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layer": "raw"}, "layer='raw', but adata.layers has 'log'"),
        ({"mask_var": "hvg"}, "mask_var='hvg', but adata.var has 'highly_variable'"),
        ({"mask_var": np.ones(14, bool)}, "it needs a bool for each of 15 variables"),
        ({"mask_var": np.ones(15)}, "it needs a bool"),
        ({"mask_var": np.zeros(15, bool)}, "uses no variable"),
        ({"key_added": None}, "key_added must be a name, got None"),
    ],
)
def test_what_is_not_there_is_named(given, message):
    adata = cells()
    with pytest.raises(pw.exceptions.ParameterError, match=message):
        nmf(adata, 3, **given)
    assert not adata.obsm


def test_an_array_is_no_anndata():
    with pytest.raises(pw.exceptions.DataError, match="but an AnnData object is needed"):
        nmf(np.ones((3, 3)), 2)


def test_a_series_of_variables_is_taken_by_its_names():
    adata = cells()
    nmf(adata, 2, mask_var=adata.var["highly_variable"][::-1], random_state=0)
    used = adata.varm["nmf"].any(axis=1)
    assert not used[~adata.var["highly_variable"].to_numpy()].any()


def test_without_x_the_layers_are_named():
    adata = cells()
    adata.X = None
    with pytest.raises(pw.exceptions.DataError, match="no X; give one of its layers \\('log'\\)"):
        nmf(adata, 2)


def test_it_works_where_scikit_learn_is_set_to_give_frames():
    adata = cells()
    with config_context(transform_output="pandas"):
        nmf(adata, 3, **LOSS)
    assert type(adata.obsm["X_nmf"]) is np.ndarray
