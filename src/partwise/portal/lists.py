"""What is asked of the models, in plain values: lists with reasons, similar articles, and topics."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.portal.articles import article, articles, newest_articles
from partwise.portal.database import Database
from partwise.portal.events import Event, articles_read, history
from partwise.portal.models import Loaded, Models
from partwise.portal.readers import Preferences, preferences
from partwise.portal.together import Asked
from partwise.portal.training import title_of, words_of

__all__ = ["count_reads", "explain", "find_topics", "recommendations", "similar", "topic", "topics", "topics_of"]

COUNTED = 2_000
"""Most reads that a list counts, the last ones: those before say little of what a reader wants now, and take time."""
MORE = 2.0
"""Strength of the read that a wish for more like an article counts as."""
SPARE = 20
"""Articles that a list is longer by at first, because some are left out of it."""
LEAST = 0.05
"""Least share of a topic that is told of an article."""
TOLD, SAID = 3, 0.05
"""Most reasons that are told of an article in a list, and least share of each."""
TYPICAL = 5

Answer = dict[str, Any]


def recommendations(db: Database, models: Models, reader: str, n: int = 10, why: bool = False) -> Answer:
    """List articles for a reader, from the reads and preferences that the database holds now.

    Of many reads the last 2,000 count. Muted topics leave out articles in which they have the largest share. `less`
    leaves out an article, and a read of it no longer counts. `more` counts as a read, so the article itself is not
    listed. If a list is not personal, it is that of an unknown reader, without what was read. Before the first fit, the
    newest articles are listed.

    Returns
    -------
    dict
        reader; known, whether the reader has reads; personal; fit, its number or None; items, each with article, title,
        score, time, topics, and with `why` because, a list of sentences.
    """
    loaded, wishes, events = models.loaded, preferences(db, reader), history(db, reader, COUNTED)
    read = {event.article for event in events} if len(events) < COUNTED else articles_read(db, reader)
    hidden = read | {*wishes.less, *wishes.more}
    muted = _muted(loaded, wishes)
    reads = _reads(loaded, events, wishes)
    items, length = list[Answer](), n + SPARE
    while True:
        found = _best(db, models, loaded, length, wishes, reads)
        items = [item for item in found if item["article"] not in hidden and not muted(item["article"])][:n]
        if len(items) == n or len(found) < length:
            break
        length *= 4
    for item in items:
        item["topics"] = _topics_of(loaded, item["article"])
        if why:
            item["because"] = _because(loaded, reader, item["article"], reads, wishes)
    number = None if loaded is None else loaded.number
    return {"reader": reader, "known": bool(events), "personal": wishes.personal, "fit": number, "items": items}


def explain(db: Database, models: Models, reader: str, wanted: str) -> Answer | None:
    """Say why an article is or would be recommended; the scores of the reasons add up to the score.

    An article that the models do not know yet has the score 0 and no reasons.

    Returns
    -------
    dict or None
        reader, article, title, score and reasons, each with because, share and score; None if there is no such article.
    """
    one, loaded = article(db, wanted), models.loaded
    if one is None:
        return None
    wishes = preferences(db, reader)
    reads = _reads(loaded, history(db, reader, COUNTED), wishes)
    reasons = _reasons(loaded, reader, wanted, reads, wishes)
    score = float(sum(reason["score"] for reason in reasons))
    return {"reader": reader, "article": wanted, "title": title_of(one), "score": score, "reasons": reasons}


def count_reads(db: Database, models: Models, reader: str) -> int:
    """Return how many reads of a reader shape the list now."""
    wishes = replace(preferences(db, reader), more=())
    return len(_reads(models.loaded, history(db, reader, COUNTED), wishes))


def similar(db: Database, models: Models, wanted: str, n: int = 5) -> Answer | None:
    """List articles with the same topics and words as one.

    Returns
    -------
    dict or None
        article, title and items, each with article, title, score (up to 1) and shared (the topics, with the share of
        each in the score); None if there is no such article.
    """
    one, loaded = article(db, wanted), models.loaded
    if one is None:
        return None
    items = []
    if loaded is not None:
        # The words of one that came or changed after the fit are looked up; others are known to the model by their id.
        fitted = loaded.rows.get(wanted, len(loaded.topics.ids_)) < len(loaded.topics.ids_)
        found: list[Any] = []
        with suppress(DataError):  # no word of it is known
            found = loaded.topics.neighbours(wanted if fitted else words_of(one), n + 1)
        items = [
            {
                "article": near.id,
                "title": loaded.titles[near.id],
                "score": near.score,
                "shared": [
                    {"topic": loaded.keys[t], "label": loaded.labels[t], "share": share}
                    for t, share in near.shared.items()
                ],
            }
            for near in found
            if near.id != wanted
        ][:n]
    return {"article": wanted, "title": title_of(one), "items": items}


def topics(models: Models) -> Answer:
    """List the topics, those of the largest share first.

    Returns
    -------
    dict
        fit, its number or None, and topics: what `topic_facts` says of each.
    """
    loaded = models.loaded
    return {"fit": None, "topics": []} if loaded is None else {"fit": loaded.number, "topics": loaded.facts}


def topic(db: Database, models: Models, key: str) -> Answer | None:
    """Describe a topic, with typical articles.

    Returns
    -------
    dict or None
        What `topic_facts` says, and typical: articles, each with article, title, share, passage and words; None if
        there is no such topic.
    """
    loaded = models.loaded
    if loaded is None or key not in loaded.keys:
        return None
    facts = next(one for one in loaded.facts if one["topic"] == key)
    found = loaded.topics.typical(loaded.keys.index(key), TYPICAL)
    there = articles(db, [one.id for one in found])
    typical = [
        {
            "article": one.id,
            "title": title_of(there[one.id]),
            "share": one.share,
            "passage": one.passage,
            "words": one.words,
        }
        for one in found
        if one.id in there
    ]
    return facts | {"fit": loaded.number, "typical": typical}


def find_topics(models: Models, query: str, n: int = 3) -> Answer:
    """Find topics by a few words.

    Returns
    -------
    dict
        query and topics, the best first, each with topic, label, score and words of the query that it uses.
    """
    loaded, found = models.loaded, list[Answer]()
    if loaded is not None:
        with suppress(DataError):  # no topic uses any of the words
            columns = loaded.topics.find_columns(query, n)
            found = [
                {"topic": loaded.keys[t], "label": label, "score": score, "words": words.split(", ")}
                for t, label, score, words in zip(*columns.values(), strict=True)
            ]
    return {"query": query, "topics": found}


def topics_of(models: Models, wanted: str) -> list[Answer]:
    """List the topics of an article, those of the largest share first, with topic, label and share."""
    return _topics_of(models.loaded, wanted)


def _best(
    db: Database,
    models: Models,
    loaded: Loaded | None,
    length: int,
    wishes: Preferences,
    reads: list[tuple[str, float]],
) -> list[Answer]:
    """List the best articles, or the newest without a recommender, before any is left out."""
    if loaded is None or loaded.recommender is None:
        newest = newest_articles(db, length)
        return [{"article": one.id, "title": title_of(one), "score": 0.0, "time": one.time} for one in newest]
    found = models.together.listed(Asked(loaded.recommender, length, wishes.fresh, wishes.broad, reads))
    return [
        {"article": name, "title": loaded.titles[name], "score": score, "time": loaded.times[name]}
        for name, score in found
    ]


def _topics_of(loaded: Loaded | None, name: str) -> list[Answer]:
    row = None if loaded is None else loaded.rows.get(name)
    if loaded is None or row is None:
        return []
    shares = loaded.shares[row]
    large = np.flatnonzero(shares >= LEAST).tolist()
    return [
        {"topic": loaded.keys[t], "label": loaded.labels[t], "share": float(shares[t])}
        for t in sorted(large, key=lambda t: -shares[t])
    ]


def _muted(loaded: Loaded | None, wishes: Preferences) -> Callable[[str], bool]:
    """Return a function that says whether the largest topic of an article is muted."""
    if loaded is None or not {*wishes.muted} & {*loaded.keys}:
        return lambda name: False
    quiet = np.isin(loaded.keys, wishes.muted)
    rows = loaded.rows

    def is_muted(name: str) -> bool:
        shares = loaded.shares[rows[name]] if name in rows else np.zeros(1)
        return bool(shares.any() and quiet[shares.argmax()])

    return is_muted


def _reads(loaded: Loaded | None, events: list[Event], wishes: Preferences) -> list[tuple[str, float]]:
    """Return the articles and strengths of the reads that a list counts, without articles that no model knows yet."""
    counted: list[tuple[str, float]] = []
    if wishes.personal:
        less = {*wishes.less}
        counted = [(event.article, event.strength) for event in events if event.article not in less]
        counted += [(name, MORE) for name in wishes.more if name not in less]
    return [(name, strength) for name, strength in counted if loaded is not None and name in loaded.listed]


def _reasons(
    loaded: Loaded | None, reader: str, name: str, reads: list[tuple[str, float]], wishes: Preferences
) -> list[Answer]:
    if loaded is None or loaded.recommender is None or name not in loaded.listed:
        return []
    table = {
        "reader": [reader] * len(reads),
        "article": [read for read, _ in reads],
        "strength": [strength for _, strength in reads],
    }
    return loaded.recommender.reasons(reader, name, recency=wishes.fresh, reads=table, labels=loaded.part_labels)


def _because(
    loaded: Loaded | None, reader: str, name: str, reads: list[tuple[str, float]], wishes: Preferences
) -> list[str]:
    reasons = _reasons(loaded, reader, name, reads, wishes)
    return [reason["because"] for reason in reasons[:TOLD] if reason["share"] >= SAID]
