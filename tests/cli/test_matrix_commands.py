"""partwise fit, transform and doctor: matrices from files to saved parts and back."""

import csv
import io
import json

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.io import read_numbers


@pytest.fixture
def model(run, counts):
    path = counts.parent / "counts.model"
    run("fit", counts, "--components", 2, "--out", path)
    return path


def test_a_fit_is_summed_up_in_lines_of_80_columns(run, counts):
    result = run("fit", counts, "--components", 2, "--out", counts.parent / "a.model")
    assert result.stdout.startswith("2 components · 12 x 5 · seed 0 · ")
    assert "saved to" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_fit_as_json_tells_shape_loss_and_error(run, counts, loss):
    out = counts.parent / "a.model"
    arguments = ["fit", counts, "--components", 2, "--out", out, "--loss", loss, "--max-iter", 1000, "--seed", 7]
    facts = json.loads(run(*arguments, "--json").stdout)
    assert (facts["n_samples"], facts["n_features"], facts["n_components"], facts["seed"]) == (12, 5, 2, 7)
    assert facts["relative_error"] < 0.02
    assert (facts["loss"], facts["model"]) == (loss, str(out))
    assert pw.load(out).beta_loss == loss


def test_transform_prints_one_named_row_a_sample(run, counts, model):
    rows = list(csv.reader(io.StringIO(run("transform", model, counts).stdout)))
    assert rows[0] == ["id", "component_0", "component_1"]
    assert [row[0] for row in rows[1:]] == [f"s{i}" for i in range(12)]
    X = read_numbers(counts).X
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], dtype=float), pw.load(model).transform(X))


@pytest.mark.parametrize("name", ["W.npy", "W.csv"])
def test_transform_writes_what_it_would_print(run, counts, model, name):
    out = counts.parent / name
    assert run("transform", model, counts, "--out", out).stdout == ""
    np.testing.assert_array_equal(read_numbers(out).X, pw.load(model).transform(read_numbers(counts).X))


def test_transform_places_texts_among_saved_topics(run, news):
    out = news.parent / "news.model"
    run("topics", news, "--topics", 2, "--out", out)
    rows = list(csv.reader(io.StringIO(run("transform", out, news).stdout)))
    assert rows[0] == ["id", "topic_0", "topic_1"]
    heavier = {name[:5]: float(first) > float(second) for name, first, second in rows[1:]}
    assert heavier["sport"] != heavier["money"]


def test_transform_refuses_another_number_of_columns(run, counts, model):
    np.save(counts.parent / "b.npy", np.ones((2, 3)))
    message = run("transform", model, counts.parent / "b.npy", code=2).stderr
    assert "has 3 columns" in message
    assert "fitted to 5" in message


def test_transform_writes_npy_and_csv_only(run, counts, model):
    assert ".npy or a .csv" in run("transform", model, counts, "--out", counts.parent / "W.txt", code=2).stderr


@pytest.mark.parametrize(
    ("bad", "shown"), [("-0.25", "-0.25"), ("", "nan"), ("inf", "inf")], ids=["negative", "missing", "infinite"]
)
def test_a_bad_entry_is_named_by_file_row_and_column(run, tmp_path, bad, shown):
    path = tmp_path / "a.csv"
    path.write_text(f"sample,a,b\nx,1,2\ny,3,{bad}\n")
    message = run("fit", path, "--components", 1, "--out", tmp_path / "a.model", code=2).stderr
    assert f"a.csv: row 'y', column 'b' is {shown} (1 entries" in message


def test_a_bad_entry_of_a_sparse_matrix_is_named_too(run, tmp_path):
    sp.save_npz(tmp_path / "a.npz", sp.csr_matrix([[1.0, 0.0], [0.0, -2.0]]))
    message = run("fit", tmp_path / "a.npz", "--components", 1, "--out", tmp_path / "a.model", code=2).stderr
    assert "row 2, column 2 is -2.0 (1 entries" in message


def test_the_doctor_tells_what_partwise_runs_on(run):
    text = run("doctor").stdout
    assert pw.__version__ in text
    assert "openblas" in text or "blas" in text
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["kernels"] in facts["kernels_available"]
    assert facts["cores_usable"] <= facts["cores"]
    assert facts["numpy"] == np.__version__
    assert facts["blas"]
