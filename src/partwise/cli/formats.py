"""How a file is written: the options of all commands that read one, with the same names everywhere."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from partwise.cli.command import note
from partwise.exceptions import ParameterError

__all__ = ["NUMBERS", "TEXTS", "format_options", "say"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

OPTIONS: dict[str, dict[str, Any]] = {
    "encoding": {"metavar": "NAME", "show_default": "detected", "help": "Encoding of text, such as cp1252."},
    "delimiter": {
        "metavar": "CHARACTER",
        "show_default": "detected",
        "help": "Character between cells, or a word: tab, comma, semicolon, space, pipe.",
    },
    "decimal": {
        "type": click.Choice([".", ","]),
        "show_default": "detected",
        "help": "Decimal mark of numbers.",
    },
    "index_column": {
        "metavar": "COLUMN",
        "show_default": "detected",
        "help": "Column of row names, or several, separated by commas; none: rows have no names.",
    },
    "columns": {
        "metavar": "NAME",
        "multiple": True,
        "show_default": "all",
        "help": "Columns to read, separated by commas, or a pattern such as 'gene_*'; can be repeated.",
    },
    "transpose": {"is_flag": True, "help": "The file has features as rows and samples as columns."},
    "layer": {
        "metavar": "NAME",
        "show_default": "X",
        "help": "Layer of .h5ad or .zarr, array of .npz, sheet of .xlsx.",
    },
    "date_format": {
        "metavar": "FORMAT",
        "show_default": "detected",
        "help": "Format of dates, such as '%d/%m/%Y %H:%M'; or seconds or milliseconds (since 1970).",
    },
}


NUMBERS = ("encoding", "delimiter", "decimal", "index_column", "columns", "transpose", "layer")
"""The options of commands that read a matrix of numbers."""
TEXTS = ("encoding", "delimiter", "date_format")
"""The options of commands that read texts or logs."""


def format_options(*names: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds some of the options and passes them to the command as one `format`."""

    def decorated(function: Decorated) -> Decorated:
        @functools.wraps(function)
        def command(*arguments: Any, **settings: Any) -> Any:
            from partwise.tables import Format

            given = {name: settings.pop(name) for name in names}
            given = {name: value or None if name == "columns" else value for name, value in given.items()}
            try:
                format = Format(**given)
            except ParameterError as error:
                raise click.UsageError(str(error)) from error
            return function(*arguments, format=format, **settings)

        options: Any = command
        for name in reversed(names):
            also = ["--names"] if name == "index_column" else []
            options = click.option(*also, f"--{name.replace('_', '-')}", name, **OPTIONS[name])(options)
        return options

    return decorated


def say(notes: Sequence[str]) -> None:
    """Tell what a reader guessed."""
    for line in notes:
        note(line)
