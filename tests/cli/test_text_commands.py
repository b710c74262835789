"""partwise topics, similar and demo: from a file of texts to topics, and to documents like one."""

import errno
import json
import os
import pty
import subprocess

import numpy as np
import pytest
from rich.cells import cell_len

import partwise as pw
from partwise.cli.render import print_topics
from partwise.topics import Topic


@pytest.fixture
def model(run, news):
    path = news.parent / "news.model"
    run("topics", news, "--topics", 2, "--out", path)
    return path


def test_the_table_shows_each_topic_in_80_columns(run, news):
    result = run("topics", news, "--topics", 2)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("2 topics · 40 documents · 12 words · seed 0")
    assert "(converged)" in lines[0]
    assert lines[1].startswith("relative error 0.")
    assert max(map(cell_len, lines)) <= 80
    assert result.stderr == ""
    for subject in ("sport/", "money/"):
        assert sum(subject in line for line in lines) == 1


def test_json_holds_the_same_facts(run, news):
    facts = json.loads(run("topics", news, "--topics", 2, "--words", 3, "--json").stdout)
    assert (facts["n_topics"], facts["n_documents"], facts["n_words"], facts["unplaced"]) == (2, 40, 12, 0)
    assert (facts["seed"], facts["converged"]) == (0, True)
    assert [len(topic["words"]) for topic in facts["topics"]] == [3, 3]
    assert sum(topic["share"] for topic in facts["topics"]) == pytest.approx(1)


def test_the_table_shows_how_coherent_and_how_stable_each_topic_is(run, news):
    title = run("topics", news, "-k", 2).stdout.splitlines()[2]
    assert title.split()[:4] == ["#", "share", "npmi", "stab"]
    for topic in json.loads(run("topics", news, "-k", 2, "--json").stdout)["topics"]:
        assert -1 <= topic["npmi"] <= 1
        assert 0.9 < topic["stability"] <= 1


def test_the_number_of_topics_may_be_left_open(run, news):
    facts = json.loads(run("topics", news, "-k", "auto", "--json").stdout)
    assert facts["n_topics"] == len(facts["topics"])
    assert "topics" in facts["reason"]
    assert facts["reason"].split()[0] in run("topics", news, "-k", "auto").stdout
    assert json.loads(run("topics", news, "-k", "choose", "--json").stdout)["reason"] == facts["reason"]
    assert "Invalid value for '-k'" in run("topics", news, "-k", "many", code=2).stderr


def test_language_pairs_of_words_and_loss_are_options(run, news):
    facts = json.loads(run("topics", news, "-k", 2, "--lang", "de", "--json").stdout)
    assert facts["language"] == "de"
    assert json.loads(run("topics", news, "-k", 2, "--bigrams", "--json").stdout)["n_words"] > 12
    assert json.loads(run("topics", news, "-k", 2, "--loss", "kullback-leibler", "--json").stdout)["n_topics"] == 2
    assert "--lang xx is not known" in run("topics", news, "--lang", "xx", code=2).stderr


def test_with_dates_the_table_shows_when_each_topic_peaks(run, news):
    facts = json.loads(run("topics", news, "--topics", 2, "--date", "published", "--json").stdout)
    for topic in facts["topics"]:
        assert topic["peak"].startswith("2022" if topic["document"].startswith("sport") else "2021")
    assert "peak" in run("topics", news, "--topics", 2, "--date", "published").stdout


def test_columns_are_taken_as_named(run, news):
    assert "id '2021-01-11' is in line 2" in run("topics", news, "--id", "published", code=2).stderr
    facts = json.loads(run("topics", news, "--topics", 2, "--text", "title", "--json").stdout)
    assert facts["n_words"] == 1  # "number"


def test_all_words_are_shown_that_are_asked_for(run, news):
    shown = run("topics", news, "--topics", 2, "--words", 6).stdout
    words = {word for line in news.read_text().splitlines()[1:] for word in line.split('"')[1].split()}
    assert len(words) == 12
    assert all(word in shown for word in words)
    assert len(run("topics", news, "--topics", 2, "--words", 1).stdout.splitlines()) == len(shown.splitlines())


def test_empty_documents_are_counted_once_on_standard_error(run, news):
    with news.open("a") as file:
        file.write("e1,,,2021\ne2,,the of and,2021\ne3,,,\n")
    result = run("topics", news, "--topics", 2)
    assert "empty documents: 2 of 43" in result.stderr
    assert "documents without a word that topics use: 1 of 43" in result.stderr
    assert json.loads(run("topics", news, "--topics", 2, "--json").stdout)["unplaced"] == 3
    assert run("topics", news, "--topics", 2, "-q").stderr == ""


def test_fewer_topics_than_asked_for_are_explained(run, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "the only words"}\n')
    result = run("topics", path)
    assert "1 topics instead of 10" in result.stderr


def test_json_lines_are_read_from_standard_input(run):
    texts = [{"text": "bank rates"}, {"text": "cup team"}]
    given = "\n".join(map(json.dumps, texts))
    assert json.loads(run("topics", "-", "--json", "-q", input=given).stdout)["n_documents"] == 2


def test_texts_typed_at_a_keyboard_are_waited_for_unless_that_is_forbidden(program):
    keyboard, terminal = pty.openpty()
    arguments = [*program, "topics", "-", "--json"]
    refused = subprocess.run([*arguments, "--no-input"], stdin=terminal, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "is a keyboard" in refused.stderr
    os.write(keyboard, b'{"text": "bank rates"}\n\x04')
    done = subprocess.run(arguments, stdin=terminal, capture_output=True, text=True, check=True)
    assert "Ctrl-D" in done.stderr
    assert json.loads(done.stdout)["n_documents"] == 1


def test_the_same_seed_prints_the_same_topics(run, news):
    first, second = (json.loads(run("topics", news, "--json", "--seed", 3).stdout)["topics"] for _ in range(2))
    assert first == second


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_note(run, news, monkeypatch):
    monkeypatch.setattr("partwise.topics.TopicModel", lambda *a, **s: pw.TopicModel(*a, max_iter=1, **s))
    result = run("topics", news, "--topics", 2)
    assert result.stderr.startswith("! Maximum number of iterations 1 reached.")
    assert "1 iterations (stopped at the limit)" in result.stdout


def test_saved_topics_are_those_that_were_shown(run, news):
    out = news.parent / "a.model"
    result = run("topics", news, "--topics", 2, "--out", out)
    loaded = pw.load(out)
    assert all(label in result.stdout for label in loaded.labels_)
    assert f"next: partwise similar {out}" in result.stderr


def test_a_full_disk_fails_with_1_and_keeps_the_old_model(run, news, model, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = model.read_bytes()
    monkeypatch.setattr(os, "replace", full)
    result = run("topics", news, "--topics", 3, "--out", model, code=1)
    assert "No space left on device" in result.stderr
    assert "the old file is unchanged" in result.stderr
    assert model.read_bytes() == before


def test_similar_documents_are_of_the_same_subject(run, model):
    result = run("similar", model, "sport/01", "-n", 3)
    assert len(result.stdout.splitlines()) == 7  # a title, and for each document a line and the beginning of its text
    assert result.stdout.count("sport/") == 3
    assert max(map(cell_len, result.stdout.splitlines())) <= 80


def test_similar_documents_as_json_share_out_their_score(run, model):
    found = json.loads(run("similar", model, "sport/01", "--json").stdout)
    assert len(found) == 5
    for one in found:
        assert one["id"].startswith("sport/")
        assert sum(one["shared"].values()) == pytest.approx(1)


def test_an_unknown_id_is_answered_with_the_nearest(run, model):
    assert "sport/01" in run("similar", model, "sprt/01", code=2).stderr


def test_a_model_without_texts_has_no_similar_documents(run, counts):
    out = counts.parent / "a.model"
    run("fit", counts, "--components", 2, "--out", out)
    assert "not a model of texts" in run("similar", out, "s1", code=2).stderr


def test_the_demo_shows_topics_similar_passages_and_the_next_commands(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("demo")
    lines = result.stdout.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert sum("0s  " in line for line in lines) == 10  # a decade for each topic
    assert sum(line.startswith(("0.5", "0.6")) for line in lines) == 3  # scores of similar passages
    assert "partwise similar MODEL ID" in lines[-1]
    assert not list(tmp_path.iterdir())


def test_wide_characters_and_long_names_keep_to_the_width(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    topics = [
        Topic(0, "北京 · 上海 · 广州市 · " * 3, 0.5, 0.31, 0.9, ["北京"] * 40, "路径/" * 30, "2021-05-17"),
        Topic(1, "", 0.5, float("nan"), float("nan"), [], "", ""),
    ]
    print_topics(topics, {"路径/" * 30: "text"})
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80


def test_a_bar_moves_on_a_terminal_unless_all_is_to_be_quiet(on_terminal, news):
    pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
    assert "Finding topics" in on_terminal("topics", news, "--topics", 2)[0]
    assert on_terminal("topics", news, "--topics", 2, "--quiet")[0] == "end"


def test_topics_are_the_same_whether_texts_are_kept_or_not(run, news, tmp_path):
    asked = ("topics", news, "--text", "body", "--id", "id", "-k", 2)
    shown, saved = run(*asked).stdout, run(*asked, "--out", tmp_path / "news.model").stdout
    assert "“" in shown  # the beginning of a typical document
    assert shown.splitlines()[2:] == saved.splitlines()[2:]  # the first two tell of the time
    assert json.loads(run(*asked, "--json").stdout)["topics"]
    assert pw.load(tmp_path / "news.model").texts_ is not None


def test_words_may_stay_on_disk(run, news):
    path = news.parent / "disk.model"
    in_memory = run("topics", news, "-k", 2, "--json").stdout
    on_disk = run("topics", news, "-k", 2, "--max-memory", "1GiB", "--json", "--out", path).stdout
    facts, expected = json.loads(on_disk), json.loads(in_memory)
    assert [topic["words"] for topic in facts["topics"]] == [topic["words"] for topic in expected["topics"]]
    assert pw.load(path).max_memory == "1GiB"
    assert run("similar", path, "sport/01").stdout
    assert "--max-memory" in run("topics", news, "-k", 2, "--max-memory", "1KiB", code=2).stderr


def test_topics_tell_of_boilerplate_and_keep_it_if_asked(run, tmp_path):
    rng = np.random.default_rng(0)
    words = [[name + end for end in "abcdefghijklmnopqrstuvwxyz"] for name in ("goal", "bank")]
    texts = [" ".join(rng.choice(words[i % 2], 9)) + "\n--\nSent from an old typewriter" for i in range(60)]
    file = tmp_path / "posts.jsonl"
    file.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    result = run("topics", file, "-k", 2)
    assert "1 line of boilerplate left out, such as 'sent from an old typewriter'" in result.stderr
    assert "--keep-boilerplate counts them" in result.stderr
    found = json.loads(run("topics", file, "-k", 2, "--json").stdout)["boilerplate"]
    assert (found["lines"], "typewriter" in found["words"]) == (["sent from an old typewriter"], True)
    kept = run("topics", file, "-k", 2, "--keep-boilerplate", "--max-df", "0.99", "--json")
    assert "boilerplate" not in kept.stderr
    assert "boilerplate" not in json.loads(kept.stdout)


def test_topics_and_transform_take_a_file_of_embeddings(run, tmp_path, news):
    n = 40
    E = np.eye(2)[np.arange(n) % 2] + 0.1 * np.random.default_rng(0).random((n, 2))
    np.save(tmp_path / "E.npy", E)
    model, out = tmp_path / "news.model", tmp_path / "places.npy"
    run("topics", news, "-k", 2, "--embeddings", tmp_path / "E.npy", "--out", model)
    run("transform", model, news, "--embeddings", tmp_path / "E.npy", "--out", out)
    texts = pw.load(model).texts_
    expected = pw.TopicModel(2, embeddings=E).fit(texts)
    assert (pw.load(model).components_ == expected.components_).all()
    assert (np.load(out) == expected.transform(texts, embeddings=E)).all()
    assert "Pass theirs as --embeddings" in run("transform", model, news, code=2).stderr
    np.save(tmp_path / "short.npy", E[:-1])
    short = run("topics", news, "--embeddings", tmp_path / "short.npy", code=2).stderr
    assert "39 rows for 40 documents" in short
    assert "is not an .npy file of numbers" in run("topics", news, "--embeddings", news, code=2).stderr
    memory = run("topics", news, "--embeddings", tmp_path / "E.npy", "--max-memory", "1GiB", code=2).stderr
    assert "--max-memory does not go with embeddings" in memory
