"""What was found, in sentences."""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

from partwise.report.facts import Report, Timeline, TopicFacts
from partwise.report.html import Html, tag
from partwise.report.pieces import in_words, link, listed

__all__ = ["findings"]

LARGEST = 3
"""Topics that a sentence names."""
ALIKE = 0.5
"""Cosine from which two topics may be one."""
FOUND_AGAIN = 0.7
"""Stability from which other random starts find a topic again."""
LEAST_CHANGE, SURE = 0.01, 3.0
"""Change of a share that is worth a sentence, and how many standard errors it must be."""


def findings(report: Report) -> list[Html]:
    """Return what was found in sentences, the most general first."""
    told = [_size(report), _largest(report), *_time(report), _alike(report), _sure(report)]
    return [tag("li", sentences) for sentences in told if sentences]


def _size(report: Report) -> list[Any]:
    documents, k = _count(report.documents, "document"), len(report.topics)
    when = ""
    if report.dates is not None:
        first, last = map(in_words, report.dates)
        when = f", dated {first}," if first == last else f", dated from {first} to {last},"
    said = [f"The collection of {documents}{when} has {_count(k, 'topic')}."]
    if report.unplaced:
        one = report.unplaced == 1
        said.append(
            f" {report.unplaced:,} {'document is' if one else 'documents are'} in no topic: "
            f"no topic uses {'its' if one else 'their'} words."
        )
    return said


def _largest(report: Report) -> list[Any]:
    order = sorted(report.topics, key=lambda topic: (-topic.share, topic.index))
    if len(order) < 2:
        return []
    named = [[link(report, topic), f" ({_about(topic.share)})"] for topic in order[:LARGEST]]
    said: list[Any] = ["The largest topics are ", listed(named), "."]
    held, total = 0, 0.0
    while total < 0.5 and held < len(order):
        total += order[held].share
        held += 1
    if len(order) > LARGEST and held > 1:
        said.append(f" Half of the collection is in the {held} largest.")
    return said


def _time(report: Report) -> list[list[Any]]:
    if report.timeline is None:
        return []
    timeline, topics = report.timeline, report.topics
    filled = [b for b, shares in enumerate(timeline.shares) if shares is not None]
    early, late = _ends(timeline, filled)
    told, told_of = list[list[Any]](), set[int | None]()
    if early and late:
        before, after = _mean_shares(timeline, early), _mean_shares(timeline, late)
        changes = {
            topic.index: after[t] - before[t]
            for t, topic in enumerate(topics)
            if _differ(before[t], _documents(timeline, early), after[t], _documents(timeline, late))
        }
        grown = max(changes, key=lambda t: changes[t], default=None)
        shrunk = min(changes, key=lambda t: changes[t], default=None)
        said: list[Any] = []
        for t, verb in ((grown, "grew"), (shrunk, "shrank")):
            if t is not None and (changes[t] > 0) == (verb == "grew"):
                change = f" {verb} most, from {_about(before[t])} to {_about(after[t])}"
                said += ["; " if said else "", link(report, topics[t]), change]
        if said:
            told.append(
                [f"From the beginning ({_span(timeline, early)}) to the end ({_span(timeline, late)}), ", *said, "."]
            )
            told_of = {grown, shrunk}
    burst = _burst(timeline, [topic for topic in topics if topic.index not in told_of])
    if burst is not None:
        b, t = burst
        shares = timeline.shares[b] or ()
        told.append(
            [
                link(report, topics[t]),
                f" stands out in {_bin(timeline, b)}: it is {_about(shares[t])} of the "
                f"{_count(timeline.documents[b], 'document')} then, and {_about(topics[t].share)} of all.",
            ]
        )
    return told


def _ends(timeline: Timeline, filled: list[int]) -> tuple[list[int], list[int]]:
    """Return the bins of the first and of the last third of the time."""
    third = len(timeline.bins) / 3
    return [b for b in filled if b + 1 <= third + 0.5], [b for b in filled if b >= 2 * third - 0.5]


def _mean_shares(timeline: Timeline, bins: list[int]) -> list[float]:
    weights = [timeline.documents[b] for b in bins]
    rows = [timeline.shares[b] or () for b in bins]
    return [
        sum(weight * share for weight, share in zip(weights, column, strict=True)) / sum(weights)
        for column in zip(*rows, strict=True)
    ]


def _documents(timeline: Timeline, bins: list[int]) -> int:
    return sum(timeline.documents[b] for b in bins)


def _differ(p: float, n: int, q: float, m: int) -> bool:
    """Tell whether two shares of so many documents differ by more than chance.

    Each document is taken to be of one topic alone, as far as shares can spread.
    """
    mean = (p * n + q * m) / (n + m)
    error = (mean * (1 - mean) * (1 / n + 1 / m)) ** 0.5
    return abs(p - q) > max(LEAST_CHANGE, SURE * error)


def _burst(timeline: Timeline, topics: Iterable[TopicFacts]) -> tuple[int, int] | None:
    """Return the bin and the topic whose share there is farthest above its share in all, None if by chance."""
    total = sum(timeline.documents)
    found = [
        (shares[topic.index] - topic.share, b, topic.index)
        for b in timeline.telling
        for topic in topics
        if (shares := timeline.shares[b] or ())[topic.index] > 2 * topic.share
        and _differ(shares[topic.index], timeline.documents[b], topic.share, total)
    ]
    return max(found, key=lambda one: (one[0], -one[1], -one[2]))[1:] if found else None


def _span(timeline: Timeline, bins: list[int]) -> str:
    first, last = _bin(timeline, bins[0]), _bin(timeline, bins[-1])
    return first if first == last else f"{first} to {last}"


def _bin(timeline: Timeline, b: int) -> str:
    """Return a bin as a sentence names it."""
    if timeline.unit == "decade":
        return f"the {timeline.bins[b]}"
    if timeline.unit == "quarter":
        return timeline.bins[b]
    day = in_words(timeline.bins[b])
    return f"the week of {day}" if timeline.unit == "week" else day


def _alike(report: Report) -> list[Any]:
    k = len(report.topics)
    if k < 2:
        return []
    i, j = max(combinations(range(k), 2), key=lambda pair: report.similarity[pair[0]][pair[1]])
    pair = [link(report, report.topics[i]), " and ", link(report, report.topics[j])]
    if report.similarity[i][j] >= ALIKE:
        return [*pair, " use much the same words: they may be one topic."]
    return ["No two topics are much alike", ["; the nearest are ", *pair] if k > 2 else [], "."]


def _sure(report: Report) -> list[Any]:
    measured = [topic for topic in report.topics if topic.stability == topic.stability]
    if not measured:
        return []
    shaky = sorted((t for t in measured if t.stability < FOUND_AGAIN), key=lambda t: (t.stability, t.index))
    if not shaky:
        return ["Fits from other random starts find every topic again."]
    named: list[Any] = [link(report, topic) for topic in shaky[:LARGEST]]
    if len(shaky) > LARGEST:
        named.append(f"{len(shaky) - LARGEST} more")
    return ["Fits from other random starts do not find ", listed(named), " again: do not build on ",
            "it." if len(shaky) == 1 else "them."]  # fmt: skip


def _about(share: float) -> str:
    return "under 1%" if share < 0.01 else f"{share:.0%}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
