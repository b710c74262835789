"""Terms: penalties on a factor beyond its elastic net; one file each."""

from partwise.terms.base import Term
from partwise.terms.coupling import SymmetricCoupling
from partwise.terms.graph import GraphSmoothness
from partwise.terms.orthogonality import Orthogonality
from partwise.terms.volume import Volume

__all__ = ["GraphSmoothness", "Orthogonality", "SymmetricCoupling", "Term", "Volume"]
