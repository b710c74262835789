"""Users' tables, read on DuckDB: through one door, whatever the format."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partwise.tables.format import Format
    from partwise.tables.numbers import Numbers, read_numbers
    from partwise.tables.opening import open_table
    from partwise.tables.table import Table

__all__ = ["Format", "Numbers", "Table", "open_table", "read_numbers"]

# Imported when they are asked for: the command line needs the names of formats for --help, and no readers.
_WHERE = {
    "Format": "format",
    "Numbers": "numbers",
    "Table": "table",
    "open_table": "opening",
    "read_numbers": "numbers",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'partwise.tables' has no attribute {name!r}")
    return getattr(import_module(f"partwise.tables.{_WHERE[name]}"), name)
