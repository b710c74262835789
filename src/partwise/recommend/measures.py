"""Measures of one ranked list, each a formula."""

from collections.abc import Sequence

import numpy as np

from partwise.matrix import Array

__all__ = ["ACCURACY", "accuracy", "calibration", "spread"]

ACCURACY = ("ndcg", "recall", "map", "mrr")


def accuracy(top: Sequence[int] | Array, wanted: Array, k: int) -> tuple[float, float, float, float]:
    r"""Return how well a list predicts what a reader read.

    With hits :math:`g_r \in \{0, 1\}` at rank r, m articles wanted and :math:`m_k = \min(m, k)`:

    - ndcg :math:`\sum_r g_r / \log_2(r + 1)` over the same of a perfect list;
    - recall :math:`\sum_r g_r / m_k`;
    - map :math:`\sum_r g_r P_r / m_k` with :math:`P_r` the share of hits in the first r;
    - mrr one over the rank of the first hit, 0 without one.

    Parameters
    ----------
    top : sequence of int
        Articles, best first; the first k count.
    wanted : ndarray of int
        Articles that the reader read.
    k : int
        Length of the list.

    Returns
    -------
    tuple of float
        ndcg, recall, map, mrr.

    Examples
    --------
    >>> [round(value, 3) for value in accuracy([5, 3, 8], np.array([3]), 3)]
    [0.631, 1.0, 0.5, 0.5]
    """
    hits = np.isin(np.asarray(top)[:k], wanted)
    if not hits.any():
        return 0.0, 0.0, 0.0, 0.0
    rank = np.arange(1, len(hits) + 1)
    reachable = min(len(wanted), k)
    ideal = float((1 / np.log2(np.arange(2, reachable + 2))).sum())
    precision = np.cumsum(hits) / rank
    return (
        float(hits @ (1 / np.log2(rank + 1))) / ideal,
        float(hits.sum()) / reachable,
        float(hits @ precision) / reachable,
        1.0 / float(rank[hits][0]),
    )


def spread(vectors: Array) -> float:
    """Return how unlike the articles of a list are: 1 minus the mean cosine of its pairs; NaN for a single article.

    Examples
    --------
    >>> spread(np.eye(3))
    1.0
    """
    n = len(vectors)
    if n < 2:
        return float("nan")
    total = vectors.sum(axis=0)
    return float(1 - (total @ total - np.einsum("ij,ij->", vectors, vectors)) / (n * (n - 1)))


def calibration(reader: Array, shown: Array) -> float:
    r"""Return how well a list matches what the reader reads: 1 for the same mixture of parts, 0 for no part in common.

    It is 1 minus the Jensen-Shannon divergence, in bits, of the two mixtures.

    References
    ----------
    H. Steck, "Calibrated recommendations", RecSys 2018, doi:10.1145/3240323.3240372.

    Examples
    --------
    >>> calibration(np.array([1.0, 1.0]), np.array([3.0, 3.0]))
    1.0
    """
    if not reader.sum() > 0 or not shown.sum() > 0:
        return float("nan")
    p, q = reader / reader.sum(), shown / shown.sum()
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / middle), 0) + np.where(q > 0, q * np.log2(q / middle), 0)
    return float(1 - terms.sum() / 2)
