"""A passage says most of a topic, and begins where a reader can begin."""

import re

import pytest

from partwise.topics.passages import LONGEST, best_passage

WEIGHTS = {"bank": 0.8, "rates": 0.5, "cut": 0.2}


def passage(text, weights=WEIGHTS):
    return best_passage(text, weights, lambda piece: re.findall(r"\w+", piece.lower()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. The bank cut rates.", "The bank cut rates."),
        ("It rained. Officials of the U.S. Federal bank cut rates.", "Officials of the U.S. Federal bank cut rates."),
        ("It rained. Mr. J. Smith of the bank spoke.", "Mr. J. Smith of the bank spoke."),
        ("It rained. Prices, e.g. of the bank, rose 0.5 pct.", "Prices, e.g. of the bank, rose 0.5 pct."),
        ('She left. "We waited." The bank cut rates.', "The bank cut rates."),
        ("下雨了。bank 降息。", "bank 降息。"),
    ],
)
def test_a_passage_begins_at_a_sentence(text, expected):
    assert passage(text)[0] == expected


def test_lines_that_are_wrapped_are_no_sentences():
    text = (
        "It rained all day in the\nharbour of the\nold town. Later the\nBank of England said that the\nbank cut rates."
    )
    assert passage(text)[0] == "Later the Bank of England said that the bank cut rates."


def test_a_heading_is_taken_only_if_no_sentence_has_a_word():
    assert passage("Bank cut rates\n\nThe bank spoke. It rained.")[0] == "The bank spoke. It rained."
    assert passage("Bank cut rates\nIt rained. We left.")[0] == "Bank cut rates It rained. We left."
    wrapped = "BANK CUT RATES\nThe bank of the\nold town spoke. We left."
    assert passage(wrapped)[0] == "The bank of the old town spoke. We left."


def test_lines_without_full_stops_are_a_passage_together():
    assert passage("Bank 24 cts\nRates 26 cts\nYear")[0] == "Bank 24 cts Rates 26 cts Year"


def test_the_middle_of_a_long_sentence_is_taken_only_if_no_beginning_has_a_word_and_says_so():
    long = "word " * 60 + "bank goes on"
    found, words = passage(f"{long}.")
    assert found.startswith("…word")
    assert words == ["bank"]
    assert passage(f"{long}. All cut it.")[0] == "All cut it."


@pytest.mark.parametrize("text", ["bank " * 300, "bank" * 300, "bank. " * 300, "x " * 119 + "bank. " + "bank " * 300])
def test_a_passage_has_a_limit(text):
    assert 0 < len(passage(text)[0]) <= LONGEST


def test_a_text_without_a_word_of_the_topic_has_a_beginning():
    assert passage("") == ("", [])
    assert passage("It rained. We left.") == ("It rained. We left.", [])
