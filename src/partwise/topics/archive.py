"""A topic model as plain values and arrays, and back."""

from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError
from partwise.io import transformers
from partwise.io.held import Held, checked_facts, is_number, is_whole
from partwise.tables.dates import is_iso_day
from partwise.topics.boilerplate import Boilerplate
from partwise.topics.embedding import Embedded
from partwise.topics.fitted import Documents, FittedTopics
from partwise.topics.languages import LANGUAGES
from partwise.topics.memory import Memory
from partwise.topics.model import TopicModel
from partwise.topics.settings import Settings, check_parameters
from partwise.topics.streaming import Stream, TopicEvent
from partwise.topics.vectorize import fitted_vectorizer
from partwise.topics.vocabulary import Vocabulary

__all__ = ["put_together", "take_apart"]

LISTS = ("ids_", "texts_", "dates_", "periods_")
ARRAYS = ("components_", "document_topics_", "shares_", "X_")
BOILERPLATE = ("lines", "words", "common")
FITTED: dict[str, Callable[[Any], bool]] = {
    "language_": lambda value: value in ("none", *LANGUAGES),
    "rank_reason_": lambda value: isinstance(value, str),
    "loss_": lambda value: value in ("frobenius", "kullback-leibler"),
    "loss_reason_": lambda value: isinstance(value, str),
    "n_iter_": lambda value: is_whole(value, 0),
    "converged_": lambda value: isinstance(value, bool),
    "relative_error_": lambda value: is_number(value, 0),
    "n_batches_": lambda value: is_whole(value, 0),
}
"""Attributes that are not arrays, and their allowed types."""


def take_apart(model: TopicModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a fitted model as a header of plain values and a mapping of arrays.

    Times of the fit are left out, so that the same topics give the same file.

    Parameters
    ----------
    model : TopicModel
        The model.

    Returns
    -------
    header : dict
        Parameters and numbers.
    arrays : dict of str to ndarray, sparse array or list of str
        All else.

    Raises
    ------
    ParameterError
        If the model has a vectorizer that a file cannot hold.
    """
    check_is_fitted(model)
    params = model.get_params(deep=False)
    del params["vectorizer"], params["embeddings"]
    header: dict[str, Any] = {
        "params": params,
        "fitted": {name: getattr(model, name) for name in FITTED if hasattr(model, name)},
        "labels": {str(topic): label for topic, label in sorted(model._now.custom.items())},
        "events": [list(astuple(event)) for event in model.events_],
        "curve": list(model.curve_.dtype.names or ()),
        "metadata": list(model.metadata_),
    }
    arrays: dict[str, Any] = {name: getattr(model, name) for name in ARRAYS}
    arrays |= {name: getattr(model, name) for name in LISTS if getattr(model, name) is not None}
    arrays |= {f"metadata.{name}": values for name, values in model.metadata_.items()}
    arrays |= {f"curve.{name}": np.ascontiguousarray(model.curve_[name]) for name in header["curve"]}
    if "curve.seconds" in arrays:
        arrays["curve.seconds"] = np.full_like(arrays["curve.seconds"], np.nan)
    arrays |= {"words": [str(word) for word in model.words_], "stability": model.stability_}
    if model.vectorizer_ is not None:
        header["vectorizer"], idf = _vectorizer_apart(model)
        arrays |= {} if idf is None else {"idf": idf}
    embedded = model._topics.documents.embedded
    if embedded is not None:
        arrays |= {"embeddings": embedded.vectors, "embeddings.near": embedded.near}
    if model.boilerplate_ is not None:
        arrays |= {f"boilerplate.{part}": [*getattr(model.boilerplate_, part)] for part in BOILERPLATE}
    stream: Stream | None = getattr(model, "_stream", None)
    if stream is not None:
        arrays |= {
            "memory.gram": stream.memory.gram, "memory.cross": stream.memory.cross, "activity": stream.activity,
            "was_dead": stream.was_dead.astype(np.uint8), "drift": model.drift_,
        }  # fmt: skip
        if stream.vocabulary is not None:
            counted = stream.vocabulary.held
            arrays |= {"held.words": [*counted], "held.documents": np.array([*counted.values()], dtype=np.float64)}
            header["counted"] = {"documents": float(stream.vocabulary.documents), "limited": stream.vocabulary.limited}
    return header, arrays


def _vectorizer_apart(model: TopicModel) -> tuple[dict[str, Any], Any]:
    vectorizer = model.vectorizer_
    if model.vectorizer is None:  # our own, which is made again from the header
        return {"own": False}, vectorizer.idf_ if vectorizer.use_idf else None
    if type(vectorizer) not in transformers.VECTORIZERS.values():
        raise ParameterError(
            f"a TopicModel with a {type(vectorizer).__name__} cannot be saved. Use vectorizer=None, or a "
            "TfidfVectorizer or CountVectorizer with plain parameters."
        )
    header, arrays = transformers.take_apart(vectorizer)
    return header | {"own": True}, arrays.get("idf_")


def put_together(header: Mapping[str, Any], held: Held) -> TopicModel:
    """Return the model that `take_apart` took apart.

    Parameters
    ----------
    header : mapping
        The header.
    held : Held
        The arrays.

    Returns
    -------
    TopicModel
        The model, with the same bits.

    Raises
    ------
    ValueError, TypeError or KeyError
        If the header and the arrays do not belong together, or hold what no model can hold.
    """
    if {"vectorizer", "embeddings"} & {*header["params"]}:
        raise ValueError("a vectorizer or embeddings cannot be a parameter")
    model = TopicModel(**header["params"])
    check_parameters(model)
    components = held.numbers("components_", "k", "m")
    if not components.size:
        raise ValueError("there are no topics")
    facts = checked_facts(header["fitted"], FITTED, {*FITTED} - {"rank_reason_", "loss_", "loss_reason_"})
    language = facts.pop("language_")
    model.__dict__.update(facts)
    parts = [tuple(held.strings(f"boilerplate.{part}", part)) for part in BOILERPLATE if f"boilerplate.{part}" in held]
    model.boilerplate_ = Boilerplate(*parts) if parts else None
    documents = _documents(model, language, header, held)
    model.embeddings = None if documents.embedded is None else documents.embedded.vectors
    names = header["curve"]
    curve = [
        held.numbers(f"curve.{name}", "steps", low=-np.inf, finite=False, unknown=True, kind="number") for name in names
    ]
    model.curve_ = np.rec.fromarrays(curve, names=names).view(np.ndarray)
    custom = {int(topic): label for topic, label in header["labels"].items()}
    if not all(0 <= t < len(components) and isinstance(label, str) for t, label in custom.items()):
        raise ValueError("labels of topics that do not exist")
    if header.get("vectorizer", {}).get("own"):
        model.vectorizer = documents.vectorizer
    topics = FittedTopics(
        documents, Settings.of(model), components, held.numbers("document_topics_", "n", "k"),
        held.numbers("shares_", "k", high=1 + 1e-6), custom,
        {"stability": held.numbers("stability", "k", low=-np.inf, unknown=True)},
    )  # fmt: skip
    model._take(topics)
    model.events_ = [_event(*event) for event in header["events"]]
    if any(event.topic >= len(components) for event in model.events_):
        raise ValueError("an event of a topic that does not exist")
    if "memory.gram" in held:
        _restore_stream(model, header, held)
    return model


def _event(batch: Any, kind: Any, topic: Any, label: Any) -> TopicEvent:
    if not (is_whole(batch, 0) and is_whole(topic, 0) and isinstance(kind, str) and isinstance(label, str)):
        raise ValueError("an entry of events is not an event")
    return TopicEvent(batch, kind, topic, label)


def _documents(model: TopicModel, language: str, header: Mapping[str, Any], held: Held) -> Documents:
    X, words = held.sparse("X_", "n", "m"), np.array(held.strings("words", "m"), dtype=object)
    ids, texts, dates, periods = (
        held.strings(name, "n", unique=name == "ids_") if name == "ids_" or name in held else None for name in LISTS
    )
    # files of earlier versions have no metadata
    metadata = {name: held.strings(f"metadata.{name}", "n") for name in header.get("metadata", [])}
    if (dates is None) != (periods is None):
        raise ValueError("there are dates without periods, or periods without dates")
    if dates is not None and not all(map(is_iso_day, dates)):
        raise ValueError("dates are not written YYYY-MM-DD")
    vectorizer = _vectorizer(model, language, header.get("vectorizer"), held)
    embedded = None
    if "embeddings" in held:
        near = held.sparse("embeddings.near", "n", "n")
        embedded = Embedded(held.numbers("embeddings", "n", "d", low=-np.inf), near)
    return Documents(X, words, vectorizer, language, ids or [], texts, dates, periods, metadata, embedded)


def _restore_stream(model: TopicModel, header: Mapping[str, Any], held: Held) -> None:
    squared = model._settings.squared
    gram = held.numbers("memory.gram", *("kk" if squared else "k"))
    memory = Memory(squared, gram, held.numbers("memory.cross", "k", "m"))
    activity = held.numbers("activity", "k")
    was_dead = held.numbers("was_dead", "k", high=1, kind="number").astype(bool)
    model.drift_ = held.numbers("drift", "older topics", low=-np.inf, unknown=True)
    if len(model.drift_) > len(gram):  # a topic that was just born has none
        raise ValueError("drift is of more topics than there are")
    vocabulary = None
    if "counted" in header:
        documents, limited = header["counted"]["documents"], header["counted"]["limited"]
        if not (is_number(documents, 0) and isinstance(limited, bool)):
            raise ValueError("a vocabulary that is none")
        words, counts = held.strings("held.words", "counted", unique=True), held.numbers("held.documents", "counted")
        known = dict(zip(words, counts.tolist(), strict=True))
        vocabulary = Vocabulary(held.strings("words", "m"), known, documents, limited, model._limits)
    model._stream = Stream(memory, activity, was_dead, vocabulary)


def _vectorizer(model: TopicModel, language: str, kept: Mapping[str, Any] | None, held: Held) -> Any:
    """Return the fitted vectorizer, None for a model of a matrix."""
    if kept is None:
        return None
    words = held.strings("words", "m", unique=True)
    if kept["own"]:
        if kept["kind"] not in transformers.VECTORIZERS:
            raise ValueError(f"a {kept['kind']!r} makes no words of texts")
        idf = {"idf_": held.numbers("idf", "m")} if "idf" in held else {}
        return transformers.put_together({"fitted": {}, **kept}, Held({"words": words, **idf}))
    counts = not model._settings.squared
    weights = None if counts else held.numbers("idf", "m")
    return fitted_vectorizer(words, language, model.bigrams, counts, weights, model.stop_words, model.boilerplate_)
