"""Making a folder of blocks or a .npy file: it is written beside its place, then renamed, whole or not at all."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from partwise.blocks.layout import DATA, DESCRIPTION, FORMAT, INDICES, INDPTR, NAMES, VALUES, VERSION
from partwise.exceptions import DataError
from partwise.matrix import Array

PREFIX, SUFFIX = ".partwise-", ".making"


@contextlib.contextmanager
def new_folder(target: Path, part: str = "") -> Iterator[tuple[Path, Path]]:
    """Yield a folder beside `target`, which gets that name at the end, and a folder in it for temporary files.

    With `part`, a file of the folder gets the name. After an error, or on a full disk, nothing is left behind. A killed
    process leaves a folder ``.partwise-*.making``; the next process that makes something there removes it.

    Raises
    ------
    DataError
        If `target` already exists.
    OSError
        If it cannot be written; the error names `target`.
    """
    if target.exists() or target.is_symlink():
        raise DataError(f"{target} already exists. Give another name, or remove it first.")
    parent = target.absolute().parent
    _sweep(parent)
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}{SUFFIX}"
    work = folder / "work"
    try:
        work.mkdir(parents=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    lock = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder, work
        shutil.rmtree(work)
        os.fsync(lock)
        (folder / part).rename(target)
        _on_disk(parent)
    except OSError as error:
        if error.filename is None or str(folder) in str(error.filename):
            raise OSError(error.errno, f"{error.strerror}; nothing was left behind", str(target)) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _on_disk(folder: Path) -> None:
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _sweep(parent: Path) -> None:
    """Remove folders that killed processes of this user left: those that no process locks."""
    for folder in parent.glob(f"{PREFIX}*{SUFFIX}"):
        with contextlib.suppress(OSError):
            opened = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(opened).st_uid == os.geteuid():
                    shutil.rmtree(folder)
            finally:
                os.close(opened)


class Column:
    """A .npy file that grows by rows. Its header, which says how many there are, is written again at the end."""

    def __init__(self, path: Path, dtype: Any, width: tuple[int, ...] = ()) -> None:
        self.dtype, self.width, self.count = np.dtype(dtype), width, 0
        self._file: IO[bytes] = open(path, "wb")  # noqa: SIM115  closed by close
        self._head()

    def _head(self) -> None:
        # NumPy leaves space for a first length of up to 21 digits
        told = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, {**told, "shape": (self.count, *self.width)})

    def add(self, rows: Array) -> None:
        """Write more rows."""
        made = np.ascontiguousarray(rows, self.dtype)
        self._file.write(made.reshape(-1).view(np.uint8).data)
        self.count += len(made)

    def close(self) -> None:
        """Write the number of rows, and flush everything to the disk."""
        with self._file as file:
            file.seek(0)
            self._head()
            file.flush()
            os.fsync(file.fileno())


class Making:
    """Fills a folder of blocks.

    Parameters
    ----------
    folder : Path
        An empty folder.
    n_columns : int
        Columns of the matrix.
    dtype : dtype
        Of its entries: float32 or float64.
    sparse : bool
        Whether rows come as CSR arrays.
    """

    def __init__(self, folder: Path, n_columns: int, dtype: Any, sparse: bool) -> None:
        self.folder, self.n_columns, self.dtype, self.sparse = folder, n_columns, np.dtype(dtype), sparse
        self.n_rows = 0
        index = np.int32 if n_columns <= np.iinfo(np.int32).max else np.int64
        self._columns = (
            {"indices": Column(folder / INDICES, index), "data": Column(folder / DATA, dtype)}
            if sparse
            else {"values": Column(folder / VALUES, dtype, (n_columns,))}
        )
        if sparse:
            self._columns["indptr"] = Column(folder / INDPTR, np.int64)
            self._columns["indptr"].add(np.zeros(1, np.int64))

    def add(self, rows: Any) -> None:
        """Write the next rows, an array or a CSR array of `dtype`."""
        if self.sparse:
            self._columns["indptr"].add(rows.indptr[1:].astype(np.int64) + self._columns["data"].count)
            self._columns["indices"].add(rows.indices)
            self._columns["data"].add(rows.data)
        else:
            self._columns["values"].add(rows)
        self.n_rows += rows.shape[0]

    def end(self, column_names: Sequence[str] | None = None) -> None:
        """Write the description of the folder, last."""
        for column in self._columns.values():
            column.close()
        if column_names is not None:
            self._write(NAMES, list(column_names))
        kind = "csr" if self.sparse else "dense"
        shape = [self.n_rows, self.n_columns]
        told = {"format": FORMAT, "version": VERSION, "shape": shape, "dtype": self.dtype.name, "kind": kind}
        self._write(DESCRIPTION, told)

    def close(self) -> None:
        """Stop early: close the open files."""
        for column in self._columns.values():
            with contextlib.suppress(OSError):
                column._file.close()

    def _write(self, name: str, value: Any) -> None:
        with open(self.folder / name, "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
