"""The volume between the parts: a small one finds parts that no row shows alone, as the tightest that mix to X."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from partwise.exceptions import ParameterError
from partwise.init.nndsvd import truncated_svd
from partwise.matrix import Array, Matrix
from partwise.parameters import check_flag, check_number
from partwise.terms.base import Term
from partwise.threads import ALONE, Workers
from partwise.units import scaled

ROUNDING = 100
"""A singular value up to this many machine epsilons of X's largest one can be rounding alone."""


@dataclass(frozen=True)
class Volume(Term):
    r"""The penalty on the volume that parts span, :math:`\tfrac{\lambda}{2} \log\det(I + C / d)`.

    C (k, k) is the Gram matrix of the parts less their mean. If X, the parts, :math:`\lambda` and d change units, the
    share of the penalty in the objective stays the same.

    The logarithm is concave in C, so it lies under its tangent. A half-step that adds the slope of the tangent to the
    Gram matrix of W, and is otherwise the same, cannot raise the objective.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, in the units of the summed loss.
    floor : float
        The d of the formula, a squared length. Parts whose distance is much less than its root gain little by moving
        closer.

    References
    ----------
    L. Miao and H. Qi, "Endmember extraction from highly mixed data using minimum volume constrained nonnegative matrix
    factorization", IEEE Transactions on Geoscience and Remote Sensing 45, 2007, doi:10.1109/TGRS.2006.888466. The
    logarithm and its tangent: X. Fu, K. Huang, B. Yang, W.-K. Ma and N. D. Sidiropoulos, "Robust volume
    minimization-based matrix factorization for remote sensing and document clustering", IEEE Transactions on Signal
    Processing 64, 2016, doi:10.1109/TSP.2016.2602800; V. Leplat, A. M. S. Ang and N. Gillis, "Minimum-volume
    rank-deficient nonnegative matrix factorizations", ICASSP 2019.

    Examples
    --------
    >>> parts = np.array([[3.0, 1.0], [1.0, 3.0]])  # sqrt(8) apart
    >>> round(Volume(weight=2.0, floor=1.0).value(parts.T, parts @ parts.T, parts.T), 6)  # log(1 + 8 / 2)
    1.609438
    """

    weight: float
    floor: float
    is_light: ClassVar[bool] = True
    links_rows: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_number("weight", self.weight))
        object.__setattr__(self, "floor", check_number("floor", self.floor, above=True))

    @classmethod
    def of(cls, X: Matrix, k: int, strength: float, workers: Workers = ALONE) -> "Volume | None":
        """Return the volume of k parts of X (n, m), or None if it would weigh nothing.

        The weight is strength times the square of X's singular value number k + 1, which is noise alone. The floor is
        the mean variance of the rows along their k - 1 leading directions. A truncated SVD gives both.
        """
        if strength == 0 or k == 1 or k >= min(X.shape):
            return None
        U, s, _ = truncated_svd(X, k + 1, np.random.RandomState(0), workers)  # own seed: starts keep their bits
        scores = U.astype(np.float64) * s
        scores -= scores.mean(axis=0)
        variances = np.linalg.eigvalsh(scores.T @ scores / len(scores))
        weight, floor = strength * float(s[k]) ** 2, float(variances[-(k - 1) :].mean())
        noisy = s[k] > ROUNDING * float(np.finfo(X.dtype).eps) * s[0]
        return cls(weight, floor) if noisy and floor > 0 else None

    @property
    def magnitude(self) -> float:  # type: ignore[override]
        return self.weight

    def quadratic(self, gram: Array) -> Array:
        """See Term: twice the slope of the value by the parts' Gram matrix, in float64; times H, it is that by H."""
        inverse = np.linalg.inv(_centred(gram) + self.floor * np.eye(len(gram)))
        return self.weight * _centred(inverse)

    def value(self, point: Array, gram: Array, other: Array) -> float:
        return 0.5 * self.weight * float(np.linalg.slogdet(np.eye(len(gram)) + _centred(gram) / self.floor)[1])

    def in_units(self, unit: float, log_loss: float) -> "Volume":
        log_unit = float(np.log2(unit))
        return Volume(scaled(self.weight, -log_loss), scaled(self.floor, -2 * log_unit))


def _centred(gram: Array) -> Array:
    """Return the Gram matrix (k, k), in float64, of vectors less their mean."""
    wide = gram.astype(np.float64)
    wide -= wide.mean(axis=0)
    centred: Array = wide - wide.mean(axis=1, keepdims=True)
    return (centred + centred.T) / 2  # rounding


def check_volume(strength: Any, sum_to_one: Any) -> float:
    """Return `strength` as a number; raise unless a fit can take it as min_volume with that sum_to_one."""
    strength = check_number("min_volume", strength, hint="0 leaves the volume out.")
    if not check_flag("sum_to_one", sum_to_one) and strength > 0:
        raise ParameterError(
            f"min_volume={strength!r} needs sum_to_one=True: without it, smaller parts with larger weights fit as "
            f"well, so their volume has no meaning. Add sum_to_one=True, or leave min_volume at 0."
        )
    return float(strength)
