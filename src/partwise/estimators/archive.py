"""NMF, MiniBatchNMF and PartFeatures as plain values and arrays, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from partwise.estimators.features import PartFeatures
from partwise.estimators.minibatch import MiniBatchNMF
from partwise.estimators.nmf import NMF
from partwise.exceptions import ParameterError
from partwise.io import outputs
from partwise.io.held import Held, checked_facts, is_number, is_whole
from partwise.penalties import Penalty
from partwise.solvers.online import Online
from partwise.solvers.past import Past, Products, Ratio
from partwise.terms import TERMS
from partwise.weighting import Weighting

__all__ = ["put_together", "take_apart"]

KINDS = {"NMF": NMF, "MiniBatchNMF": MiniBatchNMF}
FITTED = {
    "n_components_": lambda value: is_whole(value, 1),
    "n_iter_": lambda value: is_whole(value, 0),
    "n_steps_": lambda value: is_whole(value, 0),
    "reconstruction_err_": lambda value: is_number(value, 0),
    "alpha_W_": lambda value: is_number(value, 0),
    "alpha_H_": lambda value: is_number(value, 0),
    "converged_": lambda value: isinstance(value, bool),
    "n_features_in_": lambda value: is_whole(value, 1),
}
"""Attributes that are not arrays, each with a test of its value; a model has those of its kind."""
NEEDED = {
    "NMF": {"n_components_", "n_features_in_"},  # the parts of a consensus have no fit of their own
    "MiniBatchNMF": {"n_components_", "n_features_in_", "n_steps_"},
}
"""Attributes that every model of a class has."""
PASTS: dict[str, tuple[type[Past], dict[str, tuple[str, str, float]]]] = {
    "Ratio": (Ratio, {"numerator": ("m", "k", 0.0), "denominator": ("m", "k", 0.0)}),
    "Products": (Products, {"cross": ("m", "k", -np.inf), "gram": ("k", "k", 0.0), "own": ("k", "k", 0.0)}),
}
"""What a stream can remember: the class, and the shape and least value of each of its arrays."""
PENALTIES: dict[str, Any] = {"Penalty": Penalty, **TERMS}
"""What terms_W and terms_H of a model in a file can hold."""


def take_apart(model: NMF | MiniBatchNMF | PartFeatures) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a fitted model as a header and a mapping of arrays, without the factors of its data.

    Parameters
    ----------
    model : NMF, MiniBatchNMF or PartFeatures
        The model. Of PartFeatures the file keeps the fitted estimator.

    Returns
    -------
    header : dict
        Parameters and numbers.
    arrays : dict of str to ndarray or list of str
        The rest.
    """
    check_is_fitted(model)
    if isinstance(model, PartFeatures):
        kind = type(model.estimator_).__name__
        if KINDS.get(kind) is not type(model.estimator_):
            raise ParameterError(
                f"PartFeatures of {type(model.estimator_).__module__}.{kind} cannot be saved: a file keeps those of "
                f"{' or '.join(f'partwise.{name}' for name in KINDS)}. Save them with skops or joblib."
            )
        own, held = take_apart(model.estimator_)
        return {**own, "estimator": kind, "inner": outputs.told(model.estimator_)}, held
    header: dict[str, Any] = {
        "params": model.get_params(deep=False),
        "fitted": {name: getattr(model, name) for name in FITTED if hasattr(model, name)},
    }
    arrays: dict[str, Any] = {"components_": model._checked_components()}
    asked = {name: header["params"].pop(name) for name in ("terms_W", "terms_H") if name in header["params"]}
    terms = {
        name: [_term_apart(term, f"{name}.{i}", arrays) for i, term in enumerate(own)]
        for name, own in asked.items()
        if own
    }
    header |= {"terms": terms} if terms else {}
    header["fitted"] |= dict(zip(("n_components_", "n_features_in_"), arrays["components_"].shape, strict=True))
    if hasattr(model, "feature_names_in_"):
        arrays["feature_names_in_"] = [str(name) for name in model.feature_names_in_]
    columns = model._weighting.columns if isinstance(model, NMF) else None
    if columns is not None:  # of feature_weight; transform uses them
        arrays["weighting.columns"] = columns
    if hasattr(model, "_online"):  # the memory of a stream, for partial_fit
        online, past = model._online, type(model._online.past).__name__
        header["stream"] = {"unit": float(online.unit), "forget": float(online.forget), "past": past}
        arrays["stream.Ht"] = online.Ht
        arrays |= {f"stream.{name}": getattr(online.past, name) for name in PASTS[past][1]}
    return header, arrays


def put_together(header: Mapping[str, Any], held: Held) -> NMF | MiniBatchNMF | PartFeatures:
    """Return the model from what `take_apart` returned.

    Parameters
    ----------
    header : mapping
        The header, with the name of the class as ``kind``.
    held : Held
        The arrays.

    Returns
    -------
    NMF, MiniBatchNMF or PartFeatures
        The model, with the same bits.

    Raises
    ------
    ValueError, TypeError or KeyError
        If the parts do not fit each other, or have values that no model has.
    """
    if header["kind"] == "PartFeatures":
        if header["estimator"] not in KINDS:
            raise ValueError(f"features of a {header['estimator']!r}")
        fitted = put_together({**header, "kind": header["estimator"]}, held)
        outputs.set_told(fitted, header.get("inner", {}))  # files of earlier versions have none
        features = PartFeatures(clone(fitted))
        features.estimator_ = fitted
        return features
    terms = {
        name: tuple(_term_together(term, f"{name}.{i}", held) for i, term in enumerate(own))
        for name, own in header.get("terms", {}).items()  # files of models without terms have none
    }
    model = KINDS[header["kind"]](**header["params"], **terms)
    model._check_params()
    model.components_ = held.numbers("components_", "k", "m")
    model.__dict__.update(checked_facts(header["fitted"], FITTED, NEEDED[header["kind"]]))
    if model.components_.shape != (model.n_components_, model.n_features_in_) or not model.components_.size:
        raise ValueError(f"components_ has shape {model.components_.shape}, which does not fit the model")
    if "feature_names_in_" in held:
        model.feature_names_in_ = np.array(held.strings("feature_names_in_", "m", unique=True), dtype=object)
    if isinstance(model, NMF):
        scales = held.numbers("weighting.columns", "m", 1) if "weighting.columns" in held else None
        model._weighting = Weighting(columns=scales)
    elif "stream" in header:
        unit, forget = header["stream"]["unit"], header["stream"]["forget"]
        if not (is_number(unit, 0) and unit > 0 and is_number(forget, 0, 1)):
            raise ValueError(f"a stream with unit={unit!r} and forget={forget!r}")
        make, shapes = PASTS[header["stream"].get("past", "Ratio")]  # older files have no other
        past = make(**{name: held.numbers(f"stream.{name}", *shape, low=low) for name, (*shape, low) in shapes.items()})
        model._online = Online(model._loss_function, held.numbers("stream.Ht", "m", "k"), forget, unit, past)
    return model


def _term_apart(term: Any, name: str, arrays: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """Return the kind of a term and its numbers; put its arrays into `arrays`."""
    kind = type(term).__name__
    if PENALTIES.get(kind) is not type(term):
        raise ParameterError(
            f"{name.partition('.')[0]} has a {kind}, which cannot be saved: a file keeps only {', '.join(PENALTIES)}. "
            f"Save the model with skops or joblib."
        )
    values = {field.name: getattr(term, field.name) for field in fields(term)}
    arrays |= {f"{name}.{key}": value for key, value in values.items() if sp.issparse(value)}
    return kind, {key: value for key, value in values.items() if not sp.issparse(value)}


def _term_together(term: Any, name: str, held: Held) -> Any:
    """Return the term from what `_term_apart` returned. Terms check their own values."""
    kind, numbers = term
    arrays = held.under(f"{name}.")
    return PENALTIES[kind](**{key: held.sparse(f"{name}.{key}", name, name) for key in arrays}, **numbers)
