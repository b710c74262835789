"""The elastic net on a factor, and limits of its entries."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.matrix import Array, Box, array_of
from partwise.parameters import check_number
from partwise.summary import Summary, size
from partwise.units import scaled

HEAVIEST = {np.dtype(np.float32): 2.0**60, np.dtype(np.float64): 2.0**500}
"""Largest weight of a penalty in the units of a fit. It is far beyond any gradient, but its products stay finite."""


@dataclass(frozen=True)
class Penalty:
    r"""Elastic net on one factor, :math:`l_1 \sum F_{it} + \tfrac{l_2}{2} \sum F_{it}^2`.

    Parameters
    ----------
    l1, l2 : float
        Weights, at least 0, in the units of the summed loss: they are not scaled by the size of X. The estimators apply
        scikit-learn's scaling before they make a Penalty.

    Examples
    --------
    >>> Penalty(l1=0.5).value(total=4.0, squared=10.0)
    2.0
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        for name in ("l1", "l2"):
            object.__setattr__(self, name, check_number(name, getattr(self, name)))

    def __bool__(self) -> bool:
        return bool(self.l1 > 0 or self.l2 > 0)

    def __add__(self, other: "Penalty") -> "Penalty":
        return Penalty(self.l1 + other.l1, self.l2 + other.l2)

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

    def of(self, factor: Array) -> float:
        """Return the penalty of a factor, summed in float64.

        Parameters
        ----------
        factor : ndarray
            Its entries.

        Returns
        -------
        float
            In the units of the summed loss.
        """
        if not self:
            return 0.0
        total, squared = factor.sum(dtype=np.float64), np.square(factor, dtype=np.float64).sum()
        return self.value(float(total), float(squared))

    def in_units(self, factor: float, log_loss: float, dtype: Any) -> "Penalty":
        """Return the same penalty for other units.

        Parameters
        ----------
        factor : float
            The new unit of the factor, in the old one.
        log_loss : float
            Binary logarithm of the new unit of the loss, in the old one.
        dtype : dtype
            Of the factor.

        Returns
        -------
        Penalty
            Its weights are converted, and at most HEAVIEST.
        """
        own, most = float(np.log2(factor)), HEAVIEST[np.dtype(dtype)]
        weights = scaled(self.l1, own - log_loss), scaled(self.l2, 2 * own - log_loss)
        return Penalty(*(min(weight, most) for weight in weights))


@dataclass(frozen=True, eq=False, repr=False)
class Bounds(Summary):
    """Lowest and highest value of each entry of a factor. An entry whose two bounds are equal is fixed.

    Parameters
    ----------
    lower, upper : float or array
        Of the factor's shape, or broadcast to it: (n_samples, n_components) for W, (n_components, n_features) for H.
        Arrays for fewer components bound the first ones; the others stay free.

    Examples
    --------
    >>> import numpy as np
    >>> known = Bounds.fixed(np.array([[1.0, np.nan]]))  # of two features the first entry of the first part is known
    >>> known.box((2, 3), "H", np.float64)[1]
    array([[ 1., inf, inf],
           [inf, inf, inf]])
    """

    lower: Any = 0.0
    upper: Any = math.inf

    def _facts(self) -> dict[str, Any]:
        return {"lower": size(self.lower), "upper": size(self.upper)}

    @classmethod
    def fixed(cls, values: Any) -> "Bounds":
        """Return bounds that fix entries at `values`, an array of two dimensions; NaN leaves an entry free."""
        values = array_of(values, "fixed_values").astype(float, copy=False)
        if values.ndim != 2:
            raise ParameterError(
                f"fixed values need two dimensions, (n_fixed, n_features) for H or (n_samples, n_fixed) for W, got "
                f"shape {values.shape}. Give values[None] for one part, values[:, None] for its weights."
            )
        free = np.isnan(values)
        return cls(np.where(free, 0.0, values), np.where(free, math.inf, values))

    @classmethod
    def zero_where(cls, forbidden: Any) -> "Bounds":
        """Return bounds that fix entries at zero where `forbidden`, an array of booleans, is true."""
        forbidden = array_of(forbidden, "forbidden")
        if np.isnan(forbidden).any():
            raise ParameterError("forbidden must be True or False everywhere; it has NaN, NA or masked entries.")
        return cls(0.0, np.where(forbidden != 0, 0.0, math.inf))

    @classmethod
    def together(cls, bounds: Sequence["Bounds"], shape: tuple[int, int], name: str) -> "Bounds":
        """Return all bounds of several on a factor (see ``box``) as one; where they differ, the last one counts."""
        lower, upper = np.zeros(shape), np.full(shape, math.inf)
        for each in bounds:
            low, high = (
                _spread(bound, shape, name, free) for bound, free in ((each.lower, 0.0), (each.upper, math.inf))
            )
            limited = (low > 0) | (high < math.inf)
            lower, upper = (
                np.where(limited, low, lower),
                np.where(limited, np.minimum(high, np.maximum(upper, low)), upper),
            )
        return cls(lower, upper) if name == "W" else cls(lower.T, upper.T)

    def size(self, usual: float) -> float:
        """Return the mean size of entries within these bounds if it differs from the usual one; else 0.

        It is the mean of the positive lower bounds. Without any, it is the mean of the upper bounds below the usual
        size.

        Parameters
        ----------
        usual : float
            The mean size of entries without bounds, in the factor's units.

        Returns
        -------
        float
            In the same units.
        """
        lower, upper = array_of(self.lower, "lower"), array_of(self.upper, "upper")
        held = lower[(lower > 0) & (lower < math.inf)]
        tight = held if held.size else upper[(upper > 0) & (upper < usual)]
        highest = float(tight.max(initial=0.0))
        return float((tight / highest).mean()) * highest if tight.size else 0.0  # the sum alone can overflow

    def box(self, shape: tuple[int, int], name: str, dtype: Any, units: Any = 1.0) -> Box:
        """Return both bounds in the shape (rows, k) of a factor as solvers hold it (H transposed).

        Parameters
        ----------
        shape : (int, int)
            Rows of the factor and number of components.
        name : {'W', 'H'}
            The factor.
        dtype : dtype
            Of the factor.
        units : float or array of shape (rows, 1)
            What the factor's entries are divided by: one number, or one for each row.

        Returns
        -------
        (ndarray, ndarray)
            Both of that shape.
        """
        lower, upper = (
            _spread(bound, shape, name, free) for bound, free in ((self.lower, 0.0), (self.upper, math.inf))
        )
        if not (np.all(lower >= 0) and np.all(np.isfinite(lower)) and np.all(lower <= upper)):
            raise ParameterError(f"bounds of {name}: need 0 <= lower <= upper, and a finite lower; NaN is no bound.")
        with np.errstate(over="ignore"):  # an upper bound beyond all numbers is none
            low, high = (np.ascontiguousarray(bound / units, dtype) for bound in (lower, upper))
        if not np.isfinite(low).all():
            raise ParameterError(
                f"bounds of {name}: a lower bound of {lower.max():.3g} is too large beside X for {np.dtype(dtype)}. "
                f"Divide X by its mean, and scale the bounds in the same way."
            )
        return low, high


def _spread(bound: Any, shape: tuple[int, int], name: str, free: float) -> Array:
    """Return a bound in the shape (rows, k); `free` is its value for components that it leaves out."""
    k = shape[1]
    array = array_of(bound, f"bounds_{name}").astype(float, copy=False)
    if np.isnan(array).any():
        raise ParameterError(f"bounds of {name}: need 0 <= lower <= upper, and a finite lower; NaN is no bound.")
    if array.ndim == 2:
        array = array.T if name == "H" else array
        missing = k - array.shape[1]
        if missing > 0:
            array = np.hstack([array, np.full((len(array), missing), free)])
    elif array.ndim == 1 and name == "H":
        array = array[:, None]  # one bound per feature, for all parts
    try:
        return np.broadcast_to(array, shape).astype(float)
    except ValueError:
        expected = shape if name == "W" else shape[::-1]
        raise ParameterError(
            f"bounds of {name} have shape {np.shape(bound)}; {name} has shape {expected}. Give one number, an array of "
            f"that shape, or one for its first components."
        ) from None
