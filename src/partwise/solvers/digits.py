"""How many digits a loss has if it is a difference of larger terms: computed from products and Gram matrices."""

from typing import NamedTuple

import numpy as np

from partwise.matrix import Matrix

MANY = 10_000_000
"""With at least this many entries of X in blocks, roundings of float32 products even out in float64 sums."""

EPSILON = {np.dtype(real): float(np.finfo(real).eps) for real in (np.float32, np.float64)}
"""Machine epsilon: np.finfo takes as long as the rest of what is done here in each iteration."""


class Digits(NamedTuple):
    """The accuracy of such a loss.

    Attributes
    ----------
    least : float
        The loss has enough digits if the relative error of the model is at least this; below, it comes from the
        residuals.
    noise : float
        Its largest error, in machine epsilons of X's size.
    """

    least: float
    noise: float


def digits(X: Matrix) -> Digits:
    """Return the accuracy of such a loss of X.

    On matrices of 8 million entries and more, in blocks of rows (gamma-distributed factors, float32), the loss was
    right to 5e-4 at a relative error of 0.003; on a matrix of 180,000 entries, to 3e-2.
    """
    if X.dtype != np.float32:
        return Digits(1e-6, 4.0)
    by_blocks = not X.can("columns") and X.n_stored >= MANY
    return Digits(0.003, 0.05) if by_blocks else Digits(0.02, 4.0)


def accurate(X: Matrix) -> float:
    """Return the squared relative error above which such a loss has enough digits."""
    return digits(X).least ** 2


def noise(X: Matrix, size: float, objective: float) -> float:
    """Return by how much the objective can rise through rounding alone, which is no reason to reduce the momentum.

    A loss from Gram matrices has an error relative to the size of X. If that error is too large, the loss comes from
    the residuals, and its error is relative to the loss itself.
    """
    eps, (least, epsilons) = EPSILON[X.dtype], digits(X)
    return epsilons * eps * size if objective > 0.5 * least * least * size else 8 * eps * objective
