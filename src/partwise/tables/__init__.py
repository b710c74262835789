"""Users' tables, read on DuckDB: through one door, whatever the format."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partwise.tables.format import Format as Format
    from partwise.tables.numbers import Numbers as Numbers
    from partwise.tables.numbers import read_numbers as read_numbers
    from partwise.tables.opening import open_table as open_table
    from partwise.tables.reads import Reads as Reads
    from partwise.tables.reads import read_article_table as read_article_table
    from partwise.tables.reads import read_reads as read_reads
    from partwise.tables.texts import Texts as Texts
    from partwise.tables.texts import file_text as file_text
    from partwise.tables.texts import read_texts as read_texts


# Imported when they are asked for: the command line needs the names of formats for --help, and no readers.
_WHERE = {
    "Format": "format",
    "Numbers": "numbers",
    "Reads": "reads",
    "Texts": "texts",
    "file_text": "texts",
    "open_table": "opening",
    "read_article_table": "reads",
    "read_numbers": "numbers",
    "read_reads": "reads",
    "read_texts": "texts",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'partwise.tables' has no attribute {name!r}")
    return getattr(import_module(f"partwise.tables.{_WHERE[name]}"), name)
