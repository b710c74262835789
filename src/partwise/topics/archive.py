"""A topic model as plain values and arrays, and back."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError
from partwise.topics.memory import Memory
from partwise.topics.model import TopicModel
from partwise.topics.streaming import TopicEvent
from partwise.topics.timeline import iso_dates
from partwise.topics.vectorize import make_vectorizer
from partwise.topics.vocabulary import Vocabulary

__all__ = ["put_together", "take_apart"]

PLAIN = ("language_", "rank_reason_", "n_iter_", "converged_", "relative_error_", "n_batches_")
LISTS = ("ids_", "texts_", "dates_", "periods_")
ARRAYS = ("components_", "document_topics_", "shares_", "X_")
OWN = {"TfidfVectorizer": TfidfVectorizer, "CountVectorizer": CountVectorizer}
"""Vectorizers of the user's that can be kept, as long as their parameters are plain."""


def _numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _strings(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, str) for one in value)


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


ALLOWED: dict[str, Callable[[Any], bool]] = {
    "input": lambda value: value == "content",  # others open files that texts name
    "encoding": lambda value: isinstance(value, str),
    "decode_error": lambda value: value in ("strict", "ignore", "replace"),
    "strip_accents": lambda value: value in (None, "ascii", "unicode"),
    "lowercase": lambda value: isinstance(value, bool),
    "preprocessor": lambda value: value is None,
    "tokenizer": lambda value: value is None,
    "analyzer": lambda value: value in ("word", "char", "char_wb"),
    "stop_words": lambda value: value in (None, "english") or _strings(value),
    "token_pattern": lambda value: value is None or _pattern(value),
    "ngram_range": lambda value: len(value) == 2 and all(_whole(n, 1) for n in value) and value[0] <= value[1],
    "max_df": _number,
    "min_df": _number,
    "max_features": lambda value: value is None or _whole(value, 1),
    "norm": lambda value: value in (None, "l1", "l2"),
    "use_idf": lambda value: isinstance(value, bool),
    "smooth_idf": lambda value: isinstance(value, bool),
    "sublinear_tf": lambda value: isinstance(value, bool),
    "binary": lambda value: isinstance(value, bool),
}
"""Parameters that a vectorizer in a file may have, and what they may be."""
FITTED: dict[str, Callable[[Any], bool]] = {
    "language_": lambda value: isinstance(value, str),
    "rank_reason_": lambda value: isinstance(value, str),
    "n_iter_": lambda value: _whole(value, 0),
    "converged_": lambda value: isinstance(value, bool),
    "relative_error_": _number,
    "n_batches_": lambda value: _whole(value, 0),
}

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
        If the model has a vectorizer whose words are no plain list, or one that opens files.
    """
    check_is_fitted(model)
    vectorizer = model.vectorizer_
    own = model.vectorizer is not None
    if own and vectorizer is not None and type(vectorizer).__name__ not in OWN:
        raise ParameterError(
            f"a TopicModel with a {type(vectorizer).__name__} cannot be saved. Use vectorizer=None, or a "
            "TfidfVectorizer or CountVectorizer with plain parameters."
        )
    if own and getattr(vectorizer, "input", "content") != "content":
        raise ParameterError(
            f"a TopicModel whose vectorizer has input={vectorizer.input!r} cannot be saved. Read the files, and fit to "
            "their texts with input='content'."
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

    Raises
    ------
    ValueError, TypeError or KeyError
        If the parts do not fit each other, or hold what no model does.
    """
    if "vectorizer" in header["params"]:
        raise ValueError("a vectorizer cannot be a parameter")
    model = TopicModel(**header["params"])
    _check(model, header, arrays)
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
        for name, value in params.items():
            if name not in ALLOWED or not ALLOWED[name](value):
                raise ValueError(f"{name}={value!r} is no parameter of a vectorizer in a file")
        params["ngram_range"] = tuple(params["ngram_range"])
        if np.dtype(kept["dtype"]).kind not in "fiu":
            raise ValueError(f"a vectorizer of {kept['dtype']!r}")
        made = OWN[kept["kind"]](**params, dtype=np.dtype(kept["dtype"]).type, vocabulary=arrays["words"])
    else:
        counts = model._objective.name != "frobenius"
        made = make_vectorizer(model.language_, model.bigrams, counts, vocabulary=arrays["words"])
    made.fit([""])  # makes it fitted: words are given, and weights are set next
    made.set_params(vocabulary=None)
    if "idf" in arrays:
        made.idf_ = arrays["idf"]
    return made


def _check(model: TopicModel, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Refuse parts that do not fit each other."""
    components, X = arrays["components_"], arrays["X_"]
    if not sp.issparse(X):
        raise ValueError("X_ is no sparse matrix")
    (n, m), k = X.shape, len(components)
    squared = model._objective.name == "frobenius"
    shapes: dict[str, tuple[int, ...]] = {
        "components_": (k, m), "document_topics_": (n, k), "shares_": (k,), "stability": (k,),
    }  # fmt: skip
    shapes |= {f"curve.{name}": (len(arrays[f"curve.{header['curve'][0]}"]),) for name in header["curve"]}
    if "idf" in arrays:
        shapes["idf"] = (m,)
    if "memory.gram" in arrays:  # a topic that was just born has no drift
        shapes |= {"memory.gram": (k, k) if squared else (k,), "memory.cross": (k, m), "activity": (k,)}
        shapes |= {"was_dead": (k,), "drift": (min(k, len(arrays["drift"])),)}
    if "counted" in header:
        shapes["held.documents"] = (len(arrays["held.words"]),)
    for name, shape in shapes.items():
        if not _numbers(arrays[name]) or arrays[name].shape != shape:
            raise ValueError(f"{name} is no array of numbers of shape {shape}")
    for name, length in (("words", m), ("ids_", n), ("texts_", n), ("dates_", n), ("periods_", n)):
        wanted = name in ("words", "ids_") or name in arrays
        if wanted and not (_strings(arrays[name]) and len(arrays[name]) == length):
            raise ValueError(f"{name} are not {length} strings")
    if k < 1 or not _numbers(X.data) or not (np.isfinite(components).all() and (components >= 0).all()):
        raise ValueError("topics are no non-negative numbers")
    if len(set(arrays["ids_"])) < n or ("dates_" in arrays) != ("periods_" in arrays):
        raise ValueError("ids repeat, or dates lack periods")
    if "dates_" in arrays and iso_dates(arrays["dates_"], arrays["ids_"]) != arrays["dates_"]:
        raise ValueError("dates are not written YYYY-MM-DD")
    for name, value in header["fitted"].items():
        if name in FITTED and not FITTED[name](value):
            raise ValueError(f"{name}={value!r}")
    if not all(0 <= int(topic) < k and isinstance(label, str) for topic, label in header["labels"].items()):
        raise ValueError("labels of topics that do not exist")
    for batch, kind, topic, label in header["events"]:
        if not (_whole(batch, 0) and _whole(topic, 0) and isinstance(kind, str) and isinstance(label, str)):
            raise ValueError("an event that is none")
    if "counted" in header:
        documents, limited = header["counted"]["documents"], header["counted"]["limited"]
        if not (_number(documents) and isinstance(limited, bool) and _strings(arrays["held.words"])):
            raise ValueError("a vocabulary that is none")
