"""Models of images as plain values and arrays, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.estimators import archive
from partwise.images.model import ImageParts
from partwise.images.patches import PatchParts
from partwise.io.held import Held, is_whole

__all__ = ["put_together", "take_apart"]

KINDS = {"ImageParts": ImageParts, "PatchParts": PatchParts}

NMF = "nmf."
"""What the names of arrays of the factorization begin with."""


def take_apart(model: ImageParts | PatchParts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a fitted model as a header of plain values and a mapping of arrays; images themselves are left out.

    Parameters
    ----------
    model : ImageParts or PatchParts
        The model.

    Returns
    -------
    header : dict
        Parameters, those of the factorization too, and the shape of an image or a patch.
    arrays : dict of str to ndarray or list of str
        Parts and, of whole images, weights, errors, names and coarse pixels of each.
    """
    check_is_fitted(model)
    inner, held = archive.take_apart(model.nmf_)
    # NaN is no JSON, and the same in each model
    inner["params"].pop("missing_values")
    header = {"params": model.get_params(deep=False), "nmf": inner, "pixel_shape": [*model.pixel_shape_]}
    arrays = {f"{NMF}{name}": array for name, array in held.items()}
    if isinstance(model, ImageParts):
        arrays |= {"weights_": model.weights_, "errors_": model.errors_, "looks": model._looks, "names": model.names_}
    return header, arrays


def put_together(header: Mapping[str, Any], held: Held) -> ImageParts | PatchParts:
    """Return the model that `take_apart` took apart.

    Parameters
    ----------
    header : mapping
        The header, with the name of the class as ``kind``.
    held : Held
        The arrays.

    Returns
    -------
    ImageParts or PatchParts
        The model, with the same bits.

    Raises
    ------
    ValueError, TypeError or KeyError
        If the parts do not fit each other, or hold what no model does.
    """
    model = KINDS[header["kind"]](**header["params"])
    inner = {**header["nmf"], "kind": "NMF"}
    inner["params"] = {**inner["params"], "missing_values": np.nan}
    model.nmf_ = archive.put_together(inner, Held(held.under(NMF)))
    shape = header["pixel_shape"]
    if not (
        len(shape) in (2, 3)
        and all(is_whole(length, 1) for length in shape)
        and (len(shape) == 2 or shape[2] == 3)
        and np.prod(shape, dtype=object) == model.nmf_.n_features_in_
    ):
        raise ValueError(f"pixel_shape is {shape}")
    model.pixel_shape_ = tuple(shape)
    if isinstance(model, ImageParts):
        held.sizes["k"] = model.nmf_.n_components_
        model.weights_ = held.numbers("weights_", "n", "k")
        model.errors_ = held.numbers("errors_", "n")
        model._looks = held.numbers("looks", "n", "coarse")
        model.names_ = held.strings("names", "n")
        if not len(model.names_):
            raise ValueError("there are no images")
    return model
