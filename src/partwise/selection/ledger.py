"""Results for each fold and number of parts: kept in memory, and in files from which a search can be resumed."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.locks import Lock
from partwise.matrix import Array, Matrix


@dataclass(frozen=True)
class Cell:
    """One fold fitted with one number of parts.

    Parameters
    ----------
    fold, n_components : int
        The fold, and its number of parts.
    error : float
        Error on the held-out cells, relative to them.
    seconds : float
        Time of the fit.
    row : int
        Row of X with the largest loss on the held-out cells.
    row_share : float
        Its share of the loss of all rows; 0 if no row has a tenth.
    """

    fold: int
    n_components: int
    error: float
    seconds: float
    row: int
    row_share: float


class Ledger:
    """Finished cells and their parts; several threads can add to it.

    On disk they are lines of a JSON file. For each fold, a file beside it holds the factors that its next fit grows
    from, and the parts. A search that is resumed from these files has the same result as one that was never
    interrupted.

    Parameters
    ----------
    path : str, path or None
        The JSON file; None keeps nothing on disk.
    fingerprint : str
        A digest of data and settings.
    progress : callable or None
        Called with each added cell, one at a time.

    Raises
    ------
    ParameterError
        If the file belongs to other data or settings, or is no such file.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, fingerprint: str, progress: Callable[[Cell], object] | None = None
    ) -> None:
        self.path = None if path is None else Path(path)
        self.fingerprint = fingerprint
        self.progress = progress
        self.cells: dict[tuple[int, int], Cell] = {}
        self.parts: dict[tuple[int, int], Array] = {}
        self._latest: dict[int, tuple[Array, Array]] = {}
        self._lock = Lock()
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def _read(self, path: Path) -> None:
        from safetensors import SafetensorError  # only a search that is resumed needs it
        from safetensors.numpy import load_file

        try:
            content = json.loads(path.read_text())
            found, cells = content["fingerprint"], [Cell(**cell) for cell in content["cells"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(
                f"resume={str(path)!r} is not a file of choose_rank, or is one of an earlier version of partwise; give "
                f"a new name, or delete it."
            ) from error
        if found != self.fingerprint:
            raise ParameterError(
                f"resume={str(path)!r} was written for other data or settings; give another name, or delete that file."
            )
        for fold in {cell.fold for cell in cells}:
            own = [cell for cell in cells if cell.fold == fold]
            try:
                arrays = load_file(self._beside(path, fold))
                parts = {(fold, c.n_components): arrays[f"parts {c.n_components}"] for c in own}
                latest = arrays["W"], arrays["H"]
            except (OSError, KeyError, SafetensorError):
                continue  # without its factors the fold begins again
            if len(latest[1]) == max(cell.n_components for cell in own):  # nothing was written between the two files
                self.parts.update(parts)
                self._latest[fold] = latest
                self.cells.update({(fold, c.n_components): c for c in own})

    def latest(self, fold: int) -> tuple[Array, Array] | None:
        """Return the factors (W, H) of the fold's last finished fit."""
        return self._latest.get(fold)

    def errors(self, fold: int) -> list[float]:
        """Return the errors of a fold, in the order of numbers of parts."""
        with self._lock:
            return [cell.error for (owner, _), cell in sorted(self.cells.items()) if owner == fold]

    def add(self, cell: Cell, factors: tuple[Array, Array], parts: Array) -> None:
        """Add a finished cell, its factors (W, H) and its parts, and write them to the files."""
        with self._lock:
            key = cell.fold, cell.n_components
            self.cells[key], self.parts[key], self._latest[cell.fold] = cell, parts, factors
            if self.path is not None:
                self._write(self.path, cell.fold)
            if self.progress is not None:
                self.progress(cell)

    def _write(self, path: Path, fold: int) -> None:
        from safetensors.numpy import save  # only a search that is resumed needs it

        from partwise.io.writing import write_bytes

        factors = dict(zip("WH", self._latest[fold], strict=True))
        arrays = factors | {f"parts {k}": parts for (owner, k), parts in self.parts.items() if owner == fold}
        packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        write_bytes(self._beside(path, fold), packed)
        cells = [asdict(self.cells[key]) for key in sorted(self.cells)]
        write_bytes(path, json.dumps({"fingerprint": self.fingerprint, "cells": cells}, indent=1).encode())

    @staticmethod
    def _beside(path: Path, fold: int) -> Path:
        return path.with_name(f"{path.name}.fold{fold}.safetensors")


def fingerprint(X: Matrix, settings: dict[str, Any]) -> str:
    """Return a digest of the data, and of the repr of the settings."""
    digest = hashlib.sha256(repr((X.shape, sorted(settings.items()))).encode())
    for array in X.arrays():
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
