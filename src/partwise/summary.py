"""Results as a few lines of text, or as a small table in a notebook, without the arrays in them."""

import html
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

WIDTH = 79
"""Characters of a line."""
MOST_LINES = 4
"""Most lines of one fact; a longer one is cut."""


class Summary(ABC):
    """Shows an object as a few facts, which its class chooses.

    A dataclass with this base needs ``repr=False``: its own repr would print every array.

    Examples
    --------
    >>> class Found(Summary):
    ...     def _facts(self):
    ...         return {"parts": 3, "loss": 0.25}
    >>> Found()
    Found
      parts  3
      loss   0.25
    """

    @abstractmethod
    def _facts(self) -> Mapping[str, Any]:
        """Return the facts by name, one line each: numbers or short texts."""

    def __repr__(self) -> str:
        facts = {name: _told(value) for name, value in self._facts().items()}
        margin = max(map(len, facts), default=0) + 4
        lines = [type(self).__name__]
        for name, value in facts.items():
            told = textwrap.wrap(value, WIDTH - margin, max_lines=MOST_LINES, placeholder=" ...") or [""]
            lines += [
                f"  {label:<{margin - 2}}{part}"
                for label, part in zip([name, *[""] * (len(told) - 1)], told, strict=True)
            ]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th style='text-align: left'>{html.escape(name)}</th>"
            f"<td style='text-align: left'>{html.escape(textwrap.shorten(_told(value), WIDTH * MOST_LINES))}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table><caption>{html.escape(type(self).__name__)}</caption>{''.join(rows)}</table>"


def spread(values: Any, form: str = ".2f") -> str:
    """Return the smallest and the largest number as text."""
    numbers = sorted(float(value) for value in values)
    if not numbers:
        return "none"
    low, high = format(numbers[0], form), format(numbers[-1], form)
    return low if low == high else f"{low} to {high}"


def size(array: Any) -> str:
    """Return the shape of an array, as in 3 x 4; 'none' for None, or a number as it is."""
    shape = getattr(array, "shape", ())
    if array is None:
        return "none"
    return " x ".join(f"{length:,}" for length in shape) if shape else _told(array)


def _told(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
