"""Topics of a stream: the vocabulary grows, topics are born and die, and topics keep their numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.atomic import rebuilt
from partwise.estimators.nmf import NMF
from partwise.exceptions import DataError, ParameterError, shown
from partwise.matrix import Array
from partwise.state import PlainState
from partwise.topics.collection import checked_dates, checked_ids, checked_metadata, checked_texts
from partwise.topics.fitted import LISTED, Documents, FittedTopics
from partwise.topics.memory import Memory
from partwise.topics.places import shares_of, unit_rows
from partwise.topics.settings import Settings, check_parameters
from partwise.topics.timeline import iso_dates, periods
from partwise.topics.vectorize import make_vectorizer
from partwise.topics.vocabulary import Vocabulary, analysed
from partwise.topics.weights import tfidf_rows

__all__ = ["Stream", "TopicEvent", "partial_fit"]

ROUNDS = 3
"""How often a batch is placed and topics are improved, in turn."""
STRANGE = 0.4
"""A topic is new if its cosine with every known topic is below this."""
ENOUGH = 10
"""Fewest documents of a batch with a new topic as their main one."""
RISEN = 3.0
"""Smallest growth in frequency of a new topic's words; below it, the topic only divides known topics further."""
FINER = 0.5
"""Fewest documents of a further new topic, relative to the one born before it in the same batch; with fewer, it only
divides that topic further."""
FADED = 0.1
"""Share, relative to an equal share, below which a topic is dead."""


@dataclass(frozen=True)
class TopicEvent:
    """What happened to a topic in a stream.

    Parameters
    ----------
    batch : int
        Number of the batch, from 0.
    kind : str
        'born', 'died' or 'returned'.
    topic : int
        Number of the topic, which never changes.
    label : str
        Its label at the time.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> money = ["rates and inflation", "the bank cuts rates", "inflation and the bank"]
    >>> sport = ["a cup final", "the cup goes to the home team", "the home team wins the cup"]
    >>> model = TopicModel(2, forget_factor=0.5)
    >>> for batch in (money + sport, 10 * sport):
    ...     model = model.partial_fit(batch)
    >>> for event in model.events_:
    ...     print(f"batch {event.batch}: {event.label} {event.kind}")
    batch 1: bank · rates · inflation died
    """

    batch: int
    kind: str
    topic: int
    label: str


@dataclass(frozen=True, eq=False)
class Stream(PlainState):
    """What a model keeps of a stream.

    Parameters
    ----------
    memory : Memory
        Sums over earlier documents.
    activity : ndarray of shape (n_topics,)
        Number of documents of each topic; old ones weigh less.
    was_dead : ndarray of bool, shape (n_topics,)
        Topics without documents after the last batch.
    vocabulary : Vocabulary or None
        Words and their counts; None for a vectorizer of the user's own.
    """

    memory: Memory
    activity: Array
    was_dead: Array
    vocabulary: Vocabulary | None = None


def partial_fit(
    model: Any,
    texts: Sequence[str],
    ids: Sequence[Any] | None = None,
    dates: Sequence[Any] | None = None,
    *,
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> Any:
    """Add the next batch of a stream; a fitted model goes on from its fit.

    The vocabulary grows, and topics keep their numbers. A topic that has no documents any more keeps its number, with a
    share near 0. A new topic is put at the end. It is fitted to what the known topics leave unexplained, it is unlike
    all of them, and its words have become three times as frequent. If several are born in one batch, each has at least
    half as many documents as the one before it: so a new subject is one topic, not one for each of its parts.
    ``events_`` lists topics that were born, died or returned. ``drift_`` is the cosine of each topic with itself before
    the batch. Documents are placed once, with their batch. A vectorizer of your own is fitted to the first batch only.
    A call that fails leaves the model unchanged.

    Parameters
    ----------
    texts : sequence of str
        The documents of the batch.
    ids : sequence, default=None
        One id per document, different from all earlier ones; by default the next numbers.
    dates : sequence, default=None
        One date per document, in every batch or in none.
    metadata : mapping of str to sequence, default=None
        As in `fit`; if a batch lacks one of the names, its documents have ``""`` there.

    Returns
    -------
    TopicModel
        The model itself.

    Raises
    ------
    DataError
        If the first batch has no words, ids repeat, a date is not understood, or dates come in some batches only.
    ParameterError
        If a parameter has an invalid value, or the model has embeddings.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> model = TopicModel(2).partial_fit(["rates and inflation", "the bank cuts rates", "a cup final"])
    >>> model.partial_fit(["the cup goes to the home team"]).document_topics_.shape
    (4, 2)
    """
    check_parameters(model)
    if model.embeddings is not None or (hasattr(model, "_topics") and model._topics.documents.embedded is not None):
        raise ParameterError(
            "partial_fit does not work with embeddings: later documents would be neighbours of earlier ones. Fit all "
            "texts together, or leave embeddings out."
        )
    with rebuilt(model) as made:
        if hasattr(made, "components_"):
            _take_in(made, texts, ids, dates, metadata)
        else:
            made._find(texts, ids, dates, None, metadata)
            _begin(made)
    return model


def _take_in(model: Any, texts: Any, ids: Any, dates: Any, metadata: Any) -> None:
    earlier: FittedTopics = model._now
    documents, settings, before = earlier.documents, earlier.settings, len(earlier)
    texts = checked_texts(texts)
    if (dates is None) != (documents.dates is None):
        raise DataError("dates were given in some batches only. Give them in each, '' where unknown, or in none.")
    names = _next_ids(documents, ids, len(texts))
    days = None if dates is None else iso_dates(checked_dates(dates, len(texts)), names)
    more = checked_metadata(metadata, len(texts))
    if not hasattr(model, "_stream"):
        _begin(model)
    stream: Stream = model._stream
    X, grown, vocabulary = _read(model, documents, stream.vocabulary, texts)
    old = np.pad(earlier.components, ((0, 0), (0, X.shape[1] - earlier.components.shape[1])))
    theta, H, memory = _learnt(stream.memory, settings, X, _with_born(model, documents.X, X, old), model.forget_factor)
    activity = model.forget_factor * np.pad(stream.activity, (0, len(H) - before)) + shares_of(theta).sum(axis=0)
    shares = activity / max(activity.sum(), np.finfo(float).tiny)
    dead = shares < FADED / len(shares)
    places = np.vstack([np.pad(earlier.places, ((0, 0), (0, len(H) - before))), theta])
    documents = _longer(grown, X, texts, names, days, more)
    model._take(FittedTopics.normal(documents, settings, H, places, shares, earlier.custom))
    model.drift_ = (unit_rows(old) * unit_rows(H[:before])).sum(axis=1)
    model.events_ = [*model.events_, *_events(model, np.pad(stream.was_dead, (0, len(H) - before)), dead, before)]
    model._stream = Stream(memory, activity, dead, vocabulary)
    model.n_batches_ += 1


def _begin(model: Any) -> None:
    """Start a stream with the documents of the model."""
    topics: FittedTopics = model._now
    documents, settings = topics.documents, topics.settings
    if documents.vectorizer is None:
        raise DataError("the model was fitted to a matrix. A stream needs texts: fit it to texts.")
    theta, H, X, vocabulary = topics.places, topics.components, documents.X, None
    memory = _remembered(Memory.empty(settings.squared, *H.shape), settings, X, theta, H, 1.0)
    if getattr(model, "vectorizer", None) is None:
        held = dict(zip(map(str, documents.words), np.bincount(X.indices, minlength=X.shape[1]).tolist(), strict=True))
        for words in analysed(documents.texts or [], documents.analyze):
            for word in dict.fromkeys(words):  # in order of appearance: the order of a set differs between processes
                if word not in documents.columns:
                    held[word] = held.get(word, 0) + 1
        count = float(np.count_nonzero(np.diff(X.indptr)))
        common = model._limits.most(X.shape[0])
        limited = all(held[str(word)] <= common for word in documents.words)
        vocabulary = Vocabulary([*documents.words], held, count, limited, model._limits)
    model._stream = Stream(memory, shares_of(theta).sum(axis=0), np.zeros(len(H), bool), vocabulary)
    model.drift_, model.n_batches_ = np.ones(len(H)), 1


def _next_ids(documents: Documents, ids: Sequence[Any] | None, n: int) -> list[str]:
    """Return the ids of a batch: those given, or the next numbers."""
    if ids is None:
        start = len(documents.ids)
        while str(start) in documents.rows:
            start += 1
        names = [str(start + i) for i in range(n)]
    else:
        names = checked_ids(ids, n)
    repeated = next((name for name in names if name in documents.rows), None)
    if repeated is not None:
        raise DataError(f"the id {shown(repeated)} is that of an earlier document. Make ids differ, or leave them out.")
    return names


def _read(
    model: Any, documents: Documents, vocabulary: Vocabulary | None, texts: list[str]
) -> tuple[Any, Documents, Vocabulary | None]:
    """Return a batch as a matrix of words, with new words in columns at the end, and the vectorizer and vocabulary."""
    if vocabulary is None:
        return sp.csr_array(documents.vectorizer.transform(texts)), documents, None
    vocabulary = vocabulary.copy()  # the model keeps its own if this batch fails
    counts = vocabulary.take(analysed(texts, documents.analyze), model.forget_factor)
    counts.data = 1 + np.log(counts.data)
    squared = Settings.of(model).squared
    made = make_vectorizer(
        documents.language, model.bigrams, not squared, vocabulary=vocabulary.words, more=model.stop_words,
        boilerplate=model.boilerplate_,
    )  # fmt: skip
    made.fit([""])  # marks it as fitted: words are given, and weights are set next
    if squared:
        made.idf_ = vocabulary.idf()
    documents = replace(documents, vectorizer=made, words=np.array(vocabulary.words, dtype=object))
    return tfidf_rows(counts, made.idf_) if squared else counts, documents, vocabulary


def _with_born(model: Any, before: Any, X: Any, H: Array) -> Array:
    """Return the topics, with new ones of a batch as rows at the end; `before` are the earlier documents.

    New topics are fitted one at a time, together with all topics known by then, so that each explains what those leave
    unexplained. The search ends at the first topic that is not new.
    """
    settings, placed = Settings.of(model), int(np.count_nonzero(np.diff(X.indptr)))
    asked = len(H) if isinstance(model.n_topics, str) else int(model.n_topics)
    least = max(ENOUGH, 0.3 * placed / asked)
    then, now = (np.bincount(part.indices, minlength=X.shape[1]) / max(part.shape[0], 1) for part in (before, X))
    weights = settings.weights(X)
    while placed >= 2 * ENOUGH and len(H) < min(placed, X.shape[1]):
        found = NMF(
            len(H) + 1, loss=settings.loss_function, fixed_components=H, random_state=settings.random_state, tol=1e-3,
            n_jobs=settings.n_jobs,
        ).set_output(transform="default")  # fmt: skip
        shares = shares_of(found.fit_transform(X, sample_weight=weights) * settings.lengths(found.components_))
        new = settings.normal(found.components_[-1:])
        documents = np.count_nonzero(shares[shares.any(axis=1)].argmax(axis=1) == len(H))
        words = np.argsort(-new[0], kind="stable")[:LISTED]
        risen = now[words].sum() >= RISEN * then[words].sum()
        if documents < least or not risen or (unit_rows(new) @ unit_rows(H).T).max() >= STRANGE:
            break
        H, least = np.vstack([H, new]), max(least, FINER * documents)
    return H


def _learnt(memory: Memory, settings: Settings, X: Any, H: Array, forget: float) -> tuple[Array, Array, Memory]:
    """Return the places of a batch, topics improved by it, and the memory with it."""
    memory, n_jobs = memory.grown(*H.shape), settings.n_jobs
    for _ in range(ROUNDS):
        theta = settings.projection(H)(X, n_jobs=n_jobs)
        learnt = _remembered(memory, settings, X, theta, H, forget)
        H = learnt.best(H)
    lengths = settings.lengths(H)
    H = settings.normal(H)
    memory = learnt.rescaled(np.where(lengths > 0, lengths, 1))
    return settings.projection(H)(X, n_jobs=n_jobs), H, memory


def _remembered(memory: Memory, settings: Settings, X: Any, theta: Array, H: Array, forget: float) -> Memory:
    weights = settings.weights(X)
    if weights is None:
        return memory.with_batch(X, theta, H, forget)
    root = np.sqrt(weights)  # the place of a document does not depend on its weight
    return memory.with_batch(sp.csr_array(sp.diags_array(root) @ X), root[:, None] * theta, H, forget)


def _longer(
    documents: Documents, X: Any, texts: list[str], names: list[str], days: list[str] | None, more: dict[str, list[str]]
) -> Documents:
    """Return the documents with a batch added."""
    older = documents.X
    older = sp.csr_array((older.data, older.indices, older.indptr), shape=(older.shape[0], X.shape[1]))
    dates = None if documents.dates is None or days is None else [*documents.dates, *days]
    metadata = {
        name: documents.metadata.get(name, [""] * len(documents.ids)) + more.get(name, [""] * len(texts))
        for name in {**documents.metadata, **more}
    }
    return replace(
        documents, X=sp.csr_array(sp.vstack([older, X])), ids=[*documents.ids, *names],
        texts=None if documents.texts is None else [*documents.texts, *texts], dates=dates,
        periods=None if dates is None else periods(dates), metadata=metadata,
    )  # fmt: skip


def _events(model: Any, was: Array, dead: Array, before: int) -> list[TopicEvent]:
    """Return what happened to topics in this batch."""
    found, labels = [], model._topics.labels
    for topic in range(len(dead)):
        kind = "born" if topic >= before else "died" if dead[topic] and not was[topic] else None
        kind = "returned" if kind is None and was[topic] and not dead[topic] else kind
        if kind is not None:
            found.append(TopicEvent(model.n_batches_, kind, topic, labels[topic]))
    return found
