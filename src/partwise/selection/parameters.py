"""Parameters that several functions of this room take, checked."""

from typing import Any

import numpy as np

from partwise.exceptions import ParameterError


def check_count(name: str, number: Any, *, least: int = 1) -> None:
    """Raise unless `number` is a whole number, at least `least`."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise ParameterError(f"{name}={number!r} must be a whole number, at least {least}.")


def check_seconds(name: str, seconds: Any) -> None:
    """Raise unless `seconds` is None or more than 0."""
    if seconds is not None and not (isinstance(seconds, int | float | np.number) and seconds > 0):
        raise ParameterError(f"{name}={seconds!r} must be a number of seconds, more than 0; None sets no limit.")


def check_tolerance(name: str, tolerance: Any) -> None:
    """Raise unless `tolerance` is at least 0."""
    if not (isinstance(tolerance, int | float | np.number) and tolerance >= 0):
        raise ParameterError(f"{name}={tolerance!r} must be at least 0.")
