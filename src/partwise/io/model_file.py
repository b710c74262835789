"""One file for one model: a safetensors file whose metadata holds everything that is not an array.

The metadata has one entry, ``partwise-model``: a JSON object with the format version, the partwise that wrote it, the
kind of model, its header, how arrays are put together, and at its end ``crc32``, a checksum of all before it and of
type, shape and content of each array. The same model gives the same bytes. Reading interprets JSON and copies
numbers; nothing in a file is ever executed.

Format 1, which is still read, has the checksum in an entry of its own, and without types and shapes.
"""

import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import scipy.sparse

import partwise
from partwise.exceptions import DataError, ModelFileError
from partwise.io.files import open_file
from partwise.io.held import is_whole
from partwise.io.writing import write_bytes

__all__ = ["FORMAT_VERSION", "read", "write"]

FORMAT_NAME = "partwise-model"
FORMAT_VERSION = 2
SEAL = ', "crc32": '

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which metadata in UTF-8 cannot hold: JSON holds it as an escape."""

UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError, MemoryError,
)  # fmt: skip
"""What Python and NumPy raise for a header that makes no sense."""

Array = Any  # ndarray, scipy.sparse CSR, or list of str


def write(path: str | Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a model file, all or nothing: until the new file is complete on disk, an old one stays.

    Parameters
    ----------
    path : str or Path
        The file; an existing one is replaced.
    kind : str
        What the model is; the reader decides by it how to build the model.
    header : mapping of str to JSON values
        Everything that is not an array.
    arrays : mapping of str to ndarray, scipy.sparse matrix or list of str
        Numbers, kept to the bit, in C or Fortran order as they are; sparse matrices come back as ``csr_array``.

    Raises
    ------
    OSError
        If the file cannot be written, for example because the disk is full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "small.model")
    >>> write(path, "example", {"names": ["a"]}, {"H": np.eye(2)})
    >>> read(path)
    ('example', {'names': ['a']}, {'H': array([[1., 0.],
           [0., 1.]])})
    """
    tensors: dict[str, np.ndarray] = {}
    layout: dict[str, Any] = {}
    for name, array in arrays.items():
        layout[name] = _take_apart(name, array, tensors)
    content = {
        "format_version": FORMAT_VERSION,
        "partwise": partwise.__version__,
        "kind": kind,
        "header": dict(header),
        "arrays": layout,
    }
    text = SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(content, ensure_ascii=False))
    # One entry only: safetensors writes more of them in an order that differs from process to process.
    sealed = f'{text[:-1]}{SEAL}"{_checksum(text[:-1], tensors)}"}}'
    write_bytes(path, safetensors.numpy.save(tensors, {FORMAT_NAME: sealed}))


def read(path: str | Path) -> tuple[str, dict[str, Any], dict[str, Array]]:
    """Read what `write` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    kind : str
        What the model is.
    header : dict
        Everything that is not an array.
    arrays : dict
        The arrays under their names.

    Raises
    ------
    ModelFileError
        If the file is damaged, truncated, not a model, or written in a newer format.
    OSError
        If the file does not exist or cannot be read.
    """
    try:
        open_file(path).close()  # a missing or forbidden file raises what Python raises
    except DataError as error:
        raise ModelFileError(str(error)) from None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = sorted(file.keys()) if FORMAT_NAME in metadata else []
            tensors = {name: file.get_tensor(name) for name in names}
    except (safetensors.SafetensorError, OSError, *UNREADABLE) as error:
        raise ModelFileError(
            f"{path} is not a partwise model, or a damaged or truncated one ({error}). "
            "Give a file that partwise saved, or save the model again."
        ) from error
    if FORMAT_NAME not in metadata:
        raise ModelFileError(
            f"{path} is a safetensors file, but not a partwise model. Give a file that partwise saved."
        )
    text = metadata[FORMAT_NAME]
    try:
        content = json.loads(text)
        version = content["format_version"]
        if not is_whole(version, 1):
            raise ValueError(f"format version {version!r}")
        if version > FORMAT_VERSION:
            raise ModelFileError(
                f"{path} is in format {version}, written by partwise {content['partwise']}; this partwise "
                f"{partwise.__version__} reads up to format {FORMAT_VERSION}. Upgrade: pip install --upgrade partwise."
            )
        body, sum_of = (text, metadata["crc32"]) if version == 1 else (text.rpartition(SEAL)[0], content["crc32"])
        if sum_of != _checksum(body, tensors, shapes=version > 1):
            raise ModelFileError(f"{path} is damaged: its checksum does not match. Save the model again.")
        arrays = {name: _put_together(name, how, tensors) for name, how in content["arrays"].items()}
        if not isinstance(content["kind"], str) or not isinstance(content["header"], dict):
            raise TypeError("it has no kind or no header")
        return content["kind"], content["header"], arrays
    except UNREADABLE as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            f"{path} is a damaged partwise model ({type(error).__name__}: {error}). Save the model again."
        ) from error


def _take_apart(name: str, array: Array, tensors: dict[str, np.ndarray]) -> Any:
    """Put the plain arrays that `array` is made of into `tensors`; return how to put it together."""
    if isinstance(array, list):
        encoded = [text.encode("utf-8", "surrogatepass") for text in array]
        tensors[f"{name}.utf8"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        tensors[f"{name}.ends"] = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        return "strings"
    if scipy.sparse.issparse(array):
        csr = scipy.sparse.csr_array(array)
        for part in ("data", "indices", "indptr"):
            tensors[f"{name}.{part}"] = getattr(csr, part)
        return list(csr.shape)
    # A product's last bits may depend on the order in memory.
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    tensors[name] = np.ascontiguousarray(array.T if fortran else array)
    return "fortran" if fortran else "plain"


def _put_together(name: str, how: Any, tensors: Mapping[str, np.ndarray]) -> Array:
    if how == "plain":
        return tensors[name]
    if how == "fortran":
        return tensors[name].T
    if how == "strings":
        raw, ends = tensors[f"{name}.utf8"].tobytes(), tensors[f"{name}.ends"].tolist()
        starts = [0, *ends[:-1]]
        if any(start > end for start, end in zip(starts, ends, strict=False)) or (ends or [0])[-1] != len(raw):
            raise ValueError(f"the strings {name} do not fit their text")
        return [raw[start:end].decode("utf-8", "surrogatepass") for start, end in zip(starts, ends, strict=False)]
    parts = tuple(tensors[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    made = scipy.sparse.csr_array(parts, shape=tuple(how))
    made.check_format(full_check=True)  # an index past the end would read and write outside the arrays
    return made


def _checksum(text: str, tensors: Mapping[str, np.ndarray], *, shapes: bool = True) -> str:
    total = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        tensor = tensors[name]
        if shapes:
            total = zlib.crc32(f"{name} {tensor.dtype} {tensor.shape}".encode("utf-8", "surrogatepass"), total)
        total = zlib.crc32(np.ascontiguousarray(tensor).data, total)
    return f"{total:08x}"
