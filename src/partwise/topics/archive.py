"""A topic model as plain values and arrays, and back."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError
from partwise.topics.memory import Memory
from partwise.topics.model import TopicModel
from partwise.topics.streaming import TopicEvent
from partwise.topics.vectorize import make_vectorizer
from partwise.topics.vocabulary import Vocabulary

__all__ = ["put_together", "take_apart"]

PLAIN = ("language_", "rank_reason_", "n_iter_", "converged_", "relative_error_", "n_batches_")
LISTS = ("ids_", "texts_", "dates_", "periods_")
ARRAYS = ("components_", "document_topics_", "shares_", "X_")
OWN = {"TfidfVectorizer": TfidfVectorizer, "CountVectorizer": CountVectorizer}
"""Vectorizers of the user's that can be kept, as long as their parameters are plain."""

Parts = tuple[dict[str, Any], dict[str, Any]]


def take_apart(model: TopicModel) -> Parts:
    """Return a fitted model as a header of plain values and a mapping of arrays.

    Parameters
    ----------
    model : TopicModel
        The model.

    Returns
    -------
    header : dict
        Values that JSON may not know are left as they are: parameters.
    arrays : dict of str to ndarray, sparse array or list of str
        All else.

    Raises
    ------
    ParameterError
        If the model has a vectorizer whose words are no plain list.
    """
    check_is_fitted(model)
    vectorizer = model.vectorizer_
    own = model.vectorizer is not None
    if own and vectorizer is not None and type(vectorizer).__name__ not in OWN:
        raise ParameterError(
            f"a TopicModel with a {type(vectorizer).__name__} cannot be saved. Use vectorizer=None, or a "
            "TfidfVectorizer or CountVectorizer with plain parameters."
        )
    params = model.get_params(deep=False)
    del params["vectorizer"]
    header: dict[str, Any] = {
        "params": params,
        "fitted": {name: getattr(model, name) for name in PLAIN if hasattr(model, name)},
        "labels": {str(topic): label for topic, label in model.custom_labels_.items()},
        "events": [list(astuple(event)) for event in model.events_],
        "curve": list(model.curve_.dtype.names or ()),
    }
    arrays: dict[str, Any] = {name: getattr(model, name) for name in ARRAYS}
    arrays |= {name: getattr(model, name) for name in LISTS if getattr(model, name) is not None}
    arrays |= {f"curve.{name}": np.ascontiguousarray(model.curve_[name]) for name in header["curve"]}
    arrays |= {"words": [str(word) for word in model.words_], "stability": model.stability_}
    if vectorizer is not None:
        header["vectorizer"] = {"kind": type(vectorizer).__name__, "own": own}
        if own:
            held = vectorizer.get_params(deep=False)
            header["vectorizer"] |= {"params": {n: v for n, v in held.items() if n not in ("dtype", "vocabulary")}}
            header["vectorizer"]["dtype"] = np.dtype(vectorizer.dtype).name
        if getattr(vectorizer, "use_idf", False):
            arrays["idf"] = vectorizer.idf_
    if hasattr(model, "_memory"):
        arrays |= {
            "memory.gram": model._memory.gram, "memory.cross": model._memory.cross, "activity": model._activity,
            "was_dead": model._was_dead.astype(np.uint8), "drift": model.drift_,
        }  # fmt: skip
        if model._vocabulary is not None:
            held = model._vocabulary.held
            arrays |= {"held.words": [*held], "held.documents": np.array([*held.values()], dtype=np.float64)}
            header["counted"] = {"documents": float(model._vocabulary.documents), "limited": model._vocabulary.limited}
    return header, arrays


def put_together(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> TopicModel:
    """Return the model that `take_apart` took apart.

    Parameters
    ----------
    header, arrays : mapping
        What it returned.

    Returns
    -------
    TopicModel
        The model, with the same bits.
    """
    model = TopicModel(**header["params"])
    model.words_ = np.array(arrays["words"], dtype=object)
    for name in PLAIN:
        if name in header["fitted"]:
            setattr(model, name, header["fitted"][name])
    for name in LISTS:
        setattr(model, name, arrays.get(name))
    model.X_ = arrays["X_"]
    names = header["curve"]
    model.curve_ = np.rec.fromarrays([arrays[f"curve.{name}"] for name in names], names=names).view(np.ndarray)
    model.custom_labels_ = {int(topic): label for topic, label in header["labels"].items()}
    model.vectorizer_ = _vectorizer(model, header.get("vectorizer"), arrays)
    if header.get("vectorizer", {}).get("own"):
        model.vectorizer = model.vectorizer_
    model._restore(arrays["components_"], arrays["document_topics_"], arrays["shares_"], arrays["stability"])
    model.events_ = [TopicEvent(*event) for event in header["events"]]
    if "memory.gram" in arrays:
        model._memory = Memory(model._objective.name == "frobenius", arrays["memory.gram"], arrays["memory.cross"])
        model._activity, model.drift_ = arrays["activity"], arrays["drift"]
        model._was_dead = arrays["was_dead"].astype(bool)
        model._vocabulary = None
        if "counted" in header:
            held = dict(zip(arrays["held.words"], arrays["held.documents"].tolist(), strict=True))
            model._vocabulary = Vocabulary(arrays["words"], held, **header["counted"])
    return model


def _vectorizer(model: TopicModel, kept: Mapping[str, Any] | None, arrays: Mapping[str, Any]) -> Any:
    """Return the fitted vectorizer, None for a model of a matrix."""
    if kept is None:
        return None
    if kept["own"]:
        params = dict(kept["params"])
        params["ngram_range"] = tuple(params["ngram_range"])
        made = OWN[kept["kind"]](**params, dtype=np.dtype(kept["dtype"]).type, vocabulary=arrays["words"])
    else:
        counts = model._objective.name != "frobenius"
        made = make_vectorizer(model.language_, model.bigrams, counts, vocabulary=arrays["words"])
    made.fit([""])  # makes it fitted: words are given, and weights are set next
    made.set_params(vocabulary=None)
    if "idf" in arrays:
        made.idf_ = arrays["idf"]
    return made
