"""How topics differ between two models."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.matching import Match
from partwise.summary import Summary, spread
from partwise.topics.frames import frame

__all__ = ["TopicDiff", "topic_diff"]

SAME = 0.5
"""Smallest cosine between the words of two topics that count as one topic that changed, not as two."""


@dataclass(frozen=True, eq=False, repr=False)
class TopicDiff(Summary):
    """Topics of two models, matched one to one by their words.

    Parameters
    ----------
    pairs : list of (int, int, float)
        Topic of the first model, its match in the second, and the cosine between their words, at least 0.5.
    gone, new : list of int
        Topics of the first model without a match in the second, and topics of the second without one in the first.
    labels : (list of str, list of str)
        Labels of the topics of both models.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "bank cuts rates", "a cup final", "the cup for the home team"]
    >>> model = TopicModel(2).fit(texts)
    >>> found = model.diff(model)
    >>> len(found.pairs), found.new, found.gone
    (2, [], [])
    """

    pairs: list[tuple[int, int, float]]
    gone: list[int]
    new: list[int]
    labels: tuple[list[str], list[str]]

    def _facts(self) -> dict[str, Any]:
        return {
            "pairs": len(self.pairs),
            "similarity": spread(same for *_, same in self.pairs),
            "gone": len(self.gone),
            "new": len(self.new),
        }

    def __str__(self) -> str:
        before, after = self.labels
        lines = [f"{a:>3} -> {b:<3} {same:4.2f}  {before[a]} -> {after[b]}" for a, b, same in self.pairs]
        lines += [f"{a:>3} gone       {before[a]}" for a in self.gone]
        lines += [f"    new {b:<6} {after[b]}" for b in self.new]
        return "\n".join(lines)

    def table(self) -> Any:
        """Return a pandas DataFrame with a row for each pair, and for each topic without a match.

        Columns: ``before``, ``after``, the numbers of the topics, missing if there is none; ``similarity``;
        ``label_before``, ``label_after``; ``change``: kept, gone or new.

        Returns
        -------
        pandas.DataFrame
            The topics of both models.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        rows: list[tuple[int | None, int | None, float, str]] = [(a, b, same, "kept") for a, b, same in self.pairs]
        rows += [(a, None, np.nan, "gone") for a in self.gone] + [(None, b, np.nan, "new") for b in self.new]
        before, after = self.labels
        columns: dict[str, list[Any]] = {
            "before": [a for a, *_ in rows],
            "after": [b for _, b, *_ in rows],
            "similarity": [same for *_, same, _ in rows],
            "label_before": ["" if a is None else before[a] for a, *_ in rows],
            "label_after": ["" if b is None else after[b] for _, b, *_ in rows],
            "change": [change for *_, change in rows],
        }
        return frame(columns, "TopicDiff.table", "TopicDiff.pairs holds the same.").astype(
            {"before": "Int64", "after": "Int64"}
        )


def topic_diff(matched: Match, labels: tuple[list[str], list[str]]) -> TopicDiff:
    """Keep matched pairs that are one topic, and split the others: matching also pairs topics that are not alike."""
    pairs = [
        (int(a), int(b), float(same))
        for (a, b), same in zip(matched.pairs, matched.similarity, strict=True)
        if same >= SAME
    ]
    kept = ({a for a, _, _ in pairs}, {b for _, b, _ in pairs})
    gone, new = ([t for t in range(len(names)) if t not in own] for names, own in zip(labels, kept, strict=True))
    return TopicDiff(pairs, gone, new, labels)
