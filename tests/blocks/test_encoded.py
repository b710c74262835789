"""HDF5 and Zarr, plain and of AnnData, dense and sparse."""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from partwise import convert, open_blocks
from partwise.exceptions import DataError, MissingExtraError

h5py, zarr, anndata = (pytest.importorskip(name) for name in ("h5py", "zarr", "anndata"))
SMALL = "1MiB"
GENES = [f"gene {j}" for j in range(40)]


def anndata_of(X, **more):
    made = anndata.AnnData(X=X, **more)
    made.var_names, made.obs_names = GENES, [f"cell {i}" for i in range(X.shape[0])]
    return made


@pytest.fixture(params=["h5ad", "zarr"])
def write(request, tmp_path):
    """Write an AnnData object, and return where."""
    path = tmp_path / f"x.{request.param}"

    def write(data):
        (data.write_h5ad if request.param == "h5ad" else data.write_zarr)(path)
        return path

    return write


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_anndata_gives_its_rows_and_the_names_of_its_columns(write, dense, sparse, gives, fitted, dtype, kind):
    X = (dense if kind == "dense" else sparse).astype(dtype)
    source = open_blocks(write(anndata_of(X if kind == "dense" else sp.csr_matrix(X))), SMALL)
    gives(source, X)
    model = fitted(source)
    assert list(model.feature_names_in_) == GENES
    frame = pd.DataFrame(X if kind == "dense" else X.toarray(), columns=GENES)[GENES[::-1]]
    np.testing.assert_allclose(model.transform(frame), model.transform(source), atol=1e-5)
    other = fitted(frame)  # whose columns are in another order: those of the file are put into it, a block at a time
    np.testing.assert_allclose(other.transform(source), other.transform(frame), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_layers_and_raw_data_are_read_by_name(write, dense, sparse, gives):
    counts = sp.csr_matrix((sparse * 10).astype(np.int32))
    data = anndata_of(dense.copy())
    data.layers["counts"] = counts
    data.raw = anndata_of(2 * dense)
    path = write(data)
    gives(open_blocks(path, "192KiB", layer="counts"), sp.csr_array(counts.astype(np.float64)), fits=False)
    gives(open_blocks(path, SMALL, layer="raw"), 2 * dense, fits=False)
    with pytest.raises(DataError, match=r"no layer 'count'; it has .*'counts'.* Did you mean 'counts'\?"):
        open_blocks(path, layer="count")


@pytest.mark.filterwarnings("ignore")
def test_csc_is_refused_and_converted(write, tmp_path, sparse, gives):
    path = write(anndata_of(sp.csc_matrix(sparse)))
    with pytest.raises(DataError, match=r"CSC form, .*partwise\.convert\("):
        open_blocks(path)
    source = convert(path, tmp_path / "y.blocks", max_memory="192KiB")
    gives(source, sparse, fits=False)
    assert source.column_names == GENES


@pytest.mark.filterwarnings("ignore")
def test_rows_out_of_order_are_put_in_order(write, sparse):
    X = sp.csr_matrix(sparse, copy=True)
    for i in range(1000):
        row = slice(X.indptr[i], X.indptr[i + 1])
        X.indices[row], X.data[row] = X.indices[row][::-1].copy(), X.data[row][::-1].copy()
    X.has_sorted_indices = False
    source = open_blocks(write(anndata_of(X)), "192KiB")
    for rows in source.blocks:
        np.testing.assert_array_equal(source.block(*rows).indices, sparse[slice(*rows)].indices)


def test_plain_files_of_one_matrix_and_of_several(tmp_path, dense, gives):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("data", data=dense, chunks=(100, 7), compression="gzip")
        file["labels"] = np.arange(3)
    gives(open_blocks(tmp_path / "x.h5", SMALL), dense)
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["data"], file["other"] = dense, dense[:10]
    with pytest.raises(DataError, match="holds 2 matrices, 'data', 'other'"):
        open_blocks(tmp_path / "y.h5")
    gives(open_blocks(tmp_path / "y.h5", layer="other"), dense[:10], fits=False)
    zarr.save_array(str(tmp_path / "x.zarr"), dense)
    gives(open_blocks(tmp_path / "x.zarr", SMALL), dense)
    with pytest.raises(DataError, match="holds one matrix"):
        open_blocks(tmp_path / "x.zarr", layer="X")
    zarr.create_array(str(tmp_path / "y.zarr"), data=(dense * 9).astype(np.uint8), chunks=(90, 40))
    gives(open_blocks(tmp_path / "y.zarr", SMALL), (dense * 9).astype(np.uint8).astype(float), fits=False)


def test_what_is_no_matrix_is_refused(tmp_path, dense):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["labels"] = np.arange(3)
    with pytest.raises(DataError, match="holds no matrix"):
        open_blocks(tmp_path / "x.h5")
    (tmp_path / "x.h5").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"x\.h5 cannot be read: .*Copy it or write it again"):
        open_blocks(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["X"] = dense
    os.truncate(tmp_path / "x.h5", 100_000)
    with pytest.raises(DataError, match=r"x\.h5 cannot be read: .*truncated"):
        open_blocks(tmp_path / "x.h5")


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_changes_during_a_fit_ends_it(write, dense):
    source = open_blocks(write(anndata_of(dense)), SMALL)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).block(0, 64), dense[:64])
    source.block(*source.blocks[0])
    path = source.name
    if path.endswith("zarr"):
        chunks = [chunk for chunk in Path(path, "X").rglob("*") if chunk.is_file() and chunk.name[-1].isdigit()]
        chunks[-1].unlink()
    else:
        os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match=f"{path} changed while it was in use"):
        source.block(*source.blocks[-1])


@pytest.mark.parametrize(("package", "name"), [("h5py", "x.h5"), ("zarr", "x.zarr")])
def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch, package, name):
    (tmp_path / name).mkdir() if name.endswith("zarr") else (tmp_path / name).write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'needs {package}.*pip install "partwise\[io\]"'):
        open_blocks(tmp_path / name)
