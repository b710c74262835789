"""Saving from the command line."""

from pathlib import Path
from typing import Any

from partwise.cli.command import Failure
from partwise.persistence import save

__all__ = ["save_model"]


def save_model(model: Any, path: str) -> None:
    """Save a model, or fail with a line that says what became of the file."""
    try:
        save(model, path)
    except OSError as error:
        fate = "the file there is as it was" if Path(path).exists() else "nothing was left behind"
        raise Failure(f"{path} was not written ({error.strerror or error}); {fate}.", exit_code=1) from error
