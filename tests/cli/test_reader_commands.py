"""partwise recommend, explain and evaluate: from a log to lists, reasons and measures."""

import json

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def log(tmp_path):
    """A csv file of reads of two tastes, with times."""
    rng = np.random.default_rng(0)
    lines = ["reader,article,time"]
    for day in range(1, 29):
        lines += [f"r{r},a{2 * (day // 4) + r % 2},2024-05-{day:02}T{r % 24:02}:00:00" for r in rng.choice(20, size=8)]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_recommend_lists_articles_that_were_not_read(run, log):
    read = {line.split(",")[1] for line in log.read_text().splitlines() if line.startswith("r1,")}
    found = json.loads(run("recommend", log, "--reader", "r1", "-n", 3, "--json").stdout)
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert not read & {row["article"] for row in found}
    text = run("recommend", log, "--reader", "r1", "--reader", "nobody").stdout
    assert "nobody" in text
    assert "a" in text.splitlines()[1]


def test_a_reader_not_in_the_log_is_noted(run, log):
    assert "is read most lately" in run("recommend", log, "--reader", "nobody").stderr


def test_explain_gives_reasons_that_sum(run, log):
    top = json.loads(run("recommend", log, "--reader", "r1", "-n", 1, "--json").stdout)[0]
    reasons = json.loads(run("explain", log, "--reader", "r1", "--article", top["article"], "--json").stdout)
    assert sum(reason["score"] for reason in reasons) == pytest.approx(top["score"], abs=1e-5)  # of six digits each
    assert "in all" in run("explain", log, "--reader", "r1", "--article", top["article"]).stdout
    assert "there is no article" in run("explain", log, "--reader", "r1", "--article", "zz", code=2).stderr


def test_evaluate_prints_the_simple_rules_beside(run, log):
    text = run("evaluate", log, "--k", 3).stdout
    assert "most read lately" in text
    found = json.loads(run("evaluate", log, "--k", 3, "--json").stdout)
    assert {"partwise", "newest"} <= {row["model"] for row in found["measures"]}


def test_jsonl_and_parquet_say_the_same_as_csv(run, log):
    table = pl.read_csv(log)
    table.write_ndjson(log.with_suffix(".jsonl"))
    table.write_parquet(log.with_suffix(".parquet"))
    outputs = [run("recommend", log.with_suffix(s), "--reader", "r2").stdout for s in (".csv", ".jsonl", ".parquet")]
    assert outputs[0] == outputs[1] == outputs[2]


def test_texts_of_articles_are_read(run, log):
    articles = log.with_name("news.csv")
    lines = [f"a{i},{'cup goal team' if i % 2 else 'bank rates profit'}" for i in range(20)]
    articles.write_text("article,text\n" + "\n".join(lines) + "\n")
    found = json.loads(run("recommend", log, "--reader", "r1", "--articles", articles, "-n", 20, "--json").stdout)
    assert "a19" in {row["article"] for row in found}


def test_a_column_of_another_name_is_told_and_can_be_named(run, log):
    renamed = log.with_name("other.csv")
    renamed.write_text(log.read_text().replace("reader,article", "user,item", 1))
    told = run("recommend", renamed, "--reader", "r1", code=2).stderr
    assert "no column 'reader'" in told
    assert "--reader-column" in told
    run("recommend", renamed, "--reader", "r1", "--reader-column", "user", "--article-column", "item")


def test_columns_of_articles_need_a_file_of_them(run, log):
    assert "--articles" in run("recommend", log, "--reader", "r1", "--title-column", "headline", code=2).stderr


def test_a_damaged_file_is_told_by_its_line(run, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"reader": 1, "article": 2}\nnot json\n')
    assert "line 2" in run("recommend", path, "--reader", "1", code=2).stderr


def test_recommend_explain_and_evaluate_need_no_pandas(run, log, without):
    without("pandas")
    top = json.loads(run("recommend", log, "--reader", "r1", "-n", 1, "--json").stdout)[0]
    assert f"{top['score']:.3f} " in run("explain", log, "--reader", "r1", "--article", top["article"]).stdout
    assert "most read" in run("evaluate", log, "--k", 3).stdout


def test_ids_of_a_csv_and_a_parquet_file_join(run, tmp_path):
    reads, articles = tmp_path / "log.parquet", tmp_path / "news.csv"
    pl.DataFrame({"reader": [1, 2, 1, 3], "article": [7.0, 7.0, 8.0, 9.0]}).write_parquet(reads)
    articles.write_text("article,text\n7,cup goal team\n8,cup team\n9,bank rates profit\n10,cup goal\n")
    found = json.loads(run("recommend", reads, "--reader", "2", "--articles", articles, "--json").stdout)
    assert {row["article"] for row in found} == {"8", "9", "10"}


def test_seconds_in_a_csv_file_are_times(run, log):
    path = log.with_name("seconds.csv")
    path.write_text("reader,article,time\n" + "".join(f"r{i % 5},a{i % 7},{1.7e9 + 9000 * i:.0f}\n" for i in range(60)))
    assert "most read lately" in run("evaluate", path, "--k", 3).stdout
