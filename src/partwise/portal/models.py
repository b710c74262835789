"""The models that a process answers with: those of the fit in use, with its edits and the articles that came later."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from partwise.exceptions import DataError, PartwiseError
from partwise.matrix import Array
from partwise.portal.articles import Article, all_articles
from partwise.portal.database import Database
from partwise.portal.edits import Edit, Seen, applied, edits
from partwise.portal.fits import Fit, fits_by_use
from partwise.portal.logs import write_fault
from partwise.portal.model_files import check_folder, load_models
from partwise.portal.together import Together
from partwise.portal.topic_facts import topic_facts
from partwise.portal.training import articles_table, title_of, words_of
from partwise.recommend import Recommender
from partwise.topics import TopicModel
from partwise.topics.places import shares_of

__all__ = ["Loaded", "Models"]

LOOK = 1.0
"""Seconds between two looks."""
AGAIN = 30.0
"""Seconds until models that could not be loaded are tried again: their folder may have been away."""
OVERLAP = 30.0
"""Seconds of articles that a look reads again: writers take the time before their transaction ends."""
REST, LONGEST_REST = 4, 10.0
"""After a change, a process rests this many times as long as taking it in took, so that requests get the processor; and
the longest rest in seconds, as edits made in other processes wait meanwhile."""
NO_READS: dict[str, list[Any]] = {"reader": [], "article": []}


@dataclass(frozen=True)
class Loaded:
    """Models in memory.

    Attributes
    ----------
    number : int
        The fit that they come from.
    topics : TopicModel
        The topics, with the edits.
    keys, labels : list of str
        The key and the label of each topic.
    recommender : Recommender or None
        None if the fit had no reads.
    notes : list of str
        What an editor should know, such as a file that could not be loaded.
    titles : dict of str to str
        What each article is called: its title, or its id if it has none.
    times : dict of str to float or None
        When each was published, in seconds since 1970.
    rows : dict of str to int
        Row of each article in `shares`.
    shares : ndarray of shape (n_articles, n_topics)
        Shares of the topics in each article; a row of zeros for an article without words.
    facts : list of dict
        What `topic_facts` says of each topic.
    listed : frozenset of str
        Articles that the recommender knows.
    part_labels : list of str
        What reasons call each part of the recommender: the topic that most of the part's articles have.
    seen : Seen
        The use and the last edit that are taken in.
    """

    number: int
    topics: TopicModel
    keys: list[str]
    labels: list[str]
    recommender: Recommender | None
    notes: list[str]
    titles: dict[str, str]
    times: dict[str, float | None]
    rows: dict[str, int]
    shares: Array
    facts: list[dict[str, Any]]
    listed: frozenset[str]
    part_labels: list[str]
    seen: Seen


@dataclass(frozen=True)
class _Fitted:
    """The models of a fit as its files hold them."""

    fit: Fit
    topics: TopicModel
    recommender: Recommender | None
    rows: dict[str, int]

    titles: dict[str, str]
    times: dict[str, float | None]

    def holds(self, article: Article) -> bool:
        """Return whether the fit was made with this article as it is now."""
        row = self.rows.get(article.id)
        if row is None or (self.topics.texts_ or [])[row] != words_of(article):
            return False
        return (self.titles[article.id], self.times[article.id]) == (title_of(article), article.time)


@dataclass(frozen=True)
class _Edited:
    """Topics with their edits, and what is said of edits that could not be made."""

    topics: TopicModel
    keys: list[str]
    skipped: list[str]


class Models:
    """Loads the models of the fit in use, and follows changes in the background.

    Parameters
    ----------
    db : Database
        The database.
    folder : Path
        The folder with the model files.
    changed : callable, default does nothing
        Called without arguments soon after another fit is taken in, when requests that used the one before have been
        answered.

    Attributes
    ----------
    loaded : Loaded or None
        What to answer with; replaced whole. None before the first fit.
    together : Together
        Computes lists that are asked for at the same time.
    """

    def __init__(self, db: Database, folder: Path, changed: Callable[[], object] = lambda: None) -> None:
        self.loaded: Loaded | None = None
        self.together = Together()
        self._db, self._folder, self._changed = db, Path(folder), changed
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._uses: list[tuple[int, float]] = []
        self._fitted: _Fitted | None = None
        self._unread: list[str] = []
        self._read_at = 0.0
        self._made: list[Edit] = []
        self._edited: _Edited | None = None
        self._joined: dict[str, Article] = {}
        self._recommender: Recommender | None = None
        self._since = 0.0
        self._behind = False
        self._told: int | None = None

    @property
    def notes(self) -> list[str]:
        """What an editor should know, also if nothing can be loaded."""
        loaded = self.loaded
        return list(self._unread) if loaded is None else loaded.notes

    def start(self) -> None:
        """Load what is in use, and follow changes from now on."""
        self.look()
        self._thread = threading.Thread(target=self._follow, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no more changes."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> bool:
        """Take in what changed since the last look: another fit in use, edits, and new articles; tell whether any."""
        with self._lock:
            self._take_fit()
            if self._fitted is None:
                self.loaded = None
                return False
            made = edits(self._db, self._fitted.fit.number)
            with self._db.read() as connection:
                began = self._db.time(connection)
            new = self._new_articles(self._fitted)
            if made != self._made:
                self._edited = None
            behind = self._behind or bool(new) or self._edited is None
            if behind:
                self._behind = True  # until all of this is done
                if new and self._recommender is not None:
                    self._recommender = _with_articles(self._recommender, new)
                self._joined |= {article.id: article for article in new}
                self.loaded = self._whole(self._fitted, made)
                self._made, self._behind = made, False
            self._since = began - OVERLAP
            return behind

    def _follow(self) -> None:
        while not self._ended.wait(LOOK):
            began, changed = time.monotonic(), False
            try:
                self._tell()
                changed = self.look()
            except sa.exc.SQLAlchemyError:
                pass  # the database is away: what is loaded stays in use
            except Exception as error:  # a thread that ends would never see a later fit
                write_fault("models", error)
            if changed:
                self._ended.wait(min(LONGEST_REST, REST * (time.monotonic() - began)))

    def _tell(self) -> None:
        number = None if self.loaded is None else self.loaded.number
        if number not in (None, self._told):
            self._told = number
            self._changed()

    def _take_fit(self) -> None:
        """Load the fit that was put into use last and can be loaded."""
        fits = fits_by_use(self._db)
        uses = [(fit.number, fit.used) for fit in fits if fit.used is not None]
        if uses == self._uses and (not self._unread or time.monotonic() < self._read_at + AGAIN):
            return
        before, faults = self._fitted, dict[int, Exception]()
        found = None
        for fit in fits:
            found = before if before is not None and before.fit.number == fit.number else self._read(fit, faults)
            if found is not None:
                break
        instead = "no fit is used" if found is None else f"fit {found.fit.number} is used"
        unread = [f"the models of fit {n} cannot be loaded, so {instead}: {error}" for n, error in faults.items()]
        self._behind |= (uses, found, unread) != (self._uses, before, self._unread)
        self._uses, self._fitted, self._unread, self._read_at = uses, found, unread, time.monotonic()
        self._edited = self._edited if found is before else None
        if found is not None and found is not before:
            self._recommender, self._joined = found.recommender, {}
            self._since = found.fit.facts.get("read_at", 0.0) - OVERLAP

    def _read(self, fit: Fit, faults: dict[int, Exception]) -> _Fitted | None:
        try:
            check_folder(self._db, self._folder)
            topics, recommender = load_models(self._folder, fit.number)
            if len(fit.facts["topics"]) != topics.n_topics_:
                raise DataError("its topics are not those that the database has")
            if fit.facts.get("recommender") and recommender is None:
                raise DataError("the file of its recommender is missing")
        except (PartwiseError, OSError) as error:
            faults[fit.number] = error
            return None
        names = topics.ids_
        titles = dict(zip(names, topics.metadata_["title"], strict=True))
        times = {name: float(t) if t else None for name, t in zip(names, topics.metadata_["time"], strict=True)}
        return _Fitted(fit, topics, recommender, {name: row for row, name in enumerate(names)}, titles, times)

    def _new_articles(self, fitted: _Fitted) -> list[Article]:
        found = []
        for article in all_articles(self._db, self._since):
            known = self._joined.get(article.id)
            if known != article and (known is not None or not fitted.holds(article)):
                found.append(article)
        return found

    def _whole(self, fitted: _Fitted, made: Sequence[Edit]) -> Loaded:
        if self._edited is None:
            skipped: list[str] = []
            keys = [topic["key"] for topic in fitted.fit.facts["topics"]]
            self._edited = _Edited(*applied(fitted.topics, keys, made, skipped), skipped)
        topics, keys = self._edited.topics, self._edited.keys
        shares, rows = shares_of(topics.document_topics_), fitted.rows
        if self._joined:
            placed = topics.transform([words_of(article) for article in self._joined.values()])
            rows = rows | {name: len(shares) + i for i, name in enumerate(self._joined)}
            shares = np.vstack([shares, shares_of(placed)])
        if self._recommender is not None:
            # What every list and reason needs is computed here, and not while the first reader waits.
            self._recommender.recommendations("", 1, reads=NO_READS)
        with suppress(DataError):
            topics.neighbours(topics.ids_[0], 1)
        known = [] if self._recommender is None else self._recommender.article_ids_
        return Loaded(
            number=fitted.fit.number,
            topics=topics,
            keys=keys,
            labels=topics.labels_,
            recommender=self._recommender,
            notes=[*self._unread, *self._edited.skipped],
            titles=fitted.titles | {name: title_of(article) for name, article in self._joined.items()},
            times=fitted.times | {name: article.time for name, article in self._joined.items()},
            rows=rows,
            shares=shares,
            facts=topic_facts(topics, keys, shares),
            listed=frozenset(known),
            part_labels=_part_labels(self._recommender, topics.labels_, rows, shares),
            seen=Seen(self._uses[0], made[-1].number if made else 0),
        )


def _part_labels(recommender: Recommender | None, labels: list[str], rows: dict[str, int], shares: Array) -> list[str]:
    """Return the label of the topic that most of the articles of each part have; editors can change it."""
    if recommender is None:
        return []
    names = recommender.article_ids_
    known = [i for i, name in enumerate(names) if name in rows]
    of_topics = recommender.article_parts_[known].T @ shares[[rows[names[i]] for i in known]]
    return [
        labels[t] if total else "" for t, total in zip(of_topics.argmax(axis=1), of_topics.sum(axis=1), strict=True)
    ]


def _with_articles(recommender: Recommender, new: Sequence[Article]) -> Recommender:
    made = copy(recommender)
    with suppress(DataError):  # a fit to articles without words cannot place others by theirs
        made.add_articles(articles_table(new))
    return made
