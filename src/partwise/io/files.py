"""A file that is opened for reading."""

import os
import stat
from pathlib import Path
from typing import IO

from partwise.exceptions import DataError

__all__ = ["open_file"]


def open_file(path: str | Path) -> IO[bytes]:
    """Open a file for reading. Refuse a device or a pipe, which might never end or never begin."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{path} is a device or a pipe, not a file. Copy its content to a file, and give that file.")
    return open(path, "rb")
