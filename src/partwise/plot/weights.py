"""Weights of the parts in rows: a structure plot."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.matrix import Array
from partwise.parameters import check_flag
from partwise.plot import values
from partwise.plot.canvas import COLOURS, REST, SMALL, axes, checked_names, colour, picked, shares_of, short

NAMED_GROUPS = 30
"""Groups that are named on the axis."""
NAMED_ROWS = 40
"""Rows that are named on the axis."""


def weights(
    W: Any,
    groups: Any = None,
    *,
    parts: Any = None,
    shares: bool = True,
    labels: Any = None,
    row_names: Any = None,
    ax: Any = None,
) -> Any:
    """Draw the rows of W as stacked bars, sorted and by group: a structure plot.

    Inside a group, rows are sorted by their largest part, then by its share. There are eight colours: the eight
    largest parts have one each, and all others are joined in grey.

    Parameters
    ----------
    W : fitted NMF, Factorization, Consensus, TopicModel, ImageParts, or array of shape (n_samples, n_components)
        The weights, at least 0. Of a model, each weight is multiplied by the sum of its part, and so is what the part
        contributes to the sum of the row. An array is drawn as it is.
    groups : sequence of shape (n_samples,) or None, default=None
        Group of each row, such as its class; groups are drawn side by side, in sorted order.
    parts : list of int or None, default=None
        Numbers of the parts that get a colour of their own, eight at most; None: the largest.
    shares : bool, default=True
        Whether each row is divided by its sum; else bars show the weights themselves.
    labels : sequence of str or None, default=None
        Names of all parts; None: the labels of a ``TopicModel``, else their numbers.
    row_names : sequence of str or None, default=None
        Names of the rows; they are drawn for up to 40 rows.
    ax : matplotlib Axes or None, default=None
        Where to draw; None: on new ones.

    Returns
    -------
    matplotlib Axes
        What was drawn on.

    Raises
    ------
    DataError
        If W is not an array of weights.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If there is not one group or name for each row, or a parameter has a value that is not accepted.

    References
    ----------
    J. K. Pritchard, M. Stephens and P. Donnelly, "Inference of population structure using multilocus genotype data",
    Genetics 155, 2000, doi:10.1093/genetics/155.2.945.

    Examples
    --------
    >>> import partwise as pw
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> ax = pw.plot.weights(pw.NMF(6, random_state=0).fit(digits.data), groups=digits.target)
    >>> ax.get_ylabel(), len(ax.get_xticklabels())
    ('share of the row', 10)
    """
    given = values.weights(W)
    n, k = given.shape
    names = values.labels(W, labels, k)
    drawn = given if not check_flag("shares", shares) else shares_of(given)
    of = np.zeros(n, int) if groups is None else _checked_groups(groups, n)
    if row_names is not None:
        row_names = checked_names("row_names", row_names, n)
    order = _order(drawn, np.unique(of, return_inverse=True)[1])
    sizes = shares_of(given).sum(axis=0)
    largest = np.argsort(-sizes, kind="stable")[: len(COLOURS)] if parts is None else picked(parts, k, k)
    if len(largest) > len(COLOURS):
        raise ParameterError(f"parts names {len(largest)} parts, and there are {len(COLOURS)} colours; name fewer.")
    ax = axes(ax, "plot.weights", 3.4)
    _stack(ax, drawn[order], sorted(int(t) for t in largest), names)
    ax.set_xlim(0, n)
    ax.set_ylim(0, 1 if shares else None)
    ax.set_ylabel("share of the row" if shares else "weight")
    if groups is not None:
        _name_groups(ax, of[order])
    elif row_names is not None and n <= NAMED_ROWS:
        ax.set_xticks(np.arange(n) + 0.5, [row_names[i] for i in order], rotation=90, fontsize=SMALL)
    else:
        ax.set_xlabel(f"{n:,} rows, by their largest part")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=SMALL, frameon=False, reverse=True)
    return ax


def _checked_groups(groups: Any, n: int) -> Array:
    """Return the group of each row; groups that do not compare are sorted as text."""
    found = np.asarray(groups)
    if found.shape != (n,):
        raise ParameterError(f"groups must have one entry for each of the {n} rows; got shape {found.shape}.")
    return found.astype(str) if found.dtype == object else found


def _order(drawn: Array, group: Array) -> Array:
    """Return the rows by group, then by their largest part, then by falling weight of it."""
    return np.lexsort((-drawn.max(axis=1), drawn.argmax(axis=1), group))


def _stack(ax: Any, drawn: Array, own: Sequence[int], names: Sequence[str]) -> None:
    """Draw each part of `own` in its colour from the floor up, and what is left of a row in grey."""
    edges, floor = np.arange(len(drawn) + 1), np.zeros(len(drawn))
    for place, t in enumerate(own):
        top = floor + drawn[:, t]
        ax.stairs(top, edges, baseline=floor, fill=True, color=colour(place), label=names[t], linewidth=0)
        floor = top
    left = drawn.shape[1] - len(own)
    if left:
        others = f"{left} other{'s' * (left > 1)}"
        ax.stairs(drawn.sum(axis=1), edges, baseline=floor, fill=True, color=REST, label=others, linewidth=0)


def _name_groups(ax: Any, of: Array) -> None:
    """Name the groups below their rows, which lie side by side, and draw lines between them."""
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    last = np.r_[first[1:], len(of)]
    for edge in first[1:]:
        ax.axvline(edge, color="white", linewidth=1.5)
    if len(first) > NAMED_GROUPS:
        ax.set_xlabel(f"{len(first)} groups, in sorted order")
        return
    texts = [short(of[i]) for i in first]
    long = sum(map(len, texts)) + len(texts) > 60
    ax.set_xticks((first + last) / 2, texts, rotation=90 if long else 0, fontsize=SMALL + 1)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("rows by group, then by their largest part")
