"""What a model tells is a function of its topics, a value that nothing changes."""

import inspect
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from partwise.topics import TopicModel, listing, search, views

TEXTS = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
FUNCTIONS = {
    "records": listing.records, "table": listing.table, "document_table": listing.document_table,
    "find": search.find, "similar": search.similar, "per_class": views.per_class, "hierarchy": views.hierarchy,
}  # fmt: skip


@pytest.fixture
def model():
    return TopicModel(2, stability_runs=0).fit(TEXTS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_method_is_a_function_of_the_topics_with_its_parameters_and_words(name):
    method, function = getattr(TopicModel, name), FUNCTIONS[name]
    (first, *rest), (_, *others) = (inspect.signature(one).parameters.values() for one in (method, function))
    assert first.name == "self"
    assert rest == others
    assert method.__doc__ == function.__doc__


def test_a_function_tells_of_topics_what_the_model_tells(model):
    topics = model._now
    assert listing.document_columns(topics) == model.document_columns()
    assert search.find_columns(topics, "bank") == model.find_columns("bank")
    np.testing.assert_array_equal(views.hierarchy(topics), model.hierarchy())


def test_topics_that_were_taken_stay_what_they_are_while_the_model_goes_on(model):
    topics = model._now
    before = listing.records(topics)
    model.partial_fit(["the team wins the cup final"] * 3)
    model.set_labels({0: "another"})
    assert listing.records(topics)[0].label == before[0].label != model.records()[0].label
    assert len(topics.places) == 4 < len(model.document_topics_)
    with pytest.raises(FrozenInstanceError):
        topics.places = None
    with pytest.raises(ValueError, match="read-only"):
        topics.components[0, 0] = 1


def test_settings_that_change_later_count_from_then_on(model):
    before = model._now
    model.set_params(stability_runs=1)
    assert np.isfinite(model.stability_).all()
    assert model._now.settings == replace(before.settings, stability_runs=1)


def test_a_model_that_is_not_fitted_says_so():
    for use in (lambda m: m.words_, lambda m: m.labels_, lambda m: m.table(), lambda m: m.merge([0, 1])):
        with pytest.raises(ValueError, match="not fitted yet"):
            use(TopicModel())
    assert not hasattr(TopicModel(), "ids_")
