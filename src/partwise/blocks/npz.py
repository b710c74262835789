"""SciPy's .npz files of sparse matrices, and NumPy's of one array. They are read while they are unpacked."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.sparse as sp

from partwise.blocks.files import PIECE
from partwise.blocks.gathering import Entries
from partwise.blocks.plan import plan_sparse
from partwise.blocks.source import as_floats, block_dtype, csr
from partwise.blocks.stream import Stream, Work, by_column
from partwise.exceptions import DataError
from partwise.indices import canonical, sound
from partwise.matrix import Array
from partwise.tables.matrices import naming

ANEW = "Write it again with scipy.sparse.save_npz or numpy.savez."


class Member:
    """An array (count,) in an archive. Its entries must be taken in order; none can be left out."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        self.shape, _, self.dtype = read(stream)

    def take(self, count: int) -> Array:
        """Return the next entries."""
        out = np.empty(count, self.dtype)
        left = out.view(np.uint8).data
        while left:
            content = self._stream.read(min(len(left), PIECE))
            if not content:
                raise ValueError("an array in it ends too early")
            left[: len(content)] = content
            left = left[len(content) :]
        return out


def npz_stream(path: Path, work: Work, opened: ExitStack) -> tuple[Stream | None, Path | None]:
    """Return the rows of a sparse matrix; or the path of the unpacked .npy file, if a single array is a matrix.

    Raises
    ------
    DataError
        If it holds no matrix, or more than one.
    """
    with naming(path, ANEW):
        archive = opened.enter_context(zipfile.ZipFile(path))
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        if "format" not in names:
            return None, _only_matrix(path, archive, work)
        kind = str(_whole(archive, "format").item(), "ascii")
        if kind not in ("csr", "csc", "coo"):
            X = canonical(sound(sp.load_npz(path), str(path)))
            return Stream([sp.csr_array(as_floats_of(X))], X.shape[1], block_dtype(X.dtype), is_sparse=True), None
        n, m = map(int, _whole(archive, "shape"))
        if min(n, m) < 1:
            raise DataError(f"{path} holds a matrix of shape {(n, m)}, without a single entry.")
        data = Member(opened.enter_context(archive.open("data.npy")))
        if data.dtype.kind not in "biuf":
            raise DataError(f"{path} holds entries of type {data.dtype}. Save real numbers.")
        if kind == "coo":
            return _from_places(path, archive, (n, m), data, work, opened), None
        indices = Member(opened.enter_context(archive.open("indices.npy")))
        indptr = _whole(archive, "indptr").astype(np.int64)
        count = n if kind == "csr" else m
        falls = len(indptr) != count + 1 or indptr[0] != 0 or (np.diff(indptr) < 0).any()
        if falls or int(indptr[-1]) > min(indices.shape[0], data.shape[0]):
            lines = f"{count:,} {'rows' if kind == 'csr' else 'columns'}"
            raise DataError(f"{path} is damaged: indptr does not say where its {lines} begin. {ANEW}")
    if kind == "csr":
        return Stream(_rows(path, indptr, indices, data, m, work), m, block_dtype(data.dtype), is_sparse=True), None
    pieces = by_column(indptr, lambda begin, end: (indices.take(end - begin), data.take(end - begin)))
    return Stream.gathered(pieces, (n, m), data.dtype, int(indptr[-1]), str(path), work), None


def as_floats_of(X: Any) -> Any:
    """Return a CSR matrix whose entries have the dtype of a fit."""
    return sp.csr_array((as_floats(X.data), X.indices, X.indptr), shape=X.shape)


def _rows(path: Path, indptr: Array, indices: Member, data: Member, m: int, work: Work) -> Iterator[Any]:
    plan = plan_sparse((len(indptr) - 1, m), block_dtype(data.dtype), indptr, work.max_memory, name=str(path))
    for first, last in plan.blocks:
        with naming(path, ANEW):
            count = int(indptr[last] - indptr[first])
            rows = csr(as_floats(data.take(count)), indices.take(count), indptr[first : last + 1], m)
            yield canonical(sound(rows, f"{path}, in rows {first:,} to {last - 1:,},"))


def _from_places(
    path: Path, archive: zipfile.ZipFile, shape: tuple[int, int], data: Member, work: Work, opened: ExitStack
) -> Stream:
    rows, columns = (Member(opened.enter_context(archive.open(f"{name}.npy"))) for name in ("row", "col"))
    total, step = data.shape[0], PIECE // 16
    if not rows.shape == columns.shape == data.shape:
        raise DataError(f"{path} is damaged: its rows, columns and values are of different lengths. {ANEW}")
    pieces = (
        Entries(rows.take(count), columns.take(count), data.take(count))
        for count in (min(step, total - begin) for begin in range(0, total, step))
    )
    return Stream.gathered(pieces, shape, data.dtype, total, str(path), work)


def _whole(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _only_matrix(path: Path, archive: zipfile.ZipFile, work: Work) -> Path:
    """Unpack the only array (n, m) of an archive, and return its path."""
    shapes = {}
    for name in archive.namelist():
        with archive.open(name) as file:
            shapes[name] = Member(file).shape
    matrices = [name for name, shape in shapes.items() if len(shape) == 2]
    if len(matrices) != 1:
        raise DataError(
            f"{path} holds {len(matrices)} matrices among its arrays "
            f"{', '.join(name.removesuffix('.npy') for name in shapes) or '(none)'}. Save one in a file of its own."
        )
    out = work.folder / "array.npy"
    with archive.open(matrices[0]) as file, open(out, "wb") as written:
        shutil.copyfileobj(file, written, PIECE)
    return out
