"""What a model leaves unexplained: by row, by column, or as images."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array
from partwise.matrix.containers import plain
from partwise.metrics.diagnostics import diagnose, factors, of_rows
from partwise.parameters import check_choice, check_flag, check_integer
from partwise.plot import values
from partwise.plot.canvas import COLOURS, MAP, SMALL, axes, cell_of, checked_names, new_figure
from partwise.plot.components import checked_shape, draw_image

NAMED = 5
"""Rows or columns with the largest errors, which are named."""
IMAGES = 6
"""Images that are drawn unless the user names the rows."""
MANY = 500
"""Points from which on they are drawn small."""


def residuals(
    X: Any,
    model: Any,
    shape: Any = None,
    *,
    by: str = "rows",
    rows: Any = None,
    relative: bool = True,
    names: Any = None,
    missing_values: Any = None,
    ax: Any = None,
) -> Any:
    """Draw what a model leaves of each row or column of X, or of rows that are images.

    Errors are Euclidean norms of the residual, see ``partwise.diagnose``. The largest five have names, and a dashed
    line marks the error of all of X.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features), or images
        The data; with ``ImageParts``, images, each of which is a row.
    model : Factorization, fitted NMF, MiniBatchNMF or ImageParts, or pair (W, H)
        The model. An estimator finds the weights of X by ``transform``.
    shape : None, (height, width) or (height, width, 3), default=None
        How a row of X makes an image. Then rows of X, the model of each and the residual are drawn as images, the
        residual from dark blue (the model has too much) to yellow (too little). Of a residual in colour, the mean over
        red, green and blue is drawn. None: the shape of images of ``ImageParts``, unless `by` or `ax` asks for errors.
    by : {'rows', 'columns'}, default='rows'
        Whose errors are drawn.
    rows : list of int or None, default=None
        With ``shape``, the rows to draw; None: the six with the largest error.
    relative : bool, default=True
        Whether errors are divided by the norm of the row or column itself; else they are in the units of X.
    names : sequence of str or None, default=None
        Names of all rows, or of all columns with ``by='columns'``; None: their numbers.
    missing_values : None, nan or 0, default=None
        Which entries of X are unknown, and left out; of an estimator, its own.
    ax : matplotlib Axes or None, default=None
        Where to draw errors; None: on new ones. Images have new ones each.

    Returns
    -------
    matplotlib Axes, or ndarray of them of shape (3, n_drawn) with ``shape``
        What was drawn on.

    Raises
    ------
    DataError
        If the shapes of X and the model do not fit.
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
    >>> X = load_digits().data
    >>> found = pw.factorize(X, 10, random_state=0)
    >>> pw.plot.residuals(X, found).get_ylabel()
    'relative error of the row'
    >>> pw.plot.residuals(X, found, shape=(8, 8)).shape
    (3, 6)
    """
    check_choice("by", by, ("rows", "columns"))
    relative = check_flag("relative", relative)
    if by == "rows" and ax is None:
        shape = values.own_shape(model, shape)
    if by == "rows" and names is None and isinstance(getattr(X, "names", None), list):  # an ImageStack
        names = X.names
    X, model = of_rows(X, model)
    found = diagnose(X, model, missing_values=missing_values)
    errors = {
        ("rows", True): found.row_relative_error,
        ("rows", False): found.row_error,
        ("columns", True): found.column_relative_error,
        ("columns", False): found.column_error,
    }[by, relative]
    names = [str(i) for i in range(len(errors))] if names is None else checked_names("names", names, len(errors))
    worst = np.argsort(-np.where(np.isfinite(errors), errors, -1.0), kind="stable")
    if shape is not None:
        if by != "rows" or ax is not None:
            raise ParameterError("With shape=, rows are drawn as images on Axes of their own: leave out by= and ax=.")
        chosen = worst[:IMAGES] if rows is None else _checked_rows(rows, len(errors))
        return _images(X, model, shape, chosen, names, errors if relative else None)
    if rows is not None:
        raise ParameterError("rows= names the rows that are drawn as images: give shape=, too.")
    ax = axes(ax, "plot.residuals")
    kept = np.flatnonzero(np.isfinite(errors))
    ax.plot(kept, errors[kept], ".", color=COLOURS[0], markersize=3 if len(kept) > MANY else 6)
    named = worst[: min(NAMED, len(kept))]
    for i in named:
        beside = (named > i) & (named - i < len(errors) / 10) & (np.abs(errors[named] - errors[i]) < errors[i] / 20)
        ax.annotate(
            names[i], (i, errors[i]), xytext=(-4 if beside.any() else 4, 0), textcoords="offset points",
            fontsize=SMALL, va="center", ha="right" if beside.any() else "left",
        )  # fmt: skip
    one = by[:-1]
    if relative:
        ax.axhline(found.relative_error, color="0.4", linestyle="--", linewidth=1, label="all of X")
        ax.legend(fontsize=SMALL, frameon=False, loc="lower right")
    empty = len(errors) - len(kept)
    ax.set_xlabel(f"{one} of X" + (f" ({empty} of zeros left out)" if empty else ""))
    ax.set_ylabel(f"relative error of the {one}" if relative else f"error of the {one} (units of X)")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.06)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _checked_rows(rows: Any, n: int) -> Array:
    if isinstance(rows, str) or not np.size(rows) or np.ndim(rows) != 1:
        raise ParameterError(f"rows must be a list of numbers of rows, such as [0, 2]; got {shown(rows)}.")
    return np.array([check_integer("each of rows", i, 0, n - 1, hint=f"X has {n} rows.") for i in rows])


def _images(X: Any, model: Any, shape: Any, rows: Array, names: list[str], errors: Array | None) -> Any:
    """Draw rows of X, their model and what is left, one above the other; return the Axes (3, len(rows))."""
    given = plain(X)
    size = checked_shape(shape, given.shape[1])
    own = given.tocsr()[rows].toarray() if sp.issparse(given) else np.asarray(given[rows], np.float64)
    W, H, _ = factors(X, model)
    explained = np.asarray(W)[rows] @ np.asarray(H)
    figure = new_figure("plot.residuals", 3 * cell_of(size, max(len(rows) + 1, 4)) + 0.4)
    found = figure.subplots(3, len(rows), squeeze=False)
    left = own - explained
    most = float(np.nanmax(np.abs(left), initial=0.0)) or 1.0
    for place, i in enumerate(rows):
        highest = float(np.nanmax(np.abs([own[place], explained[place]]), initial=0.0))
        draw_image(found[0, place], own[place].reshape(size), highest)
        draw_image(found[1, place], explained[place].reshape(size), highest)
        image = left[place].reshape(size)
        image = image.mean(axis=2) if image.ndim == 3 else image
        shades = found[2, place].imshow(image, cmap=MAP, vmin=-most, vmax=most, interpolation="nearest")
        found[2, place].set(xticks=[], yticks=[])
        title = f"row {names[i]}" if names[i].isdigit() else names[i]
        found[0, place].set_title(title if errors is None else f"{title}\nerror {errors[i]:.2g}", fontsize=SMALL)
    for ax, what in zip(found[:, 0], ("X", "W H", "X - W H"), strict=True):
        ax.set_ylabel(what)
    figure.colorbar(shades, ax=found, label="X - W H (units of X)", shrink=0.45, anchor=(0.0, 0.0))
    return found
