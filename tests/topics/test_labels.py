"""Labels: words that are heavy in one topic and rare elsewhere."""

import numpy as np

from partwise.topics.labels import topic_labels

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
