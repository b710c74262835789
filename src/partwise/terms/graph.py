"""Graph smoothness: rows of a factor that a graph joins are drawn together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.exceptions import ParameterError
from partwise.indices import canonical, sound
from partwise.matrix import Array
from partwise.parameters import check_number
from partwise.terms.base import Term
from partwise.units import scaled


@dataclass(frozen=True, eq=False)
class GraphSmoothness(Term):
    r"""The penalty on distances between rows of a factor, :math:`\tfrac{\lambda}{4} \sum_{ij} a_{ij} \|f_i - f_j\|^2`.

    It equals :math:`\tfrac{\lambda}{2} \operatorname{tr} F^T L F` for the graph's Laplacian L. The eigenvalues of L are
    at most twice its largest degree, and half-steps move along the gradient with this curvature. A smaller factor
    always has a smaller penalty, so the other factor grows: give that one a penalty, for example ``Penalty(l2=...)``.

    Parameters
    ----------
    adjacency : sparse matrix or array of shape (rows, rows)
        Weights of edges, symmetric, at least 0. Edges of a term on W join rows of X, and those of a term on H join
        columns.
    weight : float
        :math:`\lambda`, at least 0, in the units of the summed loss.

    References
    ----------
    D. Cai, X. He, J. Han and T. S. Huang, "Graph regularized nonnegative matrix factorization for data representation",
    IEEE TPAMI 33, 2011, doi:10.1109/TPAMI.2010.231.

    Examples
    --------
    >>> W = np.array([[1.0], [4.0]])
    >>> GraphSmoothness([[0, 1], [1, 0]], weight=2.0).value(W, W.T @ W, W)
    9.0
    """

    adjacency: Any
    weight: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_number("weight", self.weight))
        given = self.adjacency if sp.issparse(self.adjacency) else sp.csr_array(np.asarray(self.adjacency, np.float64))
        found = sp.csr_array(canonical(sound(given, "adjacency"))).astype(np.float64)
        if found.shape[0] != found.shape[1] or not np.isfinite(found.data).all() or (found.data < 0).any():
            raise ParameterError(f"adjacency must be square and at least 0 everywhere; it has shape {found.shape}.")
        if abs(found - found.T).max() > 0:
            raise ParameterError("adjacency must be symmetric; for a directed graph give A + A.T.")
        object.__setattr__(self, "adjacency", found)

    @cached_property
    def degrees(self) -> Array:
        """Sum of the weights of each row's edges, (rows,)."""
        return np.asarray(self.adjacency.sum(axis=1)).ravel()

    @property
    def _steepest(self) -> float:
        """An upper bound of the Laplacian's eigenvalues."""
        return 2 * float(self.degrees.max(initial=0.0))

    def _times_laplacian(self, point: Array) -> Array:
        product: Array = self.degrees[:, None] * point - self.adjacency @ point
        return product

    def linear(self, point: Array, other: Array) -> Array:
        return (self.weight * (self._steepest * point - self._times_laplacian(point))).astype(point.dtype)

    def quadratic(self, gram: Array) -> Array:
        return self.weight * self._steepest * np.eye(len(gram))

    def value(self, point: Array, gram: Array, other: Array) -> float:
        return 0.5 * self.weight * float(np.vdot(point.astype(np.float64), self._times_laplacian(point)))

    def in_units(self, unit: float, log_loss: float) -> "GraphSmoothness":
        return GraphSmoothness(self.adjacency, scaled(self.weight, 2 * float(np.log2(unit)) - log_loss))

    def n_rows(self, n_others: int) -> int:
        return int(self.adjacency.shape[0])
