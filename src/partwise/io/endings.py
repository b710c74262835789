"""Formats of tables by the endings of their names, for options that are checked before anything is read."""

from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from partwise.exceptions import MissingExtraError

__all__ = ["ENDINGS", "check_ending"]

ENDINGS = (".csv", ".tsv", ".xlsx", ".parquet", ".jsonl", ".json")


def check_ending(path: str | PathLike[str]) -> None:
    """Raise a `MissingExtraError` if the format of a table needs a package that is not installed."""
    if Path(path).suffix.lower() == ".xlsx" and find_spec("xlsxwriter") is None:
        raise MissingExtraError(
            f"{path}: .xlsx needs XlsxWriter, which is not installed: pip install 'partwise[io]'. Or write .csv."
        )
