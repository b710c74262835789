"""Folders of Zarr, and AnnData's."""

import os
from pathlib import Path
from typing import Any

from partwise.blocks.encoded import Opened, open_encoded
from partwise.blocks.files import Stamp
from partwise.blocks.source import BlockSource
from partwise.exceptions import MissingExtraError

AT_ONCE = 10
"""Chunks that Zarr unpacks at a time by default."""


def open_zarr(path: Path, max_memory: int, layer: str | None = None) -> BlockSource:
    """Return a matrix of a folder of Zarr; see ``open_encoded``."""
    return open_encoded(opened_zarr(path), max_memory, layer)


def opened_zarr(path: Path) -> Opened:
    """Return a folder of Zarr, after a check that it can be read.

    Its stamp has all its folders, because a chunk that is replaced or removed changes the time of its folder. Zarr
    itself reads a missing chunk as zeros.

    Raises
    ------
    MissingExtraError
        If zarr is not installed.
    """
    at = str(path.absolute())
    folders = [folder for folder, _, _ in os.walk(at)] if path.is_dir() else [at]
    return Opened(str(path), _root, at, Stamp(str(path), folders), AT_ONCE)


def _root(path: str) -> Any:
    try:
        import zarr
    except ImportError as error:
        raise MissingExtraError(
            'reading .zarr needs zarr, which is not installed: pip install "partwise[io]".'
        ) from error
    return zarr.open(path, mode="r")
