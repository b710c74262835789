"""Matrices from files that hold nothing else: npy, npz, mtx, h5ad, zarr, and folders of 10x."""

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.io
import scipy.sparse

from partwise.exceptions import DataError, MissingExtraError, likely
from partwise.indices import sound
from partwise.io.files import open_file
from partwise.tables.format import Format
from partwise.tables.opening import open_table
from partwise.tables.source import ending, unpacked
from partwise.tables.table import quoted_names

__all__ = ["MATRICES", "files_of_10x", "naming", "read_matrix"]

Read = tuple[Any, list[str] | None, list[str] | None, list[str], list[str]]
"""The matrix, names of rows and of columns, notes, and names of other matrices in the file."""

PLAIN = "X"
"""The layer that is read unasked."""


def read_matrix(path: str | Path, format: Format) -> Read:
    """Read a matrix with the names that the file, or those beside it, give its rows and columns."""
    path = Path(path)
    kind = ending(path)[0]
    folder = path.is_dir() and kind != ".zarr"
    format.check(path, "" if folder else kind)
    if folder:
        return _read_10x(path)
    return MATRICES[kind](path, format)


@contextlib.contextmanager
def reading(path: Path, way_out: str) -> Iterator[IO[bytes]]:
    """Open a file, unpacked, for the library that knows its format, and name the file in the errors of that library."""
    with contextlib.ExitStack() as opened:
        if ending(path)[1]:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="partwise-"))
            file: IO[bytes] = opened.enter_context(open(unpacked(path, folder), "rb"))
        else:
            file = opened.enter_context(open_file(path))
        with naming(path, way_out):
            yield file


@contextlib.contextmanager
def naming(path: str | Path, way_out: str) -> Iterator[None]:
    """Name a file in whatever errors a library raises for a damaged one."""
    try:
        yield
    except (DataError, MissingExtraError):
        raise
    except MemoryError as error:
        raise DataError(f"{path} does not fit into memory: {_one_line(error)}. Give a smaller file.") from error
    except Exception as error:
        raise DataError(f"{path} cannot be read: {_one_line(error)}. {way_out}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


def _csr(X: Any, path: Path) -> Any:
    """Return a sparse matrix as CSR, once it is known that its indices stay within it; another one as it is."""
    return sound(X, str(path)).tocsr() if scipy.sparse.issparse(X) else X


def _read_npy(path: Path, format: Format) -> Read:
    with reading(path, "Save a plain array of numbers with numpy.save.") as file:
        return np.lib.format.read_array(file, allow_pickle=False), None, None, [], []


def _read_npz(path: Path, format: Format) -> Read:
    with reading(path, "Save plain arrays of numbers with numpy.savez.") as file:
        loaded = np.lib.npyio.NpzFile(file, allow_pickle=False)
        if "format" in loaded.files and format.layer is None:
            file.seek(0)
            return _csr(scipy.sparse.load_npz(file), path), None, None, [], []
        if format.layer is not None:
            if format.layer not in loaded.files:
                raise _no_layer(path, format.layer, loaded.files)
            return loaded[format.layer], None, None, [], []
        arrays = {name: loaded[name] for name in loaded.files}
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    if len(matrices) != 1:
        raise DataError(
            f"{path} holds {len(matrices)} matrices among its arrays {', '.join(arrays) or '(none)'}. "
            "Say which to read, with layer=..., or save it in a file of its own."
        )
    return arrays[matrices[0]], None, None, [], []


def _read_mtx(path: Path, format: Format) -> Read:
    X = _market(path)
    features, barcodes = _beside(path)
    if features is None or barcodes is None:
        return X, None, None, [], []
    if X.shape == (len(barcodes), len(features)):
        return X, barcodes, features, [], []
    if X.shape != (len(features), len(barcodes)):
        raise _unfit(path, X.shape, features, barcodes)
    notes = [f"{path}: names of rows and columns are from the files beside it"]
    if not format.transpose:
        notes.append(f"{path}: rows are features, as 10x writes them; give transpose=True for a row for each cell")
    return X, features, barcodes, notes, []


def _market(path: Path) -> Any:
    with reading(path, "Write it in Matrix Market format, as scipy.io.mmwrite does.") as file:
        content = file.read()
        if b"\0" in content:
            raise ValueError("it holds binary data")
        # SciPy reads past the end of its memory where a number that ends in E is the last thing before that, or a zero.
        return _csr(scipy.io.mmread(io.BytesIO(content + b"\n"), spmatrix=False), path)


def _read_10x(folder: Path) -> Read:
    """Read a folder of 10x, with a row for each cell."""
    path, features, barcodes = files_of_10x(folder)
    X = _market(path)
    if X.shape == (len(features), len(barcodes)):
        X = X.T.tocsr()
    elif X.shape != (len(barcodes), len(features)):
        raise _unfit(path, X.shape, features, barcodes)
    return X, barcodes, features, [f"{folder}: {X.shape[0]:,} cells are rows, {X.shape[1]:,} features columns"], []


def files_of_10x(folder: Path) -> tuple[Path, list[str], list[str]]:
    """Return the matrix of a folder of 10x, and the names of its features and of its cells."""
    found = [path for path in sorted(folder.iterdir()) if re.search(r"(^|[._])matrix\.mtx$", _bare(path))]
    if len(found) != 1:
        raise DataError(
            f"{folder} is a folder with {len(found) or 'no'} matrix.mtx. Give a folder of 10x, with matrix.mtx, "
            "barcodes.tsv and features.tsv (each also .gz), or a file."
        )
    features, barcodes = _beside(found[0])
    if features is None or barcodes is None:
        raise DataError(
            f"{folder} has no {'barcodes.tsv' if barcodes is None else 'features.tsv or genes.tsv'} beside "
            f"{found[0].name}. Put it there, or give {found[0]} itself."
        )
    return found[0], features, barcodes


def _unfit(path: Path, shape: tuple[int, ...], features: Sequence[str], barcodes: Sequence[str]) -> DataError:
    return DataError(
        f"{path} holds {shape[0]:,} x {shape[1]:,} numbers, but the files beside it name {len(features):,} features "
        f"and {len(barcodes):,} cells. Put the files of one matrix together, or the matrix alone into a folder."
    )


def _bare(path: Path) -> str:
    """Return a name without the ending of compression."""
    return path.stem if ending(path)[1] else path.name


def _beside(path: Path) -> tuple[list[str] | None, list[str] | None]:
    """Return the names of features and of cells from the files beside a matrix of 10x, None where there is none."""
    prefix = re.sub(r"matrix\.mtx$", "", _bare(path))
    if prefix == _bare(path):
        return None, None
    known = {_bare(other): other for other in path.parent.iterdir() if ending(other)[0] == ".tsv"}
    features = known.get(f"{prefix}features.tsv", known.get(f"{prefix}genes.tsv"))
    barcodes = known.get(f"{prefix}barcodes.tsv")
    return (
        None if features is None else _features(features),
        None if barcodes is None else _column(barcodes, 0),
    )


def _column(path: Path, place: int) -> list[str]:
    with open_table(path, Format(delimiter="\t"), header=False) as table:
        name = table.names[min(place, len(table.names) - 1)]
        return [text or "" for text in table.texts(name)]


def _features(path: Path) -> list[str]:
    """Return symbols of genes, with the id where one has several ids."""
    ids, symbols = _column(path, 0), _column(path, 1)
    counts: dict[str, int] = {}
    for symbol in symbols:
        counts[symbol] = counts.get(symbol, 0) + 1
    return [symbol if counts[symbol] == 1 else f"{symbol} ({own})" for own, symbol in zip(ids, symbols, strict=True)]


def _read_anndata(path: Path, format: Format) -> Read:
    """Read an .h5ad or .zarr of AnnData."""
    kind = ending(path)[0]
    try:
        import anndata
    except ImportError as error:
        raise MissingExtraError(
            f'reading {kind} files needs anndata, which is not installed: pip install "partwise[io]".'
        ) from error
    if kind == ".zarr":
        if not path.exists():
            raise FileNotFoundError(2, "No such file or directory", str(path))
        with naming(path, "Write it again with anndata."):
            data = anndata.read_zarr(path)
    else:
        with reading(path, "Write it again with anndata.") as file:
            data = anndata.read_h5ad(file)
    layers = [*data.layers, *(["raw"] if data.raw is not None else [])]
    X, columns = data.X, data.var_names
    if format.layer not in (None, PLAIN):
        if format.layer not in layers:
            raise _no_layer(path, str(format.layer), [PLAIN, *layers])
        raw = format.layer == "raw" and "raw" not in data.layers
        X, columns = (data.raw.X, data.raw.var_names) if raw else (data.layers[format.layer], columns)
    if X is None:
        others = f", or say which layer to read, with layer=...: {quoted_names(layers)}" if layers else ""
        raise DataError(f"{path} has no matrix X. Put the counts there{others}.")
    X = _csr(X, path) if scipy.sparse.issparse(X) else np.asarray(X)
    return X, list(map(str, data.obs_names)), list(map(str, columns)), [], layers if format.layer is None else []


def _no_layer(path: Path, layer: str, layers: Sequence[str]) -> DataError:
    return DataError(f"{path} has no layer {layer!r}; it has {quoted_names(layers)}.{likely(layer, layers)}")


MATRICES = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".mtx": _read_mtx,
    ".h5ad": _read_anndata,
    ".zarr": _read_anndata,
}
