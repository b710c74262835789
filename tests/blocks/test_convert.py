"""Any matrix can be converted: it is the same then, and a conversion that fails leaves nothing behind."""

import gzip
import json
import resource
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from partwise import convert, open_blocks
from partwise.blocks import gathering, making
from partwise.exceptions import DataError, ParameterError

TINY = "256KiB"
"""So little that sparse entries are sorted in several buckets."""


@pytest.fixture
def shuffled(sparse):
    """The entries of the sparse matrix in no order."""
    coo = sparse.tocoo()
    order = np.random.default_rng(2).permutation(coo.nnz)
    return sp.coo_array((coo.data[order], (coo.row[order], coo.col[order])), shape=coo.shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_sparse_npz_is_the_same_afterwards(tmp_path, shuffled, gives, dtype, form, compressed):
    X = shuffled.astype(dtype)
    sp.save_npz(tmp_path / "x.npz", X.asformat(form), compressed=compressed)
    source = convert(tmp_path / "x.npz", tmp_path / "x.blocks", max_memory=TINY)
    wanted = X.tocsr().astype(np.float32 if dtype is np.float32 else np.float64)
    gives(source, wanted, fits=False)
    gives(open_blocks(tmp_path / "x.blocks", TINY), wanted, fits=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.blocks", "x.npz"]


def test_other_sparse_forms_and_matrices_in_memory_are_too(tmp_path, sparse, shuffled, gives):
    sp.save_npz(tmp_path / "x.npz", sparse.tobsr((8, 8)))
    found = convert(tmp_path / "x.npz", tmp_path / "bsr.blocks")
    np.testing.assert_array_equal(found.block(*found.blocks[0]).toarray(), sparse[slice(*found.blocks[0])].toarray())
    for form in ("csr", "csc", "coo", "lil"):
        gives(
            convert(shuffled.asformat(form), tmp_path / f"{form}.blocks", max_memory=TINY), sparse, fits=form == "csc"
        )


@pytest.mark.parametrize("target", ["x.blocks", "y.npy"])
def test_dense_matrices_in_any_order_are_the_same_afterwards(tmp_path, dense, gives, target):
    for number, X in enumerate((dense, np.asfortranarray(dense), (dense * 10).astype(np.int32, order="F"))):
        np.save(tmp_path / f"{number}.npy", X)
        wanted = X.astype(np.float64)
        gives(convert(tmp_path / f"{number}.npy", tmp_path / f"{number}{target}", max_memory="512KiB"), wanted)
    np.savez_compressed(tmp_path / "x.npz", X=np.asfortranarray(dense), other=np.ones(3))
    gives(convert(tmp_path / "x.npz", tmp_path / f"npz{target}"), dense, fits=False)
    in_fortran_order = np.load(tmp_path / "1.npy", mmap_mode="r")
    gives(convert(in_fortran_order, tmp_path / f"map{target}"), dense, fits=False)
    gives(open_blocks(tmp_path / f"map{target}"), dense, fits=False)


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("kind", ["real", "integer", "pattern"])
def test_matrix_market_files_are_read_in_pieces(tmp_path, monkeypatch, shuffled, gives, kind, packing):
    monkeypatch.setattr("partwise.blocks.market.PIECE", 1 << 12)
    X = shuffled if kind == "real" else shuffled.astype(np.int64 if kind == "integer" else bool)
    scipy.io.mmwrite(tmp_path / "x.mtx", X, field=kind, symmetry="general", comment="a comment")
    if packing:
        (tmp_path / "x.mtx.gz").write_bytes(gzip.compress((tmp_path / "x.mtx").read_bytes()))
    expected = scipy.io.mmread(tmp_path / "x.mtx", spmatrix=False).tocsr().astype(np.float64)
    gives(convert(tmp_path / f"x.mtx{packing}", tmp_path / "x.blocks", max_memory=TINY), expected, fits=False)
    across = convert(tmp_path / f"x.mtx{packing}", tmp_path / "y.blocks", max_memory=TINY, transpose=True)
    gives(across, expected.T.tocsr(), fits=False)


def test_symmetric_and_dense_matrix_market_files_too(tmp_path, monkeypatch, dense, gives):
    monkeypatch.setattr("partwise.blocks.market.PIECE", 1 << 12)
    X = sp.csr_array(np.triu(dense[:40, :40]))
    X = (X + sp.triu(X, 1).T).tocsr()
    scipy.io.mmwrite(tmp_path / "x.mtx", X, symmetry="symmetric")
    gives(convert(tmp_path / "x.mtx", tmp_path / "x.blocks"), X, fits=False)
    scipy.io.mmwrite(tmp_path / "y.mtx", dense, precision=17)
    gives(convert(tmp_path / "y.mtx", tmp_path / "y.blocks"), dense, fits=False)
    gives(convert(tmp_path / "y.mtx", tmp_path / "z.blocks", transpose=True), dense.T.copy(), fits=False)


def test_a_line_that_is_no_entry_is_named(tmp_path, monkeypatch, shuffled):
    monkeypatch.setattr("partwise.blocks.market.PIECE", 1 << 12)
    scipy.io.mmwrite(tmp_path / "x.mtx", shuffled)
    lines = (tmp_path / "x.mtx").read_text().splitlines()

    def converted(changed, message):
        (tmp_path / "x.mtx").write_text("\n".join(changed) + "\n")
        with pytest.raises(DataError, match=message):
            convert(tmp_path / "x.mtx", tmp_path / "x.blocks")
        assert [path.name for path in tmp_path.iterdir()] == ["x.mtx"]

    converted([*lines[:1000], "7 x 1", *lines[1001:]], r"x\.mtx, line 1,001: .*Write it in Matrix Market format")
    converted([*lines[:1000], "7 41 1", *lines[1001:]], r"x\.mtx, line 1,001: .*out of bounds")
    converted(lines[:-5], r"has [\d,]+ entries, but [\d,]+ according to its line \d")
    converted(["row,column", "1,2"], "not a Matrix Market file of real numbers")
    converted([lines[0].replace("real", "complex"), *lines[1:]], "holds complex numbers")


def test_a_folder_of_10x_has_cells_as_rows_and_names_of_features(tmp_path, sparse, gives):
    folder = tmp_path / "10x"
    folder.mkdir()
    scipy.io.mmwrite(folder / "matrix.mtx", sparse.T.tocoo())
    (folder / "features.tsv").write_text("".join(f"id{j}\tgene {j}\n" for j in range(40)))
    (folder / "barcodes.tsv").write_text("".join(f"cell{i}\n" for i in range(1000)))
    source = convert(folder, tmp_path / "x.blocks")
    gives(source, sparse, fits=False)
    assert source.column_names == [f"gene {j}" for j in range(40)]


def test_triplets_in_parquet_are_put_in_order(tmp_path, monkeypatch, shuffled, sparse, gives):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("partwise.blocks.parquet.STEP", 1000)

    def written(**columns):
        pq.write_table(pa.table(columns), tmp_path / "x.parquet", row_group_size=500)
        return tmp_path / "x.parquet"

    places = {"Row": shuffled.row, "column": shuffled.col}
    gives(convert(written(**places, value=shuffled.data), tmp_path / "x.blocks", max_memory=TINY), sparse, fits=False)
    found = convert(written(**places, value=shuffled.data.astype(np.float32)), tmp_path / "y.blocks")
    gives(found, sparse.astype(np.float32), fits=False)
    with pytest.raises(DataError, match="value is missing in 1 of 2 rows"):
        convert(written(row=[0, 1], column=[0, 1], value=[1.0, None]), tmp_path / "z.blocks")
    with pytest.raises(DataError, match="row holds VARCHAR, but must hold integers"):
        convert(written(row=["a", "b"], column=[0, 1], value=[1.0, 2.0]), tmp_path / "z.blocks")
    with pytest.raises(DataError, match="Count both from 0"):
        convert(written(row=[-1, 1], column=[0, 1], value=[1.0, 2.0]), tmp_path / "z.blocks")
    table = convert(written(a=[0.5, 1.0], b=[2.0, 3.0]), tmp_path / "z.blocks")
    assert table.column_names == ["a", "b"]
    np.testing.assert_array_equal(table.block(0, 2), [[0.5, 2.0], [1.0, 3.0]])


def test_a_table_keeps_the_names_of_its_columns_as_features(tmp_path, fitted):
    (tmp_path / "x.csv").write_text("id,a,b,c\n" + "".join(f"s{i},{i},{2 * i},{i % 7}\n" for i in range(100)))
    model = fitted(convert(tmp_path / "x.csv", tmp_path / "x.blocks"))
    assert list(model.feature_names_in_) == ["a", "b", "c"]


def test_crowded_rows_are_divided_again_and_equal_places_are_added(tmp_path, monkeypatch):
    monkeypatch.setattr(gathering, "MOST_FILES", 3)
    rng = np.random.default_rng(0)
    rows = np.concatenate((rng.integers(0, 64, 20_000), rng.integers(0, 10_000, 5000)))
    X = sp.coo_array((np.ones(25_000), (rows, rng.integers(0, 30, 25_000))), shape=(10_000, 30))
    sp.save_npz(tmp_path / "x.npz", X)
    source = convert(tmp_path / "x.npz", tmp_path / "x.blocks", max_memory="192KiB")
    wanted = X.tocsr()
    assert source.n_stored == wanted.nnz < 25_000
    for first, last in source.blocks:
        np.testing.assert_array_equal(source.block(first, last).toarray(), wanted[first:last].toarray())


def test_what_is_at_the_target_stays(tmp_path, dense):
    np.save(tmp_path / "x.npy", dense)
    (tmp_path / "y.blocks").mkdir()
    with pytest.raises(DataError, match=r"y\.blocks already exists\. Give another name"):
        convert(tmp_path / "x.npy", tmp_path / "y.blocks")
    with pytest.raises(DataError, match="already exists"):
        convert(tmp_path / "x.npy", tmp_path / "x.npy")
    with pytest.raises(ParameterError, match=r"must be a folder that ends in \.blocks, or a file that ends in \.npy"):
        convert(tmp_path / "x.npy", tmp_path / "y.h5")
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "x.npy", tmp_path / "nowhere" / "y.blocks")
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "nothing.npy", tmp_path / "z.blocks")
    with pytest.raises(DataError, match=r"transpose=True has no meaning for \.npy"):
        convert(tmp_path / "x.npy", tmp_path / "z.blocks", transpose=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.npy", "y.blocks"]


def test_a_sparse_matrix_is_not_made_dense(tmp_path, sparse):
    with pytest.raises(ParameterError, match="every zero of a sparse matrix"):
        convert(sparse, tmp_path / "x.npy")
    assert not [*tmp_path.iterdir()]


def test_a_full_disk_leaves_nothing_behind(tmp_path, dense):
    """A limit on the size of files stands for the disk."""
    np.save(tmp_path / "x.npy", dense)
    program = (
        "import signal, sys, partwise as pw\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n    pw.convert(sys.argv[1], sys.argv[2])\n"
        "except OSError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "x.npy", tmp_path / "x.blocks"],
        capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    assert "nothing was left behind" in done.stdout
    assert "x.blocks" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_what_a_killed_conversion_left_is_removed_by_the_next(tmp_path, dense):
    (tmp_path / f"{making.PREFIX}0123abcd{making.SUFFIX}" / "work").mkdir(parents=True)
    convert(dense, tmp_path / "x.blocks")
    assert [path.name for path in tmp_path.iterdir()] == ["x.blocks"]


def test_a_damaged_folder_is_refused(tmp_path, sparse):
    folder = tmp_path / "x.blocks"
    convert(sparse, folder)
    told = json.loads((folder / "format.json").read_text())

    def refused(message, **changed):
        (folder / "format.json").write_text(json.dumps(told | changed))
        with pytest.raises(DataError, match=message):
            open_blocks(folder)

    refused("made by a newer version of partwise", version=2)
    refused("damaged: indptr", shape=[999, 40])
    refused("damaged: format.json", kind="other")
    refused("damaged: values.npy is missing", kind="dense")
    (folder / "format.json").unlink()
    with pytest.raises(DataError, match="cannot be read a block of rows at a time"):
        open_blocks(folder)


@pytest.mark.parametrize("name", ["x.npz", "x.mtx", "x.csv", "x.npy.gz", "x"])
def test_files_that_have_to_be_converted_say_how(tmp_path, name):
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(
        DataError, match=r'Convert it once, partwise\.convert\(".*", "x\.blocks"\), and open "x\.blocks"'
    ):
        open_blocks(tmp_path / name)


def test_damaged_npz_files_are_refused(tmp_path, sparse):
    (tmp_path / "x.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"x\.npz cannot be read"):
        convert(tmp_path / "x.npz", tmp_path / "x.blocks")
    for form in ("csr", "csc"):
        sp.save_npz(tmp_path / "x.npz", sparse.asformat(form))
        with np.load(tmp_path / "x.npz") as archive:
            arrays = dict(archive)
        arrays["indices"] = arrays["indices"] + 2000
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(DataError, match="outside its shape"):
            convert(tmp_path / "x.npz", tmp_path / "x.blocks")
    with warnings.catch_warnings():
        np.savez(tmp_path / "x.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
    with pytest.raises(DataError, match="2 matrices among its arrays a, b"):
        convert(tmp_path / "x.npz", tmp_path / "x.blocks")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]
