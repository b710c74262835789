"""Topics that a user changed: all that follows from ``components_`` follows what it says."""

import copy

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.topics import TopicModel

SUBJECTS = {
    "money": "bank rates market shares profit trade inflation",
    "sport": "cup goal match team coach league final",
    "film": "film festival actor award director screen premiere",
}


def collection(seed=0):
    """Return texts of three subjects, all of different length so that no two weigh the same."""
    rng, texts = np.random.default_rng(seed), list[str]()
    for number, words in enumerate(SUBJECTS.values()):
        texts += [" ".join(rng.choice(words.split(), 6 + 3 * i + number)) for i in range(12 + 2 * number)]
    return texts


TEXTS = collection()
DATES = [f"202{i % 3}" for i in range(len(TEXTS))]


@pytest.fixture(params=["frobenius", "kullback-leibler"])
def model(request):
    return TopicModel(3, loss=request.param, stability_runs=1).fit(TEXTS, dates=DATES)


def answers(model):
    """Return what each topic is, by its number, in all that the model says."""
    documents = model.document_table()
    found = {
        "transform": model.transform(TEXTS[:5]).T,
        "places": model.document_topics_.T,
        "shares": model.shares_,
        "labels": model.labels_,
        "npmi": model.npmi_,
        "stability": model.stability_,
        "words": [model.top_words(topic) for topic in range(model.n_topics_)],
        "documents": [model.documents(topic).to_dict("list") for topic in range(model.n_topics_)],
        "table": [row[1:] for row in model.table().itertuples(index=False)],
        "over time": [
            part.drop(columns="topic").to_dict("list") for _, part in model.over_time("year").groupby("topic")
        ],
    }
    whole = {
        "score": model.similar(TEXTS[3])["score"].tolist(),
        "fit": documents["fit"].tolist(),
        "label": documents["label"].tolist(),
        "find": model.find("goal bank")["label"].tolist(),
        "diversity": model.diversity_,
    }
    return found, whole


def close(one, other):
    """Return whether two answers are the same but for rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, np.ndarray | float):
        return np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)
    return one == other


@pytest.mark.parametrize("in_place", [False, True])
def test_topics_in_another_order_are_in_that_order_everywhere(model, in_place):
    order = [2, 0, 1]
    (before, whole), H = answers(model), model.components_[order].copy()
    if in_place:
        model.components_[:] = H
    else:
        model.components_ = H
    after, whole_after = answers(model)
    for name, of_topics in before.items():
        assert close([of_topics[t] for t in order], [*after[name]]), name
    assert close(whole, whole_after)


def test_components_of_another_scale_change_weights_and_nothing_else(model):
    (before, whole), theta = answers(model), model.transform(TEXTS)
    model.components_ *= 4
    after, whole_after = answers(model)
    np.testing.assert_allclose(model.transform(TEXTS), theta / 4)
    np.testing.assert_allclose(model.document_topics_, theta / 4)
    assert [[weight / 4 for _, weight in row] for row in after["words"]] == [
        [weight for _, weight in row] for row in before["words"]
    ]
    for name in ("labels", "shares", "npmi", "stability", "table"):
        assert close([*before[name]], [*after[name]]), name
    assert close(whole, whole_after)


def test_a_topic_that_is_taken_away_is_gone_everywhere(model):
    model.set_labels({0: "first", 2: "last"})
    model.components_ = model.components_[:2]
    assert (model.n_topics_, len(model.labels_), len(model.shares_)) == (2, 2, 2)
    assert model.labels_[0] == "first"
    assert model.transform(TEXTS).shape == model.document_topics_.shape == (len(TEXTS), 2)
    assert len(model.table()) == len(model.hierarchy()) + 1 == 2
    assert model.get_feature_names_out().shape == (2,)
    with pytest.raises(ValueError, match="topic must be an integer from 0 to 1; got 2"):
        model.top_words(2)


def test_an_edit_begins_from_changed_components(model):
    changed = copy.deepcopy(model)
    changed.components_ = changed.components_[[1, 2, 0]]
    np.testing.assert_allclose(changed.merge([0, 2]).components_, model.merge([1, 0]).components_[[0, 1]], rtol=1e-6)


def test_a_stream_goes_on_from_changed_components():
    model = TopicModel(3, stability_runs=0).partial_fit(TEXTS)
    model.components_ = model.components_[[2, 1, 0]]
    kept = model.components_.copy()
    model.partial_fit(TEXTS[::5])
    cosines = (model.components_[:3] * kept).sum(axis=1)
    assert (cosines > 0.9).all()


@pytest.mark.parametrize(
    ("components", "part"),
    [
        (np.ones(3), "shape"),
        (np.ones((3, 2)), "shape"),
        (np.ones((0, 21)), "shape"),
        ("parts", "not an array of numbers"),
        (None, "shape"),
        (-1.0, r"components_\[1, 4\] = -1.0"),
        (np.nan, r"components_\[1, 4\] = nan"),
        (np.inf, r"components_\[1, 4\] = inf"),
    ],
)
def test_components_that_are_no_topics_are_refused_where_they_are_used(components, part):
    model = TopicModel(3, stability_runs=0).fit(TEXTS)
    good = model.components_.copy()
    if isinstance(components, float):
        model.components_[1, 4] = components
    else:
        model.components_ = components
    for use in (lambda: model.transform(TEXTS), lambda: model.labels_, model.table, lambda: model.similar("0")):
        with pytest.raises(DataError, match=part):
            use()
    model.components_ = good
    assert model.table().shape == (3, 7)


def test_places_cannot_be_changed_behind_what_follows_from_them(model):
    with pytest.raises(ValueError, match="read-only"):
        model.document_topics_[0] = 1
    theta = TopicModel(2).fit_transform(TEXTS)
    theta /= 2  # what fit_transform returns is the caller's own
