"""What a report on topics tells, as plain values: it is gathered by those who know a model, and drawn here."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STEPS", "Passage", "Report", "Timeline", "TopicFacts", "Unexplained", "Word"]

STEPS = tuple(step / 10 for step in range(11))
"""Relevances that a reader can choose: 0 ranks words by how exclusive they are, 1 by their weight."""


@dataclass(frozen=True)
class Word:
    """A word of a topic: its weight relative to the heaviest one, and the part of all its use that is of the topic."""

    word: str
    weight: float
    held: float


@dataclass(frozen=True)
class Passage:
    """A passage of a typical document, in pieces of which some are words of the topic; no pieces without texts."""

    document: str
    date: str
    share: float
    pieces: Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class TopicFacts:
    """One topic.

    ``ranks`` holds, for each of `STEPS`, places in ``words``, best first; ``exclusive`` the heavy words that other
    topics hardly use; ``fit`` the mean over the documents of which it is the largest topic; ``place`` its point on the
    map.
    """

    index: int
    label: str
    share: float
    npmi: float
    stability: float
    fit: float
    documents: int
    peak: str
    words: Sequence[Word]
    ranks: Sequence[Sequence[int]]
    exclusive: Sequence[str]
    passages: Sequence[Passage]
    place: tuple[float, float]


@dataclass(frozen=True)
class Unexplained:
    """A document that the topics explain badly: ``fit`` is the cosine between it and what they make of it."""

    document: str
    date: str
    label: str
    fit: float
    beginning: str


@dataclass(frozen=True)
class Timeline:
    """Shares of the topics in bins of time: ``shares[b][t]``; ``starts`` are the bins' first days, YYYY-MM-DD."""

    unit: str
    bins: Sequence[str]
    starts: Sequence[str]
    documents: Sequence[int]
    shares: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Report:
    """All that a report tells.

    ``cards`` are values with their names; ``similarity`` holds cosines between topics; ``mapped`` is the part of their
    spread that the map shows; ``language`` is that of the documents, ``""`` where unknown; ``provenance`` are names and
    values; ``repeat`` is code or commands.
    """

    title: str
    language: str
    cards: Sequence[tuple[str, str]]
    topics: Sequence[TopicFacts]
    similarity: Sequence[Sequence[float]]
    mapped: float
    timeline: Timeline | None
    unexplained: Sequence[Unexplained]
    unplaced: int
    provenance: Sequence[tuple[str, str]]
    repeat: Sequence[str]
