"""X as a solver sees it: one class a storage, and as_matrix, which picks it."""

from partwise.matrix.apart import Apart
from partwise.matrix.base import Box, Matrix, WholeFacts
from partwise.matrix.containers import Named, array_of, entries_of, is_ready, is_table
from partwise.matrix.convert import as_matrix, in_units, rescaled, widened
from partwise.matrix.cutting import Block, by_rows, scattered
from partwise.matrix.names import names_of
from partwise.matrix.rows import Array

__all__ = [
    "Apart",
    "Array",
    "Block",
    "Box",
    "Matrix",
    "Named",
    "WholeFacts",
    "array_of",
    "as_matrix",
    "by_rows",
    "entries_of",
    "in_units",
    "is_ready",
    "is_table",
    "names_of",
    "rescaled",
    "scattered",
    "widened",
]
