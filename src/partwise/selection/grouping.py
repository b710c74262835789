"""How runs group the rows of X by their main part: the consensus matrix, and how clear the groups are."""

from collections.abc import Iterable

import numpy as np
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from partwise.matrix import Array

__all__ = ["NO_PART", "cophenetic", "dispersion", "main_parts", "together"]

NO_PART = -1
"""The main part of a row of zeros."""


def main_parts(weights: Array) -> Array:
    """Return which part contributes most to each row, (rows,), from what each part contributes, (rows, k)."""
    return np.where(weights.any(axis=1), weights.argmax(axis=1), NO_PART)


def together(runs: Iterable[Array]) -> Array:
    """Return the consensus matrix, (rows, rows): the share of runs in which two rows have the same main part.

    C[i, l] = sum_r [part_r(i) = part_r(l)] / runs, from the main parts of each run, (rows,). S. Monti, P. Tamayo,
    J. Mesirov and T. Golub, Machine Learning 52, 2003, doi:10.1023/A:1023949509487.
    """
    each = [*runs]
    found = np.zeros((len(each[0]),) * 2)
    for own in each:
        found += own[:, None] == own
    return found / len(each)


def cophenetic(C: Array) -> float:
    """Return the correlation of the distances 1 - C with those of the tree that average linkage makes of them.

    1 where all rows are together, or none with another. J.-P. Brunet, P. Tamayo, T. Golub and J. Mesirov, PNAS 101,
    2004, doi:10.1073/pnas.0308531101.
    """
    distances = squareform(1 - C, checks=False)
    if distances.size < 2 or np.ptp(distances) == 0:
        return 1.0
    return float(cophenet(linkage(distances, method="average"), distances)[0])


def dispersion(C: Array) -> float:
    """Return the mean of 4 (C[i, l] - 1/2)^2 over all pairs of rows: 1 where each entry is 0 or 1.

    H. Kim and H. Park, Bioinformatics 23, 2007, doi:10.1093/bioinformatics/btm134.
    """
    return float(np.mean(4 * np.square(C - 0.5)))
