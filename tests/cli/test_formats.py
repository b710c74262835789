"""How files are written: the same options for every command that reads numbers, guesses told in their words."""

import io
import json

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

import partwise as pw

X = np.random.default_rng(0).poisson(3.0, (12, 4)) + 0.5


def table(path, header="gene_id", sep=",", cell=str, encoding="utf-8"):
    lines = [sep.join([header, *"abcd"])]
    lines += [sep.join([str(7157 + i), *map(cell, row)]) for i, row in enumerate(X)]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ("fit", ["--components", 2]),
        ("rank", ["--max", 1, "--folds", 2]),
        ("consensus", ["--components", 2, "--runs", 2]),
    ],
)
def test_commands_that_read_numbers_take_the_same_options(run, tmp_path, command, rest):
    path = table(tmp_path / "a.csv", "Größe", "^", lambda x: str(x).replace(".", ","), "cp1252")
    out = ["--out", tmp_path / "a.model"] if command == "fit" else []
    options = ["--encoding", "cp1252", "--delimiter", "^", "--decimal", ",", "--names", "Größe", "--columns", "a,c*"]
    shape = json.loads(run(command, path, *rest, *options, "--transpose", "--json", "-q", *out).stdout)
    assert (shape["n_samples"], shape["n_features"]) == (2, 12)


def test_a_guess_is_told_with_the_option_that_says_otherwise(run, tmp_path):
    path, out = table(tmp_path / "a.csv"), tmp_path / "a.model"
    said = run("fit", path, "--components", 2, "--out", out)
    assert "12 x 4" in said.stdout
    assert "column 'gene_id' was read as names of rows" in said.stderr
    assert "give --index-column none if they are data" in said.stderr
    said = run("fit", path, "--components", 2, "--out", out, "--index-column", "none")
    assert "12 x 5" in said.stdout
    assert said.stderr == ""
    assert list(pw.load(out).feature_names_in_) == ["gene_id", *"abcd"]


def test_transform_finds_columns_as_fit_did(run, tmp_path):
    path, out = table(tmp_path / "a.csv"), tmp_path / "a.model"
    run("fit", path, "--components", 2, "--out", out, "-q")
    found = run("transform", out, path, "-q").stdout
    other = table(tmp_path / "b.csv", sep=";", cell=lambda x: str(x).replace(".", ","))
    assert run("transform", out, other, "-q").stdout == found
    assert found.splitlines()[1].startswith("7157,")


def test_an_error_names_options_and_they_work(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("s;a;b\nx;1.234;2\ny;3.500;1\n")
    arguments = ["fit", path, "--components", 1, "--out", tmp_path / "a.model"]
    assert "Give --decimal . if it is 1.234, --decimal , if it is 1234." in run(*arguments, code=2).stderr
    assert "2 x 2" in run(*arguments, "--decimal", ".").stdout
    assert "not a single character" in run(*arguments, "--delimiter", "ab", code=2).stderr
    assert "not a text encoding" in run(*arguments, "--encoding", "klingon", code=2).stderr


def test_a_next_command_reads_the_file_in_the_same_way(run, tmp_path):
    path = tmp_path / "a.csv"
    rng = np.random.default_rng(0)
    parts = rng.gamma(0.3, 1, (40, 2)) @ rng.gamma(0.3, 1, (2, 12)) * 50
    path.write_text("\n".join(";".join(f"{x:.2f}" for x in row) for row in rng.poisson(parts)) + "\n")
    said = run(
        "rank", path, "--max", 3, "--columns", "column 1*,column 2", "--columns", "column [3-9]", "--decimal", "."
    )
    assert "--decimal . --columns 'column 1*,column 2' --columns 'column [3-9]'" in said.stderr


def test_a_negative_entry_of_a_scaled_matrix_points_to_the_layers(run, tmp_path):
    anndata = pytest.importorskip("anndata", reason="needs partwise[io]")
    data = anndata.AnnData(X - X.mean())
    data.layers["counts"] = X
    data.write_h5ad(tmp_path / "a.h5ad")
    arguments = ["fit", tmp_path / "a.h5ad", "--components", 2, "--out", tmp_path / "a.model"]
    assert "Other layers of the file: 'counts'; give one with --layer" in run(*arguments, code=2).stderr
    assert "12 x 4" in run(*arguments, "--layer", "counts").stdout


def test_a_folder_of_10x_and_standard_input_are_files_too(run, tmp_path, monkeypatch):
    scipy.io.mmwrite(tmp_path / "matrix.mtx", sp.coo_array(X.T))
    (tmp_path / "barcodes.tsv").write_text("".join(f"cell{i}\n" for i in range(12)))
    (tmp_path / "genes.tsv").write_text("".join(f"ENSG{j}\t{name}\n" for j, name in enumerate("abcd")))
    out = tmp_path / "a.model"
    said = run("fit", tmp_path, "--components", 2, "--out", out)
    assert "12 cells are rows, 4 features columns" in said.stderr
    assert list(pw.load(out).feature_names_in_) == [*"abcd"]
    typed = io.BytesIO(table(tmp_path / "a.csv").read_bytes())
    assert "12 x 4" in run("fit", "-", "--components", 2, "--out", out, "-q", input=typed).stdout


def test_weights_are_read_as_the_matrix_is(run, tmp_path):
    comma = lambda x: str(x).replace(".", ",")  # noqa: E731
    path = table(tmp_path / "a.csv", "gene", ";", comma)
    rows = tmp_path / "w.csv"
    rows.write_text("gene;w\n" + "".join(f"{7157 + i};{comma(i / 2)}\n" for i in range(12)))
    arguments = ["fit", path, "--components", 2, "--out", tmp_path / "a.model", "--decimal", ","]
    assert "rows weighted" in run(*arguments, "--weights", f"{rows}:w").stdout
    entries = table(tmp_path / "entries.csv", "gene", ";", comma)
    assert "entries weighted" in run(*arguments, "--transpose", "--weights", entries).stdout


def test_an_option_that_says_nothing_about_a_file_is_refused_by_its_name(run, tmp_path):
    path = table(tmp_path / "a.csv")
    arguments = ["fit", path, "--components", 2, "--out", tmp_path / "a.model"]
    assert "--layer has no effect for .csv" in run(*arguments, "--layer", "counts", code=2).stderr
    run(*arguments)
    assert "--text: " in run("transform", tmp_path / "a.model", path, "--text", "a", code=2).stderr


def test_an_option_of_one_value_stands_once(run, news, tmp_path):
    assert "--id is given twice" in run("topics", news, "--id", "id", "--id", "title", code=2).stderr


def test_texts_of_several_options_are_joined(run, news):
    arguments = ["topics", news, "-k", 2, "--json", "-q"]
    joined = json.loads(run(*arguments, "--text", "title,body").stdout)
    found = json.loads(run(*arguments, "--text", "title", "--text", "body").stdout)
    assert found["n_words"] == joined["n_words"]
    assert found["topics"] == joined["topics"]


def test_json_has_as_many_digits_as_tables(run, news):
    found = json.loads(run("topics", news, "-k", 2, "--text", "body", "--json", "-q").stdout)
    shares = [topic["share"] for topic in found["topics"]]
    assert shares == [float(f"{share:.6g}") for share in shares]
