"""NMF beside truncated SVD: how much error non-negativity adds, and how much easier its parts are to read."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.factorization import factorize
from partwise.init.nndsvd import truncated_svd
from partwise.matrix import as_matrix, rescaled
from partwise.metrics.reconstruction import relative_error, sparseness
from partwise.parameters import check_integer, check_seed
from partwise.summary import Summary


@dataclass(frozen=True)
class Side:
    """Figures of one model: relative error, mean Hoyer sparseness of its parts, share of negative entries in them."""

    relative_error: float
    sparseness: float
    negative_share: float


@dataclass(frozen=True, repr=False)
class Comparison(Summary):
    """NMF and truncated SVD of the same data, with the same number of parts; ``str()`` is a table.

    Parameters
    ----------
    n_components : int
        Parts of each model.
    nmf, svd : Side
        Their figures.

    Examples
    --------
    >>> side = Side(relative_error=0.25, sparseness=0.5, negative_share=0.0)
    >>> print(Comparison(2, side, Side(0.2, 0.3, 0.45)))
    2 parts                     NMF        SVD
    relative error            0.250      0.200
    sparseness of parts       0.500      0.300
    negative entries           0.0%      45.0%
    """

    n_components: int
    nmf: Side
    svd: Side

    def _facts(self) -> dict[str, Any]:
        return {"parts": self.n_components} | {
            name: f"relative error {side.relative_error:.3f}, sparseness {side.sparseness:.3f}"
            for name, side in (("NMF", self.nmf), ("SVD", self.svd))
        }

    def __str__(self) -> str:
        a, b = self.nmf, self.svd
        return "\n".join(
            [
                f"{f'{self.n_components} parts':<20}{'NMF':>11}{'SVD':>11}",
                f"{'relative error':<20}{a.relative_error:>11.3f}{b.relative_error:>11.3f}",
                f"{'sparseness of parts':<20}{a.sparseness:>11.3f}{b.sparseness:>11.3f}",
                f"{'negative entries':<20}{a.negative_share:>11.1%}{b.negative_share:>11.1%}",
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as nested dictionaries.

        Returns
        -------
        dict
            Keys ``n_components``, ``nmf`` and ``svd``; the latter two hold the fields of `Side`.
        """
        return asdict(self)


def compare_with_svd(X: Any, n_components: int, *, random_state: Any = 0, **options: Any) -> Comparison:
    """Return error, sparseness and share of negative entries, of NMF and truncated SVD side by side.

    SVD has the lowest error of any model with as many parts. NMF's parts are sparse and have no negative entries, so
    they can be read as what a row consists of.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0.
    n_components : int
        Parts of each model, at most min(n_samples, n_features).
    random_state : int, RandomState instance or None, default=0
        Seed of both models.
    **options
        Passed to ``factorize``. Options for weights and unknown entries are refused, because SVD has none.

    Returns
    -------
    Comparison
        Both models' figures.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> side = compare_with_svd(load_digits().data, 8)
    >>> side.nmf.negative_share, side.nmf.sparseness > side.svd.sparseness
    (0.0, True)
    """
    for keyword in ("missing_values", "entry_weight", "sample_weight", "feature_weight"):
        if options.get(keyword) is not None:
            raise ParameterError(f"{keyword} cannot be compared: truncated SVD has no unknown entries and no weights.")
    matrix = as_matrix(X, negatives=options.pop("negatives", "error"))
    n_components = check_integer("n_components", n_components, highest=min(matrix.shape))
    rng = check_seed("random_state", random_state)
    found = factorize(matrix, n_components, random_state=random_state, **options)
    scaled, _ = rescaled(matrix)  # a singular value can be out of range
    U, s, V = truncated_svd(scaled, n_components, rng)
    nmf = Side(found.relative_error, sparseness(found.H), 0.0)
    svd = Side(relative_error(scaled, U * s, V.T), sparseness(V.T), float(np.mean(V < 0)))
    return Comparison(n_components, nmf, svd)
