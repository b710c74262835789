"""Users' tables, read on DuckDB: through one door, whatever the format."""

from partwise.tables.format import Format
from partwise.tables.opening import open_table
from partwise.tables.table import Table

__all__ = ["Format", "Table", "open_table"]
