"""What a factor pays beyond the loss."""

import math
from dataclasses import dataclass

from partwise.exceptions import ParameterError


@dataclass(frozen=True)
class Penalty:
    r"""Elastic net on one factor, :math:`l_1 \sum F_{it} + \tfrac{l_2}{2} \sum F_{it}^2`.

    Parameters
    ----------
    l1, l2 : float
        Weights, at least 0, in the units of the summed loss: nothing is scaled by the size of X. The estimators apply
        scikit-learn's scaling before they build one.

    Examples
    --------
    >>> Penalty(l1=0.5).value(total=4.0, squared=10.0)
    2.0
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.l1 < math.inf and 0 <= self.l2 < math.inf):
            raise ParameterError(f"penalties must be finite and at least 0, got l1={self.l1} and l2={self.l2}.")

    def __bool__(self) -> bool:
        return self.l1 > 0 or self.l2 > 0

    def value(self, total: float, squared: float) -> float:
        """Return the penalty of a factor.

        Parameters
        ----------
        total, squared : float
            Sum of its entries, and of their squares.

        Returns
        -------
        float
            In the units of the summed loss.
        """
        return self.l1 * total + 0.5 * self.l2 * squared

    def in_units(self, factor: float, loss: float) -> "Penalty":
        """Return the same penalty for other units.

        Parameters
        ----------
        factor, loss : float
            The units in which the factor and the loss are counted from now on, in the present ones.

        Returns
        -------
        Penalty
            With weights to match.
        """
        return Penalty(self.l1 * factor / loss, self.l2 * factor * factor / loss)
