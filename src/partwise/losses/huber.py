"""The Huber loss: squares of small errors, absolute values of large ones, so a few of these cannot bend the parts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from partwise.losses.base import Loss
from partwise.matrix import Array, Matrix
from partwise.parameters import check_number
from partwise.units import scaled

TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Huber(Loss):
    r"""Huber loss, quadratic for errors up to delta and linear beyond.

    .. math::

        d(x, p) = \begin{cases} \tfrac12 r^2 & r \le \delta \\ \delta (r - \tfrac12 \delta) & r > \delta \end{cases}
        \qquad r = |x - p|

    An entry with a large error influences the model no more than one with an error of delta. The loss is
    half-quadratic: with a weight w for each entry,

    .. math:: d(x, p) = \min_{0 < w \le 1} \tfrac12 w (x - p)^2 + \tfrac12 \delta^2 (1 / w - 1),

    which is lowest at :math:`w = \min(1, \delta / r)`. If w is held at this value, the right side equals d at the
    present model, is nowhere below d, and is a weighted least-squares problem. The multiplicative step for this
    problem, with the parts w x and w p of its gradient, cannot raise the right side, and so cannot raise d.

    If errors are gross, give a smaller ``tol`` than usual: they are part of the loss, so the share of it that can still
    be gained is small. The starts by SVD follow gross errors; ``init="random"`` with a few starts is safer.

    Parameters
    ----------
    delta : float, default=1.0
        The loss is linear for errors above this value. It is positive and has the units of X. Two or three times the
        usual error is a good choice; with a larger delta the loss is nearer to Frobenius.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964,
    doi:10.1214/aoms/1177703732: the loss. D. Geman and G. Reynolds, "Constrained restoration and the recovery of
    discontinuities", IEEE TPAMI 14, 1992, doi:10.1109/34.120331: the half-quadratic form. L. Du, X. Li and Y.-D. Shen,
    "Robust nonnegative matrix factorization via half-quadratic minimization", ICDM 2012, doi:10.1109/ICDM.2012.39: its
    weights in multiplicative steps.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> X = np.outer(np.arange(1.0, 7.0), [1.0, 2.0, 3.0, 4.0])
    >>> X[2, 1] = 100.0
    >>> found = pw.factorize(X, 1, loss=Huber(delta=0.5), init="random", random_state=0)
    >>> (found.H[0] / found.H[0, 0]).round(1)
    array([1., 2., 3., 4.])
    """

    delta: float = 1.0
    name: ClassVar[str] = "huber"

    def __post_init__(self) -> None:
        delta = check_number("delta", self.delta, above=True, hint="It has the units of X.")
        object.__setattr__(self, "delta", delta)

    @property
    def unit_degree(self) -> float:
        return 2.0

    def in_units(self, unit: float) -> "Huber":
        return self if unit == 1 else Huber(max(scaled(float(self.delta), -float(np.log2(unit))), TINY))

    @property
    def damped_exponent(self) -> float:
        return 1.0  # the majoriser is quadratic, and so is the penalty

    def gradient_split(self, x: Array, p: Array, floor: float, value: bool) -> tuple[Array, Array, float]:
        limits = np.finfo(x.dtype)  # beyond them delta would be infinite, or 0 and so 0 / 0
        delta = x.dtype.type(np.clip(float(self.delta), float(limits.tiny), float(limits.max)))
        error = np.abs(x - p)
        total = 0.0
        if value:
            bounded = np.minimum(error, delta)
            total = float(np.sum(bounded * (error - bounded / 2), dtype=np.float64))
        weight = delta / np.maximum(error, delta)
        return weight * x, weight * p, total

    def size(self, X: Matrix) -> float:
        """Return the sum of x min(x, delta): the influence of X on a model of zeros.

        The size on a model of X itself would be the sum of squares, of which gross errors can be nearly all.
        """
        return X.sum_of(lambda x: x * np.minimum(x, float(self.delta)))
