"""Topics over time, by class, among themselves, beside another model's, put together and taken apart."""

import datetime

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import is_valid_linkage

import partwise as pw
from partwise.exceptions import DataError, ParameterError
from partwise.topics import TopicModel

SUBJECTS = {
    "sport": ["cup", "team", "goal", "coach", "league"],
    "money": ["bank", "rates", "shares", "market", "profit"],
    "film": ["film", "actor", "oscar", "director", "screen"],
}


def texts_of(subjects, seed=0, size=8):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(SUBJECTS[subject], size=size)) for subject in subjects]


CLASSES = [list(SUBJECTS)[i % 3] for i in range(60)]
# sport fills the first half of the year, with a few others
DAYS = [f"2024-{1 + i // 6:02}-{1 + i % 6:02}" for i in range(60)]


@pytest.fixture(scope="module")
def fitted():
    return TopicModel(n_topics=3).fit(texts_of(CLASSES), dates=DAYS)


def subject(model, topic):
    words = {word for word, _ in model.top_words(topic, 3)}
    return next(name for name, own in SUBJECTS.items() if words <= set(own))


def test_shares_sum_to_one_in_each_bin(fitted):
    table = fitted.over_time("month")
    assert table["bin"].unique().tolist() == [f"2024-{month:02}" for month in range(1, 11)]
    np.testing.assert_allclose(table.groupby("bin")["share"].sum(), 1)
    assert (table["documents"] == 6).all()
    for topic, words in zip(table["topic"], table["words"], strict=True):
        assert set(words.split(", ")) <= {*SUBJECTS[subject(fitted, topic)]}


@pytest.mark.parametrize("bins", ["auto", "day", "week", "quarter", "year", "decade"])
def test_bins_are_of_any_usual_length(fitted, bins):
    assert len(fitted.over_time(bins)) % 3 == 0


def test_dates_may_be_date_objects_and_unknown():
    dates = [pd.Timestamp("2024-01-05 12:00"), datetime.date(2024, 2, 1), pd.NaT, None, np.datetime64("2024-03-01"), ""]
    model = TopicModel(n_topics=2, stability_runs=0).fit(texts_of(CLASSES[:6]), dates=dates)
    assert model.dates_ == ["2024-01-05", "2024-02-01", "", "", "2024-03-01", ""]
    assert model.over_time("month")["bin"].nunique() == 3


def test_without_dates_there_is_no_course_of_time():
    with pytest.raises(DataError, match="was fitted without dates"):
        TopicModel(n_topics=2).fit(texts_of(CLASSES)).over_time()


def test_a_date_that_says_less_than_its_bin_is_named():
    model = TopicModel(n_topics=2).fit(texts_of(CLASSES[:2]), dates=["2024", "2024-03-02"])
    with pytest.raises(DataError, match="'2024', that of document '0'"):
        model.over_time("month")
    with pytest.raises(ParameterError, match="'month'"):
        model.over_time("months")


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_each_class_is_of_its_topic(loss):
    model = TopicModel(n_topics=3, loss=loss).fit(texts_of(CLASSES))
    table = model.per_class(CLASSES)
    for name, own in table.groupby("class"):
        best = own.loc[own["share"].idxmax()]
        assert best["share"] > 0.9
        assert set(best["words"].split(", ")) <= set(SUBJECTS[name])
    with pytest.raises(DataError, match="2 labels for 60 texts"):
        model.per_class(["a", "b"])


def test_the_hierarchy_is_a_linkage_of_all_topics(fitted):
    tree = fitted.hierarchy()
    assert is_valid_linkage(tree)
    assert len(tree) == 2
    with pytest.raises(ParameterError, match="single topic"):
        TopicModel(n_topics=1).fit(texts_of(CLASSES)).hierarchy()


def test_a_model_differs_from_itself_in_nothing(fitted):
    found = fitted.diff(fitted)
    assert [(a, b) for a, b, _ in found.pairs] == [(0, 0), (1, 1), (2, 2)]
    assert (found.new, found.gone) == ([], [])


def test_topics_that_came_and_went_are_told_by_their_words(fitted):
    other = TopicModel(n_topics=2).fit(["unknown words " * 3, *texts_of([s for s in CLASSES if s != "film"])])
    found = fitted.diff(other)
    assert [subject(fitted, topic) for topic in found.gone] == ["film"]
    for before, after, same in found.pairs:
        assert subject(fitted, before) == subject(other, after)
        assert same > 0.9
    assert found.table()["change"].tolist() == ["kept", "kept", "gone"]
    assert "gone" in str(found)
    back = other.diff(fitted)
    assert back.new == found.gone
    with pytest.raises(ParameterError, match="other must be a fitted TopicModel"):
        fitted.diff("x")


def test_models_of_other_words_are_matched_by_their_words(fitted):
    other = TopicModel(n_topics=3).fit([text + " more" for text in texts_of(CLASSES, seed=1)])
    matched = pw.match(fitted, other)
    assert (matched.similarity > 0.9).all()
    assert [subject(fitted, a) for a, _ in matched.pairs] == [subject(other, b) for _, b in matched.pairs]


def test_merged_topics_are_one_and_every_document_is_placed(fitted):
    merged = fitted.merge([0, 2])
    assert merged.n_topics_ == len(merged.table()) == 2
    assert fitted.n_topics_ == 3
    assert merged.document_topics_.any(axis=1).all()
    assert merged.shares_[0] == pytest.approx(fitted.shares_[[0, 2]].sum(), abs=0.05)
    np.testing.assert_allclose(merged.transform(texts_of(CLASSES)), merged.document_topics_, atol=1e-9)
    assert subject(merged, 1) == subject(fitted, 1)


def test_labels_that_were_set_go_along_with_their_topics():
    model = TopicModel(n_topics=3).fit(texts_of(CLASSES)).set_labels({1: "one", 2: "two"})
    assert model.merge([0, 1]).labels_[1] == "two"
    assert model.split(0).labels_[1:3] == ["one", "two"]
    assert model.labels_[1:] == ["one", "two"]


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_topic_of_two_subjects_is_split_into_them(loss):
    """Made by merging: of subjects that share no word, a fit of one topic takes one alone, which is its minimum."""
    model = TopicModel(n_topics=3, loss=loss).fit(texts_of(CLASSES)).merge([0, 1, 2])
    assert model.n_topics_ == 1
    again = model.split(0, 3)
    assert {subject(again, topic) for topic in range(3)} == set(SUBJECTS)


@pytest.mark.parametrize("topics", [[], [1], [1, 1]])
def test_one_topic_alone_is_not_merged(fitted, topics):
    with pytest.raises(ParameterError, match="two different numbers"):
        fitted.merge(topics)


def test_what_cannot_be_split_is_refused(fitted):
    with pytest.raises(ParameterError, match="n must be an integer of at least 2; got 1"):
        fitted.split(0, 1)
    with pytest.raises(DataError, match="too few"):
        TopicModel(n_topics=1).fit(["bank"]).split(0)
    with pytest.raises(ParameterError, match="topic must be an integer from 0 to 2; got 3"):
        fitted.merge([0, 3])
