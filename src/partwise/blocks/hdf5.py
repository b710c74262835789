"""HDF5 files, and AnnData's .h5ad."""

from pathlib import Path
from typing import Any

from partwise.blocks.encoded import Opened, open_encoded
from partwise.blocks.files import Stamp
from partwise.blocks.source import BlockSource
from partwise.exceptions import MissingExtraError
from partwise.io.files import open_file


def open_hdf5(path: Path, max_memory: int, layer: str | None = None) -> BlockSource:
    """Return a matrix of an HDF5 file; see ``open_encoded``."""
    return open_encoded(opened_hdf5(path), max_memory, layer)


def opened_hdf5(path: Path) -> Opened:
    """Return an HDF5 file, after a check that h5py can read it.

    Raises
    ------
    MissingExtraError
        If h5py is not installed.
    """
    open_file(path).close()
    return Opened(str(path), _root, str(path.absolute()), Stamp(str(path), [str(path.absolute())]))


def _root(path: str) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            'reading HDF5 files needs h5py, which is not installed: pip install "partwise[io]".'
        ) from error
    return h5py.File(path, "r")
