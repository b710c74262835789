"""partwise fit and parts: what the parts are, and where their weights go."""

import json

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import partwise as pw


@pytest.fixture
def blocks(tmp_path):
    """A csv file of two parts that share no column."""
    rng = np.random.default_rng(0)
    W = rng.random((20, 2)) * [3, 1]
    H = np.array([[1, 4, 0, 0, 2], [0, 0, 1, 3, 0]])
    rows = [",".join([f"s{i}", *(f"{x:.6f}" for x in row)]) for i, row in enumerate(W @ H)]
    path = tmp_path / "blocks.csv"
    path.write_text("\n".join(["sample,low,high,rare,common,middle", *rows]) + "\n")
    return path


@pytest.fixture
def model(run, blocks):
    path = blocks.with_name("blocks.model")
    run("fit", blocks, "--components", 2, "--out", path)
    return path


def test_fit_shows_the_heaviest_columns_of_each_part_and_its_share(run, blocks):
    lines = run("fit", blocks, "--components", 2, "--out", blocks.with_name("a.model")).stdout.splitlines()
    assert lines[-3].split() == ["#", "share", "heaviest", "columns"]
    found = {line.split()[2]: float(line.split()[1].rstrip("%")) for line in lines[-2:]}
    assert set(found) == {"high,", "common,"}
    assert found["high,"] > 70
    assert sum(found.values()) == pytest.approx(100, abs=0.1)


def test_a_line_holds_as_many_columns_as_fit(run, tmp_path):
    names = [f"measurement number {j}" for j in range(30)]
    row = ",".join("1" for _ in names)
    (tmp_path / "a.csv").write_text("\n".join(["id," + ",".join(names), f"x,{row}", f"y,{row}"]) + "\n")
    lines = run("fit", tmp_path / "a.csv", "--components", 1, "--out", tmp_path / "a.model").stdout.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert lines[-1].count("measurement number") == 3


def test_parts_are_listed_as_columns_of_most_weight(run, model, six_digits):
    found = json.loads(run("parts", model, "--json", "-n", 2).stdout)
    H = pw.load(model).components_
    for part, row in zip(found, H, strict=True):
        assert [column["weight"] for column in part["columns"]] == six_digits(sorted(row, reverse=True)[:2])
    assert len(run("parts", model).stdout.splitlines()) == 3


def test_the_table_of_parts_holds_every_weight(run, model):
    out = model.with_name("parts.csv")
    assert f"wrote {out}: 2 parts of 5 columns" in run("parts", model, "--out", out).stderr
    wide = pd.read_csv(out, index_col="part")
    np.testing.assert_allclose(wide.to_numpy(), pw.load(model).components_, rtol=1e-5)
    assert max(len(cell) for line in out.read_text().splitlines()[1:] for cell in line.split(",")) <= 11
    run("parts", model, "--out", out, "--transpose")
    tall = pd.read_csv(out, index_col="column")
    np.testing.assert_array_equal(tall.to_numpy(), wide.to_numpy().T)
    assert tall.columns.tolist() == ["part_0", "part_1"]


def test_the_table_has_the_names_that_columns_had_at_the_fit(run, tmp_path):
    X = np.random.default_rng(0).random((6, 3))
    pw.save(pw.topics.TopicModel(1).fit(X, words=["part", "=b", "c"]), tmp_path / "a.model")
    run("parts", tmp_path / "a.model", "--out", tmp_path / "parts.csv")
    assert (tmp_path / "parts.csv").read_text().splitlines()[0] == "part_,part,'=b,c"


def test_parts_of_topics_are_their_words(run, news):
    run("topics", news, "-k", 2, "--out", news.with_name("news.model"))
    found = json.loads(run("parts", news.with_name("news.model"), "--json").stdout)
    assert {column["name"] for part in found for column in part["columns"]} >= {"cup", "bank"}


def test_a_table_is_refused_before_it_is_made(run, model):
    assert "End its name in .csv, .tsv, .xlsx" in run("parts", model, "--out", "a.doc", code=2).stderr
    assert "there is no folder" in run("parts", model, "--out", model.parent / "b" / "a.csv", code=2).stderr
