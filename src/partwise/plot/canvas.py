"""Figures and Axes to draw on, colours, and the checks that all pictures share; matplotlib is imported when used."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.exceptions import MissingExtraError, ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_integer

WIDTH = 6.4
"""Width of a new figure in inches: 640 pixels in matplotlib's default resolution."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#F0E442", "#D55E00", "#56B4E9", "#000000", "#CC79A7")
"""M. Okabe and K. Ito, "Color universal design", 2008; in an order in which dark and light ones alternate."""
REST = "#BBBBBB"
"""Colour of what is not told apart."""
STYLES = ("-", "--", "-.", ":")
"""Styles of lines, which tell lines apart where colours do not print."""
MAP = "cividis"
"""Map of numbers to colours: lightness rises with the number, and it looks the same to the colour blind."""
PARTS = "Greys"
"""Map of the entries of a part that is an image: zero is white."""
SMALL = 8
"""Size of text in points, where there are many pieces of it."""
LONGEST = 28
"""Characters of a name that are drawn."""


def new_figure(name: str, height: float = 4.0) -> Any:
    """Return a new figure of `height` inches for the function `name`.

    It belongs to pyplot in a notebook, or if pyplot has been imported, so that it is shown like the user's own
    figures. Else nothing keeps it but the Axes that are returned.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            f"{name} needs matplotlib, which is not installed: pip install 'partwise[plot]'."
        ) from error
    options: dict[str, Any] = {"figsize": (WIDTH, height), "layout": "constrained"}
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None and "matplotlib.pyplot" not in sys.modules:
        return Figure(**options)
    from matplotlib import pyplot

    return pyplot.figure(**options)


def axes(ax: Any, name: str, height: float = 4.0) -> Any:
    """Return the Axes to draw on: those given, or for None new ones; raise for anything else."""
    if ax is None:
        return new_figure(name, height).subplots()
    if not (hasattr(ax, "transAxes") and hasattr(ax, "figure")):
        raise ParameterError(f"ax must be one matplotlib Axes, or None for new ones; got {shown(ax)}.")
    return ax


def cell_of(shape: Sequence[int], columns: int) -> float:
    """Return the height in inches of an image of that shape and the line of text above it, in one of `columns`."""
    return min(max((WIDTH / columns - 0.1) * shape[0] / shape[1], 0.3), 3.0) + 0.25


def columns_for(shape: Sequence[int]) -> int:
    """Return how many images of that shape stand side by side: fewer where they are wide."""
    return 8 if shape[1] < 2 * shape[0] else 4 if shape[1] < 4 * shape[0] else 2


def even(count: int, most: int) -> tuple[int, int]:
    """Return rows and columns for `count` pictures: as few rows as `most` columns allow, and about equally full."""
    rows = -(-count // most)
    return rows, -(-count // rows)


def grid(count: int, name: str, cell: float, most: int) -> Any:
    """Return `count` new Axes, (count,), in even rows of at most `most`, each `cell` inches high."""
    rows, columns = even(count, most)
    found = new_figure(name, rows * cell + 0.2).subplots(rows, columns, squeeze=False).ravel()
    for empty in found[count:]:
        empty.remove()
    return found[:count]


def picked(parts: Any, count: int, most: int) -> list[int]:
    """Return the numbers of the parts to draw: those asked for, or for None the first `most`; raise for others."""
    if parts is None:
        return [*range(min(count, most))]
    if not isinstance(parts, Sequence | np.ndarray | range) or isinstance(parts, str) or not len(parts):
        raise ParameterError(f"parts must be a list of numbers of parts, such as [0, 2]; got {shown(parts)}.")
    hint = f"There are {count} parts, counted from 0."
    numbers = [check_integer("each of parts", t, 0, count - 1, hint=hint) for t in parts]
    if len({*numbers}) < len(numbers):
        raise ParameterError(f"parts must name each part once; got {shown(parts)}.")
    return numbers


def say_left_out(figure: Any, drawn: int, count: int, asked: Any) -> None:
    """Say above the pictures how many of the parts they show, if not all are shown and nobody asked for fewer."""
    if asked is None and drawn < count:
        figure.suptitle(f"the first {drawn} of {count} parts; parts=[...] shows others", fontsize=SMALL + 1)


def short(name: Any) -> str:
    """Return a name, shortened if it is long, with dollar signs escaped, which would begin a formula."""
    text = str(name)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text.replace("$", r"\$")


def checked_names(what: str, names: Any, count: int) -> list[str]:
    """Return `count` names that the user gave, as they are drawn; raise if there are others."""
    if isinstance(names, str) or not hasattr(names, "__len__") or len(names) != count:
        given = f"{len(names)} of them" if hasattr(names, "__len__") and not isinstance(names, str) else shown(names)
        raise ParameterError(f"{what} must be a list of {count} names; got {given}.")
    return [short(name) for name in names]


def colour(place: int) -> str:
    """Return the colour of the line or bar at that place."""
    return COLOURS[place % len(COLOURS)]


def style(place: int) -> str:
    """Return the style of the line at that place; with `colour`, the first 32 lines all differ."""
    return STYLES[(place // len(COLOURS) + place) % len(STYLES)]


def text_on(value: float, highest: float) -> str:
    """Return the colour of text on a cell of that value in the map of numbers from 0 to `highest`."""
    return "black" if value > 0.55 * highest else "white"


def shares_of(rows: Array) -> Array:
    """Return rows (n, m) over their sums; rows of zeros stay zero."""
    totals = rows.sum(axis=1, keepdims=True)
    return np.divide(rows, totals, out=np.zeros(rows.shape), where=totals > 0)
