"""A matrix of words on disk: the topics of one in memory, all that a model tells, and no file that stays."""

import errno
import gc
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

import partwise as pw
from partwise.blocks.making import Making
from partwise.exceptions import DataError, ParameterError
from partwise.io.spilled import SpilledTexts
from partwise.matrix.by_blocks import ByBlocks
from partwise.topics import TopicModel, counted

WORDS = [f"{first}{last}" for first in ("cup", "bank", "star", "farm") for last in "abcdefghijklmnop"]
LITTLE = "980KiB"
"""What a fit of the texts in memory does not stay within, but one by blocks does."""


def make_texts(n=1200):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS[16 * (i % 4) : 16 * (i % 4) + 20], size=12)) for i in range(n)]
    return [*texts, "", "  ", "the of and"]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(counted, "PIECE", 100)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def read(monkeypatch):
    """The row blocks that a fit reads."""
    rows, made = [], ByBlocks.each
    monkeypatch.setattr(ByBlocks, "each", lambda self, *a, **k: rows.append(len(self.blocks)) or made(self, *a, **k))
    return rows


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bigrams": True, "min_df": 3, "max_df": 0.5, "stop_words": ["cupa"], "max_memory": "2000KiB"},
        {"balanced": False, "n_jobs": 2},
        {"seed_words": [["bankn", "bankp"]]},
    ],
)
def test_topics_are_those_of_a_matrix_in_memory(read, settings):
    texts = make_texts()
    expected = TopicModel(4, **{**settings, "max_memory": None}).fit(texts)
    assert not read
    model = TopicModel(4, **{"max_memory": LITTLE} | settings).fit(iter(texts))
    assert max(read) > 1
    assert [*model.words_] == [*expected.words_]
    np.testing.assert_allclose(model.X_.toarray(), expected.X_.toarray(), rtol=1e-14)
    np.testing.assert_allclose(model.vectorizer_.transform(texts[:9]).toarray(), model.X_[:9].toarray(), rtol=1e-14)
    np.testing.assert_allclose(model.components_, expected.components_, atol=1e-8)
    np.testing.assert_allclose(model.document_topics_, expected.document_topics_, atol=1e-8)
    assert (model.ids_, model.language_, model.labels_) == (expected.ids_, expected.language_, expected.labels_)


def test_counts_are_those_in_memory_and_a_fit_that_has_space_is_the_same(read):
    texts = make_texts()
    expected = TopicModel(3, loss="kullback-leibler").fit(texts)
    model = TopicModel(3, loss="kullback-leibler", max_memory="64MiB").fit(texts)
    assert not read
    np.testing.assert_array_equal(model.X_.toarray(), expected.X_.toarray())
    np.testing.assert_array_equal(model.components_, expected.components_)


def test_counts_by_blocks_give_like_topics(read):
    texts = make_texts()
    expected = TopicModel(4, loss="kullback-leibler").fit(texts)
    model = TopicModel(4, loss="kullback-leibler", max_memory=LITTLE, max_iter=1000).fit(texts)
    assert max(read) > 1
    assert model.relative_error_ == pytest.approx(expected.relative_error_, rel=0.01)
    assert pw.match(expected.components_, model.components_).similarity.min() > 0.95


def test_a_matrix_of_words_is_read_by_blocks_too(read):
    X = TopicModel(4).fit(make_texts()).X_
    expected = TopicModel(4).fit(X).components_
    np.testing.assert_allclose(TopicModel(4, max_memory=LITTLE).fit(X).components_, expected, atol=1e-8)
    assert max(read) > 1


def test_a_model_tells_and_does_what_one_in_memory_does(tmp_path):
    texts = make_texts()
    expected, model = TopicModel(4).fit(texts), TopicModel(4, max_memory=LITTLE).fit(texts)
    for told in (
        lambda m: m.stability_,
        lambda m: m.npmi_,
        lambda m: [one.score for one in m.neighbours("7", 5)],
        lambda m: m.find_columns("bankp")["score"],
        lambda m: m.document_columns()["fit"],
        lambda m: m.merge([0, 1]).components_,
        lambda m: m.split(0).components_,
        lambda m: m.partial_fit(make_texts(40), ids=[f"n{i}" for i in range(43)]).components_,
        lambda m: m.X_.toarray(),
    ):
        np.testing.assert_allclose(told(model), told(expected), atol=1e-8)
    assert len(model.records()) == 4
    model.report(tmp_path / "page.html")
    model.components_ = model.components_[::-1].copy()
    assert model.document_topics_.shape == (len(texts) + 43, 4)
    pw.save(model, tmp_path / "x.model")
    for again in (pw.load(tmp_path / "x.model"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.X_.toarray(), model.X_.toarray())
        assert again.max_memory == LITTLE


def files(folder):
    return [*folder.rglob("*")]


def test_no_file_stays_after_a_fit_and_none_is_held_after_the_model(temporary):
    with SpilledTexts(make_texts()) as texts:
        model = TopicModel(4, max_memory=LITTLE, keep_texts=False).fit(texts)
    assert files(temporary) == []
    assert Path("/proc/self/maps").read_text().count(str(temporary)) == 2  # entries, and their columns
    del model
    gc.collect()
    assert str(temporary) not in Path("/proc/self/maps").read_text()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("written", [2, 15])
def test_no_file_stays_after_a_ctrl_c(temporary, monkeypatch, written):
    """The first time words are counted, the second time the matrix is written."""
    add, left = Making.add, [written]

    def stopped(self, rows):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGINT)
        add(self, rows)

    monkeypatch.setattr(Making, "add", stopped)
    with pytest.raises(KeyboardInterrupt):
        TopicModel(4, max_memory=LITTLE).fit(make_texts())
    assert left[0] <= 0
    assert files(temporary) == []


def test_a_full_disk_is_told_with_the_way_out(temporary, monkeypatch):
    def full(self, rows):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Making, "add", full)
    model = TopicModel(2).fit(["rates rise", "cup final"])
    model.set_params(max_memory="1GiB")
    with pytest.raises(OSError, match="set TMPDIR to use another folder"):
        model.fit(make_texts())
    assert files(temporary) == []
    assert model.ids_ == ["0", "1"]


def test_errors_are_those_of_a_matrix_in_memory():
    for texts, settings in ((["", "the of"], {}), (["bank cup", "bank farm"], {"min_df": 3})):
        with pytest.raises(DataError) as expected:
            TopicModel(2, **settings).fit(texts)
        with pytest.raises(DataError) as raised:
            TopicModel(2, max_memory="1GiB", **settings).fit(texts)
        assert str(raised.value) == str(expected.value)
    same = ["bank cup star"] * 60  # each word is in too many documents, and there are no others
    assert [*TopicModel(1, max_memory="1GiB").fit(same).words_] == [*TopicModel(1).fit(same).words_]


def test_what_cannot_be_is_refused():
    with pytest.raises(ParameterError, match="max_memory does not go with a vectorizer of your own"):
        TopicModel(2, vectorizer=CountVectorizer(), max_memory="1GiB").fit(["a cup"])
    with pytest.raises(ParameterError, match="max_memory"):
        TopicModel(2, max_memory="much").fit(["a cup"])
    with pytest.raises(ParameterError, match=r"does not hold a fit of 4 parts of 1,203 x 52 entries, which needs"):
        TopicModel(4, max_memory="200KiB").fit(make_texts())


def test_the_number_of_topics_is_that_of_a_fit_in_memory():
    texts = make_texts()
    expected, found = (TopicModel("auto", max_memory=most).fit(texts) for most in (None, LITTLE))
    assert found.rank_reason_ == expected.rank_reason_
