"""Two models side by side, their parts matched."""

from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.matching import Match, in_common, match, unit_rows
from partwise.matrix import Array
from partwise.parameters import check_choice
from partwise.plot import values
from partwise.plot.canvas import (
    COLOURS,
    MAP,
    SMALL,
    axes,
    cell_of,
    checked_names,
    grid,
    new_figure,
    picked,
    say_left_out,
    short,
    text_on,
)  # fmt: skip
from partwise.plot.components import checked_shape, draw_image

WRITTEN = 12
"""Parts up to which each cosine is written in its cell."""
NAMED = 40
"""Parts up to which each has its number on the axis."""
PAIRS, CHARTS = 8, 9
"""Pairs that are drawn unless the user names them, as images and as bar charts."""
TOP = 6
"""Features of a pair of bar charts."""


def comparison(
    a: Any,
    b: Any,
    shape: Any = None,
    *,
    kind: str = "cosines",
    parts: Any = None,
    names: Any = ("a", "b"),
    feature_names: Any = None,
    ax: Any = None,
) -> Any:
    """Draw two models whose parts are matched one to one, as ``partwise.match`` does.

    Parameters
    ----------
    a, b : fitted model, Factorization, Consensus, or array of shape (n_components, n_features)
        Models of the same features, models of images of one shape, or topic models, which are compared by their words.
    shape : None, (height, width) or (height, width, 3), default=None
        With ``kind='pairs'``, how the features of a part make an image; None: as in a, if it is a model of images, else
        bars of the largest features are drawn.
    kind : {'cosines', 'pairs'}, default='cosines'
        The cosines of all parts of a with all of b, matched pairs on the diagonal, and parts left over behind a white
        line; or the two parts of each pair, side by side and at the same length.
    parts : list of int or None, default=None
        With ``kind='pairs'``, numbers of the parts of a to draw with their likes; None: the first 8 as images, 9 as
        bars.
    names : pair of str, default=('a', 'b')
        What the two models are called.
    feature_names : sequence of str or None, default=None
        Names of the features; None: those of a, else their numbers.
    ax : matplotlib Axes or None, default=None
        Where to draw cosines; None: on new ones. Pairs have new ones each.

    Returns
    -------
    matplotlib Axes, or ndarray of them
        What was drawn on. Of pairs: shape (2, n_drawn) for images, a above b; (n_drawn,) for bars.

    Raises
    ------
    DataError
        If the models have different numbers of features, or images of different shapes.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If a model is not fitted.
    ParameterError
        If the features do not make an image of that shape, a part of a has no like, or a parameter has a value that
        nothing accepts.

    Examples
    --------
    >>> import partwise as pw
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> a, b = (pw.NMF(6, init="random", random_state=seed).fit(X) for seed in (0, 1))
    >>> ax = pw.plot.comparison(a, b, names=("seed 0", "seed 1"))
    >>> ax.get_ylabel(), ax.images[0].get_array().shape
    ('parts of seed 0', (6, 6))
    >>> pw.plot.comparison(a, b, kind="pairs", shape=(8, 8)).shape
    (2, 6)
    """
    check_choice("kind", kind, ("cosines", "pairs"))
    called = checked_names("names", names, 2)
    words_a, words_b = getattr(a, "words_", None), getattr(b, "words_", None)
    first, second = in_common(a, b, values.parts(a, "a"), values.parts(b, "b"))
    found, first, second = match(first, second), unit_rows(first), unit_rows(second)
    if kind == "cosines":
        if shape is not None or parts is not None:
            raise ParameterError("shape= and parts= are for kind='pairs'; cosines are of all parts.")
        height = min(max(0.8 + 4.8 * len(first) / len(second), 2.2), 6.4)
        return _cosines(axes(ax, "plot.comparison", height), np.clip(first @ second.T, 0.0, 1.0), found, called)
    if ax is not None:
        raise ParameterError("kind='pairs' draws on Axes of its own: leave out ax=, or take kind='cosines'.")
    shape = values.own_shape(a, shape)
    size = None if shape is None else checked_shape(shape, first.shape[1])
    like = dict(found.pairs.tolist())
    if parts is None:
        drawn = [*like][: CHARTS if size is None else PAIRS]
    else:
        drawn = picked(parts, len(first), len(first))
        if lonely := [t for t in drawn if t not in like]:
            raise ParameterError(f"part {lonely[0]} of {called[0]} has no like in {called[1]}; leave it out of parts.")
    pairs = [(t, like[t]) for t in drawn]
    cosine = dict(zip(like, found.similarity, strict=True))
    between = ", " if size is None else "\n"
    titles = [f"{t} and {other}{between}cosine {cosine[t]:.2f}" for t, other in pairs]
    if size is None:
        if feature_names is None and words_a is not None and words_b is not None:
            known = [short(word) for word in dict.fromkeys([*map(str, words_a), *map(str, words_b)])]
        else:
            own = values.feature_names(a, feature_names, first.shape[1])
            known = [f"feature {j}" for j in range(first.shape[1])] if own is None else own
        drawn_on = _bars(first, second, pairs, known, called)
    else:
        height = 2 * cell_of(size, max(len(pairs), 4)) + 0.2
        drawn_on = new_figure("plot.comparison", height).subplots(2, len(pairs), squeeze=False)
        for column, (t, other) in enumerate(pairs):
            draw_image(drawn_on[0, column], first[t].reshape(size))
            draw_image(drawn_on[1, column], second[other].reshape(size))
        for beside, name in zip(drawn_on[:, 0], called, strict=True):
            beside.set_ylabel(name)
    for place, title in zip(drawn_on if size is None else drawn_on[0], titles, strict=True):
        place.set_title(title, fontsize=SMALL, loc="right" if size is None else "center")
    say_left_out(np.ravel(drawn_on)[0].figure, len(pairs), len(like), parts)
    return drawn_on


def _cosines(ax: Any, cosines: Array, found: Match, called: list[str]) -> Any:
    """Draw the matrix of cosines in matched order."""
    rows = [*found.pairs[:, 0].tolist(), *found.unmatched_left.tolist()]
    columns = [*found.pairs[:, 1].tolist(), *found.unmatched_right.tolist()]
    ordered = cosines[np.ix_(rows, columns)]
    shades = ax.imshow(ordered, cmap=MAP, vmin=0.0, vmax=1.0, interpolation="nearest")
    if max(ordered.shape) <= WRITTEN:
        for (i, j), value in np.ndenumerate(ordered):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=text_on(value, 1.0), fontsize=SMALL)
    for axis, order, name in ((ax.yaxis, rows, called[0]), (ax.xaxis, columns, called[1])):
        axis.set_label_text(f"parts of {name}")
        if len(order) <= NAMED:
            axis.set_ticks(range(len(order)), [str(t) for t in order], fontsize=SMALL)
        else:
            axis.set_ticks([])
    for left_over, line in ((found.unmatched_left, ax.axhline), (found.unmatched_right, ax.axvline)):
        if len(left_over):
            line(len(found.pairs) - 0.5, color="white", linewidth=2)  # parts behind it have no match
    ax.figure.colorbar(shades, ax=ax, label="cosine")
    return ax


def _bars(first: Array, second: Array, pairs: list[tuple[int, int]], known: list[str], called: list[str]) -> Any:
    """Draw the largest features of each pair, those of a above those of b."""
    drawn_on = grid(len(pairs), "plot.comparison", 0.24 * TOP + 0.75, 3)
    for ax, (t, other) in zip(drawn_on, pairs, strict=True):
        both = np.maximum(np.abs(first[t]), np.abs(second[other]))
        order = np.argsort(-both, kind="stable")[:TOP]
        order = order[both[order] > 0]
        places = np.arange(len(order))
        ax.barh(places - 0.2, first[t, order], height=0.38, color=COLOURS[0], label=called[0])
        ax.barh(places + 0.2, second[other, order], height=0.38, color=COLOURS[1], label=called[1])
        ax.set_yticks(places, [known[j] for j in order], fontsize=SMALL)
        ax.set_ylim(TOP - 0.4, -0.6)
        ax.tick_params(axis="x", labelsize=SMALL)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=3)
        ax.spines[["top", "right"]].set_visible(False)
    handles = drawn_on[0].get_legend_handles_labels()
    drawn_on[0].figure.legend(*handles, loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False)
    for ax in drawn_on[-min(3, len(drawn_on)) :]:
        ax.set_xlabel("weight, at length 1", fontsize=SMALL)
    return drawn_on
