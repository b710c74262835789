"""Why an article is recommended: reasons that add up to its score."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from partwise.recommend.interest import Interest
from partwise.recommend.parts import counts_of
from partwise.recommend.ratings import Ratings

__all__ = ["Reason", "reasons_of_interest", "reasons_of_rating"]

Reason = tuple[str, float]
Names = Callable[[Iterable[int]], list[Any]]
"""Gives the names of articles by their places."""
NAMED = 3  # most articles that a reason names
LATELY = "many read it lately"
TOLD = 1e-4  # reasons with a smaller share of the score are combined into one


def reasons_of_interest(model: Interest, row: int, article: int, names: Names, labels: list[str]) -> list[Reason]:
    """Return why a reader would read an article, heaviest first.

    The reader's articles are grouped by the part that each shares most with this article. Each group is a reason, whose
    score is the sum of its part, co-reads and texts. One more reason holds all that speaks against the article, and
    another what is read lately.
    """
    if row < 0 or not model.read.indptr[row + 1] - model.read.indptr[row]:
        return [(LATELY, float(model.scores(np.array([-1]))[0, article]))]
    history = model.read[[row]]
    read = history.indices
    counted = history.data * counts_of(history)[0] ** -0.5
    factor = model.factors * model.fresh[article]
    from_read = factor[1] * counted * model.pairs[read][:, [article]].toarray()[:, 0]
    if model.texts is not None:
        near = model.texts[read] @ model.texts[[article]].toarray()[0]
        from_read = from_read + factor[2] * counted * near
    from_parts = factor[0] * model.W[row] * model.parts.H[article]
    shared = model.parts.H[read] * model.parts.H[article] * (model.W[row] > 0)
    main = np.where(shared.any(axis=1), shared.argmax(axis=1), -1)
    found: list[Reason] = []
    for part in np.union1d(main[from_read > 0], np.flatnonzero(from_parts)):
        own = np.flatnonzero((main == part) & (from_read >= 0))
        score = float(from_read[own].sum()) + (float(from_parts[part]) if part >= 0 else 0.0)
        weight = from_read[own] + (1e-9 * shared[own, part] if part >= 0 else 0)
        best = own[np.argsort(-weight, kind="stable")]
        best = best[: np.count_nonzero(weight > 0)]
        if not len(best) and part >= 0:  # if it is the main part of no article, take those with most of it
            best = np.argsort(-counted * model.parts.H[read, part], kind="stable")[:NAMED]
        label = labels[part] if part >= 0 and labels else ""
        found.append((_you("read", names(read[best]), label), score))
    less = np.flatnonzero(from_read < 0)
    if len(less):
        order = less[np.argsort(from_read[less], kind="stable")]
        found.append((f"less, because {_you('read', names(read[order]), '')}", float(from_read[less].sum())))
    found.append((LATELY, float(factor[3] * model.reads_lately[article])))
    return _told(found)


def reasons_of_rating(model: Ratings, row: int, article: int, names: Names) -> list[Reason]:
    """Return the terms of a predicted rating, heaviest first: means, similar articles, parts."""
    found: list[Reason] = [("the mean of all ratings", model.mean)]
    if article >= 0:
        found.append(("what all readers give it, against the mean", float(model.of_article[article])))
    if row < 0 or article < 0:
        return found
    found.append(("what you give in general, against the mean", float(model.of_reader[row])))
    rated, adds = model.opinions(row, article)
    for sign, how in ((1, "high"), (-1, "low")):
        which = np.flatnonzero(sign * adds > 0)
        if len(which):
            best = which[np.argsort(-np.abs(adds[which]), kind="stable")]
            text = _you(f"gave {how} ratings to", names(rated[best]), "")
            found.append((text, float(adds[which].sum())))
    terms = model.mix[0] * model.signs * model.W[row] * model.H[article]
    for part in np.flatnonzero(terms):
        typical = rated[np.argsort(-model.H[rated, part], kind="stable")[:NAMED]]
        how = "it has more of what you like in" if terms[part] > 0 else "it has more of what you like less in"
        found.append((f"{how} {_listed(names(typical))}", float(terms[part])))
    return _told(found, len(found) > 12)


def _told(found: list[Reason], few: bool = False) -> list[Reason]:
    """Return reasons, heaviest first; those with the same text are added up, and the lightest are combined."""
    merged: dict[str, float] = {}
    for because, score in found:
        merged[because] = merged.get(because, 0.0) + score
    ordered = sorted(merged.items(), key=lambda reason: -abs(reason[1]))
    least = (0.01 if few else TOLD) * sum(abs(score) for _, score in ordered)
    heavy = [reason for reason in ordered if abs(reason[1]) >= least]
    light = [score for _, score in ordered if abs(score) < least]
    return [*heavy, ("lesser reasons", float(sum(light)))] if light and any(light) else heavy


def _you(did: str, names: Sequence[Any], label: str) -> str:
    about = f", about {label}" if label else ""
    return f"you {did} {_listed(names[:NAMED], len(names))}{about}"


def _listed(names: Sequence[Any], n: int = 0) -> str:
    words = [str(name) for name in names]
    if n > len(words):
        return f"{', '.join(words)} and {n - len(words)} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "articles like it"
