"""How the loss fell while fits ran."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_choice
from partwise.plot.canvas import SMALL, axes, checked_names, colour, style

STEEP = 10
"""Largest loss over the smallest one from which on the axis is logarithmic."""


def convergence(*fits: Any, by: str = "iterations", labels: Any = None, ax: Any = None) -> Any:
    """Draw the loss of fits over their iterations, or over time.

    The axis of the loss is logarithmic if the largest loss is more than ten times the smallest one.

    Parameters
    ----------
    *fits : fitted NMF, TopicModel, ImageParts, PatchParts, Factorization, or its ``curve``
        One or several.
    by : {'iterations', 'seconds'}, default='iterations'
        What lies on the horizontal axis.
    labels : sequence of str or None, default=None
        Name of each fit; None: their numbers.
    ax : matplotlib Axes or None, default=None
        Where to draw; None: on new ones.

    Returns
    -------
    matplotlib Axes
        What was drawn on.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If a model is not fitted.
    ParameterError
        If there is no fit, one has no curve, or no times in it, as a loaded TopicModel has none, or a parameter has a
        value that is not accepted.

    Examples
    --------
    >>> import partwise as pw
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> fits = [pw.factorize(X, 8, solver=solver, random_state=0) for solver in ("hals", "mu")]
    >>> ax = pw.plot.convergence(*fits, labels=["hals", "mu"])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.lines)
    ('iteration', 'loss (frobenius)', 2)
    """
    if not fits:
        raise ParameterError("plot.convergence needs at least one fit: a fitted NMF, a TopicModel or a Factorization.")
    check_choice("by", by, ("iterations", "seconds"))
    curves = [_curve(fit, place) for place, fit in enumerate(fits)]
    if by == "seconds":
        for place, curve in enumerate(curves):
            if not np.isfinite(curve["seconds"]).any():
                raise ParameterError(
                    f"fit {place}: {shown(fits[place])} does not know its times, which files of models do not keep. "
                    f"Take by='iterations'."
                )
    names = [f"fit {place}" for place in range(len(fits))]
    names = names if labels is None else checked_names("labels", labels, len(fits))
    losses = {_loss_name(fit) for fit in fits}
    ax = axes(ax, "plot.convergence")
    for place, (curve, name) in enumerate(zip(curves, names, strict=True)):
        across = curve["iteration"] if by == "iterations" else curve["seconds"]
        marker = "o" if len(curve) == 1 else None
        ax.plot(across, curve["loss"], style(place), color=colour(place), label=name, marker=marker)
    every = np.concatenate([curve["loss"] for curve in curves])
    if every.min() > 0 and every.max() > STEEP * every.min():
        ax.set_yscale("log")
    known = losses.pop() if len(losses) == 1 else None
    ax.set_xlabel("iteration" if by == "iterations" else "seconds")
    ax.set_ylabel("loss" if known is None else f"loss ({known})")
    if len(fits) > 1 or labels is not None:
        ax.legend(fontsize=SMALL + 1, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _curve(fit: Any, place: int) -> Array:
    """Return the curve of a fit, a row an iteration."""
    if hasattr(fit, "fit"):
        check_is_fitted(fit)
    found = _told(fit)
    curve = getattr(found, "curve", getattr(found, "curve_", found))
    fields = getattr(getattr(curve, "dtype", None), "names", None) or ()
    if not {"iteration", "seconds", "loss"} <= {*fields} or not len(curve):
        raise ParameterError(
            f"fit {place}: {shown(fit)} has no curve of its loss. Give a fitted NMF, a TopicModel, a Factorization, or "
            f"its curve."
        )
    return curve


def _told(fit: Any) -> Any:
    """Return what tells of a fit: the Factorization of an estimator or a model of images, others as they are."""
    inner = getattr(fit, "nmf_", fit)
    return getattr(inner, "factorization_", inner)


def _loss_name(fit: Any) -> str | None:
    """Return the name of the loss that a fit minimised, if it says so."""
    name = getattr(getattr(_told(fit), "loss_function", None), "name", None)
    return name if isinstance(name, str) else None
