"""Domains: where the entries of a factor may lie; one file each."""

from partwise.domains.base import Domain as Domain
from partwise.domains.base import Plan as Plan
from partwise.domains.base import Squares as Squares
from partwise.domains.entries import Bounded as Bounded
from partwise.domains.entries import NonNegative as NonNegative
from partwise.domains.free import Free as Free
from partwise.domains.simplex import Simplex as Simplex
from partwise.exceptions import IncompatibleSolverError
from partwise.matrix import Box


def domain_of(box: Box | None, sum_to_one: bool = False, signed: bool = False) -> Domain:
    """Return the domain for bounds of the entries, sums of one in each row, or entries of any sign.

    Raises
    ------
    IncompatibleSolverError
        If both are asked for.
    """
    if sum_to_one and box is not None:
        raise IncompatibleSolverError("sum_to_one cannot go with bounds on W; bound H instead, or leave one out.")
    if box is not None:
        return Bounded(*box)
    return Simplex() if sum_to_one else Free() if signed else NonNegative()
