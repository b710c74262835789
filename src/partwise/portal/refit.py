"""A refit: new models from all articles and reads, measured, and put into use unless they are worse."""

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from partwise.exceptions import DataError, PartwiseError
from partwise.portal.articles import Article, all_articles
from partwise.portal.database import Database, now
from partwise.portal.edits import applied, carry_labels, edits
from partwise.portal.events import all_events
from partwise.portal.fits import (
    Fit,
    FitRunningError,
    beat,
    begin_fit,
    end_fit,
    find_fit,
    fits_by_use,
    keep_fits,
    last_use,
)
from partwise.portal.measuring import measured
from partwise.portal.model_files import claim_folder, load_models, remove_model, remove_models, save_models
from partwise.portal.topic_keys import carried_by_words, carried_keys, new_keys
from partwise.portal.training import articles_table, date_of, reads_table, title_of, words_of
from partwise.recommend import Recommender
from partwise.recommend.anonymous import without_readers
from partwise.topics import TopicModel

__all__ = ["refit"]

BEAT = 10.0
"""Seconds between two signs of life of a fit."""
CHOOSABLE = 20_000
"""Articles up to which the number of topics is chosen by the data, which takes some fifty fits."""
TOPICS = 30
"""Topics of larger collections."""
FEWEST, EACH = 8, 50
"""Topics that a collection gets at least, if it has so many articles for each."""
KEPT = 10
"""Models of the last fits that are kept, beside those of the one in use."""
Facts = dict[str, Any]


def refit(db: Database, folder: Path, n_topics: int | None = None, number: int | None = None) -> Fit:
    """Fit new models to all articles and reads, and put them into use unless they are worse than those in use.

    Parameters
    ----------
    db : Database
        The database.
    folder : Path
        The folder with the model files.
    n_topics : int, default=None
        Number of topics. By default the data choose it for up to 20,000 articles, but at least 8 from 400 articles on;
        more articles get 30.
    number : int, default=None
        The number of a fit that has begun; by default one begins here.

    Returns
    -------
    Fit
        The fit: ready and in use; aside, if it is worse; or failed. Its facts are articles, reads and readers (their
        numbers), topics (key, label, share and words of each), born, died and drifted (keys, against the fit before),
        before (number of the fit in use until then, or of the last one whose models can be loaded), measured (see
        `measured`), recommender (whether there is one), read_at (when it read the articles, by the database's clock),
        last_read (a time), notes (sentences), and, if it was not put
        into use, the reason.

    Raises
    ------
    FitRunningError
        If another fit is running.
    """
    number = begin_fit(db) if number is None else _begun(db, number)
    if number is None:
        raise FitRunningError("another fit is running. Wait until it ends.")
    facts: Facts = {"notes": []}
    state, ended = "failed", False
    with _beating(db, number):
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                state = _fit(db, Path(folder), number, n_topics, facts)
            facts["notes"] += list(dict.fromkeys(str(one.message) for one in told))
        except PartwiseError as error:
            facts["reason"] = str(error)
        except Exception as error:
            facts["reason"] = f"{type(error).__name__}: {error}"
        except BaseException as error:
            facts["reason"] = f"interrupted ({type(error).__name__})"
            raise
        finally:
            ended = end_fit(db, number, state, facts, use=state == "ready", also=partial(_carry, number, facts))
    if ended and state != "failed":  # a fit can fail because the folder is another database's
        remove_models(Path(folder), keep_fits(db, KEPT))
    elif state != "failed":
        remove_model(Path(folder), number)
    found = find_fit(db, number)
    assert found is not None
    return found


def _begun(db: Database, number: int) -> int | None:
    """Return the number of a fit that has begun; None if it counts as killed by now."""
    beat(db, number)
    fit = find_fit(db, number)
    return number if fit is not None and fit.state == "running" else None


def _fit(db: Database, folder: Path, number: int, n_topics: int | None, facts: Facts) -> str:
    """Make and save models, gather the facts, and return the state of the fit."""
    claim_folder(db, folder)
    began = now()
    with db.read() as connection:
        facts["read_at"] = db.time(connection)
    articles = list(all_articles(db))
    if not articles:
        raise DataError("there are no articles yet. Send some to /api/articles, or upload them.")
    topics = _topics(articles, n_topics, facts)
    reads = reads_table(all_events(db), frozenset(article.id for article in articles), began)
    facts |= {"articles": len(articles), "reads": 0, "readers": 0}
    used, before = _before(db, folder, facts)
    recommender, worse = None, None
    if reads is not None:
        facts |= {"reads": len(reads["reader"]), "readers": len({*reads["reader"]})}
        facts["last_read"] = float(reads["time"].max().astype(np.int64)) / 1e3
        recommender = Recommender().fit(reads, articles_table(articles))
        until = None if used is None else used.facts.get("last_read")
        facts["measured"] = measured(reads, articles, None if before is None else before[1], until)
        worse = facts["measured"].get("worse")
        recommender = without_readers(recommender)  # lists take a reader's reads from the database
    facts["recommender"] = recommender is not None
    _name_topics(db, topics, used, None if before is None else before[0], facts)
    save_models(folder, number, topics, recommender)
    if worse:
        facts["reason"] = worse
    return "aside" if worse else "ready"


def _before(
    db: Database, folder: Path, facts: Facts
) -> tuple[Fit | None, tuple[TopicModel, Recommender | None] | None]:
    """Return the fit in use and its models, or the last one whose models can be loaded; without any, no models."""
    fits = fits_by_use(db)
    for fit in fits:
        try:
            models = load_models(folder, fit.number)
        except (PartwiseError, OSError) as error:
            facts["notes"].append(f"fit {fit.number} cannot be loaded to compare with: {error}")
            continue
        facts["before"] = fit.number
        return fit, models
    if fits:
        facts["before"] = fits[0].number
    return (fits[0] if fits else None), None


def _carry(number: int, facts: Facts, connection: sa.Connection) -> None:
    """Give the topics of a fit that ends the labels of their like, also those given since it began."""
    used = last_use(connection)
    earlier = {facts.get("before", number), number if used is None else used[0]}
    carry_labels(connection, earlier, number, [topic["key"] for topic in facts.get("topics", [])])


def _topics(articles: Sequence[Article], n_topics: int | None, facts: Facts) -> TopicModel:
    """Fit the topics of articles."""

    def fitted(k: int | str) -> TopicModel:
        return TopicModel(k, stability_runs=0).fit(
            [words_of(article) for article in articles],
            ids=[article.id for article in articles],
            dates=[date_of(article.time) for article in articles],
            metadata={
                "title": [title_of(article) for article in articles],
                "time": ["" if article.time is None else repr(article.time) for article in articles],
            },
        )

    if n_topics is not None or len(articles) > CHOOSABLE:
        return fitted(n_topics or TOPICS)
    topics, fewest = fitted("auto"), min(FEWEST, len(articles) // EACH)
    facts["notes"].append(topics.rank_reason_)
    if topics.n_topics_ >= fewest:
        return topics
    facts["notes"].append(f"{fewest} topics are made all the same: fewer are too broad to follow or to mute one.")
    return fitted(fewest)


def _name_topics(db: Database, topics: TopicModel, used: Fit | None, before: TopicModel | None, facts: Facts) -> None:
    """Give topics the keys of their like in the fit in use, and new keys to the others."""
    keys: list[str | None] = [None] * topics.n_topics_
    facts |= {"born": [], "died": [], "drifted": []}
    if used is not None and before is not None:
        edited, old = applied(before, [topic["key"] for topic in used.facts["topics"]], edits(db, used.number), [])
        keys, facts["drifted"], facts["died"] = carried_keys(edited, old, topics)
    elif used is not None:
        keys, facts["drifted"], facts["died"] = carried_by_words(used.facts["topics"], topics)
    with db.write() as connection:
        new = new_keys(db, connection, keys.count(None))
    if used is not None:
        facts["born"] = new
    left = iter(new)
    named = [key or next(left) for key in keys]
    facts["topics"] = [
        {
            "key": key,
            "label": topics.labels_[t],
            "share": float(topics.shares_[t]),
            "words": [word for word, _ in topics.top_words(t)],
        }
        for t, key in enumerate(named)
    ]


@contextmanager
def _beating(db: Database, number: int) -> Iterator[None]:
    """Say again and again that the fit is running, until the block ends."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(BEAT):
            with suppress(sa.exc.SQLAlchemyError):  # the database may be away for a moment
                beat(db, number)

    thread = threading.Thread(target=run, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
