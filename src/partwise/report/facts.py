"""What a report on topics tells, as plain values: it is gathered by those who know a model, and drawn here."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STEPS", "Document", "Listed", "Passage", "Report", "Timeline", "TopicFacts", "Unexplained", "Word"]

STEPS = tuple(step / 10 for step in range(11))
"""Relevances that a reader can choose: 0 ranks words by how exclusive they are, 1 by their weight."""


@dataclass(frozen=True)
class Word:
    """A word of a topic: its weight relative to the heaviest one, and the part of all its use that is of the topic."""

    word: str
    weight: float
    held: float


@dataclass(frozen=True)
class Document:
    """A document as its readers know it. All but its id is ``""`` where it is unknown; ``beginning`` is of its text."""

    id: str
    date: str = ""
    title: str = ""
    url: str = ""
    section: str = ""
    beginning: str = ""


@dataclass(frozen=True)
class Listed:
    """A document in the list of its largest topic, and the share of the topic in it."""

    document: Document
    share: float


@dataclass(frozen=True)
class Passage:
    """A passage of a typical document, in pieces; some are words of the topic. No pieces without texts."""

    document: Document
    share: float
    pieces: Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class TopicFacts:
    """One topic.

    ``ranks`` holds, for each of `STEPS`, places in ``words``, best first; ``exclusive`` the heavy words that other
    topics hardly use; ``fit`` the mean over the documents whose largest topic it is; ``documents`` their number,
    and ``listed`` the most typical of them; ``place`` its point on the map.
    """

    index: int
    label: str
    share: float
    npmi: float
    stability: float
    fit: float
    documents: int
    words: Sequence[Word]
    ranks: Sequence[Sequence[int]]
    exclusive: Sequence[str]
    passages: Sequence[Passage]
    listed: Sequence[Listed]
    place: tuple[float, float]


@dataclass(frozen=True)
class Unexplained:
    """A document that the topics explain badly: ``fit`` is the cosine between it and what they make of it."""

    document: Document
    topic: int
    fit: float


@dataclass(frozen=True)
class Timeline:
    """Shares of the topics in bins of time that follow each other without a gap.

    ``starts`` are the bins' first days, YYYY-MM-DD; ``shares[b][t]`` is the share of topic t in bin b, and
    ``shares[b]`` is None for a bin without documents.
    """

    unit: str
    bins: Sequence[str]
    starts: Sequence[str]
    documents: Sequence[int]
    shares: Sequence[Sequence[float] | None]

    @property
    def telling(self) -> list[int]:
        """Bins whose shares tell something: those with at least a quarter of the mean number of documents."""
        filled = [n for n in self.documents if n]
        return [b for b, n in enumerate(self.documents) if n and n >= sum(filled) / len(filled) / 4]

    def peak(self, topic: int) -> tuple[str, float]:
        """Return the bin with the largest share of a topic among those that tell something, and that share."""
        shares = {b: row[topic] for b in self.telling if (row := self.shares[b]) is not None}
        highest = max(shares, key=lambda b: (shares[b], -b))
        return self.bins[highest], shares[highest]


@dataclass(frozen=True)
class Report:
    """All that a report tells.

    ``documents`` is their number, ``unplaced`` that of those in no topic, ``dates`` the first and the last known date;
    ``figures`` are values about the model with their names; ``similarity`` holds cosines between topics; ``mapped`` is
    the part of their spread that the map shows; ``language`` is that of the documents, ``""`` where unknown;
    ``provenance`` are names and values; ``repeat`` is code or commands.
    """

    title: str
    language: str
    documents: int
    unplaced: int
    dates: tuple[str, str] | None
    topics: Sequence[TopicFacts]
    similarity: Sequence[Sequence[float]]
    mapped: float
    timeline: Timeline | None
    unexplained: Sequence[Unexplained]
    figures: Sequence[tuple[str, str]]
    provenance: Sequence[tuple[str, str]]
    repeat: Sequence[str]
