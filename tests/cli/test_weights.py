"""--weights: how a file of weights is understood, and what is said of it."""

import json

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.tables import read_numbers

ROW_WEIGHTS = np.arange(1.0, 13.0)


@pytest.fixture
def fitted(run, counts):
    """Fit two parts with a file of weights; return what was said, and the model."""

    def fitted(weights):
        out = counts.parent / "weighted.model"
        result = run("fit", counts, "--components", 2, "--out", out, "--weights", weights)
        return result, pw.load(out)

    return fitted


def same_fit(counts, **weights):
    return pw.NMF(2, random_state=0).fit(read_numbers(counts).X, **weights).components_


def table(path, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


@pytest.mark.parametrize("name", ["w.txt", "w.csv", "w.npy"])
def test_one_number_a_row_is_a_weight_of_the_row(fitted, counts, name):
    path = counts.parent / name
    if name == "w.npy":
        np.save(path, ROW_WEIGHTS)
    else:
        table(path, [["weight"]] * (name == "w.csv") + [[w] for w in ROW_WEIGHTS])
    result, model = fitted(path)
    assert "understood as one weight per row, in the order of the file" in result.stderr
    assert "rows weighted" in result.stdout
    np.testing.assert_array_equal(model.components_, same_fit(counts, sample_weight=ROW_WEIGHTS))


def test_a_named_column_is_taken_from_a_table_with_words_in_it_and_rows_are_found_by_name(fitted, counts):
    rows = [[f"s{i}", "a word", w] for i, w in enumerate(ROW_WEIGHTS)][::-1]
    path = table(counts.parent / "samples.csv", [["sample", "group", "weight"], *rows, ["s99", "of no row", 5]])
    result, model = fitted(f"{path}:weight")
    assert "samples.csv, column 'weight': understood as one weight per row, found by its name" in result.stderr
    np.testing.assert_array_equal(model.components_, same_fit(counts, sample_weight=ROW_WEIGHTS))


def test_names_that_are_no_names_of_rows_leave_the_order_of_the_file(fitted, counts):
    rows = [[f"other{i}", w] for i, w in enumerate(ROW_WEIGHTS)]
    result, model = fitted(table(counts.parent / "w.csv", [["sample", "weight"], *rows]))
    assert "in the order of the file" in result.stderr
    np.testing.assert_array_equal(model.components_, same_fit(counts, sample_weight=ROW_WEIGHTS))


@pytest.mark.parametrize("sparse", [False, True])
def test_a_matrix_of_the_same_shape_holds_weights_of_entries(run, fitted, counts, sparse):
    weights = np.random.default_rng(1).random((12, 5)) * (np.arange(60).reshape(12, 5) % 7 > 0)
    path = counts.parent / ("w.npz" if sparse else "w.npy")
    if sparse:
        sp.save_npz(path, sp.csr_matrix(weights))
    else:
        np.save(path, weights)
    result, model = fitted(path)
    assert "understood as one weight per entry" in result.stderr
    assert "entries weighted" in result.stdout
    np.testing.assert_array_equal(model.components_, same_fit(counts, entry_weight=weights))
    out = counts.parent / "a.model"
    facts = json.loads(run("fit", counts, "--components", 2, "--out", out, "--weights", path, "--json").stdout)
    assert facts["weights"] == "entry"


@pytest.mark.parametrize(
    ("rows", "column", "parts"),
    [
        ([["w"], *[[1]] * 11], "", ["holds 11 weights", "12 rows"]),
        ([["w"], *[[1]] * 11, [-1]], "", ["row 12, column 'w' is -1.0 (1 entries", "0 leaves a row or entry out"]),
        ([["w"], *[[1]] * 11, ["nan"]], "", ["row 12, column 'w' is nan"]),
        ([["w"], *[[0]] * 12], "", ["every weight is 0"]),
        ([["a", "b"], *[[1, 1]] * 12], "", ["12 x 2 numbers", "12 x 5", "w.csv:a", "(12 x 1)"]),
        ([["a", "b"], *[[1, 1]] * 12], ":c", ["no column 'c'", "'a', 'b'"]),
        ([["id", "b"], *[[f"s{i}", 1] for i in range(11)], ["t", 1]], "", ["no weight for row 's11'"]),
        ([["id", "b"], *[[f"s{i}", "x"] for i in range(12)]], ":b", ["line 2, column 'b': 'x' is not a number"]),
        ([["id", "b", "c"], *[[f"s{i}", "x", 1] for i in range(12)]], "", ["is not a number", "give", "w.csv:COLUMN"]),
        ([["id", "b"]], ":b", ["no rows"]),
        ([["id", *"abcde"], *[[f"t{i}", *"11111"] for i in range(12)]], "", ["row 1 is called 't0', but 's0'"]),
        ([["id", *"abced"], *[[f"s{i}", *"11111"] for i in range(12)]], "", ["column 4 is called 'e', but 'd'"]),
        (None, "", ["there is no file"]),
        (None, ":b", ["there is no file", "w.csv'"]),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_place_and_way_out(run, counts, rows, column, parts):
    path = counts.parent / "w.csv"
    if rows is not None:
        table(path, rows)
    message = run(
        "fit", counts, "--components", 2, "--out", counts.parent / "a.model", "--weights", f"{path}{column}", code=2
    ).stderr
    assert [part for part in parts if part not in message] == []


def test_a_line_that_is_no_number_is_named(run, counts):
    path = counts.parent / "w.txt"
    path.write_text("1\ntwo\n3\n")
    arguments = ["fit", counts, "--components", 2, "--out", counts.parent / "a.model", "--weights", path]
    assert "w.txt, line 2, column 1: 'two' is not a number" in run(*arguments, code=2).stderr


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_file_without_column_names_has_no_named_column(run, counts, suffix):
    path = counts.parent / f"w{suffix}"
    if suffix == ".npy":
        np.save(path, np.ones((12, 2)))
    else:
        np.savez(path, w=np.ones((12, 2)))
    arguments = ["fit", counts, "--components", 2, "--out", counts.parent / "a.model", "--weights", f"{path}:a"]
    assert "has no column names" in run(*arguments, code=2).stderr
