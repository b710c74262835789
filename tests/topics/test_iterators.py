"""Texts from an iterator: the same model as from a list, read once, and clear errors."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from partwise.exceptions import DataError
from partwise.io.spilled import SpilledTexts
from partwise.topics import TopicModel

WORDS = [["cup", "team", "goal", "coach", "league", "match"], ["bank", "rates", "shares", "market", "profit", "trade"]]


def make_texts(n=80):
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS[i % 2], size=8)) for i in range(n)] + ["", "  "]


def same(one, other):
    for name in ("components_", "document_topics_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.X_.toarray(), other.X_.toarray())
    assert (one.ids_, one.language_, one.labels_) == (other.ids_, other.language_, other.labels_)


@pytest.mark.parametrize(
    "settings",
    [{}, {"bigrams": True, "min_df": 2}, {"loss": "kullback-leibler"}, {"vectorizer": CountVectorizer()}],
)
@pytest.mark.parametrize("keep_texts", [True, False])
def test_an_iterator_gives_the_model_of_a_list(settings, keep_texts):
    texts = make_texts()
    expected = TopicModel(2, **settings).fit(texts)
    model = TopicModel(2, keep_texts=keep_texts, **settings).fit(text for text in texts)
    same(model, expected)
    assert model.texts_ == (texts if keep_texts else None)


def test_texts_on_disk_are_not_read_into_memory_unless_they_are_kept():
    with SpilledTexts(make_texts()) as texts:
        same(TopicModel(2, keep_texts=False).fit(texts), TopicModel(2).fit(texts))
        assert TopicModel(2).fit(texts).texts_ == [*texts]


def test_ids_and_dates_go_with_texts_of_an_iterator():
    texts = make_texts()
    ids, dates = [f"d{i}" for i in range(len(texts))], ["2020-01-01"] * len(texts)
    model = TopicModel(2).fit(iter(texts), ids, dates, metadata={"title": ids})
    assert (model.ids_, model.dates_, model.metadata_["title"]) == (ids, dates, ids)
    with pytest.raises(DataError, match="there are 3 ids for 82 texts"):
        TopicModel(2).fit(iter(texts), ids[:3])


@pytest.mark.parametrize("keep_texts", [True, False])
def test_an_empty_iterator_is_told_from_an_empty_list(keep_texts):
    model = TopicModel(2, keep_texts=keep_texts)
    with pytest.raises(DataError, match="The iterator has nothing left: make a new one"):
        model.fit(iter([]))
    with pytest.raises(DataError, match=r"there are no texts\. Pass at least one"):
        model.fit([])


@pytest.mark.parametrize("keep_texts", [True, False])
@pytest.mark.parametrize("bad", [None, 7, b"bytes", ["a list"]])
def test_a_text_that_is_no_string_is_told_by_its_number(keep_texts, bad):
    with pytest.raises(DataError, match=rf"texts\[2\] is {type(bad).__name__}, not a string"):
        TopicModel(2, keep_texts=keep_texts).fit(iter(["rates", "cup", bad]))


@pytest.mark.parametrize("keep_texts", [True, False])
def test_an_iterator_that_raises_leaves_the_model_as_it_was(keep_texts):
    def broken():
        yield from make_texts()
        raise OSError("the disk is gone")

    model = TopicModel(2, keep_texts=keep_texts).fit(make_texts())
    before = model.components_.copy()
    with pytest.raises(OSError, match="the disk is gone") as raised:
        model.fit(broken())
    assert raised.value.__notes__ == ["partwise was reading texts[82]; the model is as it was."]
    np.testing.assert_array_equal(model.components_, before)


def test_an_iterator_without_words_is_refused():
    with pytest.raises(DataError, match="none of the 2 documents has a usable word"):
        TopicModel(2, keep_texts=False).fit(iter(["the", "and"]))
