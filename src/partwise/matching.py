"""Which part of one model is which part of another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError
from partwise.factorization import Factorization
from partwise.matrix import Array, array_of
from partwise.parameters import check_number
from partwise.summary import Summary, spread

DUPLICATE = 0.9
"""Two parts of one model whose cosine is at least this count as the same part."""


@dataclass(frozen=True, eq=False, repr=False)
class Match(Summary):
    """Pairs of parts of two models. Each part is in one pair at most, and the sum of the pairs' cosines is highest.

    Parameters
    ----------
    similarity : ndarray of shape (n_pairs,)
        Cosine of each pair in [0, 1], in the order of a's parts; n_pairs = min(k_a, k_b).
    pairs : ndarray of shape (n_pairs, 2)
        Indices into a's parts, ascending, and into b's.
    unmatched_left, unmatched_right : ndarray
        Indices of the parts without a pair, where one model has more parts.

    Examples
    --------
    >>> import numpy as np
    >>> found = match(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 2.0]]))
    >>> found.pairs.tolist(), found.unmatched_left.tolist()
    ([[1, 0]], [0])
    """

    similarity: Array
    pairs: Array
    unmatched_left: Array
    unmatched_right: Array

    def _facts(self) -> dict[str, Any]:
        return {
            "pairs": len(self.pairs),
            "similarity": spread(self.similarity),
            "only in a": len(self.unmatched_left),
            "only in b": len(self.unmatched_right),
        }

    def __str__(self) -> str:
        lines = [f"{i:>4} ~ {j:<4} {s:.3f}" for (i, j), s in zip(self.pairs, self.similarity, strict=True)]
        for name, left_over in (("a", self.unmatched_left), ("b", self.unmatched_right)):
            if left_over.size:
                lines.append(f"only in {name}: {', '.join(map(str, left_over))}")
        return "\n".join(lines)


def match(a: Any, b: Any) -> Match:
    """Match the parts of two models by their cosine, one to one.

    Parameters
    ----------
    a, b : fitted model, Factorization, Consensus, or array of shape (n_components, n_features)
        Models of the same features, models of images of one shape, or topic models. Topic models are compared by their
        words: a word that one of them does not know has no weight there. Scale does not matter. A part of zeros has
        cosine 0 with every other.

    Returns
    -------
    Match
        Pairs, their cosines, and the parts left over.

    Raises
    ------
    DataError
        If the numbers of features or the shapes of images differ, or an entry is NaN or infinite.
    NotFittedError
        If a model is not fitted.

    References
    ----------
    H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2, 1955,
    doi:10.1002/nav.3800020109.

    Examples
    --------
    >>> import numpy as np
    >>> H = np.array([[3.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
    >>> match(H, 5 * H[::-1]).pairs.tolist()
    [[0, 1], [1, 0]]
    """
    first, second = in_common(a, b, parts_of(a, "a"), parts_of(b, "b"))
    if first.shape[1] != second.shape[1]:
        raise DataError(
            f"a has parts of {first.shape[1]} features and b has parts of {second.shape[1]}; only models of the same "
            f"features can be matched."
        )
    cosines = np.clip(unit_rows(first) @ unit_rows(second).T, 0.0, 1.0)
    rows, columns = best_pairs(cosines)
    return Match(
        similarity=cosines[rows, columns],
        pairs=np.column_stack([rows, columns]),
        unmatched_left=np.setdiff1d(np.arange(len(first)), rows),
        unmatched_right=np.setdiff1d(np.arange(len(second)), columns),
    )


def best_pairs(cosines: Array) -> tuple[Array, Array]:
    """Return the rows and columns of the pairs, each at most once, whose cosines (k_a, k_b) have the largest sum."""
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    return rows, columns


def duplicates(H: Any, threshold: float = DUPLICATE) -> list[tuple[int, int, float]]:
    """Return pairs of parts of one model that are nearly the same, as (i, j, cosine), the most similar first.

    Parameters
    ----------
    H : fitted model, Factorization, Consensus, or array of shape (n_components, n_features)
        The parts.
    threshold : float, default=0.9
        Least cosine of a pair.

    Returns
    -------
    list of (int, int, float)
        With i < j.

    Examples
    --------
    >>> import numpy as np
    >>> [(i, j) for i, j, cosine in duplicates(np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.1]]))]
    [(0, 2)]
    """
    threshold = check_number("threshold", threshold, highest=1)
    unit = unit_rows(parts_of(H, "H"))
    cosines = np.triu(np.minimum(unit @ unit.T, 1.0), 1)
    found = zip(*np.nonzero(cosines >= threshold - 1e-12), strict=True)
    pairs = ((int(i), int(j), float(cosines[i, j])) for i, j in found)
    return sorted(pairs, key=lambda pair: -round(pair[2], 9))  # differences by rounding do not change the order


def parts_of(model: Any, name: str) -> Array:
    """Return the parts (k, m) of a model or array, in float64, checked."""
    if hasattr(model, "fit"):
        check_is_fitted(model)
    given = model.H if isinstance(model, Factorization) else getattr(model, "components_", model)
    parts = array_of(given, name).astype(np.float64, copy=False)
    if parts.ndim != 2:
        raise DataError(
            f"{name} must be a fitted model, a Factorization, or parts of shape (n_components, n_features); got "
            f"{type(model).__name__} of shape {parts.shape}."
        )
    if not np.isfinite(parts).all():
        row, column = np.argwhere(~np.isfinite(parts))[0]
        raise DataError(f"{name}[{row}, {column}] = {parts[row, column]} is not a finite number, so it has no cosine.")
    return parts


def in_common(a: Any, b: Any, first: Array, second: Array) -> tuple[Array, Array]:
    """Return the parts of two models with columns that mean the same in both.

    Where both models name their words, there is a column for each word that either knows. Raise for models of images
    that differ in shape.
    """
    shapes = [getattr(model, "pixel_shape_", None) for model in (a, b)]
    if None not in shapes and shapes[0] != shapes[1]:
        raise DataError(
            f"a has parts of shape {shapes[0]} and b of {shapes[1]}; only images of one shape can be matched."
        )
    words_a, words_b = (getattr(model, "words_", None) for model in (a, b))
    if words_a is None or words_b is None or np.array_equal(words_a, words_b):
        return first, second
    columns = {word: j for j, word in enumerate(dict.fromkeys([*map(str, words_a), *map(str, words_b)]))}
    spread = []
    for parts, words in ((first, words_a), (second, words_b)):
        wide = np.zeros((len(parts), len(columns)))
        wide[:, [columns[str(word)] for word in words]] = parts
        spread.append(wide)
    return spread[0], spread[1]


def unit_rows(parts: Array) -> Array:
    """Return the parts (k, m) at length 1; those of zeros stay zero."""
    highest = np.abs(parts).max(axis=1, initial=0.0)[:, None]
    scaled = np.divide(
        parts, highest, out=np.zeros(parts.shape), where=highest > 0
    )  # squares neither over- nor underflow
    lengths = np.linalg.norm(scaled, axis=1)[:, None]
    return np.divide(scaled, lengths, out=scaled, where=lengths > 0)
