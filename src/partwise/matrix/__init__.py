"""X as a solver sees it: one class for each storage, and as_matrix, which selects it."""

from partwise.matrix.apart import Apart as Apart
from partwise.matrix.base import Box as Box
from partwise.matrix.base import Matrix as Matrix
from partwise.matrix.base import WholeFacts as WholeFacts
from partwise.matrix.containers import Named as Named
from partwise.matrix.containers import array_of as array_of
from partwise.matrix.containers import entries_of as entries_of
from partwise.matrix.containers import is_table as is_table
from partwise.matrix.convert import as_matrix as as_matrix
from partwise.matrix.convert import in_units as in_units
from partwise.matrix.convert import rescaled as rescaled
from partwise.matrix.convert import widened as widened
from partwise.matrix.cutting import Block as Block
from partwise.matrix.cutting import by_rows as by_rows
from partwise.matrix.cutting import scattered as scattered
from partwise.matrix.names import names_of as names_of
from partwise.matrix.rows import Array as Array
