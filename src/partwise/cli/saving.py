"""Writing files for commands: a failure is one line that says what became of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from partwise.cli.command import Failure

__all__ = ["save_model", "save_table", "written"]


def save_model(model: Any, path: str) -> None:
    """Save a model."""
    from partwise.persistence import save

    written(path, lambda: save(model, path))


def save_table(columns: Any, path: str, digits: int | None = 6) -> None:
    """Write a table, or batches of its rows."""
    from partwise.tables.writing import write_table

    written(path, lambda: write_table(path, columns, digits=digits))


def written(path: str, write: Callable[[], None]) -> None:
    """Call a function that writes a file."""
    try:
        write()
    except OSError as error:
        fate = "the old file is unchanged" if Path(path).exists() else "no file was left behind"
        raise Failure(f"{path} was not written ({error.strerror or error}); {fate}.", exit_code=1) from error
