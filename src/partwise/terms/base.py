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

    A half-step minimises 0.5 <F gram, F> - <cross, F>. A term adds a matrix to `cross` and one to `gram`. With these,
    the half-step's objective equals the true one at the point where it begins, and is nowhere below it; so no half-step
    can raise the objective. Terms are frozen dataclasses, and can be used together. The elastic net, ``Penalty``, can
    be in a list of terms, but is no subclass: every solver takes it, because the kernels handle it.

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
    """Its weight, if that is small beside the loss: `tol` is then relative to this weight."""
    is_light: ClassVar[bool] = False
    """Whether its gain is below the rounding of a float32 loss that is a difference of larger terms."""
    links_rows: ClassVar[bool] = True
    """Whether its gain in one row depends on other rows by more than the Gram matrix of them all."""
    is_shared: ClassVar[bool] = False
    """Whether it is a term of both factors: it is put on each, and ``value`` is half of the penalty."""

    def linear(self, point: Array, other: Array) -> Array | None:
        """Return what is added to the cross product, (rows, k), at this point and other factor; None: nothing."""
        return None

    def quadratic(self, gram: Array) -> Array | None:
        """Return what is added to the other factor's Gram matrix, (k, k), for the point's; None: nothing."""
        return None

    @abstractmethod
    def value(self, point: Array, gram: Array, other: Array) -> float:
        """Return the penalty on a point with this Gram matrix."""

    @abstractmethod
    def in_units(self, unit: float, log_loss: float) -> "Term":
        """Return the term in other units: `unit` of the factor, and 2 ** `log_loss` of the loss."""

    def n_rows(self, n_others: int) -> int | None:
        """Return how many rows the factor needs if the other factor has `n_others`; None: any number."""
        return None


def penalties_on(
    factor: str, penalty: Penalty | None, terms: Sequence[Term | Penalty]
) -> tuple[Penalty, tuple[Term, ...]]:
    """Return all penalties on a factor: one elastic net, and the other terms.

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
        If one of them is not a Term or a Penalty.

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
