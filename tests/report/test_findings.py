"""What was found is told in sentences that the facts bear out."""

import re
from dataclasses import replace

import pytest

from partwise.report import Timeline
from partwise.report.findings import findings


def told_by(report):
    """Return the sentences as a reader has them."""
    shown = [re.sub(r'<span class="index">\d+</span> ', "", line) for line in findings(report)]
    return [re.sub("<[^>]+>", "", line) for line in shown]


def test_a_report_begins_with_its_size_its_largest_topics_and_its_course(told):
    assert told_by(told) == [
        "The collection of 900 documents, dated from 5 January 2024 to April 2024, has 3 topics. "
        "1 document is in no topic: no topic uses its words.",
        "The largest topics are cup · team (50%), bank · rates (30%) and film · award (20%).",
        "From the beginning (January 2024) to the end (April 2024), film · award grew most, from 10% to 50%; "
        "cup · team shrank most, from 70% to 20%.",
        "cup · team and bank · rates use much the same words: they may be one topic.",
        "Fits from other random starts do not find film · award again: do not build on it.",
    ]


@pytest.mark.parametrize(
    ("unit", "bins", "said"),
    [
        ("week", ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"], "the week of 15 January 2024"),
        ("quarter", ["2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3"], "2024-Q2"),
        ("decade", ["1990s", "2000s", "2010s", "2020s"], "the 2010s"),
    ],
)
def test_a_topic_that_stands_out_in_one_bin_is_told_of(told, unit, bins, said):
    shares = [[0.5, 0.4, 0.1], None, [0.3, 0.2, 0.5], [0.5, 0.4, 0.1]]
    timeline = Timeline(unit, bins, told.timeline.starts, told.timeline.documents, shares)
    sentence = f"film · award stands out in {said}: it is 50% of the 300 documents then, and 20% of all."
    assert told_by(replace(told, timeline=timeline))[2] == sentence


def test_topics_in_sentences_are_links_to_their_cards(told):
    assert '<a href="#topic-2" class="to-topic">' in "".join(findings(told))


def test_changes_that_chance_explains_are_not_told(told):
    few = Timeline("month", told.timeline.bins, told.timeline.starts, [4, 0, 3, 2], told.timeline.shares)
    assert not any("grew" in sentence or "stands out" in sentence for sentence in told_by(replace(told, timeline=few)))


def test_what_is_unknown_is_not_told(told):
    topics = [replace(topic, stability=float("nan")) for topic in told.topics]
    bare = replace(told, topics=topics, timeline=None, dates=None, unplaced=0)
    sentences = told_by(bare)
    assert sentences[0] == "The collection of 900 documents has 3 topics."
    assert len(sentences) == 3


def test_topics_that_are_alike_in_nothing_are_told_so(told):
    apart = replace(told, similarity=[[1, 0.1, 0], [0.1, 1, 0], [0, 0, 1]])
    assert "No two topics are much alike; the nearest are cup · team and bank · rates." in told_by(apart)


def test_one_topic_has_a_sentence(told):
    alone = replace(told, topics=told.topics[:1], similarity=[[1.0]], timeline=None, unplaced=0, documents=1)
    assert told_by(alone) == [
        "The collection of 1 document, dated from 5 January 2024 to April 2024, has 1 topic.",
        "Fits from other random starts find every topic again.",
    ]


@pytest.mark.parametrize(("shaky", "said"), [(1, "it."), (3, "them.")])
def test_topics_that_other_starts_do_not_find_are_named(told, shaky, said):
    topics = [replace(topic, stability=0.3 if t < shaky else 0.9) for t, topic in enumerate(told.topics)]
    last = told_by(replace(told, topics=topics))[-1]
    assert last.startswith("Fits from other random starts do not find cup · team")
    assert last.endswith(f"again: do not build on {said}")
