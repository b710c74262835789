"""The scale between W and H, which the loss leaves free."""

import numpy as np

from partwise.losses.frobenius import gram
from partwise.matrix import Array, Matrix
from partwise.penalties import Bounds
from partwise.threads import Workers

MOST = 1000
"""Exponent of the largest unit of a factor."""


def share_out(unit: float, X: Matrix, bounds: tuple[Bounds | None, Bounds | None]) -> tuple[float, float]:
    """Return what W and H are counted in, powers of two whose product is `unit`; X is in that unit already.

    A start gives W and H the size of the root of X. Where one of them has bounds, its unit brings these to that size:
    else free parts would drown beside fixed ones.
    """
    usual, root = float(np.sqrt(X.mean)), float(np.sqrt(unit))
    sizes = [0.0 if bound is None else bound.size(usual * root) for bound in bounds]
    if usual == 0 or all(sizes) or not any(sizes):
        return root, root
    whole = round(np.log2(unit))
    own = int(np.clip(round(np.log2(max(sizes)) - np.log2(usual)), max(whole, 0) - MOST, MOST + min(whole, 0)))
    units = 2.0**own, 2.0 ** (whole - own)
    return units if sizes[0] else units[::-1]


def even_out(W: Array, Ht: Array, workers: Workers) -> Array:
    """Give all parts the same mean weight, in place; return what each part of H was multiplied by, (k,).

    The scale of each part is free, W D^-1 and D H being as good a pair. This one does not depend on the way there:
    what a part contributes shows in its row of H alone, and weights compare across parts. W and H get the same norm.
    """
    means = (np.ones(len(W), W.dtype) @ W / len(W)).astype(np.float64)
    left, right = (np.sqrt(np.diagonal(gram(factor, workers))) for factor in (W, Ht))
    alive = (means > 0) & (left > 0) & (right > 0)
    scale = np.where(alive, means, 1.0)
    norms = np.linalg.norm(left / scale), np.linalg.norm(right * scale)
    if all(norms):
        scale *= np.sqrt(norms[0] / norms[1])
    scale = scale.astype(W.dtype)
    workers.map(lambda pair: np.multiply(*pair, out=pair[0]), ((W, 1 / scale), (Ht, scale)))
    return scale
