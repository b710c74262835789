"""Edits: renamed, merged and split topics, their keys, and undoing."""

import numpy as np
import pytest
import sqlalchemy as sa

from partwise.exceptions import DataError, ParameterError
from partwise.portal import schema
from partwise.portal.edits import add_edit, applied, edits, undo_edit
from partwise.portal.fits import begin_fit
from partwise.portal.topic_keys import carried_keys, new_keys
from partwise.topics import TopicModel

WORDS = {
    "sport": "cup team goal coach league match",
    "money": "bank rates shares market profit trade",
    "health": "doctor vaccine hospital patients nurse clinic",
    "food": "bread cheese soup kitchen flour butter",
}


def make_texts(subjects, each=20, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS[subject].split(), 8)) for subject in subjects for _ in range(each)]


@pytest.fixture(scope="module")
def topics():
    return TopicModel(4, stability_runs=0).fit(make_texts(WORDS))


KEYS = ["t1", "t2", "t3", "t4"]


@pytest.fixture
def fit(database):
    return begin_fit(database)


def test_edits_are_applied_in_order_and_undone_last_first(database, fit, topics):
    add_edit(database, fit, "rename", {"topic": "t2", "label": "  Money \n matters "})
    add_edit(database, fit, "merge", {"topics": ["t3", "t1"]})
    add_edit(database, fit, "split", {"topic": "t4", "n": 2})
    made, keys = applied(topics, KEYS, edits(database, fit))
    assert made.n_topics_ == len(keys) == 4
    assert keys[-1] == edits(database, fit)[-1].facts["new"][0]
    assert made.labels_[keys.index("t2")] == "Money matters"
    for left in (2, 1, 0):
        assert undo_edit(database, fit)
        assert len(edits(database, fit)) == left
    assert not undo_edit(database, fit)
    made, keys = applied(topics, KEYS, edits(database, fit))
    assert (keys, made.labels_) == (KEYS, topics.labels_)


def test_the_model_itself_is_not_edited(database, fit, topics):
    before = topics.labels_, topics.components_.copy()
    add_edit(database, fit, "rename", {"topic": "t1", "label": "Other"})
    applied(topics, KEYS, edits(database, fit))
    assert topics.labels_ == before[0]
    assert np.array_equal(topics.components_, before[1])


def test_a_merged_topic_has_the_key_and_label_of_the_largest(database, fit, topics):
    largest = KEYS[int(topics.shares_.argmax())]
    other = next(key for key in KEYS if key != largest)
    third = next(key for key in KEYS if key not in (largest, other))
    add_edit(database, fit, "rename", {"topic": largest, "label": "Largest"})
    add_edit(database, fit, "rename", {"topic": other, "label": "Other"})
    add_edit(database, fit, "rename", {"topic": third, "label": "Third"})
    add_edit(database, fit, "merge", {"topics": [other, largest]})
    made, keys = applied(topics, KEYS, edits(database, fit))
    assert made.n_topics_ == 3
    assert other not in keys
    assert made.labels_[keys.index(largest)] == "Largest"
    assert made.labels_[keys.index(third)] == "Third"
    share = topics.shares_[KEYS.index(largest)] + topics.shares_[KEYS.index(other)]
    assert made.shares_[keys.index(largest)] == pytest.approx(share, abs=0.02)


def test_a_key_is_never_used_twice(database, fit):
    with database.write() as connection:
        first = new_keys(database, connection, 3)
    add_edit(database, fit, "split", {"topic": "t1", "n": 3})
    undo_edit(database, fit)
    again = add_edit(database, fit, "split", {"topic": "t1", "n": 3}).facts["new"]
    with database.write() as connection:
        made = [*first, *again, *new_keys(database, connection, 2)]
    assert first == ["t1", "t2", "t3"]
    assert len(set(made)) == len(made) == 7
    assert again == ["t6", "t7"]


def test_an_edit_that_cannot_be_made_is_an_error_or_left_out_and_told(database, fit, topics):
    add_edit(database, fit, "merge", {"topics": ["t1", "t9"]})
    add_edit(database, fit, "rename", {"topic": "t2", "label": "Kept"})
    with pytest.raises(ParameterError, match="no topic 't9'"):
        applied(topics, KEYS, edits(database, fit))
    skipped = []
    made, keys = applied(topics, KEYS, edits(database, fit), skipped)
    assert keys == KEYS
    assert made.labels_[1] == "Kept"
    assert len(skipped) == 1
    assert "merge" in skipped[0]
    assert "'t9'" in skipped[0]


def test_a_topic_of_one_word_cannot_be_split(database, fit):
    lone = TopicModel(1, stability_runs=0, min_df=1, max_df=1.0).fit(["cup", "cup"])
    add_edit(database, fit, "split", {"topic": "t1", "n": 2})
    with pytest.raises(DataError, match="too few"):
        applied(lone, ["t1"], edits(database, fit))


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("rename", {"topic": "t1"}), ("rename", {"topic": 1, "label": "x"}),
        ("rename", {"topic": "t1", "label": "x" * 201}),
        ("merge", {"topics": ["t1"]}), ("merge", {"topics": ["t1", "t1"]}), ("merge", {"topics": "t1"}), ("merge", {}),
        ("split", {"topic": "t1", "n": 1}), ("split", {"topic": "t1", "n": 11}), ("split", {"topic": "t1", "n": True}),
        ("drop", {"topic": "t1"}),
    ],
)  # fmt: skip
def test_facts_that_are_none_of_an_edit_are_refused(database, fit, kind, facts):
    with pytest.raises(ParameterError):
        add_edit(database, fit, kind, facts)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.edits)).scalar_one() == 0


def test_topics_keep_their_keys_where_a_later_model_has_their_like(topics):
    later = TopicModel(4, stability_runs=0).fit(make_texts(("food", "health", "money"), seed=5) + make_letters())
    carried = carried_keys(topics, KEYS, later)
    kept = {key: later.labels_[place] for place, key in enumerate(carried.keys) if key is not None}
    assert len(kept) == 3
    assert carried.keys.count(None) == 1
    for key, label in kept.items():
        assert set(label.split(" · ")) <= set(subject_of(topics.labels_[KEYS.index(key)]).split())
    assert carried.died == [key for key in KEYS if subject_of(topics.labels_[KEYS.index(key)]) == WORDS["sport"]]


def make_letters():
    rng = np.random.default_rng(9)
    return [" ".join(rng.choice(["envelope", "stamp", "postman", "parcel", "letter"], 8)) for _ in range(20)]


def subject_of(label):
    return next(words for words in WORDS.values() if label.split(" · ")[0] in words.split())
