"""Reading matrices: every format keeps the numbers, and a bad cell is named by row and column."""

import builtins
import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from partwise.exceptions import DataError, MissingExtraError
from partwise.io import read_numbers

X = np.array([[1.0, 0.0, 2.5], [0.0, 3.0, 0.0]])


def save_mtx_gz(path):
    scipy.io.mmwrite(path.with_suffix(""), sp.coo_array(X))
    path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))


WRITERS = {
    "a.npy": lambda path: np.save(path, X),
    "dense.npz": lambda path: np.savez(path, X=X, names=np.array(["a", "b"])),
    "sparse.npz": lambda path: sp.save_npz(path, sp.csc_matrix(X)),
    "dense.mtx": lambda path: scipy.io.mmwrite(path, X),
    "sparse.mtx": lambda path: scipy.io.mmwrite(path, sp.coo_array(X)),
    "sparse.mtx.gz": save_mtx_gz,
    "a.csv": lambda path: path.write_text("1,0,2.5\n0,3,0\n"),
    "a.tsv.gz": lambda path: path.write_bytes(gzip.compress(b"1\t0\t2.5\n0\t3\t0\n")),
}


def error_of(path):
    with pytest.raises(DataError) as caught:
        read_numbers(path)
    return str(caught.value)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_keeps_the_numbers(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    read, rows, columns = read_numbers(path)
    assert sp.issparse(read) == name.startswith("sparse")
    np.testing.assert_array_equal(read.toarray() if sp.issparse(read) else read, X)
    assert rows is columns is None


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_arrays_keep_their_dtype(tmp_path, dtype):
    np.save(tmp_path / "a.npy", X.astype(dtype))
    assert read_numbers(tmp_path / "a.npy").X.dtype == dtype


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("a,b,c\n1,0,2.5\n0,3,0\n", None, ["a", "b", "c"]),
        ("s,a,b,c\nx,1,0,2.5\ny,0,3,0\n", ["x", "y"], ["a", "b", "c"]),
        (",a,b,c\n0,1,0,2.5\n1,0,3,0\n", ["0", "1"], ["a", "b", "c"]),
        ("x,1,0,2.5\ny,0,3,0\n", ["x", "y"], None),
    ],
)
def test_names_of_rows_and_columns_are_found(tmp_path, text, rows, columns):
    (tmp_path / "a.csv").write_text(text)
    read = read_numbers(tmp_path / "a.csv")
    np.testing.assert_array_equal(read.X, X)
    assert (read.row_names, read.column_names) == (rows, columns)


def test_an_empty_cell_is_nan(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,\n")
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.csv").X, [[1, np.nan]])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b\n1,2\n3,many\n", ["line 3", "column 'b'", "'many'"]),
        ("1,2\n3,4\n5,x\n", ["line 3", "column 2", "'x'"]),
        ("x,oops,2\ny,3,4\n", ["line 1", "column 2", "'oops'"]),
        ("a,b\n1,2\n3\n", ["line 3", "1 fields"]),
        ("a,b\n", ["no rows"]),
        ("name\nx\ny\n", ["single column"]),
        ("", ["is empty"]),
    ],
)
def test_a_bad_table_is_named_by_line_and_column(tmp_path, text, parts):
    (tmp_path / "a.csv").write_text(text)
    message = error_of(tmp_path / "a.csv")
    for part in ["a.csv", *parts]:
        assert part in message


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (np.ones(3), "shape (3,)"),
        (np.ones((0, 3)), "without a single entry"),
        (np.ones((2, 2), dtype=complex), "complex128"),
        (np.array([["a"]]), "real numbers"),
    ],
)
def test_an_array_that_is_no_matrix_of_real_numbers_is_refused(tmp_path, array, part):
    np.save(tmp_path / "a.npy", array)
    assert part in error_of(tmp_path / "a.npy")


def test_several_matrices_in_one_file_are_refused_by_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", W=X, H=X)
    assert "2 matrices among its arrays W, H" in error_of(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mtx", "a.mtx.gz", "a.csv.gz"])
def test_a_damaged_file_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x93NUMPY nonsense")
    assert name in error_of(tmp_path / name)


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


def test_an_unknown_suffix_is_refused_with_those_that_are_read(tmp_path):
    assert ".npz, .mtx" in error_of(tmp_path / "a.xlsx")


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.mtx"])
def test_a_missing_file_raises_what_python_raises(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        read_numbers(tmp_path / name)


@pytest.mark.parametrize("name", ["a.parquet", "a.h5ad"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch, name):
    real = builtins.__import__

    def without_extras(module, *rest):
        if module in ("polars", "anndata"):
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without_extras)
    with pytest.raises(MissingExtraError, match=r'pip install "partwise\[io\]"'):
        read_numbers(tmp_path / name)


def test_parquet_gives_numbers_with_the_names_of_rows_and_columns(tmp_path):
    polars = pytest.importorskip("polars", reason="needs partwise[io]")
    polars.DataFrame({"s": ["x", "y"], "a": [1, 0], "b": [2.5, 3.0]}).write_parquet(tmp_path / "a.parquet")
    read = read_numbers(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read.X, [[1, 2.5], [0, 3]])
    assert (read.row_names, read.column_names) == (["x", "y"], ["a", "b"])


def test_parquet_with_a_column_of_text_is_refused_by_its_name(tmp_path):
    polars = pytest.importorskip("polars", reason="needs partwise[io]")
    polars.DataFrame({"a": [1, 0], "b": ["u", "v"]}).write_parquet(tmp_path / "a.parquet")
    assert "column 'b'" in error_of(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    assert "a.parquet cannot be read" in error_of(tmp_path / "a.parquet")


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


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("name,2001,2002\nx,1,2\ny,3,4\n", ["x", "y"], ["2001", "2002"]),
        ("id,a,b\n7,1,2\n8,3,4\n", ["7", "8"], ["a", "b"]),
    ],
)
def test_a_first_column_called_as_names_are_names_the_rows(tmp_path, text, rows, columns):
    path = tmp_path / "table.csv"
    path.write_text(text)
    found = read_numbers(path)
    np.testing.assert_array_equal(found.X, [[1, 2], [3, 4]])
    assert (found.row_names, found.column_names) == (rows, columns)


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
