"""What belongs to documents: read with them, shown in place of ids, and written to tables."""

import json

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import partwise as pw


@pytest.fixture
def model(run, news):
    path = news.with_name("news.model")
    run("topics", news, "-k", 2, "--date", "published", "--title", "title", "--url", "id", "--out", path)
    return path


def read(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_topics_and_documents_become_tables(run, model, ending):
    folder = model.parent / "new" / "tables"
    said = run("export", model, "--out-dir", folder, "--format", ending).stderr
    assert f"wrote {folder}/topics.{ending}: 2 topics" in said
    topics, documents = read(folder / f"topics.{ending}"), read(folder / f"documents.{ending}")
    loaded = pw.load(model)
    assert topics["label"].tolist() == loaded.labels_
    assert topics["documents"].tolist() == [20, 20]
    assert topics["title"].str.match(r"Number \d+$").all()
    assert {"share", "npmi", "stability", "words", "document", "peak"} <= {*topics.columns}
    assert documents.columns.tolist()[:4] == ["id", "title", "url", "date"]
    assert documents["id"].tolist() == loaded.ids_
    shares = documents[["topic_0", "topic_1"]].to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(shares.argmax(axis=1), documents["topic"])


def test_tables_for_excel_are_two_files(run, model):
    run("export", model, "--out-dir", model.parent, "--format", "xlsx")
    assert {path.name for path in model.parent.glob("*.xlsx")} == {"topics.xlsx", "documents.xlsx"}


def test_a_document_without_words_is_of_no_topic(run, news, model):
    with news.open("a") as file:
        file.write("e1,Empty,,2021\n")
    run("topics", news, "-k", 2, "--out", model)
    run("export", model, "--out-dir", model.parent)
    last = (model.parent / "documents.csv").read_text().splitlines()[-1]
    assert last == "e1,,,0.0,0.0,0.0,0.0"


def test_titles_stand_in_place_of_ids(run, news, model):
    shown = run("topics", news, "-k", 2, "--title", "title").stdout
    assert "Number " in shown
    assert "sport/" not in shown
    assert max(map(cell_len, shown.splitlines())) <= 80
    assert "Number " in run("similar", model, "sport/01").stdout
    found = json.loads(run("similar", model, "sport/01", "--json").stdout)
    assert [one["title"] for one in found] == [f"Number {int(one['id'].split('/')[1])}" for one in found]
    facts = json.loads(run("topics", news, "-k", 2, "--title", "title", "--json").stdout)
    assert all(topic["title"].startswith("Number ") for topic in facts["topics"])


def test_html_is_taken_out_and_counted(run, tmp_path):
    lines = ["title,text", "<b>A&amp;B</b>,<p>bank rates</p>", "C,cup &amp; team", "D,cup team"]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    result = run("topics", path, "--title", "title", "--out", tmp_path / "a.model")
    assert "2 of 3 documents had tags or entities of HTML" in result.stderr
    model = pw.load(tmp_path / "a.model")
    assert model.texts_ == ["bank rates", "cup & team", "cup team"]
    assert model.metadata_["title"] == ["A&B", "C", "D"]


def test_texts_of_two_columns_are_joined(run, news):
    facts = json.loads(run("topics", news, "--text", "title,body", "-k", 2, "--json").stdout)
    assert facts["n_words"] == 13  # "number" too


def test_more_topics_than_documents_are_refused_at_once(run, news):
    message = run("topics", news, "-k", 5000, code=2).stderr
    assert "-k 5000" in message
    assert "40 documents" in message


def test_an_export_needs_a_model_of_texts(run, counts):
    out = counts.with_name("a.model")
    run("fit", counts, "--components", 2, "--out", out)
    assert "not a model of texts" in run("export", out, "--out-dir", counts.parent, code=2).stderr
