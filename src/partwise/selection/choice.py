"""The number of parts that held-out errors support, and the reason in one plain sentence."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import stdtrit

from partwise.exceptions import MissingExtraError
from partwise.matching import duplicates, match
from partwise.matrix import Array
from partwise.plot import rank
from partwise.selection.ledger import Cell, Ledger
from partwise.summary import WIDTH, Summary, spread

SURE = 0.9
"""Confidence at which fewer parts are worse than the best number (one-sided paired t-test over folds)."""
WORTH = 0.01
"""The last parts must add this share of all that parts beyond the first gain. A property of the noise can add less,
such as its mean if it was clipped at zero."""
HARDLY = 0.05
"""Parts that add less than this share of all that parts beyond the first gain add hardly anything. If parts beyond the
choice add more, but not in all folds, there is no clear answer, with any numbers tried."""
DRIVES = 0.5
"""A row with a larger share of the error is named."""
MOST_TIED = 3
"""Most numbers of parts that are named as a tie."""
STABLE = 0.8
"""Below this stability the choice comes with a warning."""


@dataclass(frozen=True, eq=False, repr=False)
class RankChoice(Summary):
    """How many parts, and why.

    Parameters
    ----------
    n_components : int
        The choice.
    reason : str
        Why, in one sentence, and a sentence for each warning. It contains "no clear answer" if the data give none.
    clear : bool
        Whether the data give a clear answer.
    records : list of dict
        One for each number of parts tried; see `table`.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import choose_rank
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (80, 3)) @ rng.gamma(0.3, 1.0, (3, 40)) * rng.gamma(99, 0.01, (80, 40))
    >>> choice = choose_rank(X, ranks=range(1, 6), random_state=0)
    >>> choice.n_components, choice.clear
    (3, True)
    """

    n_components: int
    reason: str
    clear: bool
    records: list[dict[str, Any]]

    def _facts(self) -> dict[str, Any]:
        return {
            "parts": self.n_components,
            "clear": "yes" if self.clear else "no",
            "tried": spread([record["n_components"] for record in self.records], ".0f"),
            "reason": self.reason,
        }

    @property
    def table(self) -> Any:
        """The results, as a pandas DataFrame with a row for each number of parts tried.

        Columns: ``n_components``; ``error`` on the held-out cells, relative to them, averaged over folds (see
        ``Factorization.relative_error``); ``error_se``, its standard error; ``excess``, the error above the lowest one,
        fold by fold; ``excess_se``, its standard error; ``stability``, the mean cosine of a part and the part like it
        in another fold; ``duplicates``, the mean number of pairs of nearly equal parts in a fold; ``seconds`` of all
        its fits.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "RankChoice.table needs pandas, which is not installed: pip install 'partwise[tables]'. The same "
                "numbers are in RankChoice.records."
            ) from error
        return pd.DataFrame(self.records)

    def __str__(self) -> str:
        rows = [
            f"{r['n_components']:>6}{r['error']:>10.4f}{r['error_se']:>10.4f}{r['stability']:>11.2f}"
            f"{'  <-' if r['n_components'] == self.n_components else ''}"
            for r in self.records
        ]
        return "\n".join(
            [f"{'parts':>6}{'error':>10}{'+-':>10}{'stability':>11}", *rows, *textwrap.wrap(self.reason, WIDTH)]
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the held-out error against the number of parts, the choice marked; see ``partwise.plot.rank``.

        Parameters
        ----------
        ax : matplotlib Axes or None
            Where to draw; None: on new axes.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        DataError
            If the search ended before anything was judged.
        MissingExtraError
            If matplotlib is not installed.
        """
        return rank(self, ax)


def judge(ledger: Ledger, tried: Sequence[int], *, late: bool) -> RankChoice:
    """Choose from the finished cells; `tried` are the numbers asked for, ascending; `late` says that time ran out."""
    folds = sorted({fold for fold, _ in ledger.cells})
    known = [k for k in sorted({1, *tried}) if folds and all((fold, k) in ledger.cells for fold in folds)]
    able = [k for k in tried if k in known]
    if len(folds) < 2 or not able:
        reason = "No clear answer: the time limit came before two folds had been judged."
        return RankChoice(tried[0], reason, False, [])
    errors = np.array([[ledger.cells[fold, k].error for k in known] for fold in folds])
    mean = errors.mean(axis=0)
    best = min(able, key=lambda k: mean[known.index(k)])
    excess = errors - errors[:, [known.index(best)]]
    spread = _standard_error(excess)
    slack = np.maximum(stdtrit(len(folds) - 1, SURE) * spread, WORTH * (mean[0] - mean.min()))
    good = [k for k, over, allowed in zip(known, excess.mean(axis=0), slack, strict=True) if over <= allowed]
    chosen = next(k for k in good if k in able)
    records = [
        {
            "n_components": k,
            "error": float(mean[i]),
            "error_se": float(_standard_error(errors)[i]),
            "excess": float(excess.mean(axis=0)[i]),
            "excess_se": float(spread[i]),
            **_agreement([ledger.parts[fold, k] for fold in folds]),
            "seconds": float(sum(ledger.cells[fold, k].seconds for fold in folds)),
        }
        for i, k in enumerate(known)
        if k in able
    ]
    error = dict(zip(known, mean.tolist(), strict=True))
    doubt = _doubt(chosen, best, able, good[0], error)
    tied = [k for k in good if k in able and k > chosen and error[k] - error[chosen] <= HARDLY * _gain(error)]
    reason = f"No clear answer: {doubt}" if doubt else _because(chosen, tied, able, error)
    if late and len(able) < len(tried):
        reason += f"; the time limit left out {', '.join(str(k) for k in tried if k not in able)}"
    reason += "."
    row, share = _heaviest_row([ledger.cells[fold, chosen] for fold in folds])
    if share > DRIVES:
        reason += (
            f" Row {row}, counted from 0, makes {share:.0%} of the error with {_parts(chosen)}: leave it out, or weigh "
            f"it less."
        )
    record = next(record for record in records if record["n_components"] == chosen)
    if chosen > 1 and record["stability"] < STABLE:
        reason += f" Parts differ from fold to fold (stability {record['stability']:.2f})."
    if record["duplicates"] >= 1:
        reason += " Some parts are nearly the same."
    return RankChoice(chosen, reason, not doubt, records)


def _standard_error(values: Array) -> Array:
    """Return the standard error of the mean over folds, of values (folds, numbers of parts)."""
    spread: Array = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return spread


def _agreement(parts: Sequence[Array]) -> dict[str, float]:
    """Return how similar the parts of the folds are, and how many in a fold are nearly equal."""
    pairs = [match(a, b).similarity.mean() for a, b in combinations(parts, 2)]
    return {
        "stability": float(np.mean(pairs)),
        "duplicates": float(np.mean([len(duplicates(own)) for own in parts])),
    }


def _heaviest_row(cells: Sequence[Cell]) -> tuple[int, float]:
    """Return the row with the largest share of the error of folds, and this share."""
    total = sum(cell.error for cell in cells) or 1.0
    shares = {
        row: sum(cell.row_share * cell.error for cell in cells if cell.row == row) / total
        for row in {cell.row for cell in cells}
    }
    row = min(shares, key=lambda row: (-shares[row], row))
    return row, shares[row]


def _doubt(chosen: int, best: int, able: Sequence[int], least: int, error: dict[int, float]) -> str:
    """Return why the data give no clear answer, or an empty text."""
    if least < able[0]:
        return f"one part predicts held-out cells as well as {_parts(best)}, the best of those tried"
    if len(able) == 1:
        return f"{_parts(chosen)} {'is' if chosen == 1 else 'are'} all that was tried"
    before = max((k for k in error if k < chosen), default=1)
    if chosen == best == able[-1]:
        return (
            f"the held-out error still falls at {_parts(best)}, the most tried ({error[best]:.4g}, after "
            f"{error[before]:.4g} with {before})"
        )
    if chosen < best and error[chosen] - error[best] > HARDLY * _gain(error):
        last = ", the most tried" if best == able[-1] else ""
        return (
            f"the held-out error falls on from {error[chosen]:.4g} with {_parts(chosen)} to {error[best]:.4g} with "
            f"{best}{last}, and folds differ by more than that"
        )
    if chosen == able[0] and chosen > 2:
        return f"{_parts(chosen)}, the fewest tried, predict held-out cells as well as more do"
    return ""


def _gain(error: dict[int, float]) -> float:
    """Return the error of one part less the lowest error."""
    return error[1] - min(error.values())


def _because(chosen: int, tied: Sequence[int], able: Sequence[int], error: dict[int, float]) -> str:
    """Return the reason for the choice; `tied` are larger numbers of parts that predict as well."""
    here = able.index(chosen)
    fewer, more = ([f"{error[k]:.4g} with {k}" for k in around] for around in (able[here - 1 : here], able[here + 1 :]))
    hardly = bool(fewer) and error[able[here - 1]] - error[chosen] < HARDLY * _gain(error)
    if not tied and not hardly:
        return (
            f"{_parts(chosen)}: the error on held-out cells is lowest there, {error[chosen]:.4g}, against "
            f"{' and '.join([*fewer, *more[:1]])}"
        )
    others = [f"{error[k]:.4g} with {k}" for k in sorted(tied, key=lambda k: (error[k], k))[:MOST_TIED]]
    many = f", and {len(tied) - len(others)} more" if len(tied) > len(others) else ""
    said = [f"is a tie with more parts ({', '.join(others)}{many}), so the fewest are taken"] if tied else []
    said += [f"is {'hardly' if hardly else 'clearly'} lower than with fewer ({fewer[0]})"] if fewer else []
    return f"{_parts(chosen)}: the error on held-out cells, {error[chosen]:.4g}, {', and '.join(said)}"


def _parts(k: int) -> str:
    return "1 part" if k == 1 else f"{k} parts"
