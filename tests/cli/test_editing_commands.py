"""partwise label, merge, split, find and over-time: a saved model is changed whole, and looked through."""

import json

import pandas as pd
import pytest
from rich.cells import cell_len

import partwise as pw


@pytest.fixture
def model(run, news):
    path = news.with_name("news.model")
    run("topics", news, "-k", 2, "--date", "published", "--title", "title", "--out", path)
    return path


def test_a_label_is_kept_in_the_model(run, model):
    before = pw.load(model).labels_
    result = run("label", model, 1, "Money, or sport")
    assert f'Topic 1, "{before[1]}", is now called "Money, or sport".' in " ".join(result.stdout.splitlines())
    assert max(map(cell_len, result.stdout.splitlines())) <= 80
    assert pw.load(model).labels_ == [before[0], "Money, or sport"]
    run("label", model, 1, "")
    assert pw.load(model).labels_ == before


def test_merged_topics_are_one_and_a_split_makes_two_of_it(run, model):
    other, before = model.with_name("other.model"), model.read_bytes()
    labels = pw.load(model).labels_
    said = " ".join(run("merge", model, 0, 1, "--out", other).stdout.split())
    assert said.startswith(f'Topics 0 ("{labels[0]}") and 1 ("{labels[1]}") are now topic 0, "')
    assert model.read_bytes() == before
    assert pw.load(other).n_topics_ == 1
    facts = json.loads(run("split", other, 0, "-k", 2, "--json").stdout)
    assert facts["model"] == str(other)
    assert facts["done"].startswith("Topic 0, ")
    assert {topic["document"].split("/")[0] for topic in facts["topics"]} == {"sport", "money"}
    assert pw.load(other).labels_ == [topic["label"] for topic in facts["topics"]]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["label", 2, "x"], "its topics are 0 to 1"),
        (["label", -1, "x"], "No such option"),
        (["merge", 0], "two different topics"),
        (["merge", 0, 0], "two different topics"),
        (["merge", 0, 9], "no topic 9"),
        (["split", 3], "no topic 3"),
        (["split", 0, "-k", 1], "'-k'"),
        (["split", 0, "-k", 500], "too few documents or words"),
        (["find", "zebra"], "no word that any topic uses"),
    ],
)
def test_what_cannot_be_done_leaves_the_model_as_it_was(run, model, arguments, part):
    before = model.read_bytes()
    name, *rest = arguments
    assert part in run(name, model, *rest, code=2).stderr
    assert model.read_bytes() == before


def test_a_few_words_find_topics_and_documents(run, model):
    shown = run("find", model, "cup", "team", "-n", 2).stdout
    assert "Number " in shown
    assert max(map(cell_len, shown.splitlines())) <= 80
    found = json.loads(run("find", model, "cup", "team", "--json").stdout)
    (topic,) = found["topics"]
    assert set(topic["words"].split(", ")) == {"cup", "team"}
    assert len(found["documents"]) == 5
    assert all(one["id"].startswith("sport/") and one["title"] for one in found["documents"])


def test_a_word_that_no_topic_uses_is_told(run, model):
    assert "no topic uses zebra" in run("find", model, "cup", "zebra").stderr
    assert "no topic uses" not in run("find", model, "cup").stderr


def test_topics_over_time_are_printed_and_written(run, model):
    out = model.with_name("years.csv")
    lines = run("over-time", model, "--bins", "year", "--out", out).stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [["2021", "20", "100%"], ["2022", "20", "100%"]]
    table = pd.read_csv(out)
    assert table.columns.tolist() == ["bin", "topic", "label", "share", "documents", "words"]
    assert table.groupby("bin")["share"].sum().tolist() == pytest.approx([1, 1], abs=1e-5)
    rows = json.loads(run("over-time", model, "--bins", "year", "--json").stdout)
    assert [row["topic"] for row in rows] == [0, 1, 0, 1]


def test_a_model_without_dates_is_told_how_to_get_them(run, news):
    run("topics", news, "-k", 2, "--out", news.with_name("a.model"))
    message = run("over-time", news.with_name("a.model"), code=2).stderr
    assert "--date COLUMN" in message
    assert "dates=" not in message


def test_none_of_these_needs_pandas(run, model, without):
    asked = [("find", model, "cup"), ("over-time", model), ("export", model, "--out-dir", model.parent)]
    expected = [run(*words).stdout for words in asked]
    made = {file.name: file.read_bytes() for file in model.parent.glob("*.csv")}
    without("pandas")
    assert [run(*words).stdout for words in asked] == expected
    assert {file.name: file.read_bytes() for file in model.parent.glob("*.csv")} == made != {}
