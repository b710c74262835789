"""Standard input, output and error, also if they are closed, full or of an encoding with few characters."""

import codecs
import os
import sys

__all__ = ["flushed", "ready"]

PLAIN = {"·": "-", "…": "...", "“": '"', "”": '"', "±": "+/-", "–": "-", "’": "'", "×": "x"}  # noqa: RUF001
"""Plain characters for our typography, if the terminal's encoding lacks it."""


def ready() -> bool:
    """Prepare the streams; tell whether there is a standard output.

    A file that is opened later never takes the number of a closed stream, and a character that the terminal's encoding
    lacks is replaced by a plain one or by its escape.
    """
    opened = os.open(os.devnull, os.O_RDWR)
    while opened < 3:
        opened = os.open(os.devnull, os.O_RDWR)
    os.close(opened)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  it stays open as long as the program runs
    codecs.register_error("partwise", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="partwise")
    return sys.stdout is not None


def flushed() -> bool:
    """Flush standard output and return whether that worked; if not, drop the rest, so that the program can end."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        return False
    return True


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if character in PLAIN:
        return PLAIN[character], error.start + 1
    return codecs.backslashreplace_errors(
        UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    )
