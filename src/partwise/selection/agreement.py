"""Which runs count, which part of one is which of another, and how alike they are."""

import numpy as np

from partwise.matching import best_pairs, unit_rows
from partwise.matrix import Array
from partwise.selection.grouping import NO_PART
from partwise.selection.runs import Run

__all__ = ["agree", "reproducibility"]

MOST_ROUNDS = 20
"""Most rounds of matching to the consensus; two or three are usual."""
FAR = 3 * 1.4826
"""Outliers lie beyond this many median absolute deviations: three standard deviations of a normal distribution."""
LEAST_ERROR, LEAST_MATCH = 0.01, 0.15
"""Least distance of an outlier from the median: runs that nearly agree have no outliers."""
JUDGES = 30
"""Most runs that each run is compared with before there is a consensus."""


def agree(runs: dict[int, Run], dropped: dict[int, str], exact: float) -> tuple[Array, list[int], list[Array]]:
    """Return the matched unit parts (runs, k, m) of the runs that count, and their numbers; enter the others.

    The places, one array (k + 1,) for each run, tell which matched part each of its own is; the last is `NO_PART`.
    Differences in error under `exact` count as none.
    """
    kept = sorted(runs)
    errors = np.array([runs[number].error for number in kept])
    middle = np.median(errors)
    limit = middle + max(FAR * np.median(np.abs(errors - middle)), LEAST_ERROR * middle, exact)
    dropped.update(
        {number: "its error is an outlier" for number, error in zip(kept, errors, strict=True) if error > limit}
    )
    kept = [number for number in kept if number not in dropped]
    units = np.array([runs[number].parts for number in kept])
    judges = units[:JUDGES]
    likeness = np.array(
        [
            np.mean([like.mean() for b, (_, like) in enumerate(_matched(own, judges)) if b != a] or [1.0])
            for a, own in enumerate(units)
        ]
    )
    middle = np.median(likeness)
    limit = middle - max(FAR * np.median(np.abs(likeness - middle)), LEAST_MATCH)
    dropped.update(
        {number: "its parts are outliers" for number, like in zip(kept, likeness, strict=True) if like < limit}
    )
    reference = units[int(np.argmax(likeness))]
    units = units[[number not in dropped for number in kept]]
    kept = [number for number in kept if number not in dropped]
    orders: list[list[int]] = []
    for _ in range(MOST_ROUNDS):
        found = [order.tolist() for order, _ in _matched(unit_rows(reference), units)]
        if found == orders:
            break
        orders = found
        parts = np.array([own[order] for own, order in zip(units, orders, strict=True)])
        reference = np.median(parts, axis=0)
    places = [np.append(np.argsort(order), NO_PART) for order in orders]
    return parts, kept, places


def _matched(own: Array, others: Array) -> list[tuple[Array, Array]]:
    """Return, for each of other runs, its parts that match one's own, and their cosines, from unit parts (k, m)."""
    count, k, m = others.shape
    cosines = own @ others.reshape(count * k, m).T  # one product: the parts are small, and the calls many
    found = []
    for block in np.clip(cosines, 0.0, 1.0).reshape(k, count, k).swapaxes(0, 1):
        rows, columns = best_pairs(block)
        found.append((columns, block[rows, columns]))
    return found


def reproducibility(parts: Array) -> Array:
    """Return the mean cosine of each part over pairs of runs, from matched unit parts (runs, k, m)."""
    count = len(parts)
    if count < 2:
        return np.ones(parts.shape[1])
    # the squared length of a sum of unit vectors is the sum of all their cosines
    total, own = parts.sum(axis=0), np.square(parts).sum(axis=(0, 2))
    mean = (np.square(total).sum(axis=1) - own) / (count * (count - 1))
    return np.clip(mean, 0.0, 1.0)
