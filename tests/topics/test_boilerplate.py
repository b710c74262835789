"""Boilerplate: planted lines are found, lines of a subject are not, and what was left out is told."""

import copy
import gzip
import json
import pickle
import tracemalloc
from string import ascii_lowercase

import numpy as np
import pytest

import partwise as pw
from partwise.exceptions import ParameterError
from partwise.topics import TopicModel
from partwise.topics.boilerplate import Boilerplate, find_boilerplate
from partwise.topics.vectorize import make_vectorizer

HOSTS = ["hive", "comet", "lotus", "maple", "heron", "cedar", "ember", "quartz"]
SIGNED = "sent from the desk of the old society"


def words(name):
    return [name + first + last for first in "abcdefgh" for last in "vwxyz"]


def posted(texts, seed=0):
    """Texts as posts, with headers, a line that quotes, and a signature under a third of them."""
    rng = np.random.default_rng(seed)
    made = []
    for i, text in enumerate(texts):
        host, name = rng.choice(HOSTS), f"writer{rng.integers(40)}"
        lines = [f"From: {name}@{host}.edu", f"Subject: {' '.join(text.split()[:3])}", f"Lines: {rng.integers(90)}", ""]
        lines += [f"In article <{rng.integers(10**6)}@{host}.edu> {name} writes:"] if i % 6 == 0 else []
        words = text.split()
        lines += [" ".join(words[j : j + 9]) for j in range(0, len(words), 9)]
        made.append("\n".join(lines + (["--", SIGNED] if i % 7 == 0 else [])))
    return made


@pytest.fixture(scope="module")
def passages():
    return pw.datasets.load_state_of_the_union().texts[::4]


def found_in(texts):
    return find_boilerplate(texts, make_vectorizer("en", False, True))


def test_headers_quoting_and_signatures_are_found(passages):
    found = found_in(posted(passages))
    assert {"from *", "lines *", "in article * writes", "subject:", SIGNED} <= {*found.lines}
    assert {"writes", "edu", "hive"} <= {*found.words}
    assert len(found.lines) < 12


def test_topics_of_posts_are_those_of_their_texts(passages):
    texts, options = passages, {"n_topics": 5, "stability_runs": 0}  # with eight, plain fits differ from seed to seed
    plain = TopicModel(**options).fit(texts)
    without, kept = (TopicModel(keep_boilerplate=keep, **options).fit(posted(texts)) for keep in (False, True))
    noise = {"writes", "article", "edu", "subject", "lines", "society", "desk", *HOSTS}
    assert not noise & {word for t in range(5) for word, _ in without.top_words(t)}
    alike = [pw.match(plain, model).similarity.mean() for model in (without, kept)]
    assert alike[0] > 0.95 > alike[1]


def test_passages_as_they_are_have_none(passages):
    model = TopicModel(3, stability_runs=0).fit(passages)
    assert model.boilerplate_ is None
    assert model.vectorizer_.preprocessor is None


def test_lines_of_a_subject_stay():
    """Rows of a table that all reports of one kind have, and a footer that all documents have."""
    rng = np.random.default_rng(0)
    money, sport = words("bank"), words("goal")
    texts = []
    for i in range(200):
        own = " ".join(rng.choice(money if i % 2 else sport, 12))
        table = [f"revenue {rng.integers(999)} profit {rng.integers(999)}"] if i % 2 else []
        texts.append("\n".join([own, *table, "printed in town"]))
    found = found_in(texts)
    assert found.lines == ("printed in town",)
    assert not {"revenue", "profit"} & {*found.words}


def test_a_word_that_means_something_elsewhere_stays_a_word():
    """The bank of a disclaimer is also what half of the texts are about."""
    rng = np.random.default_rng(0)
    money, sport = words("rate"), words("goal")
    texts = []
    for i in range(200):
        own = ["bank", *rng.choice(money, 8)] if i % 2 else [*rng.choice(sport, 8)]
        texts.append("\n".join([" ".join(own), "private and confidential to bank customers"]))
    found = found_in(texts)
    assert len(found.lines) == 1
    assert "confidential" in found.words
    assert "bank" not in found.words


def of_subjects(n_subjects, shared, line, spread, n=300):
    """Texts of subjects with so many of 20 words from all; each ends with the line of its subject, or of any."""
    rng = np.random.default_rng(0)
    names = ["bank", "goal", "film", "gene", "ship"][:n_subjects]
    texts = []
    for i in range(n):
        own = [*rng.choice(words(names[i % n_subjects]), 20 - shared), *rng.choice(words("any"), shared)]
        name = names[rng.integers(n_subjects) if spread else i % n_subjects]
        texts.append(f"{' '.join(own)}\n{line.format(name, rng.integers(999), rng.integers(999))}")
    return texts


@pytest.mark.parametrize("line", ["more on {} from our old desk here", "{0} won {1} and {0} lost {2}"])
@pytest.mark.parametrize("shared", [0, 10])
@pytest.mark.parametrize("n_subjects", [2, 3, 4, 5])
def test_lines_of_few_subjects_stay_and_the_same_lines_go_if_any_subject_has_them(n_subjects, shared, line):
    assert found_in(of_subjects(n_subjects, shared, line, spread=False)) is None
    found = found_in(of_subjects(n_subjects, shared, line, spread=True))
    assert len(found.lines) == n_subjects


DESKS = {
    "bbc_news": [
        "markets shares profit company results here",
        "film music awards celebrity stories here",
        "election government party minister stories here",
        "football rugby match cup results here",
        "software internet phone games stories here",
    ],
    "ag_news_test": [
        "more on companies profits shares and oil",
        "more on software internet space and microsoft",
        "more on football baseball olympic game and team",
        "more on election government minister iraq and president",
    ],
}


@pytest.mark.parametrize("name", DESKS)
def test_news_lose_nothing_to_lines_of_their_desks(shared_data, name):
    path = shared_data / name / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"needs {name}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(row) for row in file]
    desks = dict(zip(sorted({row["label"] for row in rows}), DESKS[name], strict=True))
    for some in (rows, rows[:4000], rows[::5]):
        assert found_in([f"{row['text']}\n{desks[row['label']]}" for row in some]) is None


def test_memory_is_bounded_for_long_texts_with_many_lines_that_repeat():
    """11 MB of texts with 20,000 lines, each in ten documents."""
    rng = np.random.default_rng(0)
    vocabulary = np.array(["w" + a + b + c for a in ascii_lowercase for b in ascii_lowercase for c in ascii_lowercase])
    pool = np.array([" ".join(rng.choice(vocabulary, 5)) for _ in range(20_000)])
    texts = ["\n".join([*rng.choice(pool, 100), " ".join(rng.choice(vocabulary, 600))]) for _ in range(2_000)]
    assert sum(map(len, texts)) > 10_000_000
    tracemalloc.start()
    try:
        found_in(texts)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


@pytest.mark.parametrize(
    "texts",
    [
        ["one line"] * 100,
        ["first\nsecond"] * 100,
        [""] * 100,
        ["a line\nof ten"] * 10,
        [f"x{i}\ny{i}" for i in range(99)],
    ],
    ids=["lines", "copies", "empty", "few", "nothing repeats"],
)
def test_none_is_found_where_nothing_is_beside_it(texts):
    assert found_in(texts) is None


def test_texts_with_hardly_any_are_read_as_they_are():
    """A name under every tenth long text makes no topic, under every short one it does."""
    rng = np.random.default_rng(0)
    for length, often in ((100, 10), (10, 1)):
        texts = [
            " ".join(rng.choice(words("rate"), length)) + "\ntyped upstairs" * (i % often == 0) for i in range(100)
        ]
        assert (found_in(texts) is None) == (length == 100)


def test_a_text_of_nothing_else_stays_whole():
    found = Boilerplate(("sent from *",), (), ("sent", "from"))
    assert found("Sent from Rome\nGoals") == "goals"
    assert found("Sent from Rome") == "sent from rome"


def test_a_model_treats_texts_to_come_alike_and_keeps_what_it_left_out(passages, tmp_path):
    texts = posted(passages)
    for options in ({}, {"max_memory": "200MiB"}, {"loss": "kullback-leibler"}):
        model = TopicModel(3, stability_runs=0, **options).fit(texts)
        np.testing.assert_allclose(model.transform(texts), model.document_topics_, rtol=1e-4, atol=1e-6)
        bare = passages[0]
        headed = "\n".join(["From: nobody@hive.edu", "Lines: 7", *bare.splitlines(), "--", SIGNED])
        np.testing.assert_allclose(model.transform([headed]), model.transform([bare]), rtol=1e-9)
    pw.save(model, tmp_path / "a.model")
    for other in (pw.load(tmp_path / "a.model"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert other.boilerplate_ == model.boilerplate_
        assert other.transform(texts[:9]).tobytes() == model.transform(texts[:9]).tobytes()


def test_a_stream_leaves_out_what_its_first_batch_told(passages):
    texts = posted(passages)
    model = TopicModel(4, stability_runs=0).partial_fit(texts[::2]).partial_fit(texts[1::2])
    assert not {"writes", *HOSTS} & {*model.words_}
    assert SIGNED in model.boilerplate_.lines


def test_whether_to_keep_it_is_a_flag():
    with pytest.raises(ParameterError, match="keep_boilerplate"):
        TopicModel(keep_boilerplate="yes").fit(["rates"])


@pytest.mark.parametrize("lines", [(), ("",), ("", "sent from my phone")])
@pytest.mark.parametrize("text", ["", " ", "\n\n", "Rates rose.", "...\nRates rose."])
def test_an_empty_line_or_text_or_none_at_all_is_no_error(lines, text):
    assert Boilerplate(lines, (), ())(text).strip() in {"", "rates rose.", "...\nrates rose."}
