"""Documents like one: by topics, by words, or both, exactly."""

import numpy as np
import pytest

from partwise.exceptions import DataError, ParameterError
from partwise.topics import TopicModel

SPORT = ["cup", "team", "goal", "coach", "league"]
MONEY = ["bank", "rates", "shares", "market", "profit"]


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(SPORT if i % 2 else MONEY, size=8)) for i in range(30)]
    ids = [f"{'sport' if i % 2 else 'money'}{i}" for i in range(30)]
    return TopicModel(n_topics=2).fit([*texts, "", texts[1]], [*ids, "empty", "copy"])


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.mark.parametrize("weight", [0, 0.3, 1])
def test_the_score_is_a_mean_of_two_cosines_and_is_shared_out_among_topics(fitted, weight):
    theta, X = fitted.document_topics_, fitted.X_.toarray()
    here = fitted.ids_.index("sport5")
    expected = {}
    for there, name in enumerate(fitted.ids_):
        if name not in ("sport5", "empty"):
            expected[name] = (1 - weight) * cosine(theta[here], theta[there]) + weight * cosine(X[here], X[there])
    found = fitted.similar("sport5", n=100, word_weight=weight)
    assert found["score"].is_monotonic_decreasing
    for one in found.itertuples():
        assert one.score == pytest.approx(expected.pop(one.id), abs=1e-8)
        assert sum(one.shared.values()) == pytest.approx(1)
        assert list(one.shared.values()) == sorted(one.shared.values(), reverse=True)
    assert max(expected.values(), default=0) < 1e-8  # what was not found has nothing in common


def test_the_first_of_many_are_the_first_of_all(fitted):
    every = fitted.neighbours("money4", n=100)
    assert fitted.neighbours("money4", n=3) == every[:3]


def test_a_text_is_similar_to_the_documents_of_its_subject(fitted):
    assert fitted.similar("the bank cuts its rates", n=5)["id"].str.startswith("money").all()


def test_copies_are_left_out_on_request(fitted):
    assert fitted.similar("sport1", n=1)["id"][0] == "copy"
    assert fitted.similar("sport1", n=1)["score"][0] == pytest.approx(1)
    distinct = fitted.neighbours("sport1", n=100, duplicates=False)
    assert "copy" not in [one.id for one in distinct]
    rows = [fitted.X_[[fitted.ids_.index(one.id)]].toarray()[0] for one in distinct]
    assert all(cosine(a, b) < 0.9 for i, a in enumerate(rows) for b in rows[:i])


@pytest.mark.parametrize(("asked", "part"), [("sport", "Did you mean"), ("empty", "no words in any topic")])
def test_nothing_is_similar_to_what_has_no_known_words(fitted, asked, part):
    with pytest.raises(DataError, match=part):
        fitted.similar(asked)


def test_a_weight_beyond_one_is_refused(fitted):
    with pytest.raises(ParameterError, match="word_weight must be a number from 0 to 1; got 2"):
        fitted.similar("sport1", word_weight=2)


def test_counts_are_compared_by_inverse_document_frequency(fitted):
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(SPORT if i % 2 else MONEY, size=8)) for i in range(30)]
    model = TopicModel(n_topics=2, loss="kullback-leibler").fit(texts)
    assert all(int(name) % 2 for name in model.similar("1", n=5)["id"])
    assert model.similar(texts[1], n=1)["score"][0] == pytest.approx(1)
