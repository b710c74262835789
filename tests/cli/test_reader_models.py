"""Recommenders that are saved: kinds of reads, lists of all readers, reasons without the log, and new reads."""

import json

import numpy as np
import pandas as pd
import pytest

import partwise as pw

KINDS = ("--strength-column", "event", "--strength", "VIEW=1,LIKE=2.5")


def write(path, rows):
    path.write_text("\n".join(["reader,article,time,event", *(",".join(row) for row in rows)]) + "\n")
    return path


def rows_of(path):
    return [line.split(",") for line in path.read_text().splitlines()[1:]]


@pytest.fixture
def log(tmp_path):
    """A csv file of reads of two tastes and two kinds."""
    rng = np.random.default_rng(0)
    rows = []
    for day in range(1, 29):
        for r in rng.choice(20, size=8):
            kind = "LIKE" if rng.random() < 0.3 else "VIEW"
            rows.append((f"r{r}", f"a{2 * (day // 4) + r % 2}", f"2024-05-{day:02}T{r % 24:02}:00:00", kind))
    return write(tmp_path / "log.csv", rows)


@pytest.fixture
def model(run, log):
    path = log.with_name("readers.model")
    run("recommend", log, *KINDS, "-k", 4, "--out-model", path)
    return path


def test_a_saved_model_gives_the_lists_and_reasons_of_its_log(run, log, model):
    asked = ("--reader", "r1", "-n", 3, "--json")
    found = run("recommend", "--model", model, *asked).stdout
    assert found == run("recommend", log, *KINDS, "-k", 4, *asked).stdout
    article = json.loads(found)[0]["article"]
    reasons = json.loads(run("explain", "--model", model, "--reader", "r1", "--article", article, "--json").stdout)
    # Each number is printed in six digits, and rounded by itself.
    assert sum(reason["score"] for reason in reasons) == pytest.approx(json.loads(found)[0]["score"], rel=1e-5)


def test_kinds_of_reads_count_as_said(run, log):
    strengths = log.with_name("numbers.csv")
    numbers = {"VIEW": "1", "LIKE": "2.5"}
    write(strengths, [(*row[:3], numbers[row[3]]) for row in rows_of(log)])
    asked = ("--reader", "r1", "-k", 4, "--json")
    by_word = json.loads(run("recommend", log, *KINDS, *asked).stdout)
    assert by_word == json.loads(run("recommend", strengths, "--strength-column", "event", *asked).stdout)
    assert by_word != json.loads(run("recommend", log, *asked).stdout)
    assert "most read" in run("evaluate", log, *KINDS, "--k", 3).stdout


def test_a_kind_of_weight_0_is_left_out(run, log):
    out = log.with_name("a.model")
    run("recommend", log, "--strength-column", "event", "--strength", "VIEW=0,LIKE=1", "--out-model", out)
    assert pw.load(out).n_reads_ == sum(row[3] == "LIKE" for row in rows_of(log))


@pytest.mark.parametrize(
    ("given", "part"), [("VIEW=1", "LIKE"), ("VIEW=x,LIKE=1", "'VIEW=x'"), ("VIEW", "'VIEW'"), ("VIEW=-1", "'VIEW=-1'")]
)
def test_a_kind_without_a_number_is_told(run, log, given, part):
    arguments = ["recommend", log, "--strength-column", "event", "--strength", given, "--reader", "r1"]
    assert part in run(*arguments, code=2).stderr


def test_reads_that_all_count_nothing_are_refused(run, log):
    arguments = ["recommend", log, "--strength-column", "event", "--strength", "VIEW=0,LIKE=0", "--reader", "r1"]
    assert "--strength leaves out every read" in run(*arguments, code=2).stderr


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_lists_of_all_readers_are_written_in_batches(run, model, monkeypatch, ending):
    monkeypatch.setattr("partwise.recommend.lists.BLOCK", 7)
    out = model.with_name(f"lists.{ending}")
    said = run("recommend", "--model", model, "--all", "-n", 3, "--out", out).stderr
    read = {"csv": pd.read_csv, "jsonl": lambda path: pd.read_json(path, lines=True), "parquet": pd.read_parquet}
    table = read[ending](out)
    assert f"{len(table):,} rows for 20 readers" in said
    loaded = pw.load(model)
    assert table["reader"].unique().tolist() == loaded.reader_ids_
    expected = loaded.recommend(loaded.reader_ids_, n=3)
    assert table["article"].tolist() == expected["article"].tolist()
    np.testing.assert_allclose(table["score"], expected["score"], rtol=1e-5)


@pytest.fixture
def interrupted(run, log, model, monkeypatch):
    """The table of a run that Ctrl-C ended after a few batches, and what that run said."""
    from partwise.recommend.unfinished import Unfinished

    monkeypatch.setattr("partwise.recommend.lists.BLOCK", 1)
    monkeypatch.setattr("partwise.recommend.lists.ROUND", 1)
    out, add, left = log.with_name("lists.csv"), Unfinished.add, [3]

    def interrupt(self, places, scores):
        add(self, places, scores)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Unfinished, "add", interrupt)
        said = run("recommend", "--model", model, "--all", "--out", out, code=130).stderr
    assert not out.exists()
    return out, said


def test_an_interrupted_run_says_what_is_left_and_the_next_one_goes_on(run, model, interrupted):
    out, said = interrupted
    assert "of 20 readers are in" in said
    assert "the same command goes on from there" in " ".join(said.split())
    assert "Interrupted." in said
    said = run("recommend", "--model", model, "--all", "--out", out).stderr
    assert f"going on from {out}.unfinished: lists of" in said
    calm = out.with_name("calm.csv")
    assert "going on" not in run("recommend", "--model", model, "--all", "--out", calm).stderr
    assert out.read_bytes() == calm.read_bytes()
    assert not out.with_name("lists.csv.unfinished").exists()


def test_a_run_from_the_log_goes_on_too(run, log, interrupted):
    out, _ = interrupted
    assert "going on from" in run("recommend", log, *KINDS, "-k", 4, "--all", "--out", out).stderr


def test_what_was_left_of_another_log_or_other_options_is_refused(run, log, model, interrupted):
    out, _ = interrupted
    said = run("recommend", "--model", model, "--all", "-n", 3, "--out", out, code=2).stderr
    assert "other options, n=10 for 3" in said
    write(log, rows_of(log)[:-1])
    said = run("recommend", log, *KINDS, "-k", 4, "--all", "--out", out, code=2).stderr
    assert "its lists are of another log" in said
    assert "remove the file to start over" in said


def test_a_table_in_a_folder_that_cannot_be_written_is_told(run, model, monkeypatch):
    def refused(*_, **settings):
        raise PermissionError(13, "Permission denied", "lists.csv.unfinished")

    monkeypatch.setattr("partwise.recommend.everyone.Unfinished", refused)
    out = model.with_name("lists.csv")
    said = run("recommend", "--model", model, "--all", "--out", out, code=1).stderr
    assert f"{out} was not written (Permission denied); no file was left behind." in said


def test_lists_of_some_readers_are_written_too(run, model):
    out = model.with_name("lists.csv")
    assert run("recommend", "--model", model, "--reader", "r1", "--reader", "r2", "--out", out).stdout == ""
    assert pd.read_csv(out)["reader"].unique().tolist() == ["r1", "r2"]


def test_a_model_of_numbers_is_asked_by_them(run, tmp_path):
    reads = {"reader": [1, 1, 2, 2, 3], "article": [7, 8, 7, 9, 8]}
    pw.save(pw.recommend.Recommender(2, random_state=0).fit(reads), tmp_path / "a.model")
    result = run("recommend", "--model", tmp_path / "a.model", "--reader", "1", "--json")
    assert json.loads(result.stdout)[0]["article"] == 9
    assert result.stderr == ""
    assert "in all" in run("explain", "--model", tmp_path / "a.model", "--reader", "1", "--article", "9").stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["log.csv"], "--reader ID, or --all"),
        ([], "--reader ID, or --all"),
        (["--reader", "r1"], "Missing argument 'LOG'"),
        (["log.csv", "--all"], "--out lists.csv"),
        (["log.csv", "--all", "--reader", "r1", "--out", "a.csv"], "Leave out --reader"),
        (["log.csv", "--model", "readers.model", "--reader", "r1"], "leave out log.csv"),
        (["--model", "readers.model", "--reader", "r1", "-k", "3"], "--components has no effect"),
        (["--model", "log.csv", "--reader", "r1"], "log.csv"),
    ],
)
@pytest.mark.usefixtures("model")
def test_what_is_asked_for_in_vain_is_refused(run, log, monkeypatch, arguments, part):
    monkeypatch.chdir(log.parent)
    assert part in run("recommend", *arguments, code=2).stderr


def test_new_reads_are_added_and_known_ones_count_once(run, log, model):
    new = [("r1", "a-new", "2024-06-01T00:00:00", "LIKE"), ("r-new", "a3", "2024-06-02T00:00:00", "VIEW")]
    more = write(log.with_name("more.csv"), [*rows_of(log)[-20:], *new])
    before = pw.load(model)
    facts = json.loads(run("update", model, more, *KINDS, "--json").stdout)
    assert facts["new"] == {"reads": 2, "readers": 1, "articles": 1}
    assert facts["known"] == 20
    after = pw.load(model)
    assert after.n_reads_ == before.n_reads_ + 2
    assert {*after.reader_ids_} - {*before.reader_ids_} == {"r-new"}
    said = " ".join(run("update", model, more, *KINDS).stdout.split())
    assert said.startswith("0 reads are new, 22 were in the model already and count once: ")


def test_reads_without_times_are_all_added(run, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("reader,article\n" + "".join(f"r{i % 5},a{i % 3}\n" for i in range(30)))
    run("recommend", log, "--out-model", tmp_path / "a.model")
    assert "all were added" in run("update", tmp_path / "a.model", log).stdout.replace("\n", " ")
    assert pw.load(tmp_path / "a.model").n_reads_ == 60
    log.write_text("reader,article,time\nr1,a1,2024-05-01\n")
    assert "Make a new one" in run("update", tmp_path / "a.model", log, code=2).stderr


def test_new_articles_are_placed_by_their_texts(run, log):
    articles = log.with_name("news.csv")
    lines = [f"a{i},{'cup goal team' if i % 2 else '<p>bank rates profit</p>'}" for i in range(16)]
    articles.write_text("article,text\n" + "\n".join(lines) + "\n")
    out = log.with_name("a.model")
    result = run("recommend", log, *KINDS, "--articles", articles, "--out-model", out)
    assert "8 of 16 articles had tags or entities of HTML" in result.stderr
    articles.write_text("article,text\nx1,cup goal\n")
    facts = json.loads(run("update", out, log, *KINDS, "--articles", articles, "--json").stdout)
    assert facts["new"] == {"reads": 0, "readers": 0, "articles": 1}
    assert "x1" in pw.load(out).article_ids_
    run("recommend", log, *KINDS, "--out-model", out)
    assert "without texts" in run("update", out, log, *KINDS, "--articles", articles, code=2).stderr


def test_options_for_the_other_kind_of_model_are_refused(run, news, log, model, counts):
    assert "--date: " in run("update", model, log, "--date", "time", code=2).stderr
    run("topics", news, "-k", 2, "--out", news.with_name("news.model"))
    message = run("update", news.with_name("news.model"), news, "--articles", news, code=2).stderr
    assert "--articles: " in message
    run("fit", counts, "--components", 2, "--out", counts.with_name("a.model"))
    assert "cannot be updated" in run("update", counts.with_name("a.model"), counts, code=2).stderr


def test_titles_of_articles_stand_in_lists_and_reasons(run, log):
    articles = log.with_name("news.csv")
    words = ["cup goal team", "bank rates profit"]
    articles.write_text(
        "article,name,text\n" + "".join(f"a{i},<i>Title</i> of {i},{words[i % 2]}\n" for i in range(16))
    )
    out = log.with_name("a.model")
    run("recommend", log, *KINDS, "--articles", articles, "--title-column", "name", "--out-model", out)
    asked = ("--model", out, "--reader", "r1", "-n", 2)
    lines = run("recommend", *asked).stdout.splitlines()
    assert all("  Title of " in line for line in lines[1:])
    first = json.loads(run("recommend", *asked, "--json").stdout)[0]
    assert first["title"] == f"Title of {first['article'][1:]}"
    said = run("explain", "--model", out, "--reader", "r1", "--article", first["article"]).stdout
    assert "you read Title of " in said
    assert max(map(len, said.splitlines())) <= 80
    run("recommend", "--model", out, "--all", "--out", log.with_name("lists.csv"))
    assert pd.read_csv(log.with_name("lists.csv"))["title"].str.startswith("Title of ").all()
    assert "title" not in run("recommend", log, *KINDS, "--reader", "r1", "--json").stdout


@pytest.mark.filterwarnings("always:.*with another strength")
def test_reads_that_are_there_with_another_strength_are_told(run, log, model):
    likes = sum(row[3] == "LIKE" for row in rows_of(log))
    other = ["--strength", "VIEW=1,LIKE=9", "--out", log.with_name("next.model")]
    said = " ".join(run("update", model, log, *other).stderr.split())
    assert "at the same time with another strength" in said
    assert likes > 0
    assert "another strength" not in run("update", model, log, *KINDS).stderr


def test_explain_tells_that_a_reader_is_unknown(run, model):
    said = run("explain", "--model", model, "--reader", "nobody", "--article", "a0").stderr
    assert f"reader 'nobody' is not in {model}" in " ".join(said.split())
    assert run("explain", "--model", model, "--reader", "r1", "--article", "a0").stderr == ""
