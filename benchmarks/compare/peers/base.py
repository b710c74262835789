"""What a race needs to know of a library."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from numpy.typing import NDArray

Factors = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Task:
    """What is asked of a library.

    Parameters
    ----------
    n_components : int
        Number of parts k.
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito'}
        What to minimise.
    W, H : ndarray of shape (n, k), (k, m)
        The start, in X's dtype; not to be written to.
    seed : int
        For what is random beside the start.
    threads : int
        How many to use.
    """

    n_components: int
    loss: str
    W: NDArray[Any]
    H: NDArray[Any]
    seed: int
    threads: int


class Peer(ABC):
    """A library, or one of its solvers; it is imported in `fit`, so that a table can be written without it."""

    name: ClassVar[str]
    package: ClassVar[str]
    """The distribution whose version is recorded."""
    losses: ClassVar[tuple[str, ...]] = ("frobenius",)
    sparse: ClassVar[bool] = True
    dense: ClassVar[bool] = True
    same_start: ClassVar[bool] = True
    needs: ClassVar[str | None] = None
    """A module that is not installed for the race's sake: without it the library is left out."""
    note: ClassVar[str] = ""
    """What a reader of its row should know, as a sentence."""

    def absence(self, *, loss: str, sparse: bool) -> str | None:
        """Return why the library is not in a race, or None if it is."""
        if loss not in self.losses:
            return f"does not minimise {loss}"
        if sparse and not self.sparse:
            return "takes dense X only"
        if not sparse and not self.dense:
            return "takes sparse X only"
        if self.needs is not None and find_spec(self.needs) is None:
            return f"needs {self.needs}, which is not installed"
        return None

    @abstractmethod
    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        """Return W and H after so many iterations, whatever the library calls one, with no stop rule."""
