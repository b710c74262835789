"""X as a solver sees it: one class a storage, and as_matrix, which picks it."""

from partwise.matrix.base import Array, Block, Box, Matrix, PoissonSide, by_rows, scattered
from partwise.matrix.convert import as_matrix, in_units, is_ready, rescaled, widened

__all__ = [
    "Array",
    "Block",
    "Box",
    "Matrix",
    "PoissonSide",
    "as_matrix",
    "by_rows",
    "in_units",
    "is_ready",
    "rescaled",
    "scattered",
    "widened",
]
