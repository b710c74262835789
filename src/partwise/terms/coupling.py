"""Symmetric coupling: both factors of a symmetric X are drawn together, X ~ W W'."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise.matrix import Array
from partwise.parameters import check_number
from partwise.terms.base import Term
from partwise.units import scaled


@dataclass(frozen=True)
class SymmetricCoupling(Term):
    r"""The penalty on the distance of both factors, :math:`\tfrac{\lambda}{2} \|W - H^T\|_F^2`.

    With a weight of about the largest entry of W'W, both factors agree up to the tolerance, and X ~ W W'. X must be
    square, and should be symmetric.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, at least 0, in the units of the summed loss.

    References
    ----------
    D. Kuang, S. Yun and H. Park, "SymNMF: nonnegative low-rank approximation of a similarity matrix for graph
    clustering", Journal of Global Optimization 62, 2015, doi:10.1007/s10898-014-0247-2.

    Examples
    --------
    >>> W, Ht = np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])
    >>> SymmetricCoupling(3.0).value(W, W.T @ W, Ht) + SymmetricCoupling(3.0).value(Ht, Ht.T @ Ht, W)
    6.0
    """

    weight: float
    is_shared: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_number("weight", self.weight))

    def linear(self, point: Array, other: Array) -> Array:
        return other * other.dtype.type(self.weight)

    def quadratic(self, gram: Array) -> Array:
        return self.weight * np.eye(len(gram))

    def value(self, point: Array, gram: Array, other: Array) -> float:
        return 0.25 * self.weight * float(np.square(point - other, dtype=np.float64).sum())

    def in_units(self, unit: float, log_loss: float) -> "SymmetricCoupling":
        return SymmetricCoupling(scaled(self.weight, 2 * float(np.log2(unit)) - log_loss))

    def n_rows(self, n_others: int) -> int:
        return n_others
