"""Titles, addresses and sections of documents: kept beside the ids, through batches, edits and files."""

import numpy as np
import pytest

import partwise as pw
from partwise.exceptions import DataError
from partwise.topics import TopicModel

TEXTS = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
TITLES = ["Rates", "Bank", "Final", None]


@pytest.fixture
def model():
    return TopicModel(2, stability_runs=0).fit(TEXTS, metadata={"title": TITLES, "page": np.array([1, 2, 3, 4])})


def test_what_is_known_of_documents_is_kept_as_text(model):
    assert model.metadata_ == {"title": ["Rates", "Bank", "Final", ""], "page": ["1", "2", "3", "4"]}
    assert TopicModel(2).fit(TEXTS).metadata_ == {}


def test_a_file_and_an_edit_keep_it(model, tmp_path):
    pw.save(model, tmp_path / "a.model")
    assert pw.load(tmp_path / "a.model").metadata_ == model.metadata_
    assert model.merge([0, 1]).metadata_ == model.metadata_


def test_a_batch_adds_to_it_and_what_is_not_known_is_empty(model):
    model.partial_fit(["rates again"], metadata={"title": ["Again"], "url": ["b.org"]})
    assert model.metadata_ == {
        "title": ["Rates", "Bank", "Final", "", "Again"],
        "page": ["1", "2", "3", "4", ""],
        "url": ["", "", "", "", "b.org"],
    }
    model.partial_fit(["a cup"])
    assert model.metadata_["title"][-1] == ""


@pytest.mark.parametrize(
    ("metadata", "part"),
    [
        ({"title": ["a"]}, r"1 metadata\['title'\] for 4 texts"),
        ([["a"] * 4], "must be a dict"),
        ({1: ["a"] * 4}, "must be a dict"),
        ({"title": "abcd"}, "must be a list"),
    ],
)
def test_what_does_not_fit_the_documents_is_refused(metadata, part):
    with pytest.raises(DataError, match=part):
        TopicModel(2).fit(TEXTS, metadata=metadata)
