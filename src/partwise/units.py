"""Numbers in other units, up to the largest of float64."""

from typing import Any

import numpy as np

LARGEST = float(np.finfo(np.float64).max)


def scaled(value: Any, exponent: float) -> Any:
    """Return value * 2 ** exponent, up to the largest number; no power on the way overflows or underflows.

    Parameters
    ----------
    value : float or ndarray
        At least 0.
    exponent : float
        Binary logarithm of the unit of `value`, measured in the wanted unit.

    Examples
    --------
    >>> scaled(3.0, 4000.0)
    1.7976931348623157e+308
    """
    exponent = float(np.clip(exponent, -5000, 5000))  # 2 ** 5000 takes any number out of float64
    whole = int(np.floor(exponent))
    with np.errstate(over="ignore", under="ignore"):
        found = np.minimum(np.ldexp(np.multiply(value, 2.0 ** (exponent - whole)), whole), LARGEST)
    return found if isinstance(value, np.ndarray) else float(found)
