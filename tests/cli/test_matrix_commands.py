"""partwise fit, transform and doctor: matrices from files to saved parts and back."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

import partwise as pw
from partwise.tables import read_numbers


@pytest.fixture
def model(run, counts):
    path = counts.parent / "counts.model"
    run("fit", counts, "--components", 2, "--out", path)
    return path


def weights_of(model, path):
    """What Python gives for a model and a csv file."""
    numbers = read_numbers(path)
    return pw.load(model).transform(pd.DataFrame(numbers.X, columns=numbers.column_names))


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
    np.testing.assert_allclose(np.array([row[1:] for row in rows[1:]], dtype=float), weights_of(model, counts), 1e-5)
    assert max(len(cell.split("e")[0].replace(".", "").lstrip("0")) for row in rows[1:] for cell in row[1:]) <= 6


@pytest.mark.parametrize("name", ["W.npy", "W.csv", "W.parquet", "W.jsonl"])
def test_transform_writes_what_it_would_print(run, counts, model, name):
    out = counts.parent / name
    assert run("transform", model, counts, "--out", out).stdout == ""
    np.testing.assert_allclose(read_numbers(out).X, weights_of(model, counts), 0 if name == "W.npy" else 1e-5)


def turned(counts, name="turned.csv", **renamed):
    """Write the csv file of counts with its columns in another order, or under other names."""
    frame = pd.read_csv(counts, index_col=0).rename(columns=renamed)
    frame.iloc[:, [3, 0, 4, 2, 1]].to_csv(counts.parent / name)
    return counts.parent / name


def test_transform_finds_columns_by_name_and_names_those_that_differ(run, counts, model):
    assert list(pw.load(model).feature_names_in_) == list("abcde")
    for out, path in (("W.npy", counts), ("V.npy", turned(counts))):
        assert run("transform", model, path, "--out", counts.parent / out).stderr == ""
    np.testing.assert_allclose(np.load(counts.parent / "V.npy"), np.load(counts.parent / "W.npy"), rtol=1e-9)
    message = run("transform", model, turned(counts, b="other"), code=2).stderr
    assert f"turned.csv lacks 1 of the 5 columns that {model} was fitted to ('b'), and has 1" in message
    assert "'other'" in message
    pd.read_csv(counts, index_col=0).assign(f=1).to_csv(counts.parent / "more.csv")
    assert "more.csv has 1 more than" in run("transform", model, counts.parent / "more.csv", code=2).stderr


def test_transform_says_where_columns_without_names_are_taken_by_place(run, counts, model):
    bare, path = counts.parent / "bare.model", counts.parent / "a.npy"
    np.save(path, read_numbers(counts).X)
    assert run("transform", model, path, "--out", counts.parent / "W.npy").stderr == (
        f"! {path} does not name its columns: they are taken in the order of {model}\n"
    )
    np.testing.assert_array_equal(np.load(counts.parent / "W.npy"), weights_of(model, counts))
    run("fit", path, "--components", 2, "--out", bare)
    assert run("transform", bare, counts, "--out", counts.parent / "W.npy").stderr == ""
    assert not hasattr(pw.load(bare), "feature_names_in_")


def test_a_fit_refuses_two_columns_of_one_name(run, counts):
    out, path = counts.parent / "a.model", turned(counts)
    path.write_text(path.read_text().replace("sample,d,a", "sample,d,d"))
    assert "turned.csv has two columns called 'd'" in run("fit", path, "--components", 2, "--out", out, code=2).stderr


def test_transform_takes_models_of_numbers_and_texts_alone(run, counts):
    path = counts.parent / "steps.model"
    pw.save(make_pipeline(MaxAbsScaler(), pw.NMF(2, random_state=0)).fit(read_numbers(counts).X), path)
    assert 'holds a Pipeline. Give a model of "partwise fit"' in run("transform", path, counts, code=2).stderr


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


def test_transform_writes_tables_and_npy_only(run, counts, model):
    assert (
        "End its name in .npy, .csv, .tsv, .xlsx, .parquet, .jsonl or .json"
        in run("transform", model, counts, "--out", counts.parent / "W.txt", code=2).stderr
    )


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


@pytest.fixture
def gaps(counts):
    """The csv file of counts with 13 empty cells: all of one row, and a few others."""
    lines = [line.split(",") for line in counts.read_text().splitlines()]
    lines[4][1:] = [""] * 5
    for i in range(5, 13):
        lines[i][1 + i % 5] = "nan" if i % 2 else " "
    path = counts.parent / "gaps.csv"
    path.write_text("\n".join(map(",".join, lines)) + "\n")
    return path


def test_missing_entries_are_unknown_when_that_is_said(run, gaps):
    out = gaps.parent / "gaps.model"
    assert "Give --missing nan" in run("fit", gaps, "--components", 2, "--out", out, code=2).stderr
    result = run("fit", gaps, "--components", 2, "--out", out, "--missing", "nan")
    assert "12 x 5 · 13 unknown" in result.stdout
    assert result.stderr == "! rows without a known entry: 1 of 12\n"
    facts = json.loads(run("fit", gaps, "--components", 2, "--out", out, "--missing", "nan", "--json").stdout)
    assert (facts["missing"], facts["n_unknown"]) == ("nan", 13)
    X = read_numbers(gaps).X
    expected = pw.NMF(2, random_state=0, missing_values=np.nan).fit(X)
    np.testing.assert_array_equal(pw.load(out).components_, expected.components_)


def test_transform_takes_for_unknown_what_the_fit_did(run, counts, gaps, model):
    out = gaps.parent / "gaps.model"
    run("fit", gaps, "--components", 2, "--out", out, "--missing", "nan")
    result = run("transform", out, gaps)
    assert "rows without a known entry: 1 of 12" in result.stderr
    W = np.array([row[1:] for row in csv.reader(io.StringIO(result.stdout))][1:], dtype=float)
    np.testing.assert_allclose(W, weights_of(out, gaps), 1e-5)
    np.testing.assert_array_equal(W[3], 0)
    message = run("transform", model, gaps, code=2).stderr
    assert "row 's3', column 'a' is nan" in message
    assert 'Fit the model with "partwise fit --missing nan"' in message


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_zeros_are_unknown_in_a_dense_file_and_absent_from_a_sparse_one(run, tmp_path, loss):
    X = np.random.default_rng(0).poisson(1.0, (15, 6)).astype(float)
    np.save(tmp_path / "a.npy", X)
    sp.save_npz(tmp_path / "a.npz", sp.csr_matrix(X))
    found = []
    for name in ("a.npy", "a.npz"):
        options = ["--components", 2, "--out", tmp_path / "a.model", "--loss", loss, "--missing", "zero", "--json"]
        facts = json.loads(run("fit", tmp_path / name, *options).stdout)
        assert facts["n_unknown"] == (X == 0).sum()
        found.append(facts["relative_error"])
        assert run("transform", tmp_path / "a.model", tmp_path / name).stdout.count("\n") == 16
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize(
    ("text", "missing", "part"),
    [
        ("a,b\n1,-2\n", "nan", "row 1, column 'b' is -2.0 (1 entries are negative or infinite). A factorization"),
        ("a,b\n1,\n", "zero", "column 'b' is nan"),
        ("a,b\n,\n", "nan", "every entry is unknown"),
        ("a,b\n0,0\n", "zero", "every entry is unknown"),
    ],
)
def test_what_is_neither_known_nor_unknown_is_refused(run, tmp_path, text, missing, part):
    path = tmp_path / "a.csv"
    path.write_text(text)
    arguments = ["fit", path, "--components", 1, "--out", tmp_path / "a.model", "--missing", missing]
    assert part in run(*arguments, code=2).stderr


def test_missing_entries_of_a_sparse_file_are_counted(run, tmp_path):
    X = sp.csr_matrix([[1.0, np.nan, 0.0], [2.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
    sp.save_npz(tmp_path / "a.npz", X)
    options = ["--components", 1, "--out", tmp_path / "a.model", "--missing", "nan", "--json"]
    assert json.loads(run("fit", tmp_path / "a.npz", *options).stdout)["n_unknown"] == 1


def test_the_number_of_parts_is_chosen_when_asked_for(run, tmp_path):
    rng = np.random.default_rng(0)
    np.save(
        tmp_path / "a.npy", rng.gamma(0.3, 1.0, (40, 2)) @ rng.gamma(0.3, 1.0, (2, 20)) + 0.01 * rng.random((40, 20))
    )
    np.save(tmp_path / "w.npy", np.ones(40))
    arguments = ["fit", tmp_path / "a.npy", "--components", "choose", "--out", tmp_path / "a.model"]
    result = run(*arguments)
    chosen = pw.load(tmp_path / "a.model").n_components_
    reason = json.loads(run(*arguments, "--json").stdout)["reason"]
    assert result.stdout.startswith(f"{chosen} components")
    assert f"a.model {reason}  #  share" in " ".join(result.stdout.splitlines())
    assert result.stderr == "! choosing the number of parts first\n"
    assert run(*arguments, "--weights", tmp_path / "w.npy").stderr.endswith(result.stderr)
    ranked = json.loads(run("rank", tmp_path / "a.npy", "--json").stdout)
    assert (ranked["n_components"], ranked["reason"]) == (chosen, reason)


@pytest.mark.parametrize("number", ["0", "-1", "2.5", "chose"])
def test_what_is_no_number_of_parts_is_refused(run, counts, number):
    arguments = ["fit", counts, "--components", number, "--out", counts.parent / "a.model"]
    assert "nor the word choose" in run(*arguments, code=2).stderr


def test_the_doctor_tells_what_partwise_runs_on(run):
    text = run("doctor").stdout
    assert pw.__version__ in text
    assert "openblas" in text or "blas" in text
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["kernels"] in facts["kernels_available"]
    assert facts["cores_usable"] <= facts["cores"]
    assert facts["numpy"] == np.__version__
    assert facts["blas"]
