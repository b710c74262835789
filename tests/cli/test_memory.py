"""partwise convert, and partwise fit on files that would not fit into the memory allowed."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp

import partwise as pw
from partwise.tables import read_numbers

pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of iterations")


@pytest.fixture(scope="module")
def X():
    """A matrix (6000, 120) of rank three: 5.5 MiB."""
    rng = np.random.default_rng(0)
    return rng.gamma(0.5, 1.0, (6000, 3)) @ rng.gamma(0.5, 1.0, (3, 120))


def parts(run, path, out, *more, **settings):
    """The parts that the command line finds, and what it said."""
    done = run("fit", path, "--components", 3, "--out", out, "--max-iter", 20, *more, **settings)
    return pw.load(out).components_, done


def test_a_file_that_would_not_fit_is_read_by_blocks_with_the_same_parts(run, tmp_path, X):
    np.save(tmp_path / "x.npy", X)
    expected, done = parts(run, tmp_path / "x.npy", tmp_path / "a.model")
    assert done.stderr == ""
    _, done = parts(run, tmp_path / "x.npy", tmp_path / "a.model", "--max-memory", "1GiB", "--verbose")
    assert done.stderr == ""
    found, done = parts(run, tmp_path / "x.npy", tmp_path / "b.model", "--max-memory", "5MiB", "-v")
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
    said = done.stderr.replace("\n", " ")
    assert "takes about 5.5 MiB in memory: it is read in" in said
    assert "a fit of 3 parts on" in said
    assert "in flight" in said
    found, done = parts(run, tmp_path / "x.npy", tmp_path / "b.model", "--max-memory", "5MiB", "-q", "-v")
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["x.mtx", "x.npz", "fortran.npy"])
def test_what_cannot_be_read_by_rows_is_converted_on_the_way(run, tmp_path, X, name):
    sparse = sp.csr_array(np.where(np.random.default_rng(1).random(X.shape) < 0.5, X, 0))
    if name == "x.mtx":
        scipy.io.mmwrite(tmp_path / name, sparse)
    elif name == "x.npz":
        sp.save_npz(tmp_path / name, sparse)
    else:
        np.save(tmp_path / name, np.asfortranarray(X))
    expected, _ = parts(run, tmp_path / name, tmp_path / "a.model")
    found, done = parts(run, tmp_path / name, tmp_path / "b.model", "--max-memory", "5MiB")
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
    assert "converted into a temporary folder first" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("arguments", [["--loss", "kullback-leibler"], ["--missing", "zero"]])
def test_other_losses_and_unknown_entries_go_with_blocks(run, tmp_path, X, arguments):
    np.save(tmp_path / "x.npy", np.where(X < 0.2, 0, X))
    facts = json.loads(
        parts(run, tmp_path / "x.npy", tmp_path / "a.model", "--max-memory", "5MiB", "--json", *arguments)[1].stdout
    )
    assert facts["n_samples"] == 6000
    assert facts["relative_error"] < 0.3
    if arguments[0] == "--missing":
        assert facts["n_unknown"] == np.count_nonzero(X < 0.2)


def test_a_converted_folder_is_fitted_like_any_file(run, tmp_path, X):
    np.save(tmp_path / "x.npy", X)
    done = run("convert", tmp_path / "x.npy", tmp_path / "x.blocks")
    assert " ".join(done.stdout.replace("·", " ").split()).startswith("6,000 x 120 float64 5.5 MiB saved to")
    expected, _ = parts(run, tmp_path / "x.npy", tmp_path / "a.model")
    found, _ = parts(run, tmp_path / "x.blocks", tmp_path / "b.model")
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
    told = json.loads(run("convert", tmp_path / "x.blocks", tmp_path / "y.npy", "--json").stdout)
    assert (told["n_samples"], told["n_features"], told["kind"]) == (6000, 120, "dense")
    assert told["bytes"] == (tmp_path / "y.npy").stat().st_size


def test_rows_that_weigh_more_count_more(run, tmp_path, X):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "w.npy", np.linspace(0.5, 2, 6000))
    weights = ["--weights", tmp_path / "w.npy"]
    expected, _ = parts(run, tmp_path / "x.npy", tmp_path / "a.model", *weights)
    found, _ = parts(run, tmp_path / "x.npy", tmp_path / "b.model", *weights, "--max-memory", "5MiB")
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_what_is_refused_says_why_in_options(run, tmp_path, X):
    np.save(tmp_path / "x.npy", X)
    fit = ["fit", tmp_path / "x.npy", "--out", tmp_path / "a.model"]

    def refused(*more):
        return run(*fit, *more, code=2).stderr.replace("\n", " ")

    assert "--max-memory must be a number of bytes" in refused("--components", 3, "--max-memory", "much")
    assert "does not hold a fit of 40 parts of 6,000 x 120" in refused("--components", 40, "--max-memory", "5MiB")
    assert "is too little for" in refused("--components", 3, "--max-memory", "50KiB")
    assert "--components choose" in refused("--components", "choose", "--max-memory", "5MiB")
    spoilt = X.copy()
    spoilt[4000, 3] = -1
    np.save(tmp_path / "x.npy", spoilt)
    assert "x.npy: Negative values" in refused("--components", 3, "--max-memory", "5MiB")
    said = run("convert", tmp_path / "x.npy", tmp_path / "x.h5", code=2).stderr.replace("\n", " ")
    assert "must be a folder that ends in .blocks" in said
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


@pytest.fixture(scope="module")
def model(X, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "x.model"
    pw.save(pw.NMF(3, random_state=0, max_iter=20).fit(X), path)
    return path


@pytest.mark.parametrize("name", ["W.npy", "W.csv", "W.parquet", "W.jsonl", "W.xlsx"])
def test_weights_of_a_larger_file_are_read_and_written_by_blocks(run, tmp_path, X, model, monkeypatch, name):
    np.save(tmp_path / "x.npy", X)
    monkeypatch.setattr("partwise.cli.transform.PIECE", 1000)
    run("transform", model, tmp_path / "x.npy", "--out", tmp_path / f"all{name}")
    sizes, found = [], pw.NMF.transform
    monkeypatch.setattr(pw.NMF, "transform", lambda self, X: sizes.append(len(X)) or found(self, X))
    done = run("transform", model, tmp_path / "x.npy", "--max-memory", "5MiB", "--out", tmp_path / name)
    assert "it is read in" in done.stderr
    assert len(sizes) > 1
    assert sum(sizes) == len(X)
    if name == "W.npy":
        np.testing.assert_allclose(np.load(tmp_path / name), np.load(tmp_path / f"all{name}"), rtol=1e-9, atol=1e-12)
    else:
        one, two = (read_numbers(tmp_path / path) for path in (name, f"all{name}"))
        assert one.column_names == two.column_names
        np.testing.assert_allclose(one.X, two.X, rtol=1e-5, atol=1e-12)  # the table has six digits


def test_weights_of_a_folder_of_blocks_are_printed_with_names_of_columns_matched(run, tmp_path, X):
    frame = pd.DataFrame(X[:900], columns=[f"g{j}" for j in range(X.shape[1])])
    pw.save(pw.NMF(3, random_state=0, max_iter=20).fit(frame), tmp_path / "x.model")
    turned = frame[frame.columns[::-1]]
    turned.to_csv(tmp_path / "x.csv", index=False)
    pw.convert(tmp_path / "x.csv", tmp_path / "x.blocks")
    whole = run("transform", tmp_path / "x.model", tmp_path / "x.csv").stdout
    blocks = run("transform", tmp_path / "x.model", tmp_path / "x.blocks", "--max-memory", "512KiB")
    assert blocks.stdout == whole
    assert "900 rows" not in blocks.stderr
    turned.rename(columns={"g3": "h"}).to_csv(tmp_path / "y.csv", index=False)
    pw.convert(tmp_path / "y.csv", tmp_path / "y.blocks")
    assert "g3" in run("transform", tmp_path / "x.model", tmp_path / "y.blocks", code=2).stderr


def test_a_bad_entry_of_a_larger_file_is_told_by_its_row_and_nothing_is_written(run, tmp_path, X, model):
    bad = X.copy()
    bad[5000, 7] = -1
    np.save(tmp_path / "x.npy", bad)
    done = run("transform", model, tmp_path / "x.npy", "--max-memory", "5MiB", "--out", tmp_path / "W.csv", code=2)
    assert "X[5000, 7]" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "W.csv").exists()


def test_rows_without_a_known_entry_are_told_by_blocks_too(run, tmp_path, X):
    gaps = X.copy()
    gaps[3000:3002] = np.nan
    np.save(tmp_path / "x.npy", gaps)
    pw.save(pw.NMF(3, random_state=0, max_iter=5, missing_values=np.nan).fit(gaps), tmp_path / "x.model")
    args = ("transform", tmp_path / "x.model", tmp_path / "x.npy", "--out", tmp_path / "W.npy")
    assert "rows without a known entry: 2 of 6,000" in run(*args, "--max-memory", "5MiB").stderr
