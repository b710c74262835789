"""Files of matrices: nothing in them is executed, indices stay inside, and names beside them are found."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from partwise.exceptions import DataError
from partwise.tables import Format, read_numbers

X = np.array([[1.0, 0.0, 2.5], [0.0, 3.0, 0.0]])


def error_of(path, **format):
    with pytest.raises(DataError) as caught:
        read_numbers(path, format=Format(**format))
    return str(caught.value)


def test_several_matrices_in_one_file_are_refused_by_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", W=X, H=X)
    assert "2 matrices among its arrays W, H" in error_of(tmp_path / "a.npz")


def test_one_array_of_several_is_chosen_as_a_layer(tmp_path):
    np.savez(tmp_path / "a.npz", W=X, H=X + 1)
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.npz", format=Format(layer="H")).X, X + 1)
    assert "no layer 'V'; it has 'W', 'H'" in error_of(tmp_path / "a.npz", layer="V")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["object.npy", "pickle.npy", "object.npz"])
def test_nothing_in_a_file_is_executed(tmp_path, name):
    sprung = tmp_path / "sprung"
    if name == "pickle.npy":
        (tmp_path / name).write_bytes(pickle.dumps(Trap(sprung)))
    else:
        objects = np.array([[Trap(sprung)]], dtype=object)
        (np.save if name.endswith("npy") else np.savez)(tmp_path / name, objects, allow_pickle=True)
    assert name in error_of(tmp_path / name)
    assert not sprung.exists()


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.csr_matrix, sp.bsr_array])
@pytest.mark.parametrize("change", ["one-based", "far", "falling"])
def test_a_sparse_file_whose_indices_lead_out_of_the_matrix_is_refused_by_name(tmp_path, make, change):
    made = make(np.arange(12.0).reshape(3, 4))
    if change == "falling":
        made.indptr[1] = made.indptr[-1]
    else:
        made.indices[-1] = {"one-based": 4, "far": 2**31 - 1}[change]
    sp.save_npz(tmp_path / "r.npz", made)
    text = error_of(tmp_path / "r.npz")
    assert str(tmp_path / "r.npz") in text
    assert "begin at 1, as in R and Matlab" in text


def test_h5ad_gives_counts_with_the_names_of_cells_and_genes(tmp_path):
    anndata = pytest.importorskip("anndata", reason="needs partwise[io]")
    data = anndata.AnnData(sp.csr_matrix(X))
    data.obs_names, data.var_names = ["c1", "c2"], ["g1", "g2", "g3"]
    data.write_h5ad(tmp_path / "a.h5ad")
    read = read_numbers(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(read.X.toarray(), X)
    assert (read.row_names, read.column_names) == (["c1", "c2"], ["g1", "g2", "g3"])
    (tmp_path / "a.h5ad").write_bytes(b"nonsense")
    assert "a.h5ad cannot be read" in error_of(tmp_path / "a.h5ad")


@pytest.mark.parametrize("name", ["a.h5ad", "a.zarr"])
@pytest.mark.filterwarnings("ignore")  # of zarr, about its own format
def test_layers_of_anndata_are_chosen_by_name(tmp_path, name):
    anndata = pytest.importorskip("anndata", reason="needs partwise[io]")
    data = anndata.AnnData(X - 1)
    data.raw = data
    data.layers["counts"] = sp.csr_matrix(X)
    getattr(data, f"write_{name[2:]}")(tmp_path / name)
    read = read_numbers(tmp_path / name)
    np.testing.assert_array_equal(read.X, X - 1)
    assert [*read.layers] == ["counts", "raw"]
    counts = read_numbers(tmp_path / name, format=Format(layer="counts", columns=("2", "0")))
    np.testing.assert_array_equal(counts.X.toarray(), X[:, [2, 0]])
    assert "no layer 'count'; it has 'X', 'counts', 'raw'. Did you mean 'counts'?" in error_of(
        tmp_path / name, layer="count"
    )


def write_10x(folder, cells=("c1", "c2"), genes=("A", "B", "B"), packed="", prefix="", turned=False):
    folder.mkdir(exist_ok=True)
    scipy.io.mmwrite(folder / f"{prefix}matrix.mtx", sp.coo_array(X if turned else X.T))
    files = {
        "barcodes.tsv": "".join(f"{cell}\n" for cell in cells),
        "features.tsv": "".join(f"ENSG{j}\t{name}\tGene Expression\n" for j, name in enumerate(genes)),
    }
    for name, text in files.items():
        content = gzip.compress(text.encode()) if packed else text.encode()
        (folder / f"{prefix}{name}{packed}").write_bytes(content)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("prefix", ["", "GSM1_"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_folder_of_10x_gives_a_row_for_each_cell(tmp_path, packed, prefix, turned):
    write_10x(tmp_path / "run", packed=packed, prefix=prefix, turned=turned)
    read = read_numbers(tmp_path / "run")
    np.testing.assert_array_equal(read.X.toarray(), X)
    assert (read.row_names, read.column_names) == (["c1", "c2"], ["A", "B (ENSG1)", "B (ENSG2)"])
    assert "2 cells are rows, 3 features columns" in read.notes[0]


def test_names_beside_a_matrix_of_10x_are_found_and_its_rows_are_said_to_be_features(tmp_path):
    write_10x(tmp_path / "run")
    read = read_numbers(tmp_path / "run" / "matrix.mtx")
    assert (read.X.shape, read.row_names) == ((3, 2), ["A", "B (ENSG1)", "B (ENSG2)"])
    assert "give transpose=True" in read.notes[1]
    turned = read_numbers(tmp_path / "run" / "matrix.mtx", format=Format(transpose=True))
    np.testing.assert_array_equal(turned.X.toarray(), X)
    assert (turned.row_names, turned.column_names) == (["c1", "c2"], ["A", "B (ENSG1)", "B (ENSG2)"])


def test_a_folder_that_is_no_10x_is_refused_with_what_it_lacks(tmp_path):
    assert "no matrix.mtx" in error_of(tmp_path)
    write_10x(tmp_path / "run", cells=("c1", "c2", "c3"))
    assert "3 x 2 numbers, but the files beside it name 3 features and 3 cells" in error_of(tmp_path / "run")
    (tmp_path / "run" / "barcodes.tsv").unlink()
    assert "no barcodes.tsv beside matrix.mtx" in error_of(tmp_path / "run")
