"""Words of topics: ranks, labels, coherence, diversity."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.topics.words import diversity, npmi, ranked_words, relevances, topic_labels, topics_of_words

WORDS = ["said", "game", "games", "cup", "rates", "bank"]


def test_a_word_that_topics_share_gives_way_to_words_of_one_topic():
    components = np.array([[0.7, 0.5, 0, 0.4, 0, 0], [0.7, 0, 0, 0, 0.6, 0.5]])
    assert topic_labels(components, np.array([0.5, 0.5]), WORDS, n=2) == ["game · cup", "rates · bank"]


def test_of_two_words_that_begin_alike_the_heavier_is_used():
    components = np.array([[0, 0.5, 0.6, 0.4, 0, 0]])
    assert topic_labels(components, np.array([1.0]), WORDS) == ["games · cup"]


def test_a_topic_without_words_has_an_empty_label():
    assert topic_labels(np.zeros((1, 6)), np.array([0.0]), WORDS) == [""]


def test_labels_do_not_depend_on_the_scale_of_the_components():
    components = np.random.default_rng(0).random((3, 6))
    shares = np.full(3, 1 / 3)
    assert topic_labels(components, shares, WORDS) == topic_labels(1e-200 * components, shares, WORDS)


def test_relevance_goes_from_weight_to_exclusiveness():
    """Words 0 and 1 weigh the same in topic 0; word 1 is of no other topic."""
    components, shares = np.array([[0.4, 0.3, 0.3], [0.9, 0.0, 0.1]]), np.array([0.5, 0.5])
    assert ranked_words(components, shares, 3, relevance=1)[0] == [0, 1, 2]
    assert ranked_words(components, shares, 3, relevance=0)[0] == [1, 2, 0]
    assert ranked_words(components, shares, 3)[1] == [0, 2]


def test_relevance_is_the_published_formula():
    components, shares = np.array([[2.0, 2.0], [0.0, 5.0]]), np.array([0.25, 0.75])
    expected = 0.6 * np.log(0.5) + 0.4 * np.log(0.5 / (0.25 * 0.5 + 0.75))
    assert relevances(components, shares)[0, 1] == pytest.approx(expected)


def test_coherence_is_that_of_a_count_by_hand():
    """Words 0 and 1 stand in 3 and 2 of 4 documents, together in 2."""
    X = sp.csr_array([[1.0, 2.0], [3.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    expected = np.log(0.5 / (0.75 * 0.5)) / -np.log(0.5)
    assert npmi(X, [[0, 1], [0], []])[0] == pytest.approx(expected)
    assert np.isnan(npmi(X, [[0, 1], [0], []])[1:]).all()


def test_words_of_every_document_are_coherent_and_words_that_never_meet_are_not():
    X = sp.csr_array([[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]])
    assert npmi(X, [[0, 1], [2, 3]]).tolist() == [1, -1]


def test_words_never_meet_where_there_are_no_documents():
    assert npmi(sp.csr_array((0, 2)), [[0, 1]]).tolist() == [-1]


def test_diversity_counts_words_that_differ():
    assert diversity([[0, 1, 2], [3, 4, 5]]) == 1
    assert diversity([[0, 1], [0, 1]]) == 0.5


def test_a_word_is_shared_out_among_topics_whoever_uses_it():
    components = np.array([[0.2, 0.0, 0.5], [0.2, 0.0, 0.0]])
    parts = topics_of_words(components, np.array([0.75, 0.25]))
    np.testing.assert_allclose(parts.sum(axis=0), 1)
    np.testing.assert_allclose(parts[0], [0.75, 0.75, 1])
