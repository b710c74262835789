"""A model that is interrupted answers as before: new state is built whole and assigned last."""

import copy
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from partwise.atomic import rebuilt
from partwise.exceptions import DataError, ParameterError
from partwise.recommend import Recommender
from partwise.topics import TopicModel

POINTS = 12
"""Calls of an action at which it is interrupted or fails in turn, evenly spread."""
NEWS = ["the bank cuts rates", "rates and inflation rise", "a cup final at home", "the cup goes to the home team"]
MORE = ["a film festival opens", "the festival shows a film", "rates fall", "a film of the cup"]


def test_a_block_that_fails_changes_nothing():
    class Model:
        parts = 1

    model = Model()
    with pytest.raises(KeyboardInterrupt), rebuilt(model) as made:  # noqa: PT012
        made.parts = 2
        raise KeyboardInterrupt
    assert model.parts == 1
    with rebuilt(model) as made:
        made.parts, made.new = 3, 4
        assert model.parts == 1
    assert (model.parts, model.new) == (3, 4)


@contextmanager
def raising_at(number, error):
    """Raise at that call, by number, of a function of topics or recommend; yields how many there were."""
    calls = [0]

    def count(frame, event, _):
        if event == "call" and frame.f_globals.get("__name__", "").startswith(
            ("partwise.topics", "partwise.recommend")
        ):
            calls[0] += 1
            if calls[0] == number:
                raise error("in the midst")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def plain(value):
    """Return an answer as values that can be compared."""
    if hasattr(value, "to_dict"):
        return value.to_dict("list")
    return value.tolist() if isinstance(value, np.ndarray) else value


def log_of(*pairs):
    return {"reader": [reader for reader, _ in pairs], "article": [article for _, article in pairs]}


LOG = log_of(*((r, a) for r in range(8) for a in range(6) if (r + a) % 2 == 0 and (r, a) != (0, 4)))
OTHER = log_of(*((r, a) for r in range(8) for a in range(6) if (r * a) % 3 == 0))
TEXTS = {"article": [0, 1, 2, 3], "text": NEWS}
RATED = {**LOG, "strength": [1.0 + (r * 7 + a) % 5 for r, a in zip(LOG["reader"], LOG["article"], strict=True)]}


def answers_of_recommender(model):
    found = [
        model.recommend([0, 1, "new"], 9),
        model.similar_articles(0),
        model.similar_readers(1),
        model.explain(0, 2),
    ]
    return str([plain(one) for one in (*found, model.labels_, model.weights_, model.article_parts_, model.reader_ids_)])


def answers_of_topics(model):
    found = [
        model.transform(NEWS + MORE),
        model.table(),
        model.document_table(),
        model.documents(0),
        model.find("rates"),
    ]
    found += [model.similar(NEWS[0]), model.stability_, model.words_, model.ids_, model.events_, model.language_]
    found += [getattr(model, name, None) for name in ("rank_reason_", "drift_", "dates_", "texts_", "n_iter_")]
    return str([plain(one) for one in (*found, model.curve_["loss"])])


def topics(**settings):
    return TopicModel(**{"n_topics": 2, "stability_runs": 1} | settings)


CASES = {
    "fit of a log": (Recommender(2).fit(LOG, TEXTS), lambda model: model.fit(OTHER)),
    "fit of ratings": (Recommender(2).fit(LOG, TEXTS), lambda model: model.set_params(feedback="explicit").fit(RATED)),
    "fit of reads": (
        Recommender(2, feedback="explicit").fit(RATED),
        lambda model: model.set_params(feedback="implicit").fit(OTHER, TEXTS),
    ),
    "update": (Recommender(2).fit(LOG, TEXTS), lambda model: model.update(log_of((0, 5), (9, 3), (1, 17)))),
    "update of ratings": (
        Recommender(2, feedback="explicit").fit(RATED),
        lambda model: model.update(log_of((0, 5), (9, 3)) | {"strength": [1, 5]}),
    ),
    "add_articles": (
        Recommender(2).fit(LOG, TEXTS),
        lambda model: model.add_articles({"article": [0, 70], "text": MORE[2:]}),
    ),
    "fit of texts": (topics(n_topics="choose").fit(NEWS * 5), lambda model: model.set_params(n_topics=3).fit(MORE)),
    "fit after a stream": (topics().partial_fit(NEWS).partial_fit(MORE), lambda model: model.fit(MORE)),
    "first batch": (topics().fit(NEWS, dates=["2024"] * 4), lambda model: model.partial_fit(MORE, dates=["2025"] * 4)),
    "next batch": (topics().partial_fit(NEWS), lambda model: model.partial_fit(MORE)),
    "labels": (topics().fit(NEWS), lambda model: model.set_labels({0: "money", 1: "sport"})),
    "merge": (topics().fit(NEWS).set_labels({0: "money"}), lambda model: model.merge([0, 1])),
    "split": (topics().fit(NEWS).set_labels({0: "money"}), lambda model: model.split(0)),
}


@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_change_leaves_the_model_as_it_was_or_as_it_would_become(case):
    model, act = CASES[case]
    answers = answers_of_recommender if isinstance(model, Recommender) else answers_of_topics
    done = copy.deepcopy(model)
    before = answers(done)
    with raising_at(0, None) as calls:
        act(done)
    after = answers(done)
    assert (before == after) == (case in ("merge", "split"))
    for place, number in enumerate(np.unique(np.linspace(1, calls[0], POINTS).astype(int))):
        one = copy.deepcopy(model)
        # of an interrupt nobody reads the text
        error, words = ((KeyboardInterrupt, None), (ValueError, "in the midst"))[place % 2]
        with pytest.raises(error, match=words), raising_at(number, error):
            act(one)
        assert answers(one) in (before, after), number
        if answers(one) == before:
            act(one)
            assert answers(one) == after, number


def test_labels_are_set_all_or_none():
    model = topics().fit(NEWS)
    before = model.labels_
    with pytest.raises(ParameterError, match="topic must be an integer from 0 to 1; got 7"):
        model.set_labels({0: "money", 7: "sport"})
    assert model.labels_ == before


def test_what_is_left_of_an_earlier_fit_does_not_outlive_it():
    model = topics(n_topics="choose").fit(NEWS * 5)
    assert model.rank_reason_
    model.set_params(n_topics=2).fit(NEWS)
    assert not hasattr(model, "rank_reason_")
    recommender = Recommender(2).fit(LOG, TEXTS)
    recommender.fit(LOG)
    assert recommender.labels_ == []
    with pytest.raises(DataError, match="fitted without texts"):
        recommender.add_articles(TEXTS)
