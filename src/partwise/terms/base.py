"""What a term is: a penalty on a factor, as a half-step of least squares sees it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import check_kind
from partwise.penalties import Penalty
from partwise.state import PlainState


class Term(PlainState, ABC):
    """A penalty on a factor F (rows, k).

    A half-step minimises 0.5 <F gram, F> - <cross, F>. A term adds to both what makes this touch the true objective at
    the point where the half-step begins, and lie nowhere under it; so no half-step can raise the objective. Terms are
    frozen dataclasses, and can be used together. The elastic net, ``Penalty``, can stand among them in a list of terms,
    but is no subclass: kernels know it by themselves, so every solver takes it.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import partwise as pw
    >>> @dataclass(frozen=True)
    ... class PullTo(pw.terms.Term):  # half of weight times the squared distance of each entry from a target
    ...     target: float
    ...     weight: float
    ...     def linear(self, point, other):
    ...         return np.full_like(point, self.weight * self.target)
    ...     def quadratic(self, gram):
    ...         return self.weight * np.eye(len(gram))
    ...     def value(self, point, gram, other):
    ...         return 0.5 * self.weight * float(np.square(point - self.target).sum())
    ...     def in_units(self, unit, log_loss):
    ...         return PullTo(self.target / unit, self.weight * unit**2 / 2.0**log_loss)
    >>> X = np.random.default_rng(0).random((6, 3))
    >>> pw.factorize(X, 2, terms_H=[PullTo(1.0, weight=1000.0)]).H.round(2)
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """

    magnitude: float = float("inf")
    """What it weighs, where that is small beside the loss, and yet what was asked for."""
    is_light: ClassVar[bool] = False
    """Whether what it gains drowns in the rounding of a float32 loss that is a difference of larger terms."""
    links_rows: ClassVar[bool] = True
    """Whether what a row gains from it depends on other rows by more than the Gram matrix of them all."""
    is_shared: ClassVar[bool] = False
    """Whether it is one of both factors: it is put on each, and ``value`` is half of the penalty."""

    def linear(self, point: Array, other: Array) -> Array | None:
        """Return what is added to the cross product, (rows, k), at a point and for the other factor; None: nothing."""
        return None

    def quadratic(self, gram: Array) -> Array | None:
        """Return what is added to the Gram matrix of the other factor, (k, k), for that of the point; None: nothing."""
        return None

    @abstractmethod
    def value(self, point: Array, gram: Array, other: Array) -> float:
        """Return the penalty on a point with this Gram matrix."""

    @abstractmethod
    def in_units(self, unit: float, log_loss: float) -> "Term":
        """Return the term for a factor counted in `unit`, and a loss in a unit of this binary logarithm."""

    def n_rows(self, n_others: int) -> int | None:
        """Return how many rows the factor needs if the other one has `n_others`; None: any number."""
        return None


def penalties_on(
    factor: str, penalty: Penalty | None, terms: Sequence[Term | Penalty]
) -> tuple[Penalty, tuple[Term, ...]]:
    """Return all that is asked of a factor as one elastic net and the other terms.

    Parameters
    ----------
    factor : {'W', 'H'}
        The factor, for errors.
    penalty : Penalty or None
        Its elastic net.
    terms : list or tuple of Term or Penalty
        Its terms. Elastic nets among them are added to `penalty`.

    Raises
    ------
    ParameterError
        If one of them is anything else.

    Examples
    --------
    >>> penalties_on("W", Penalty(l2=1.0), [Penalty(l1=0.5, l2=0.5)])
    (Penalty(l1=0.5, l2=1.5), ())
    """
    net = check_kind(f"penalty_{factor}", penalty, Penalty) or Penalty()
    if not (isinstance(terms, list | tuple) and all(isinstance(term, Term | Penalty) for term in terms)):
        raise ParameterError(
            f"terms_{factor} must be a list of terms, for example [Orthogonality(0.1)]; got {shown(terms)}."
        )
    nets = (term for term in terms if isinstance(term, Penalty))
    return sum(nets, net), tuple(term for term in terms if isinstance(term, Term))
