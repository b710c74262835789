"""Saving and loading fitted models, as one file without pickle."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

import partwise
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file
from partwise.solvers.online import Online
from partwise.topics import TopicModel, archive
from partwise.weighting import Weighting

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
    model : NMF, MiniBatchNMF, TopicModel or Recommender
        A fitted model. The factors of the data it was fitted to (``factorization_``) are not saved; a TopicModel keeps
        its documents.
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
    elif type(model).__module__ == "partwise.recommend.recommender":
        header, arrays = _recommendations().take_apart(model)
        header["params"] = {name: _plain(value, name) for name, value in header["params"].items()}
    elif kind in FACTORIZATIONS and type(model) is getattr(partwise, kind):
        header, arrays = _take_apart(model)
    else:
        raise ParameterError(f"a {kind} cannot be saved. Save a fitted NMF, MiniBatchNMF, TopicModel or Recommender.")
    model_file.write(path, kind, header, arrays)


def load(path: str | Path) -> Any:
    """Load a model that `save` wrote; it transforms, and recommends, to the same bits.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    NMF, MiniBatchNMF, TopicModel or Recommender
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
            return archive.put_together(header, arrays)
        if kind == "Recommender":
            return _recommendations().put_together(header, arrays)
        if kind in FACTORIZATIONS:
            return _put_together(getattr(partwise, kind), header, arrays)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelFileError(
            f"{path} holds a {kind} that this partwise cannot build ({type(error).__name__}: {error}). "
            "Load it with the partwise that saved it."
        ) from error
    raise ModelFileError(f"{path} holds a {kind!r}, which this partwise does not know. Load it with the one that does.")


def _recommendations() -> Any:
    """Import what keeps recommenders, when one is at hand."""
    return import_module("partwise.recommend.archive")


def _take_apart(model: Any) -> Parts:
    check_is_fitted(model)
    held = {name: value for name, value in model.get_params(deep=False).items() if _is_numbers(value)}
    arrays: dict[str, Any] = {f"params.{name}": value for name, value in held.items()}
    header: dict[str, Any] = {"params": _plain_params(model, without={*held}), "fitted": {}}
    for name in FITTED:
        value = getattr(model, name, None)
        if name == "feature_names_in_" and value is not None:
            arrays[name] = [str(column) for column in value]
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif value is not None:
            header["fitted"][name] = _plain(value, name)
    columns = model._weighting.columns if isinstance(model, partwise.NMF) else None
    if columns is not None:  # of feature_weight, which counts in transform
        arrays["weighting.columns"] = columns
    if hasattr(model, "_online"):  # what a stream remembers, to go on with partial_fit
        header["stream"] = {"unit": float(model._unit), "forget": float(model._online.forget)}
        arrays |= {f"stream.{name}": getattr(model._online, name) for name in STREAM}
    return header, arrays


def _put_together(kind: Any, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    held = {name.removeprefix("params."): array for name, array in arrays.items() if name.startswith("params.")}
    model = kind(**header["params"], **held)
    for name, value in {**header["fitted"], **arrays}.items():
        if name in FITTED:
            setattr(model, name, np.array(value, dtype=object) if isinstance(value, list) else value)
    if "weighting.columns" in arrays:
        model._weighting = Weighting(columns=arrays["weighting.columns"])
    if "stream" in header:
        model._unit = header["stream"]["unit"]
        model._online = Online(model._objective, arrays["stream.Ht"], header["stream"]["forget"])
        for name in STREAM:
            setattr(model._online, name, arrays[f"stream.{name}"])
    return model


def _take_apart_topics(model: TopicModel) -> Parts:
    header, arrays = archive.take_apart(model)
    for kept in (header, header.get("vectorizer", {})):
        if "params" in kept:
            kept["params"] = {name: _plain(value, name) for name, value in kept["params"].items()}
    header["fitted"] = {name: _plain(value, name) for name, value in header["fitted"].items()}
    return header, arrays


def _is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


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
            f"{name}={value!r} cannot be saved. Give a number, a string, None, a list of these, or an array of numbers."
        ) from None
    return value
