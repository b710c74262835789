"""Topics of a stream: words that come up, topics that are born and die, and numbers that stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from partwise.atomic import rebuilt
from partwise.exceptions import DataError, shown
from partwise.factorization import factorize
from partwise.matrix import Array
from partwise.topics.collection import checked_dates, checked_ids, checked_metadata, checked_texts
from partwise.topics.fitted import LISTED, FittedTopics
from partwise.topics.memory import Memory
from partwise.topics.places import shares_of, unit_rows
from partwise.topics.timeline import iso_dates, periods
from partwise.topics.vectorize import make_vectorizer
from partwise.topics.vocabulary import Vocabulary, analysed

__all__ = ["Streaming", "TopicEvent"]

ROUNDS = 3
"""Turns of placing a batch and improving topics."""
STRANGE = 0.3
"""A topic of a batch alone whose cosine with every known topic is below this is a new one."""
ENOUGH = 10
"""Documents of a batch that have to be mainly of a new topic."""
RISEN = 3.0
"""How much more frequent the words of a new topic have to be than before: else it only divides what was known finer."""
FADED = 0.1
"""Share, relative to an equal share, below which a topic is dead."""


@dataclass(frozen=True)
class TopicEvent:
    """What happened to a topic in a stream.

    Attributes
    ----------
    batch : int
        Number of the batch, from 0.
    kind : str
        'born', 'died' or 'returned'.
    topic : int
        Number of the topic, its own for good.
    label : str
        Its label at the time.
    """

    batch: int
    kind: str
    topic: int
    label: str


class Streaming(FittedTopics):
    """The part of `TopicModel` that learns from a stream."""

    language_: str
    events_: list[TopicEvent]
    n_batches_: int
    drift_: Array
    _memory: Memory
    _vocabulary: Vocabulary | None
    _activity: Array

    def partial_fit(
        self,
        texts: Sequence[str],
        ids: Sequence[Any] | None = None,
        dates: Sequence[Any] | None = None,
        *,
        metadata: Mapping[str, Sequence[Any]] | None = None,
    ) -> Self:
        """Take in the next batch of a stream; a model that was fitted goes on from there.

        The vocabulary grows. Topics keep their numbers: one that no document is of any more stays in its place with a
        share near 0, and one that is new (like none of the known ones, of words
        that have become three times as frequent) is put at the end. ``events_`` tells of topics that were born, died or
        returned, and ``drift_`` the cosine of each topic with itself before the batch. Documents are placed as they
        come, and stay where they were placed. A vectorizer of one's own is fitted to the first batch and not again.
        A call that fails leaves the model as it was.

        Parameters
        ----------
        texts : sequence of str
            The documents of the batch.
        ids : sequence, default=None
            One id a document, different from all before; by default numbers that go on.
        dates : sequence, default=None
            One date a document, in every batch or in none.
        metadata : mapping of str to sequence, default=None
            As in `fit`; documents of batches that lack one of the names have ``""`` there.

        Returns
        -------
        TopicModel
            The model itself.

        Raises
        ------
        DataError
            If the first batch has no words, ids repeat, a date is not understood, or dates come in some batches only.
        ParameterError
            If a parameter has a value that nothing accepts.

        Examples
        --------
        >>> from partwise.topics import TopicModel
        >>> model = TopicModel(2).partial_fit(["rates and inflation", "the bank cuts rates", "a cup final"])
        >>> model.partial_fit(["the cup goes to the home team"]).document_topics_.shape
        (4, 2)
        """
        self._check_settings()
        with rebuilt(self) as made:
            made._take_in(texts, ids, dates, metadata)
        return self

    def _take_in(self, texts: Any, ids: Any, dates: Any, metadata: Any) -> None:
        if not hasattr(self, "components_"):
            self._find(texts, ids, dates, None, metadata)
            self._begin()
            return
        earlier = self._now
        texts = checked_texts(texts)
        if (dates is None) != (self.dates_ is None):
            raise DataError("dates were given in some batches only. Give them in each, '' where unknown, or in none.")
        names = self._next_ids(ids, len(texts))
        days = None if dates is None else iso_dates(checked_dates(dates, len(texts)), names)
        more = checked_metadata(metadata, len(texts))
        if not hasattr(self, "_memory"):
            self._begin()
        X = self._take(texts)
        before = len(earlier.components)
        old = np.pad(earlier.components, ((0, 0), (0, len(self.words_) - earlier.components.shape[1])))
        H = self._with_born(X, old)
        theta, H = self._learn(X, H)
        self.metadata_ = {
            name: self.metadata_.get(name, [""] * len(self.ids_)) + more.get(name, [""] * len(texts))
            for name in {**self.metadata_, **more}
        }
        self._append(texts, names, days, X)
        self._activity = self.forget_factor * np.pad(self._activity, (0, len(H) - before)) + shares_of(theta).sum(
            axis=0
        )
        dead = self._dead()
        self.drift_ = (unit_rows(old) * unit_rows(H[:before])).sum(axis=1)
        shares = self._activity / max(self._activity.sum(), np.finfo(float).tiny)
        places = np.pad(earlier.places, ((0, 0), (0, len(H) - before)))
        self._settle(H, np.vstack([places, theta]), shares)
        self._report(before, dead)
        self.n_batches_ += 1

    def _begin(self) -> None:
        """Make what a stream remembers of the documents there are."""
        if self.vectorizer_ is None:
            raise DataError("the model was fitted to a matrix. A stream needs texts: fit it to texts.")
        theta, H, X = self._now.places, self._now.components, self.X_
        empty = Memory.empty(self._objective.name == "frobenius", *H.shape)
        self._memory = self._remembered(empty, X, theta, H, 1.0)
        self._activity = shares_of(theta).sum(axis=0)
        self._was_dead = np.zeros(len(H), bool)
        self.drift_ = np.ones(len(H))
        self.n_batches_ = 1
        self._vocabulary = None
        if getattr(self, "vectorizer", None) is None:
            held = dict(zip(map(str, self.words_), np.bincount(X.indices, minlength=X.shape[1]).tolist(), strict=True))
            columns = self._kept_columns()
            for words in analysed(self.texts_ or [], self._analyze):
                for word in dict.fromkeys(words):  # in their order, which a set would draw anew in each process
                    if word not in columns:
                        held[word] = held.get(word, 0) + 1
            documents = float(np.count_nonzero(np.diff(X.indptr)))
            common = self._limits.most(X.shape[0])
            limited = all(held[str(word)] <= common for word in self.words_)
            self._vocabulary = Vocabulary([*self.words_], held, documents, limited, self._limits)

    def _kept_columns(self) -> dict[str, int]:
        self._column("")
        return self._memo["columns"]

    def _next_ids(self, ids: Sequence[Any] | None, n: int) -> list[str]:
        known = set(self.ids_)
        if ids is None:
            start = len(self.ids_)
            while str(start) in known:
                start += 1
            names = [str(start + i) for i in range(n)]
        else:
            names = checked_ids(ids, n)
        repeated = next((name for name in names if name in known), None)
        if repeated is not None:
            raise DataError(
                f"the id {shown(repeated)} is that of an earlier document. Make ids differ, or leave them out."
            )
        return names

    def _take(self, texts: list[str]) -> Any:
        """Return a batch as a matrix of words, those that are new in columns at the end."""
        if self._vocabulary is None:
            return sp.csr_array(self.vectorizer_.transform(texts))
        analysed_texts = analysed(texts, self._analyze)
        self._vocabulary = self._vocabulary.copy()  # the model as it was keeps its own
        counts = self._vocabulary.take(analysed_texts, self.forget_factor)
        self.words_ = np.array(self._vocabulary.words, dtype=object)
        self.vectorizer_, self._memo = self._vectorizer_now(), {}
        counts.data = 1 + np.log(counts.data)
        if self._objective.name != "frobenius":
            return counts
        return unit_rows(counts @ sp.diags_array(self._vocabulary.idf()))

    def _vectorizer_now(self) -> Any:
        assert self._vocabulary is not None
        counts = self._objective.name != "frobenius"
        made = make_vectorizer(
            self.language_, self.bigrams, counts, vocabulary=self._vocabulary.words, more=self.stop_words
        )
        made.fit([""])  # makes it fitted: words are given, and weights are set next
        if not counts:
            made.idf_ = self._vocabulary.idf()
        return made

    def _with_born(self, X: Any, H: Array) -> Array:
        """Return the topics and, below, those of a batch alone that are like none of them."""
        placed = int(np.count_nonzero(np.diff(X.indptr)))
        k = min(len(H) if isinstance(self.n_topics, str) else int(self.n_topics), placed, X.shape[1])
        if placed < 2 * ENOUGH or k < 1:
            return H
        own = factorize(
            X, k, loss=self._objective, random_state=self.random_state, tol=1e-3, n_jobs=self.n_jobs,
            sample_weight=self._weights(X),
        )  # fmt: skip
        shares = shares_of(own.W * self._lengths(own.H))
        enough = np.bincount(shares[shares.any(axis=1)].argmax(axis=1), minlength=k) >= max(ENOUGH, 0.3 * placed / k)
        like = (unit_rows(own.H) @ unit_rows(H).T).max(axis=1)
        before, now = (np.bincount(part.indices, minlength=X.shape[1]) / max(part.shape[0], 1) for part in (self.X_, X))
        words = np.argsort(-own.H, axis=1, kind="stable")[:, :LISTED]
        risen = now[words].sum(axis=1) >= RISEN * before[words].sum(axis=1)
        born = own.H[enough & (like < STRANGE) & risen]
        return np.vstack([H, self._normal(born)])

    def _learn(self, X: Any, H: Array) -> tuple[Array, Array]:
        """Return places of the batch and topics that have learnt from it."""
        memory = self._memory.grown(*H.shape)
        for _ in range(ROUNDS):
            theta = self._projected(X, self._projection(H))
            learnt = self._remembered(memory, X, theta, H, self.forget_factor)
            H = learnt.best(H)
        lengths = self._lengths(H)
        lengths = np.where(lengths > 0, lengths, 1)
        H = H / lengths[:, None]
        self._memory = learnt.rescaled(lengths)
        return self._projected(X, self._projection(H)), H

    def _remembered(self, memory: Memory, X: Any, theta: Array, H: Array, forget: float) -> Memory:
        weights = self._weights(X)
        if weights is None:
            return memory.with_batch(X, theta, H, forget)
        root = np.sqrt(weights)  # where a document is placed does not depend on its weight
        return memory.with_batch(sp.csr_array(sp.diags_array(root) @ X), root[:, None] * theta, H, forget)

    def _append(self, texts: list[str], names: list[str], days: list[str] | None, X: Any) -> None:
        """Put a batch to the documents there are."""
        older = self.X_
        older = sp.csr_array((older.data, older.indices, older.indptr), shape=(older.shape[0], X.shape[1]))
        self.X_ = sp.csr_array(sp.vstack([older, X]))
        self.ids_, self._memo = [*self.ids_, *names], {}
        if self.texts_ is not None:
            self.texts_ = [*self.texts_, *texts]
        if self.dates_ is not None and days is not None:
            self.dates_ = [*self.dates_, *days]
            self.periods_ = periods(self.dates_)

    def _dead(self) -> Array:
        share = self._activity / max(self._activity.sum(), np.finfo(float).tiny)
        return share < FADED / len(share)

    def _report(self, before: int, dead: Array) -> None:
        """Enter what happened to topics in this batch."""
        was, labels = np.pad(self._was_dead, (0, len(dead) - before)), self.labels_
        for topic in range(len(dead)):
            kind = "born" if topic >= before else "died" if dead[topic] and not was[topic] else None
            kind = "returned" if kind is None and was[topic] and not dead[topic] else kind
            if kind is not None:
                self.events_ = [*self.events_, TopicEvent(self.n_batches_, kind, topic, labels[topic])]
        self._was_dead = dead
