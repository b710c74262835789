"""The scale between W and H, which the loss leaves free."""

from collections.abc import Sequence

import numpy as np

from partwise import kernels
from partwise.domains import Domain, Simplex
from partwise.losses import Loss
from partwise.matrix import Array, Matrix
from partwise.penalties import Bounds
from partwise.threads import Workers

MOST = 1000
"""Exponent of the largest unit of a factor."""
FAR = {np.dtype(np.float32): 15, np.dtype(np.float64): 60}
"""Exponent of the largest entry of a start, relative to the root of X's mean, or to its inverse."""


def share_out(unit: float, X: Matrix, bounds: tuple[Bounds | None, Bounds | None]) -> tuple[float, float]:
    """Return the units of W and H, powers of two whose product is `unit`; X is in this unit already.

    A start gives W and H the size of the root of X. If a factor has bounds, its unit scales these to that size:
    otherwise free parts would be negligible beside fixed ones.
    """
    usual, root = float(np.sqrt(X.mean)), float(np.sqrt(unit))
    sizes = [0.0 if bound is None else bound.size(usual * root) for bound in bounds]
    if usual == 0 or all(sizes) or not any(sizes):
        return root, root
    whole = round(np.log2(unit))
    own = int(np.clip(round(np.log2(max(sizes)) - np.log2(usual)), max(whole, 0) - MOST, MOST + min(whole, 0)))
    units = 2.0**own, 2.0 ** (whole - own)
    return units if sizes[0] else units[::-1]


def in_reach(start: Sequence[Array], domains: tuple[Domain, Domain], mean: float, loss: Loss) -> list[Array]:
    """Return a start (W, Ht) within its domains. A factor whose powers would overflow or underflow gets its usual size.

    The first half-steps would give it that size anyway. `mean` is that of X.
    """
    usual = (1.0, mean) if isinstance(domains[0], Simplex) else (float(np.sqrt(mean)),) * 2
    far = FAR[start[0].dtype] / max(abs(float(loss.degree or 0.0)) / 2, 1.0)
    found = []
    for factor, domain, size in zip(start, domains, usual, strict=True):
        highest = float(factor.max(initial=0.0))
        exponent = round(np.log2(highest) - np.log2(size or 1.0)) if highest > 0 else 0
        near = factor if abs(exponent) <= far else np.ldexp(factor, -exponent)
        found.append(domain.within(near))
    return found


def even_out(W: Array, Ht: Array, workers: Workers) -> Array:
    """Give all parts the same mean weight, in place; return what each part of H was multiplied by, (k,).

    The scale of each part is free: W D^-1 and D H are as good a pair. This scale does not depend on how the fit went.
    With it, only a part's row of H shows how much it contributes, and weights of different parts can be compared. W and
    H get the same norm.
    """
    sums, left, right = np.empty((3, W.shape[1]))
    kernels.column_moments(Ht, sums, right, workers.team)
    kernels.column_moments(W, sums, left, workers.team)
    means, left, right = sums / max(len(W), 1), np.sqrt(left), np.sqrt(right)
    alive = (means > 0) & (left > 0) & (right > 0)
    scale = np.where(alive, means, 1.0)
    norms = np.linalg.norm(left / scale), np.linalg.norm(right * scale)
    if all(norms):
        scale *= np.sqrt(norms[0] / norms[1])
    scale = scale.astype(W.dtype)
    kernels.scale_columns(W, 1 / scale, workers.team)
    kernels.scale_columns(Ht, scale, workers.team)
    return scale
