"""The values and arrays of a model file, checked as they are read: kind, shape, sign and finiteness."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse

__all__ = ["Held", "checked_facts", "is_number", "is_strings", "is_whole"]

KINDS = {"float": ("f4", "f8"), "integer": ("i4", "i8"), "number": ("f4", "f8", "i4", "i8", "u1", "b1")}


class Held:
    """The arrays of a model file. Sizes are called by letters: the first array that has one sets it for all others.

    Parameters
    ----------
    arrays : mapping of str to ndarray, csr_array or list of str
        The arrays under their names.
    sizes : int
        Sizes that are known before, by letter.

    Raises
    ------
    ValueError
        From each method, if the array is missing or is not what the model needs; the text names it.

    Examples
    --------
    >>> held = Held({"W": np.ones((5, 2)), "H": np.ones((3, 4))})
    >>> held.numbers("W", "n", "k").shape
    (5, 2)
    >>> held.numbers("H", "k", "m")
    Traceback (most recent call last):
    ...
    ValueError: H has shape (3, 4), but (k, m) with k = 2 is needed
    """

    def __init__(self, arrays: Mapping[str, Any], **sizes: int) -> None:
        self.arrays = arrays
        self.sizes = sizes

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def under(self, prefix: str) -> dict[str, Any]:
        """Return the arrays whose names begin with a prefix, by the rest of their names."""
        return {name.removeprefix(prefix): array for name, array in self.arrays.items() if name.startswith(prefix)}

    def numbers(
        self,
        name: str,
        *shape: str | int,
        low: float = 0.0,
        high: float = math.inf,
        finite: bool = True,
        unknown: bool = False,
        kind: str = "float",
    ) -> Any:
        """Return an array of numbers of that shape, between `low` and `high`; NaN where `unknown` allows it."""
        array = self._found(name)
        if not isinstance(array, np.ndarray) or array.dtype.str[1:] not in KINDS[kind]:
            raise ValueError(f"{name} is not an array of {kind} type")
        self._fit(name, array.shape, shape)
        self._within(name, array, low, high, finite, unknown)
        return array

    def sparse(self, name: str, *shape: str | int, low: float = 0.0) -> Any:
        """Return a sparse array of finite numbers of that shape, at least `low`."""
        array = self._found(name)
        if not scipy.sparse.issparse(array) or array.dtype.str[1:] not in KINDS["number"]:
            raise ValueError(f"{name} is not a sparse array of numbers")
        self._fit(name, array.shape, shape)
        self._within(name, array.data, low, math.inf, True, False)
        return array

    def strings(self, name: str, size: str | int, *, unique: bool = False) -> list[str]:
        """Return a list of this many strings; with `unique` all must be different."""
        found = self._found(name)
        if not isinstance(found, list) or not is_strings(found):
            raise ValueError(f"{name} is not a list of strings")
        self._fit(name, (len(found),), (size,))
        if unique and len(set(found)) < len(found):
            raise ValueError(f"{name} repeats a string")
        return found

    def _found(self, name: str) -> Any:
        if name not in self.arrays:
            raise ValueError(f"{name} is missing")
        return self.arrays[name]

    def _fit(self, name: str, shape: tuple[int, ...], needed: Sequence[str | int]) -> None:
        if len(shape) == len(needed):
            new = {size: n for size, n in zip(needed, shape, strict=True) if isinstance(size, str)} | self.sizes
            if all(n == (new[size] if isinstance(size, str) else size) for n, size in zip(shape, needed, strict=True)):
                self.sizes = new
                return
        known = ", ".join(
            f"{size} = {self.sizes[size]}" for size in needed if isinstance(size, str) and size in self.sizes
        )
        wanted = f"({', '.join(map(str, needed))}{',' if len(needed) == 1 else ''})"
        raise ValueError(f"{name} has shape {shape}, but {wanted}{' with ' if known else ''}{known} is needed")

    @staticmethod
    def _within(name: str, values: Any, low: float, high: float, finite: bool, unknown: bool) -> None:
        good = (values >= low) & (values <= high)
        if finite:
            good &= np.isfinite(values)
        if unknown:
            good |= np.isnan(values)
        if not good.all():
            limits = "" if math.isinf(low) else f" from {low:g}" + ("" if math.isinf(high) else f" to {high:g}")
            raise ValueError(f"{name} holds {values[~good].flat[0]}, but needs finite numbers{limits}")


def checked_facts(
    given: Mapping[str, Any], tests: Mapping[str, Callable[[Any], bool]], needed: set[str]
) -> dict[str, Any]:
    """Return the plain values of a model, which has those that are needed and no others than have a test."""
    missing = needed - {*given}
    if missing:
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    for name, value in given.items():
        if not tests[name](value):
            raise ValueError(f"{name} is {value!r}")
    return dict(given)


def is_number(value: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    """Tell whether a value from JSON is a finite number between two others."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high and value - value == 0
    )


def is_whole(value: Any, low: int) -> bool:
    """Tell whether a value from JSON is a whole number of at least `low`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def is_strings(value: Any) -> bool:
    """Tell whether a value from JSON is a list of strings."""
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, str) for one in value)
