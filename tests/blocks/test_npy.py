"""Matrices in .npy files are read with file reads, and are those that numpy.load gives."""

import os
import pickle

import numpy as np
import pytest

from partwise import NMF, open_blocks
from partwise.exceptions import DataError

SMALL = "512KiB"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_file_gives_the_rows_of_the_array(tmp_path, dense, gives, dtype):
    np.save(tmp_path / "x.npy", dense.astype(dtype))
    source = open_blocks(tmp_path / "x.npy", SMALL)
    assert len(source.blocks) > 4
    gives(source, dense.astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float16, ">f8", ">f4"])
def test_other_numbers_are_converted_as_everywhere(tmp_path, dense, gives, dtype):
    data = dense.astype(dtype)
    np.save(tmp_path / "x.npy", data)
    gives(open_blocks(tmp_path / "x.npy", SMALL), data.astype(np.float32 if dtype == ">f4" else np.float64))


def test_a_fit_and_its_transform_are_those_of_the_array(tmp_path, dense):
    np.save(tmp_path / "x.npy", dense)
    options = {"init": "random", "random_state": 0, "max_iter": 30}
    for n_jobs in (1, 2):
        model = NMF(3, n_jobs=n_jobs, **options)
        W = model.fit_transform(open_blocks(str(tmp_path / "x.npy"), SMALL))
        wanted = NMF(3, **options)
        np.testing.assert_allclose(W, wanted.fit_transform(dense), atol=1e-8)
        np.testing.assert_allclose(model.components_, wanted.components_, atol=1e-8)
        np.testing.assert_allclose(model.transform(open_blocks(tmp_path / "x.npy", SMALL)), W, atol=1e-8)


def test_fortran_order_is_refused_with_the_way_out(tmp_path, dense):
    np.save(tmp_path / "x.npy", np.asfortranarray(dense))
    with pytest.raises(DataError, match=r"Fortran order.*partwise\.convert\(.*x\.npy.*x\.blocks"):
        open_blocks(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.arange(3.0), r"shape \(3,\)\. Save a matrix"),
        (np.zeros((0, 3)), "without a single entry"),
        (np.zeros((2, 2), complex), "real numbers"),
        (np.array([["a"]]), "real numbers"),
        (np.array([[None]]), "real numbers"),
    ],
)
def test_an_array_that_is_no_matrix_of_numbers_is_refused(tmp_path, content, message):
    np.save(tmp_path / "x.npy", content)
    with pytest.raises(DataError, match=message):
        open_blocks(tmp_path / "x.npy")


def test_a_file_that_is_none_or_cut_short_is_refused(tmp_path, dense):
    (tmp_path / "x.npy").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"x\.npy is not a \.npy file"):
        open_blocks(tmp_path / "x.npy")
    np.save(tmp_path / "x.npy", dense)
    os.truncate(tmp_path / "x.npy", 5000)
    with pytest.raises(DataError, match=r"cut short: .* \(1000, 40\).* takes 320,128 bytes, but the file has 5,000"):
        open_blocks(tmp_path / "x.npy")
    with pytest.raises(FileNotFoundError):
        open_blocks(tmp_path / "nothing.npy")


@pytest.mark.parametrize(
    ("entry", "message"),
    [(np.nan, r"x\.npy: .*NaN: X\[700, 5\]"), (-0.25, r"X\[700, 5\] = -0\.25 .*\(1 of 40,000"), (np.inf, "infinity")],
)
def test_a_bad_entry_in_the_middle_is_named_by_file_row_and_column(tmp_path, dense, fitted, entry, message):
    data = dense.copy()
    data[700, 5] = entry
    np.save(tmp_path / "x.npy", data)
    with pytest.raises(DataError, match=message):
        fitted(open_blocks(tmp_path / "x.npy", SMALL))


def test_unknown_entries_of_a_file_are_those_of_the_array(tmp_path, dense):
    data = dense.copy()
    data[np.random.default_rng(3).random(data.shape) < 0.1] = np.nan
    data[[5, 70]], data[:, 3] = np.nan, np.nan
    np.save(tmp_path / "x.npy", data)
    options = {"init": "random", "random_state": 0, "max_iter": 10, "tol": 0, "solver": "mu", "missing_values": np.nan}
    models = found, wanted = NMF(3, **options), NMF(3, **options)
    W, expected = (
        m.fit_transform(X) for m, X in zip(models, (open_blocks(tmp_path / "x.npy", SMALL), data), strict=True)
    )
    np.testing.assert_allclose(W, expected, atol=1e-8)
    np.testing.assert_allclose(found.components_, wanted.components_, atol=1e-8)


def test_a_file_that_changes_or_is_cut_short_during_a_fit_ends_it(tmp_path, dense):
    path = tmp_path / "x.npy"

    def spoil(by):
        np.save(path, dense)
        source = open_blocks(path, SMALL)
        source.block(*source.blocks[0])
        by()
        with pytest.raises(DataError, match=r"x\.npy changed while it was in use: it .*open it again"):
            source.block(*source.blocks[-1])

    spoil(lambda: os.truncate(path, 100_000))
    spoil(lambda: os.utime(path, ns=(1, 1)))
    np.save(path, dense)
    source = open_blocks(path, SMALL)
    os.replace(path, tmp_path / "elsewhere.npy")  # the file that was opened is still whole
    np.testing.assert_array_equal(source.block(0, 64), dense[:64])


def test_a_source_can_be_pickled_and_opens_its_file_anew(tmp_path, dense):
    np.save(tmp_path / "x.npy", dense)
    source = pickle.loads(pickle.dumps(open_blocks(tmp_path / "x.npy", SMALL)))
    np.testing.assert_array_equal(source.block(64, 128), dense[64:128])
    os.utime(tmp_path / "x.npy", ns=(1, 1))
    with pytest.raises(DataError, match="changed"):
        pickle.loads(pickle.dumps(source)).block(64, 128)
