"""Axes to draw on; matplotlib is imported when one asks for them."""

from typing import Any

from partwise.exceptions import MissingExtraError


def axes(ax: Any, name: str) -> Any:
    """Return the axes to draw on, new ones for None."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtraError(
            f"{name} needs matplotlib, which is not installed: pip install 'partwise[plot]'."
        ) from error
    return pyplot.subplots()[1]
