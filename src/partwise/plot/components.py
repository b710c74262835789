"""The parts of a model: as images, or as bars of their largest features."""

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_integer
from partwise.plot import values
from partwise.plot.canvas import (
    COLOURS,
    MAP,
    PARTS,
    SMALL,
    cell_of,
    columns_for,
    even,
    grid,
    picked,
    say_left_out,
)

IMAGES, CHARTS = 40, 12
"""Parts that are drawn unless the user names them, as images and as bar charts."""


def components(
    model: Any,
    shape: Any = None,
    *,
    parts: Any = None,
    n_top: int = 8,
    feature_names: Any = None,
    labels: Any = None,
) -> Any:
    """Draw the parts: as images if `shape` is given or the model is one of images, else as bars.

    Each image has its own scale, from zero (white) to the largest entry of the part (black), because a part with twice
    the entries and half the weights is the same part. A part with entries of both signs is drawn from dark blue to
    yellow, and zero is grey. Each new figure is 6.4 inches wide.

    Parameters
    ----------
    model : fitted model, Factorization, Consensus, or array of shape (n_components, n_features)
        Whose parts to draw; ``ImageParts`` and ``PatchParts`` are such models.
    shape : None, (height, width) or (height, width, 3), default=None
        How the features of a part make an image, row by row; the last form is red, green and blue. None: the shape of
        the images of a model of images; other models have bars of the largest features.
    parts : list of int or None, default=None
        Numbers of the parts to draw. None draws the first 40 as images, or the first 12 as bars.
    n_top : int, default=8
        Bars in each chart; features of zero get none.
    feature_names : sequence of str or None, default=None
        Names of the features; None: those of the model, else their numbers.
    labels : sequence of str or None, default=None
        Names of all parts; None: their numbers, or the labels of a ``TopicModel``.

    Returns
    -------
    ndarray of matplotlib Axes, shape (n_drawn,)
        The Axes of each part; ``found[0].figure`` is the figure.

    Raises
    ------
    DataError
        If the model has no parts, or one with a negative entry cannot be drawn in colour.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If the features do not make an image of that shape, or a parameter has a value that is not accepted.

    Examples
    --------
    >>> import partwise as pw
    >>> from sklearn.datasets import load_digits
    >>> model = pw.NMF(16, random_state=0).fit(load_digits().data)
    >>> found = pw.plot.components(model, shape=(8, 8))
    >>> len(found), found[0].get_title()
    (16, 'part 0')
    """
    H, shape = values.parts(model), values.own_shape(model, shape)
    size = None if shape is None else checked_shape(shape, H.shape[1])
    n_top = check_integer("n_top", n_top)
    drawn = picked(parts, len(H), CHARTS if size is None else IMAGES)
    titles = values.labels(model, labels, len(H))
    names = values.feature_names(model, feature_names, H.shape[1])
    if size is not None:
        most = columns_for(size)
        cell = cell_of(size, max(even(len(drawn), most)[1], 3))
        found = grid(len(drawn), "plot.components", cell, most)
        for ax, t in zip(found, drawn, strict=True):
            draw_image(ax, H[t].reshape(size))
            ax.set_title(titles[t], fontsize=SMALL)
            if not H[t].any():
                ax.text(0.5, 0.5, "zero", transform=ax.transAxes, ha="center", va="center", fontsize=SMALL)
        if len(size) == 2 and (H[drawn] < 0).any():
            found[0].figure.supxlabel("dark blue: below zero, grey: zero, yellow: above zero", fontsize=SMALL)
    else:
        names = names if names is not None else [f"feature {j}" for j in range(H.shape[1])]
        top = [np.argsort(-np.abs(H[t]), kind="stable")[:n_top] for t in drawn]
        found = _charts(H, drawn, top, names, titles, "plot.components", "weight in the part")
    say_left_out(found[0].figure, len(drawn), len(H), parts)
    return found


def words(
    model: Any,
    *,
    parts: Any = None,
    n_words: int = 8,
    feature_names: Any = None,
    labels: Any = None,
) -> Any:
    """Draw the top words of each topic as a small bar chart.

    Parameters
    ----------
    model : TopicModel, fitted model, Factorization, Consensus, or array of shape (n_topics, n_words)
        Whose topics to draw. Words of a ``TopicModel`` are those that tell most of the topic, as in its ``top_words``;
        words of others are those with the largest weights.
    parts : list of int or None, default=None
        Numbers of the topics to draw; None draws the first 12.
    n_words : int, default=8
        Words of each topic, at most.
    feature_names : sequence of str or None, default=None
        The words, for a model that does not know them.
    labels : sequence of str or None, default=None
        Names of all topics; None: the labels of a ``TopicModel``, else their numbers.

    Returns
    -------
    ndarray of matplotlib Axes, shape (n_drawn,)
        The Axes of each topic.

    Raises
    ------
    DataError
        If the model has no parts.
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If the words are not known, the model is one of images, or a parameter has a value that is not accepted.

    Examples
    --------
    >>> import partwise as pw
    >>> texts = pw.datasets.load_state_of_the_union().texts[::20]
    >>> model = pw.TopicModel(4, random_state=0).fit(texts)
    >>> found = pw.plot.words(model, n_words=5)
    >>> found.shape, len(found[0].patches)
    ((4,), 5)
    """
    values.refuse_images(model, "plot.words")
    H = values.parts(model)
    n_words = check_integer("n_words", n_words)
    names = values.feature_names(model, feature_names, H.shape[1])
    if names is None:
        raise ParameterError(
            "plot.words needs the words: give feature_names=, one for each column of H, or a TopicModel."
        )
    drawn, titles = picked(parts, len(H), CHARTS), values.labels(model, labels, len(H))
    if hasattr(model, "top_words"):
        column = {str(word): j for j, word in enumerate(model.words_)}
        top = [np.array([column[word] for word, _ in model.top_words(t, n_words)], int) for t in drawn]
    else:
        top = [np.argsort(-H[t], kind="stable")[:n_words] for t in drawn]
    found = _charts(H, drawn, top, names, titles, "plot.words", "weight in the topic")
    if hasattr(model, "top_words"):
        found[0].figure.supxlabel("the words that describe a topic best come first", fontsize=SMALL)
    say_left_out(found[0].figure, len(drawn), len(H), parts)
    return found


def checked_shape(shape: Any, count: int) -> tuple[int, ...]:
    """Return the shape of an image of `count` features; raise if they do not make one."""
    wrong = not isinstance(shape, tuple | list) or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3)
    if wrong:
        raise ParameterError(f"shape must be (height, width) or (height, width, 3); got {shown(shape)}.")
    found = tuple(check_integer("each of shape", length) for length in shape)
    if np.prod(found) != count:
        side = isqrt(count)
        fits = f" ({side}, {side}) fits." if side * side == count else ""
        size = " x ".join(map(str, found))
        raise ParameterError(f"shape={found} makes {size} = {np.prod(found)}, and parts have {count} features.{fits}")
    return found


def draw_image(ax: Any, image: Array, highest: float | None = None) -> None:
    """Draw an image (height, width) or (height, width, 3) from zero to `highest`, its largest entry for None.

    Unknown entries, which are NaN, stay blank.
    """
    highest = float(np.nanmax(np.abs(image))) if highest is None else highest
    highest = highest or 1.0
    if image.ndim == 3:
        if (image < 0).any():
            raise DataError("red, green and blue are at least 0; an image with negative entries has no colours.")
        ax.imshow(np.minimum(image / highest, 1.0), interpolation="nearest")
    elif (image < 0).any():
        ax.imshow(image, cmap=MAP, vmin=-highest, vmax=highest, interpolation="nearest")
    else:
        ax.imshow(image, cmap=PARTS, vmin=0.0, vmax=highest, interpolation="nearest")
    ax.set(xticks=[], yticks=[])


def _charts(
    H: Array, drawn: Sequence[int], top: Sequence[Array], names: Sequence[str], titles: Sequence[str], name: str,
    quantity: str,
) -> Any:  # fmt: skip
    """Draw bars of the `top` features of each part that is drawn, the first on top; return the Axes."""
    most = max(len(order) for order in top)
    found = grid(len(drawn), name, 0.17 * most + 0.75, 3)
    for ax, t, order in zip(found, drawn, top, strict=True):
        order = order[H[t, order] != 0]
        places = np.arange(len(order))
        ax.barh(places, H[t, order], color=COLOURS[0], height=0.75)
        ax.set_yticks(places, [names[j] for j in order], fontsize=SMALL)
        ax.set_ylim(most - 0.4, -0.6)
        ax.tick_params(axis="x", labelsize=SMALL)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=3)
        ax.set_title(titles[t] if H[t].any() else f"{titles[t]} (zero)", loc="right", fontsize=SMALL)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in found[-min(3, len(found)) :]:
        ax.set_xlabel(quantity, fontsize=SMALL)
    return found
