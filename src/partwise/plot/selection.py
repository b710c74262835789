"""What the search for a number of parts found, and how far runs agree on each part."""

from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.parameters import check_choice
from partwise.plot.canvas import COLOURS, MAP, SMALL, axes

NAMED = 20
"""Parts up to which the value stands above its bar."""
NAMED_ROWS = 40
"""Rows of the consensus matrix up to which each has its number on the axes."""


def rank(choice: Any, ax: Any = None) -> Any:
    """Draw the held-out error and the stability against the number of parts, the choice marked.

    Bars of the error are one standard error long, up and down. Of a search with penalties, which has no stability, the
    lowest error of each number of parts of one start is drawn.

    Parameters
    ----------
    choice : RankChoice, or fitted model
        What ``choose_rank`` found, or a model that chose its number of parts.
    ax : matplotlib Axes or None, default=None
        Where to draw; None: on new ones.

    Returns
    -------
    matplotlib Axes
        What was drawn on; the stability has an axis of its own on the right.

    Raises
    ------
    DataError
        If the search ended before anything was judged.
    MissingExtraError
        If matplotlib is not installed.
    ParameterError
        If ``choice`` is no RankChoice.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (80, 3)) @ rng.gamma(0.3, 1.0, (3, 40)) * rng.gamma(99, 0.01, (80, 40))
    >>> ax = pw.plot.rank(pw.choose_rank(X, ranks=range(1, 6), random_state=0))
    >>> ax.get_title(), ax.get_xlabel()
    ('3 parts', 'number of parts')
    """
    choice = getattr(getattr(choice, "nmf_", choice), "rank_choice_", choice)
    if not hasattr(choice, "records") or not hasattr(choice, "n_components"):
        raise ParameterError(f"choice must be a RankChoice, as choose_rank returns it; got {shown(choice)}.")
    if not choice.records:
        raise DataError(f"There is nothing to draw. {choice.reason}")
    ax = axes(ax, "plot.rank")
    if "stability" in choice.records[0]:
        _rank(ax, choice)
    else:
        alone = [record for record in choice.records if record["starts"] == 1]
        tried = sorted({record["n_components"] for record in alone})
        lowest = [min(record["error"] for record in alone if record["n_components"] == k) for k in tried]
        ax.plot(tried, lowest, marker="o", color=COLOURS[0])
        ax.set(xlabel="number of parts, one start each", ylabel="held-out error, relative")
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def consensus(agreed: Any, ax: Any = None, *, kind: str = "parts") -> Any:
    """Draw how far runs agree: the reproducibility of each part, or the consensus matrix of the rows.

    The reproducibility of a part is its mean cosine with its like in other runs. The consensus matrix holds the share
    of runs in which two rows have the same main part. Its rows and columns are drawn in the order of the tree that
    average linkage makes of them, so that groups are bright squares on the diagonal.

    Parameters
    ----------
    agreed : Consensus
        What ``partwise.consensus`` found.
    ax : matplotlib Axes or None, default=None
        Where to draw; None: on new ones.
    kind : {'parts', 'rows'}, default='parts'
        What is drawn: the reproducibility of parts, or the consensus matrix of rows. The matrix takes 8 bytes an entry.

    Returns
    -------
    matplotlib Axes
        What was drawn on.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ParameterError
        If ``agreed`` is no Consensus, or there is no such kind.

    References
    ----------
    J.-P. Brunet, P. Tamayo, T. Golub and J. Mesirov, "Metagenes and molecular pattern discovery using matrix
    factorization", PNAS 101, 2004, doi:10.1073/pnas.0308531101, figure 3.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (60, 3)) @ rng.gamma(0.3, 1.0, (3, 20)) * rng.gamma(99, 0.01, (60, 20))
    >>> agreed = pw.consensus(X, 3, n_runs=5, random_state=0)
    >>> ax = pw.plot.consensus(agreed)
    >>> len(ax.patches), ax.get_title()
    (3, '5 runs')
    >>> pw.plot.consensus(agreed, kind="rows").images[0].get_array().shape
    (60, 60)
    """
    check_choice("kind", kind, ("parts", "rows"))
    if not hasattr(agreed, "reproducibility"):
        raise ParameterError(f"agreed must be a Consensus, as partwise.consensus returns it; got {shown(agreed)}.")
    if kind == "rows":
        return _together(axes(ax, "plot.consensus", 5.0), agreed)
    values, ax = agreed.reproducibility, axes(ax, "plot.consensus")
    bars = ax.bar(np.arange(len(values)), values, color=COLOURS[0], width=0.7)
    if len(values) <= NAMED:
        ax.bar_label(bars, fmt="%.2f", fontsize=SMALL, padding=1)
    ax.set(xlabel="part", ylabel="reproducibility (mean cosine)", ylim=(0, 1.08), title=f"{agreed.n_kept} runs")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _together(ax: Any, agreed: Any) -> Any:
    """Draw the consensus matrix, rows and columns in the order of the leaves of the tree."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    C = agreed.consensus_matrix()
    count = len(C)
    order = leaves_list(linkage(squareform(1 - C, checks=False), "average")) if count > 1 else np.zeros(1, int)
    shades = ax.imshow(C[np.ix_(order, order)], cmap=MAP, vmin=0.0, vmax=1.0, interpolation="nearest")
    names = [str(i) for i in agreed.rows_compared[order]] if count <= NAMED_ROWS else []
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=SMALL)
    ax.set_yticks(range(len(names)), names, fontsize=SMALL)
    of = f" of {len(agreed.W):,}" if count < len(agreed.W) else ""
    ax.set(xlabel=f"{count:,}{of} rows of X, by average linkage", ylabel="the same rows")
    runs = f"{agreed.n_kept} runs: cophenetic correlation {agreed.cophenetic:.3f}, dispersion {agreed.dispersion:.3f}"
    ax.set_title(runs, fontsize=SMALL + 2)
    ax.figure.colorbar(shades, ax=ax, label="share of runs with the same main part")
    return ax


def _rank(ax: Any, choice: Any) -> None:
    """Draw the error on the left axis and the stability on the right one."""
    k, error, spread, stability = (
        [record[name] for record in choice.records] for name in ("n_components", "error", "error_se", "stability")
    )
    bars = ax.errorbar(
        k, error, yerr=spread, marker="o", capsize=3, color=COLOURS[0], label="held-out error ± standard error"
    )
    ax.axvline(choice.n_components, color="0.6", linestyle=":", zorder=0)
    title = "1 part" if choice.n_components == 1 else f"{choice.n_components} parts"
    ax.set(
        xlabel="number of parts",
        ylabel="held-out error, relative",
        title=title if choice.clear else f"{title}, not clear",
    )
    other = ax.twinx()
    (line,) = other.plot(k, stability, marker="s", linestyle="--", color=COLOURS[1], label="stability (mean cosine)")
    other.set(ylabel="stability (mean cosine)", ylim=(0, 1.05))
    ax.legend(
        handles=[bars, line], fontsize=SMALL, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False
    )
