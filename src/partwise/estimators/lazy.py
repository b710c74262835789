"""Weights of the rows of a Dask array, computed chunk by chunk when they are needed."""

from copy import copy
from importlib import import_module
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array, Matrix
from partwise.matrix.names import feature_names, order_of

KEPT_BACK = ("factorization_", "rank_choice_")
"""Attributes that transform does not need, so workers do not get them."""


def lazy_weights(model: Any, X: Any, array: Any) -> Any:
    """Return W as a Dask array (n, k) with the same chunks of rows.

    Parameters
    ----------
    model : BaseNMF
        A fitted estimator.
    X : dask array, dask frame or AnnData
        X as the user gave it.
    array : dask.array.Array of shape (n, m)
        The Dask array in X.
    """
    order = order_of(feature_names(X), getattr(model, "feature_names_in_", None))
    if order is not None:
        array = array[:, order]
    H = model.components_
    if array.ndim != 2 or array.shape[1] != H.shape[1]:
        raise DataError(f"X has shape {array.shape}, but this model was fitted with {H.shape[1]} features.")
    if len(array.chunks[1]) > 1:
        array = array.rechunk({1: -1})
    own = copy(model)
    own.__dict__ = {
        name: value
        for name, value in vars(model).items()
        if name not in KEPT_BACK and not name.startswith(("feature_names", "_kept", "_sklearn"))
    }
    dtype = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
    chunks = (array.chunks[0], (len(H),))
    return array.map_blocks(_weights, own, dtype=dtype, chunks=chunks, meta=np.empty((0, len(H)), dtype))


def lazy_rows(W: Array, X: Matrix) -> Any:
    """Return weights (n, k) in memory as a Dask array, with the chunks of rows of a lazy X."""
    heights = tuple(last - first for first, last in X.blocks)
    array: Any = import_module("dask.array")
    return array.from_array(W, chunks=(heights, (W.shape[1],)))


def _weights(rows: Any, model: Any) -> Any:
    """Return the weights of some rows, (b, k)."""
    if not rows.shape[0]:
        return np.empty((0, len(model.components_)))
    return model.transform(rows.to_scipy_sparse() if hasattr(rows, "to_scipy_sparse") else rows)
