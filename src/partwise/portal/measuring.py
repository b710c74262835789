"""How good a fit is: the end of the log, predicted by it, by the one in use and by simple rules."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.portal.articles import Article
from partwise.portal.training import articles_table
from partwise.recommend import Recommender, evaluate

__all__ = ["measured"]

ENOUGH = 100
"""Reads to predict, below which chance decides."""
PREDICTED = 2_000
"""Reads to predict at most: each takes a list of every model and rule."""
SHARE = 0.2
LENGTH = 10
OURS, BEFORE = "partwise", "in use"


def measured(
    reads: Mapping[str, Any], articles: Sequence[Article], before: Recommender | None, until: float | None
) -> dict[str, Any]:
    """Predict the last reads from those before them.

    Parameters
    ----------
    reads : mapping
        All reads, as `reads_table` returns them.
    articles : sequence of Article
        All articles.
    before : Recommender or None
        The one in use.
    until : float or None
        Time of the last read that it was fitted to, in seconds since 1970. It is measured only on later reads: it has
        learned from the others.

    Returns
    -------
    dict
        With too few reads, only reason. Else readers, reads (predicted), length (of lists), ndcg (a list of name,
        value, low and high, the best first), compared (whether the one in use is among them) and worse: a sentence if
        the new fit is worse than the one in use, or None.
    """
    n = len(reads["reader"])
    times = reads["time"].astype(np.int64) / 1e3
    share = min(SHARE, PREDICTED / n)
    later = 1.0 if until is None else float(np.mean(times > until))
    compared = before is not None and later * n >= ENOUGH
    if compared:
        share = min(share, later)
    if share * n < ENOUGH:
        return {"reason": f"too few reads to measure: {n:,}"}
    fitted = {}
    if compared and before is not None:
        fitted = {BEFORE: _with_all(before, articles)}
    try:
        found = evaluate(
            Recommender(), reads, articles_table(articles), k=LENGTH, windows=1, test_share=share, fitted=fitted
        )
    except DataError as error:  # such as reads that all have the same time
        return {"reason": str(error)}
    columns = zip(*(found.columns[name] for name in ("model", "metric", "value", "low", "high")), strict=True)
    values = {model: (value, low, high) for model, metric, value, low, high in columns if metric == "ndcg"}
    if OURS not in values:
        return {"reason": "the last reads are of new readers only, of whom no earlier read is known"}
    rows = [{"name": name, "value": v, "low": low, "high": high} for name, (v, low, high) in values.items()]
    facts = {"readers": found.facts["readers"], "reads": found.facts["hidden"], "length": LENGTH, "compared": compared}
    return facts | {"ndcg": sorted(rows, key=lambda row: -row["value"]), "worse": _worse(values)}


def _worse(values: Mapping[str, tuple[float, float, float]]) -> str | None:
    """Return a sentence if the new fit is worse than the one in use by more than chance."""
    if BEFORE not in values or OURS not in values:
        return None
    (new, _, high), (old, _, _) = values[OURS], values[BEFORE]
    if not (new < old and high < old):
        return None
    return (
        f"it predicts the last reads worse than the fit in use: NDCG@{LENGTH} {new:.3f} (at most {high:.3f}), "
        f"against {old:.3f}"
    )


def _with_all(before: Recommender, articles: Sequence[Article]) -> Recommender:
    """Return the one in use with the articles that came after its fit, which it also lists when it is in use."""
    known = {*before.article_ids_}
    new = [article for article in articles if article.id not in known]
    made = copy(before)
    if new:
        with suppress(DataError):  # it was fitted without words
            made.add_articles(articles_table(new))
    return made
