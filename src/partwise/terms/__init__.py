"""Terms: penalties on a factor besides its elastic net; one file each."""

from partwise.terms.base import Term
from partwise.terms.coupling import SymmetricCoupling
from partwise.terms.graph import GraphSmoothness
from partwise.terms.orthogonality import Orthogonality
from partwise.terms.volume import Volume

TERMS = {kind.__name__: kind for kind in (GraphSmoothness, Orthogonality, SymmetricCoupling, Volume)}
"""The terms of this library, by name; files of models hold no others."""

__all__ = ["GraphSmoothness", "Orthogonality", "SymmetricCoupling", "Term", "Volume"]
