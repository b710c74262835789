"""Numbers in other units, up to the largest of float64; numbers of bytes as text."""

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
        Binary logarithm of the unit of `value`, in the wanted unit.

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


def in_bytes(count: float) -> str:
    """Return a number of bytes as text, in a unit that suits it.

    Examples
    --------
    >>> in_bytes(640), in_bytes(4 * 1024**3), in_bytes(26_542_080)
    ('640 bytes', '4.0 GiB', '25.3 MiB')
    """
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1000:
            return f"{count:.0f} bytes" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"
