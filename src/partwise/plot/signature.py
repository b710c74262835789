"""Mutational signatures: 96 contexts in the order and the colours of COSMIC."""

import re
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError, shown
from partwise.plot import values
from partwise.plot.canvas import SMALL, new_figure, picked, say_left_out, shares_of

BASES = "ACGT"
SUBSTITUTIONS = {
    "C>A": "#03BCEE",
    "C>G": "#010101",
    "C>T": "#E32926",
    "T>A": "#CAC9C9",
    "T>C": "#A1CE63",
    "T>G": "#EBC6C4",
}
"""The six substitutions in COSMIC's order, and its colours."""
CONTEXTS = [f"{before}[{change}]{after}" for change in SUBSTITUTIONS for before in BASES for after in BASES]
"""The 96 contexts in COSMIC's order."""
CONTEXT = re.compile(r"([ACGT])\[([CT]>[ACGT])\]([ACGT])")
MOST = 8
"""Signatures that are drawn unless the user names them."""


def signature(model: Any, contexts: Any = None, *, parts: Any = None, labels: Any = None) -> Any:
    """Draw mutational signatures: the share of each of 96 contexts, in the order and the colours of COSMIC.

    The letters below the bars are the base before the mutated one; inside each, the base after it runs through A, C, G
    and T. Each signature is divided by its sum.

    Parameters
    ----------
    model : fitted model, Factorization, Consensus, or array of shape (n_signatures, 96)
        Whose parts to draw; X has samples as rows and contexts as columns.
    contexts : sequence of str or None, default=None
        Context of each column, such as 'A[C>A]G', in any order. None: the names of X's columns, if the model knows
        them, else COSMIC's order: by substitution, then by the base before, then by the base after.
    parts : list of int or None, default=None
        Numbers of the signatures to draw; None: the first 8.
    labels : sequence of str or None, default=None
        Names of all signatures; None: their numbers.

    Returns
    -------
    ndarray of matplotlib Axes, shape (n_drawn,)
        The Axes of each signature.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If there are not 96 features, a context is missing or unknown, or a parameter has a value that is not accepted.

    References
    ----------
    L. B. Alexandrov et al., "The repertoire of mutational signatures in human cancer", Nature 578, 2020,
    doi:10.1038/s41586-020-1943-3.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> counts = np.random.default_rng(0).poisson(5.0, (30, 96))
    >>> found = pw.plot.signature(pw.factorize(counts, 2, random_state=0))
    >>> len(found), found[1].get_ylabel()
    (2, '% of part 1')
    """
    values.refuse_images(model, "plot.signature")
    H = values.parts(model)
    if H.shape[1] != len(CONTEXTS):
        raise ParameterError(f"plot.signature draws parts of 96 contexts; these have {H.shape[1]} features.")
    own = getattr(model, "feature_names_in_", None)
    H = shares_of(np.abs(H[:, _order(own if contexts is None else contexts)]))
    names, drawn = values.labels(model, labels, len(H)), picked(parts, len(H), MOST)
    figure = new_figure("plot.signature", 1.15 * len(drawn) + 0.6)
    found = figure.subplots(len(drawn), sharex=True, squeeze=False)[:, 0]
    colours = np.repeat([*SUBSTITUTIONS.values()], 16)
    for ax, t in zip(found, drawn, strict=True):
        ax.bar(np.arange(96), 100 * H[t], color=colours, width=0.75)
        ax.set_ylim(0, 110 * H[t].max() or 1.0)
        ax.set_ylabel(f"% of {names[t]}", fontsize=SMALL)
        ax.tick_params(axis="y", labelsize=SMALL)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlim(-1, 96)
        ax.vlines(np.arange(16, 96, 16) - 0.5, 0, 1, transform=ax.get_xaxis_transform(), color="0.85", linewidth=0.8)
    _header(found[0])
    found[-1].set_xticks(np.arange(24) * 4 + 1.5, [*BASES] * 6, fontsize=SMALL)
    found[-1].set_xlabel("base before the mutated one; inside each, the base after it: A, C, G, T", fontsize=SMALL)
    for ax in found:
        ax.tick_params(axis="x", length=0)
    say_left_out(figure, len(drawn), len(H), parts)
    return found


def _order(contexts: Any) -> Any:
    """Return which column holds each context of COSMIC's order."""
    if contexts is None:
        return slice(None)
    given = [str(context).strip() for context in contexts]
    if len(given) != len(CONTEXTS):
        raise ParameterError(f"contexts must be 96 names such as 'A[C>A]G'; got {len(given)} of them.")
    if wrong := [context for context in given if not CONTEXT.fullmatch(context)]:
        raise ParameterError(f"{shown(wrong[0])} is not a context such as 'A[C>A]G'; the middle base is C or T.")
    place = {context: j for j, context in enumerate(given)}
    if missing := [context for context in CONTEXTS if context not in place]:
        raise ParameterError(f"context {missing[0]} is missing ({len(missing)} of 96 are).")
    return [place[context] for context in CONTEXTS]


def _header(ax: Any) -> None:
    """Draw a strip in the colour of each substitution above its bars, with its name."""
    for place, (change, shade) in enumerate(SUBSTITUTIONS.items()):
        ax.barh(
            1.06, 15.4, left=16 * place - 0.35, height=0.1, color=shade, transform=ax.get_xaxis_transform(),
            clip_on=False,
        )  # fmt: skip
        ax.text(
            16 * place + 7.5, 1.15, change, transform=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=SMALL
        )
