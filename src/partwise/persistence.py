"""Save and load fitted models: one file each, without pickle."""

import json
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file, outputs, transformers
from partwise.io.held import Held, is_number, is_whole
from partwise.losses import LOSSES, BetaDivergence, Loss

CLASSES = {
    "NMF": "partwise.estimators",
    "MiniBatchNMF": "partwise.estimators",
    "PartFeatures": "partwise.estimators",
    "TopicModel": "partwise.topics",
    "Recommender": "partwise.recommend",
    "ImageParts": "partwise.images",
    "PatchParts": "partwise.images",
}
"""Models, and the package of each: its module `archive`, imported when needed, takes them apart and rebuilds them."""
WITH_PARAMETERS: dict[str, type[Loss]] = {**LOSSES, BetaDivergence.name: BetaDivergence}
MT19937 = 624
"""Numbers in the state of a RandomState."""

TakenApart = tuple[dict[str, Any], dict[str, Any]]  # header, arrays


def save(model: Any, path: str | Path) -> None:
    """Save a fitted model to one file, all or nothing.

    Parameters
    ----------
    model : NMF, MiniBatchNMF, PartFeatures, TopicModel, Recommender, ImageParts, PatchParts or Pipeline
        A fitted model. Its factors of the fitted data (``factorization_``) are not saved. A TopicModel keeps its
        documents, but not the seconds of its fit. ImageParts keep no images. The other steps of a scikit-learn Pipeline
        can be CountVectorizer, TfidfVectorizer, TfidfTransformer, StandardScaler, MaxAbsScaler, MinMaxScaler and
        Normalizer. The memory of a Pipeline is not saved.
    path : str or Path
        The file. An existing file is replaced once the new one is complete. The same model gives the same bytes.

    Raises
    ------
    ParameterError
        If the model or a step of a pipeline is of another class, or a parameter is none of these: a plain value, an
        array, a loss of partwise, a RandomState.
    OSError
        If the file cannot be written, for example because the disk is full. An existing file is then not changed.

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
    header, arrays = _take_apart(model)
    try:
        _put_together(type(model).__name__, json.loads(json.dumps(header)), arrays)
    except model_file.UNREADABLE as error:
        raise ParameterError(
            f"this {type(model).__name__} cannot be saved, because it could not be loaded again: {error}. "
            "Fit it to data of float32 or float64, and do not change the attributes that the fit set."
        ) from error
    model_file.write(path, type(model).__name__, header, arrays)


def load(path: str | Path) -> Any:
    """Load a model that `save` wrote. Its transforms and recommendations have the same bits as before.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    NMF, MiniBatchNMF, PartFeatures, TopicModel, Recommender, ImageParts, PatchParts or Pipeline
        The fitted model.

    Raises
    ------
    ModelFileError
        If the file is damaged, truncated, not a model, or written by a newer partwise; or if a value in it is not
        valid, for example a shape, a sign, or a number that is not finite.
    OSError
        If the file does not exist, or cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import partwise as pw
    >>> model = pw.TopicModel(2).fit(["rates and inflation", "the bank cuts rates", "a cup final", "the home cup"])
    >>> path = pathlib.Path(tempfile.mkdtemp(), "news.model")
    >>> pw.save(model, path)
    >>> pw.load(path).labels_ == model.labels_
    True
    """
    kind, header, arrays = model_file.read(path)
    if kind not in {*CLASSES, "Pipeline"}:
        raise ModelFileError(
            f"{path} holds a {kind!r}, which this version of partwise does not know. Load it with a newer version."
        )
    try:
        return _put_together(kind, header, arrays)
    except model_file.UNREADABLE as error:
        raise ModelFileError(
            f"{path} holds a {kind} that this version of partwise cannot build ({type(error).__name__}: {error}). "
            "Load it with the version that saved it."
        ) from error


def _take_apart(model: Any) -> TakenApart:
    """Return a model as a header for JSON, and arrays."""
    kind = type(model).__name__
    if type(model) is Pipeline:
        return _take_apart_steps(model)
    if kind not in CLASSES or not type(model).__module__.startswith(f"{CLASSES[kind]}."):
        ours = [parent.__name__ for parent in type(model).__mro__[1:] if parent.__name__ in CLASSES]
        if ours:
            raise ParameterError(
                f"a {kind} cannot be saved: a file keeps what a {ours[0]} has, but not what its subclass adds. "
                f"Save a {ours[0]} itself, or save the {kind} with skops or joblib."
            )
        raise ParameterError(f"a {kind} cannot be saved. Save a fitted {', '.join(CLASSES)}, or a Pipeline with one.")
    header, arrays = _archive(kind).take_apart(model)
    for name, value in [*header["params"].items()]:
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            arrays[f"params.{name}"] = header["params"].pop(name)
    header |= outputs.told(model) | ({"columns": model._columns} if hasattr(model, "_columns") else {})
    return {name: _plain(value, name) for name, value in header.items()}, arrays


def _put_together(kind: str, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    if kind == "Pipeline":
        return _put_together_steps(header, arrays)
    held = Held(arrays)
    header = _with_parameters(header)
    params = header["params"] | held.under("params.")
    return _with_output(_archive(kind).put_together({**header, "kind": kind, "params": params}, held), header)


def _archive(kind: str) -> Any:
    return import_module(f"{CLASSES[kind]}.archive")


def _take_apart_steps(pipeline: Pipeline) -> TakenApart:
    header: dict[str, Any] = {"steps": [], "verbose": bool(pipeline.verbose)}
    arrays: dict[str, Any] = {}
    for i, (name, step) in enumerate(pipeline.steps):
        kind = type(step).__name__
        own: dict[str, Any] = {}
        held: dict[str, Any] = {}
        if step is None or step == "passthrough":
            kind = "passthrough"
        elif type(step) in transformers.TRANSFORMERS.values():
            own, held = transformers.take_apart(step)
            own |= outputs.told(step)
        elif kind in {*CLASSES, "Pipeline"}:
            own, held = _take_apart(step)
        else:
            raise ParameterError(
                f"step {name!r} of the pipeline is a {kind}, which cannot be saved. Save only the steps of partwise, "
                f"as in save(pipeline.named_steps[...], path), or save the whole pipeline with skops or joblib."
            )
        header["steps"].append([name, kind, own])
        arrays |= {f"{i}.{part}": array for part, array in held.items()}
    return header, arrays


def _put_together_steps(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Pipeline:
    steps: list[tuple[str, Any]] = []
    for i, (name, kind, own) in enumerate(header["steps"]):
        held = Held(arrays).under(f"{i}.")
        if kind == "passthrough":
            step = kind
        elif kind in transformers.TRANSFORMERS:
            step = _with_output(transformers.put_together(own, Held(held)), own)
        else:
            step = _put_together(kind, own, held)
        steps.append((str(name), step))
    if not steps or len({name for name, _ in steps}) < len(steps):
        raise ValueError("a pipeline without steps, or with two of the same name")
    return Pipeline(steps, verbose=bool(header["verbose"]))


def _with_output(model: Any, header: Mapping[str, Any]) -> Any:
    if "columns" in header:  # columns that the command line read; it reads them again for new data
        if not all(map(_names, header["columns"].values())):
            raise ValueError("columns that are none")
        model._columns = header["columns"]
    outputs.set_told(model, header)
    return model


def _names(value: Any) -> bool:
    """Tell whether a value is a string, a list of strings, or numbers by words."""
    if isinstance(value, dict):
        return all(map(is_number, value.values()))
    return all(isinstance(one, str) for one in (value if isinstance(value, list) else [value]))


def _plain(value: Any, name: str) -> Any:
    """Return a value as JSON keeps it; raise an error with its name if that is not possible."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple):
        return [_plain(one, name) for one in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: _plain(one, key) for key, one in value.items()}
    if type(value) in WITH_PARAMETERS.values():
        numbers = {field.name: _plain(getattr(value, field.name), name) for field in fields(value) if field.init}
        return {"loss": {value.name: numbers}}
    if type(value) is np.random.RandomState:
        held: Any = value.get_state(legacy=False)
        if held["bit_generator"] == "MT19937":
            key, place = held["state"]["key"].tolist(), int(held["state"]["pos"])
            return {"random_state": [key, place, int(held["has_gauss"]), float(held["gauss"])]}
    raise ParameterError(
        f"{name}={value!r} cannot be saved. Give a number, a string, None, a list of these, an array of numbers, a "
        "loss of partwise or a RandomState."
    )


def _with_parameters(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return a header in which the parameters of the model, and of a model within it, are restored."""
    inner = {name: _with_parameters(own) for name, own in header.items() if isinstance(own, dict) and "params" in own}
    return {**header, **inner, "params": {name: _restored(name, value) for name, value in header["params"].items()}}


def _restored(name: str, value: Any) -> Any:
    """Return a parameter from what `_plain` made of it."""
    if not isinstance(value, dict) or name not in ("loss", "beta_loss", "random_state"):
        return value
    if "loss" in value:
        ((loss, numbers),) = value["loss"].items()
        return WITH_PARAMETERS[loss](**numbers)
    key, place, has_gauss, gauss = value["random_state"]
    if not is_whole(place, 0) or place > MT19937:
        raise ValueError(f"{name} is no state of a RandomState")
    made = np.random.RandomState()
    made.set_state(("MT19937", np.array(key, dtype=np.uint32), place, int(has_gauss), float(gauss)))
    return made
