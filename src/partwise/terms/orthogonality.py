"""Orthogonality: parts, or their weights, that overlap little."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise.matrix import Array
from partwise.parameters import check_number
from partwise.terms.base import Term
from partwise.units import scaled


@dataclass(frozen=True)
class Orthogonality(Term):
    r"""The penalty on overlaps of the columns of a factor, :math:`\lambda \sum_{s < t} \langle f_s, f_t \rangle`.

    On W, rows then belong to few parts; on H, parts share few columns. A smaller factor always has a smaller penalty,
    so the other factor grows: give that one a penalty, for example ``Penalty(l2=...)``.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, at least 0, in the units of the summed loss.

    References
    ----------
    Z. Li, X. Wu and H. Peng, "Nonnegative matrix factorization on orthogonal subspace", Pattern Recognition Letters 31,
    2010, doi:10.1016/j.patrec.2009.12.023.

    Examples
    --------
    >>> W = np.array([[1.0, 1.0], [0.0, 2.0]])
    >>> Orthogonality(3.0).value(W, W.T @ W, W)
    3.0
    """

    weight: float
    links_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_number("weight", self.weight))

    def quadratic(self, gram: Array) -> Array:
        return self.weight * (1 - np.eye(len(gram)))

    def value(self, point: Array, gram: Array, other: Array) -> float:
        wide = gram.astype(np.float64)
        return 0.5 * self.weight * float(wide.sum() - np.trace(wide))

    def in_units(self, unit: float, log_loss: float) -> "Orthogonality":
        return Orthogonality(scaled(self.weight, 2 * float(np.log2(unit)) - log_loss))
