"""partwise update: a new week of articles, of which some were there already."""

import json

import numpy as np
import pytest

import partwise as pw

OVERLAP = ["bank rates", "team goal", "bank shares"]


@pytest.fixture
def model(run, news):
    path = news.with_name("news.model")
    run("topics", news, "-k", 2, "--date", "published", "--title", "title", "--out", path)
    return path


@pytest.fixture
def week(news):
    """The last 4 documents of the news, one of them with another text, and 20 new ones of a later year."""
    header, *lines = news.read_text().splitlines()
    known = [*lines[-4:-1], 'sport/39,Number 39,"bank bank bank",2022-05-11']
    new = [line.replace("/", "/new-").replace("2022", "2023").replace("2021", "2023") for line in lines[:20]]
    path = news.with_name("week.csv")
    path.write_text("\n".join([header, *known, *new]) + "\n")
    return path


def test_new_documents_are_added_and_earlier_ones_stay(run, model, week):
    before = pw.load(model)
    run("label", model, 1, "Mine")
    result = run("update", model, week, "--date", "published", "--title", "title")
    said = " ".join(result.stdout.split())
    assert said.startswith(
        "20 documents are new, 4 were in the model already and stay as they are (1 with another text, which was "
        "ignored): 60 in all. The new ones are mostly about "
    )
    after = pw.load(model)
    assert after.ids_[:40] == before.ids_
    assert after.texts_[:40] == before.texts_
    np.testing.assert_allclose(after.document_topics_[:40] > 0, before.document_topics_ > 0)
    assert after.labels_[1] == "Mine"
    assert set(after.dates_[40:]) <= {f"2023-0{month}-11" for month in range(1, 6)}
    assert after.metadata_["title"][-1] == "Number 19"
    assert "2023" in run("over-time", model, "--bins", "year").stdout


def test_what_was_there_is_not_added_again(run, model, week):
    run("update", model, week, "--date", "published", "--title", "title", "-q")
    before = model.read_bytes()
    facts = json.loads(run("update", model, week, "--date", "published", "--title", "title", "--json").stdout)
    assert (facts["new"], facts["known"]) == (0, 24)
    assert model.read_bytes() == before


def test_the_result_can_go_to_another_file(run, model, week):
    before = model.read_bytes()
    out = model.with_name("next.model")
    facts = json.loads(run("update", model, week, "--date", "published", "--out", out, "--json").stdout)
    assert facts["model"] == str(out)
    assert model.read_bytes() == before
    assert len(pw.load(out).ids_) == 60


@pytest.mark.parametrize("begin", [None, 0, 1])
def test_documents_without_ids_are_numbered_on(run, tmp_path, begin):
    """None: without a column of ids; else they count from `begin` in each file, as an index of pandas does."""
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    for path, texts in ((first, ["bank rates", "cup team", "bank profit"]), (second, OVERLAP)):
        rows = texts if begin is None else [f"{i},{text}" for i, text in enumerate(texts, begin)]
        path.write_text("\n".join(["text" if begin is None else "id,text", *rows]) + "\n")
    run("topics", first, "-k", 2, "--out", tmp_path / "a.model")
    result = run("update", tmp_path / "a.model", second)
    assert "get the numbers from 4 on" in result.stderr
    assert "2 documents are new, 1 were in the model already" in result.stdout
    loaded = pw.load(tmp_path / "a.model")
    assert loaded.texts_[3:] == OVERLAP[1:]
    assert len(set(loaded.ids_)) == 5


def test_a_week_without_ids_is_not_added_twice(run, tmp_path):
    for name, texts in (("1", ["bank rates", "cup team", "bank profit"]), ("2", ["cup goal", "bank shares"])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["text", *texts]) + "\n")
    (tmp_path / "3.csv").write_text("text\nbank loans\ncup goal\n")
    model = tmp_path / "a.model"
    run("topics", tmp_path / "1.csv", "-k", 2, "--out", model)
    assert "2 documents are new" in run("update", model, tmp_path / "2.csv").stdout
    before = model.read_bytes()
    said = " ".join(run("update", model, tmp_path / "2.csv").stdout.split())
    assert "2 were in the model already and stay as they are." in said
    assert model.read_bytes() == before
    assert "1 of the new documents have the text of an earlier one" in run("update", model, tmp_path / "3.csv").stderr


def forgetful(model):
    """Make of a model one that was saved from Python, which read no columns."""
    loaded = pw.load(model)
    del loaded._columns
    pw.save(loaded, model)


def test_dates_are_asked_for_by_their_option(run, model, news, week):
    forgetful(model)
    message = run("update", model, week, code=2).stderr
    assert "with --date" in message
    assert "dates=" not in message
    run("topics", news, "-k", 2, "--out", model)
    assert "Leave out --date" in run("update", model, week, "--date", "published", code=2).stderr


def test_columns_that_are_not_named_are_noted(run, model, week):
    forgetful(model)
    assert "have no --title" in run("update", model, week, "--date", "published").stderr


def test_columns_are_those_that_the_model_was_made_of(run, model, week):
    run("label", model, 1, "Mine")
    result = run("update", model, week)
    assert "--date published --title title" in " ".join(result.stderr.split())
    assert pw.load(model).metadata_["title"][-1] == "Number 19"
    assert "no column 'day'" in run("update", model, week, "--date", "day", code=2).stderr


def test_columns_of_a_log_are_remembered_too(run, tmp_path):
    log, more, model = (tmp_path / name for name in ("a.csv", "b.csv", "a.model"))
    rows = [f"r{i % 7},a{i % 5},{'VIEW' if i % 3 else 'LIKE'},2024-05-{1 + i % 28:02}" for i in range(60)]
    log.write_text("\n".join(["user,article,event,time", *rows]) + "\n")
    more.write_text("user,article,event,time\nr1,a9,LIKE,2024-06-01\n")
    columns = ["--reader-column", "user", "--strength-column", "event", "--strength", "VIEW=1,LIKE=3"]
    run("recommend", log, *columns, "-k", 2, "--out-model", model)
    result = run("update", model, more)
    assert "1 reads are new" in result.stdout
    assert "VIEW=1,LIKE=3" in result.stderr


def test_stop_words_and_limits_are_options_of_topics(run, news):
    stop = news.with_name("stop.txt")
    stop.write_text("# my own\nCup, team\ngoal\n")
    out = news.with_name("a.model")
    run("topics", news, "-k", 2, "--stop-words", stop, "--max-df", 30, "--min-df", "0.05", "--out", out)
    loaded = pw.load(out)
    assert not {"cup", "team", "goal", "own"} & {*loaded.words_}
    assert (loaded.min_df, loaded.max_df) == (0.05, 30)
    assert "Lower --min-df" in run("topics", news, "--min-df", 39, code=2).stderr
    for wrong in ("0", "1.5", "inf", "many"):
        assert "neither a number of documents" in run("topics", news, "--min-df", wrong, code=2).stderr
