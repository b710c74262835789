"""How many digits a loss has that is a difference of larger terms: read off products and Gram matrices."""

from typing import NamedTuple

import numpy as np

from partwise.matrix import Matrix

MANY = 10_000_000
"""Entries of X in blocks from which on the roundings of products in float32 even out in sums in float64."""

EPSILON = {np.dtype(real): float(np.finfo(real).eps) for real in (np.float32, np.float64)}
"""Machine epsilon: np.finfo takes as long as the rest of what is done here in each iteration."""


class Digits(NamedTuple):
    """What such a loss can tell.

    Attributes
    ----------
    least : float
        Relative error of the model from which on it has enough digits; below, the loss comes from the residuals.
    noise : float
        What it may be off by, in machine epsilons of X's size.
    """

    least: float
    noise: float


def digits(X: Matrix) -> Digits:
    """Return what such a loss of X can tell.

    On matrices of 8 million entries and more in blocks of rows (gamma-distributed factors, float32) it was right to
    5e-4 at a relative error of 0.003; on one of 180,000, to 3e-2.
    """
    if X.dtype != np.float32:
        return Digits(1e-6, 4.0)
    by_blocks = not X.can("columns") and X.n_stored >= MANY
    return Digits(0.003, 0.05) if by_blocks else Digits(0.02, 4.0)


def accurate(X: Matrix) -> float:
    """Return the squared relative error from which on such a loss has enough digits."""
    return digits(X).least ** 2


def noise(X: Matrix, size: float, objective: float) -> float:
    """Return what the objective may rise by rounding alone: no cause to extrapolate less.

    Read off the grams its error is one of the size of X; where that would drown it, it comes from the residuals, and
    its error is one of its own size.
    """
    eps, (least, epsilons) = EPSILON[X.dtype], digits(X)
    return epsilons * eps * size if objective > 0.5 * least * least * size else 8 * eps * objective
