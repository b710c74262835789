"""Images beside what the parts make of them: errors, and how alike images are."""

from typing import NamedTuple

import numpy as np

from partwise.estimators.nmf import NMF
from partwise.images.stack import ImageStack
from partwise.matrix import Array

__all__ = ["Survey", "likeness", "surveyed"]

AT_ONCE = 1000
"""Images whose models are held in memory at once."""
COARSE = 16
"""Side in pixels of what is kept of the looks of an image."""


class Survey(NamedTuple):
    """Images beside their model: errors relative to each, the explained share of all squares, and their looks.

    Unknown pixels do not count; the error of a black image is 0. Looks are coarse images as rows, with the model where
    a pixel is unknown.
    """

    errors: Array
    explained: float
    looks: Array


def surveyed(stack: ImageStack, nmf: NMF, W: Array) -> Survey:
    """Return what is left of images beside their model, a thousand at a time."""
    left, whole, looks = np.zeros(len(stack)), np.zeros(len(stack)), []
    for first in range(0, len(stack), AT_ONCE):
        now = np.arange(first, min(first + AT_ONCE, len(stack)))
        X = stack.take(now).rows()
        model = nmf.inverse_transform(W[now])
        gap = np.nan_to_num(X - model, copy=False)
        left[now] = np.square(gap, dtype=np.float64).sum(axis=1)
        whole[now] = np.square(np.nan_to_num(X), dtype=np.float64).sum(axis=1)
        looks.append(_coarse(np.where(np.isnan(X), model, X).reshape(-1, *stack.shape)))
    errors = np.sqrt(np.divide(left, whole, out=np.zeros_like(left), where=whole > 0))
    return Survey(errors, float(1 - left.sum() / whole.sum()) if whole.any() else 1.0, np.concatenate(looks))


def _coarse(images: Array) -> Array:
    """Return images of few pixels as rows: means over blocks, up to COARSE on a side."""
    for axis in (1, 2):
        length = images.shape[axis]
        starts = np.unique(np.linspace(0, length, min(length, COARSE) + 1).astype(int))
        sums = np.add.reduceat(images, starts[:-1], axis=axis)
        images = sums / np.diff(starts).reshape([-1 if axis == i else 1 for i in range(images.ndim)])
    return images.reshape(len(images), -1).astype(np.float32)


def likeness(one: tuple[Array, Array], other: tuple[Array, Array], H: Array) -> Array:
    """Return how alike images are, from the weights and the looks of both: the mean of two cosines."""
    looks, gram = np.eye(one[1].shape[1]), np.asarray(H, np.float64) @ np.asarray(H, np.float64).T
    return (_cosines(one[0], other[0], gram) + _cosines(one[1], other[1], looks)) / 2


def _cosines(one: Array, other: Array, gram: Array) -> Array:
    """Return the cosines between rows in the metric of a Gram matrix; 0 for a row of zeros."""
    left, right = (np.asarray(rows, np.float64) for rows in (one, other))
    lengths = [np.sqrt(np.einsum("it,it->i", rows @ gram, rows)) for rows in (left, right)]
    scale = np.outer(*lengths)
    return np.divide(left @ gram @ right.T, scale, out=np.zeros_like(scale), where=scale > 0)
