"""Saving and loading fitted models, as one file without pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

import partwise
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file
from partwise.solvers.online import Online
from partwise.topics import TopicModel

__all__ = ["load", "save"]

FACTORIZATIONS = ("NMF", "MiniBatchNMF")
FITTED = (
    "components_",
    "n_components_",
    "n_iter_",
    "n_steps_",
    "reconstruction_err_",
    "converged_",
    "n_features_in_",
    "feature_names_in_",
)

STREAM = ("Ht", "numerator", "denominator")

Parts = tuple[dict[str, Any], dict[str, Any]]  # header, arrays


def save(model: Any, path: str | Path) -> None:
    """Save a fitted model to one file, all or nothing.

    Parameters
    ----------
    model : NMF, MiniBatchNMF or TopicModel
        A fitted model. The factors of the data it was fitted to (``factorization_``) are not saved.
    path : str or Path
        The file; an existing one is replaced once the new one is complete.

    Raises
    ------
    ParameterError
        If the model is of another class, or one of its parameters is no plain value.
    OSError
        If the file cannot be written, for example because the disk is full; an existing file stays as it was.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import partwise as pw
    >>> X = np.abs(np.random.default_rng(0).normal(size=(20, 8)))
    >>> model = pw.NMF(n_components=2, random_state=0, tol=1e-3).fit(X)
    >>> path = pathlib.Path(tempfile.mkdtemp(), "parts.model")
    >>> pw.save(model, path)
    >>> bool((pw.load(path).transform(X) == model.transform(X)).all())
    True
    """
    kind = type(model).__name__
    if type(model) is TopicModel:
        header, arrays = _take_apart_topics(model)
    elif kind in FACTORIZATIONS and type(model) is getattr(partwise, kind):
        header, arrays = _take_apart(model)
    else:
        raise ParameterError(f"a {kind} cannot be saved. Save a fitted NMF, MiniBatchNMF or TopicModel.")
    model_file.write(path, kind, header, arrays)


def load(path: str | Path) -> Any:
    """Load a model that `save` wrote; it transforms to the same bits.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    NMF, MiniBatchNMF or TopicModel
        The fitted model.

    Raises
    ------
    ModelFileError
        If the file is damaged, truncated, no model, or written by a newer partwise.
    OSError
        If there is no such file, or it may not be read.
    """
    kind, header, arrays = model_file.read(path)
    try:
        if kind == "TopicModel":
            return _put_together_topics(header, arrays)
        if kind in FACTORIZATIONS:
            return _put_together(getattr(partwise, kind), header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{path} holds a {kind} that this partwise cannot build ({type(error).__name__}: {error}). "
            "Load it with the partwise that saved it."
        ) from error
    raise ModelFileError(f"{path} holds a {kind!r}, which this partwise does not know. Load it with the one that does.")


def _take_apart(model: Any) -> Parts:
    check_is_fitted(model)
    header: dict[str, Any] = {"params": _plain_params(model), "fitted": {}}
    arrays: dict[str, Any] = {}
    for name in FITTED:
        value = getattr(model, name, None)
        if name == "feature_names_in_" and value is not None:
            arrays[name] = [str(column) for column in value]
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif value is not None:
            header["fitted"][name] = _plain(value, name)
    if hasattr(model, "_online"):  # what a stream remembers, to go on with partial_fit
        header["stream"] = {"unit": float(model._unit), "forget": float(model._online.forget)}
        arrays |= {f"stream.{name}": getattr(model._online, name) for name in STREAM}
    return header, arrays


def _put_together(kind: Any, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    model = kind(**header["params"])
    for name, value in {**header["fitted"], **arrays}.items():
        if name in FITTED:
            setattr(model, name, np.array(value, dtype=object) if isinstance(value, list) else value)
    if "stream" in header:
        model._unit = header["stream"]["unit"]
        model._online = Online(model._objective, arrays["stream.Ht"], header["stream"]["forget"])
        for name in STREAM:
            setattr(model._online, name, arrays[f"stream.{name}"])
    return model


def _take_apart_topics(model: TopicModel) -> Parts:
    check_is_fitted(model)
    vectorizer = model.vectorizer_
    if type(vectorizer) is not TfidfVectorizer:
        raise ParameterError(
            f"a TopicModel with a {type(vectorizer).__name__} cannot be saved. "
            "Use vectorizer=None, or a TfidfVectorizer with plain parameters."
        )
    nmf, arrays = _take_apart(model.nmf_)
    arrays = {f"nmf.{name}": array for name, array in arrays.items()}
    arrays |= {
        "words": [str(word) for word in model.words_],
        "ids": model.ids_,
        "order": model.order_,
        "document_topics": model.document_topics_,
    }
    if vectorizer.use_idf:
        arrays["idf"] = vectorizer.idf_
    if model.periods_ is not None:
        arrays["periods"] = model.periods_
    header = {
        "params": _plain_params(model, without={"vectorizer"}),
        "own_vectorizer": model.vectorizer is not None,
        "vectorizer": _plain_params(vectorizer, without={"dtype", "vocabulary"}),
        "dtype": np.dtype(vectorizer.dtype).name,
        "nmf": nmf,
    }
    return header, arrays


def _put_together_topics(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> TopicModel:
    params = dict(header["vectorizer"])
    params["ngram_range"] = tuple(params["ngram_range"])
    words = arrays["words"]
    vectorizer = TfidfVectorizer(**params, dtype=np.dtype(header["dtype"]).type, vocabulary=words)
    vectorizer.fit([""])  # makes it fitted: the words are given, and weights are set next
    vectorizer.set_params(vocabulary=None)
    if "idf" in arrays:
        vectorizer.idf_ = arrays["idf"]
    model = TopicModel(**header["params"], vectorizer=vectorizer if header["own_vectorizer"] else None)
    model.vectorizer_ = vectorizer
    model.words_ = np.array(words, dtype=object)
    model.ids_ = arrays["ids"]
    model.periods_ = arrays.get("periods")
    nmf = {name.removeprefix("nmf."): array for name, array in arrays.items() if name.startswith("nmf.")}
    model.nmf_ = _put_together(partwise.NMF, header["nmf"], nmf)
    model.n_topics_ = model.nmf_.n_components_
    model.order_ = arrays["order"]
    model._settle(arrays["document_topics"])
    return model


def _plain_params(model: Any, without: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    params = model.get_params(deep=False)
    return {name: _plain(value, name) for name, value in params.items() if name not in without}


def _plain(value: Any, name: str) -> Any:
    """Return a value as JSON keeps it, or refuse it under its name."""
    if isinstance(value, np.generic):
        value = value.item()
    try:
        json.dumps(value)
    except TypeError:
        raise ParameterError(
            f"{name}={value!r} cannot be saved. Give a number, a string, None, or a list of these."
        ) from None
    return value
