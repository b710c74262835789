"""What pictures need of a model: its parts, their weights, and the names of both."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError, ParameterError, shown
from partwise.factorization import Factorization
from partwise.matching import parts_of
from partwise.matrix import Array, array_of
from partwise.plot.canvas import checked_names, short

MODELS = "a fitted model, a Factorization, a Consensus or a TopicModel"


def parts(model: Any, name: str = "model") -> Array:
    """Return the parts (k, m) of a model or array, in float64, checked; there is at least one."""
    H = parts_of(model, name)
    if not H.size:
        raise DataError(f"{name} has no parts to draw: they have shape {H.shape}.")
    return H


def feature_names(model: Any, given: Any, count: int) -> list[str] | None:
    """Return the names of features, as they are drawn: those given, or the model's own; None if it has none."""
    if given is not None:
        return checked_names("feature_names", given, count)
    own = getattr(model, "words_", None)
    own = getattr(model, "feature_names_in_", None) if own is None else own
    return None if own is None or len(own) != count else [short(name) for name in own]


def own_shape(model: Any, given: Any) -> Any:
    """Return the shape of an image that the user gave, for None that of a model of images; None for other models."""
    return getattr(model, "pixel_shape_", None) if given is None else given


def refuse_images(model: Any, name: str) -> None:
    """Raise for a model of images, whose parts the picture `name` does not draw."""
    if hasattr(model, "pixel_shape_"):
        raise ParameterError(
            f"{name} draws no images, which the parts of {type(model).__name__} are: use plot.components."
        )


def labels(model: Any, given: Any, count: int) -> list[str]:
    """Return the names of parts, as they are drawn: those given, the labels of a TopicModel, or numbers."""
    if given is not None:
        return checked_names("labels", given, count)
    own = getattr(model, "labels_", None)
    if isinstance(own, list) and len(own) == count:
        return [short(f"{t}: {name}") for t, name in enumerate(own)]
    return [f"part {t}" for t in range(count)]


def factors(model: Any) -> tuple[Any, Any]:
    """Return W (n, k) and H (k, m) of a model that keeps the weights of its data, or of a pair (W, H); raise if not."""
    if isinstance(model, tuple | list) and len(model) == 2 and all(np.ndim(factor) == 2 for factor in model):
        return model[0], parts(model[1], "H")
    if hasattr(model, "fit"):
        check_is_fitted(model)
    found: Any = getattr(model, "factorization_", model)
    if isinstance(found, Factorization) or hasattr(found, "reproducibility"):
        return found.W, parts_of(found, "model")
    kept = "weights_" if hasattr(found, "pixel_shape_") else "document_topics_"
    if hasattr(found, kept):
        return getattr(found, kept), parts_of(found, "model")
    name = type(model).__name__
    if hasattr(found, "components_"):
        if not hasattr(found, "transform"):
            raise ParameterError(f"model={name} has weights of patches, and none of pictures; ImageParts has these.")
        raise ParameterError(f"model={name} does not keep the weights of its data; give W = model.transform(X).")
    raise ParameterError(f"model must be a fitted NMF, a Factorization, or a pair (W, H); got {shown(model)}.")


def checked_weights(W: Any) -> Array:
    """Return weights (n, k) in float64; raise if they are not finite and at least 0."""
    W = array_of(W, "W").astype(np.float64, copy=False)
    if W.ndim != 2 or not W.size:
        raise DataError(f"W must be {MODELS}, or weights of shape (n_samples, n_components); got {shown(W)}.")
    if not np.isfinite(W).all() or (W < 0).any():
        i, t = np.argwhere(~np.isfinite(W) | (W < 0))[0]
        raise DataError(f"W[{i}, {t}] = {W[i, t]} cannot be drawn; weights are finite, and at least 0.")
    return W


def weights(model: Any) -> Array:
    """Return weights (n, k) of parts in rows, in float64, checked.

    Of a model that has its parts too, the weights are what each part contributes to the sum of the row, so that they
    can be compared across parts. An array is taken as it is.
    """
    if hasattr(model, "fit") or isinstance(model, Factorization) or hasattr(model, "reproducibility"):
        W, H = factors(model)
        return checked_weights(W) * np.abs(H).sum(axis=1)
    return checked_weights(model)
