"""How many topics: planted numbers are found, and what is not clear is said."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.topics import TopicModel
from partwise.topics.choice import CHOICES, SPLITS, agreement, judge


def planted(k, n=400, m=300, uneven=False):
    """Return texts whose words come mostly from one of k subjects, by turns or the first ones more often."""
    rng = np.random.default_rng(k)
    subjects, background = rng.dirichlet(np.full(m, 0.05), k), rng.dirichlet(np.full(m, 0.5))
    often = 0.8 ** np.arange(k) if uneven else np.ones(k)
    mixed = 0.75 * rng.dirichlet(0.1 * often * k / often.sum(), n) @ subjects + 0.25 * background
    return [" ".join(f"word{j}" for j in rng.choice(m, size=60, p=p / p.sum())) for p in mixed]


@pytest.mark.parametrize(("k", "uneven"), [(2, False), (5, True), (8, False)])
def test_a_planted_number_of_topics_is_found(k, uneven):
    model = TopicModel("auto", stability_runs=0).fit(planted(k, uneven=uneven))
    assert model.n_topics_ == k
    assert model.rank_reason_.startswith(f"{k} topics: ")


def test_random_words_give_no_clear_answer():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"word{j}" for j in rng.integers(200, size=20)) for _ in range(200)]
    assert TopicModel("auto", stability_runs=0).fit(texts).rank_reason_.startswith("No clear answer: even with")


@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 2), (8, 2)])
def test_a_small_collection_is_said_to_be_too_small(n, k):
    model = TopicModel("auto", stability_runs=0).fit([f"cup team goal {i}" if i % 2 else f"bank {i}" for i in range(n)])
    assert model.n_topics_ == k
    assert model.rank_reason_.startswith("No clear answer: the collection is too small")


def test_documents_without_words_do_not_count():
    X = sp.csr_array(np.vstack([np.kron(np.eye(3), np.ones((20, 6))), np.zeros((60, 18))]))
    X.data *= np.random.default_rng(0).gamma(9, 1 / 9, len(X.data))
    whole, filled = (TopicModel("auto", stability_runs=0).fit(rows) for rows in (X, X[:60]))
    assert (whole.n_topics_, whole.rank_reason_) == (filled.n_topics_, filled.rank_reason_)


def test_the_choice_is_the_same_on_any_number_of_threads():
    texts = planted(3, n=100)
    one, two = (TopicModel("auto", stability_runs=0, n_jobs=jobs).fit(texts) for jobs in (1, 2))
    assert one.rank_reason_ == two.rank_reason_


def agreements(spread, **means):
    """Return agreements (splits, numbers) of 0.5 but for some numbers, whose splits differ."""
    mean = np.array([means.get(f"with_{k}", 0.5) for k in CHOICES])
    return mean + spread * np.outer(np.linspace(-1, 1, SPLITS), np.arange(len(CHOICES)) - 1)


def test_the_highest_agreement_is_taken():
    k, reason = judge(CHOICES, agreements(0, with_5=0.8))
    assert k == 5
    assert reason.endswith("to 0.80 (0 is chance, 1 is all), against 0.50 with 4 and 0.50 with 6.")


def test_of_a_tie_the_larger_number_is_taken():
    k, reason = judge(CHOICES, agreements(0.02, with_3=0.81, with_6=0.8))
    assert k == 6
    assert reason.endswith("; that is a tie with 3, and more topics tell more.")
    assert judge(CHOICES, agreements(0.05, with_3=0.81, with_6=0.7))[0] == 3  # too far below


def test_at_the_largest_number_tried_the_answer_is_not_clear():
    k, reason = judge(CHOICES, agreements(0, with_20=0.8))
    assert k == 20
    assert reason.startswith("No clear answer: 20 topics are the most tried; ")


def test_a_tie_at_the_largest_number_is_told():
    k, reason = judge(CHOICES, agreements(0.005, with_3=0.81, with_20=0.8))
    assert k == 20
    assert reason.startswith("No clear answer: 20 topics are the most tried; ")
    assert reason.endswith("; that is a tie with 3, and more topics tell more.")


def test_without_agreement_the_highest_is_taken_and_no_other_is_called_the_best():
    low = agreements(0.02, with_4=0.53, with_5=0.52) - 0.3
    k, reason = judge(CHOICES, low)
    assert k == 4
    assert reason.startswith("No clear answer: even with 4, the best, ")
    assert reason.endswith("to 0.23 (0 is chance, 1 is all), against 0.20 with 3 and 0.22 with 5.")


def test_without_any_agreement_the_fewest_topics_are_taken():
    k, reason = judge(CHOICES, np.zeros((SPLITS, len(CHOICES))))
    assert k == 2
    assert reason.startswith("No clear answer: even with 2, the fewest of the best, ")
    assert reason.endswith("to 0.00 (0 is chance, 1 is all), against 0.00 with 3.")


def test_labels_that_tell_no_documents_apart_agree_on_nothing():
    one, two = np.zeros(6, int), np.repeat([0, 1], 3)
    assert agreement(one, one) == agreement(one, two) == 0
    assert agreement(two, 1 - two) == pytest.approx(1)
