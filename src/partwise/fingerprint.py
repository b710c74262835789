"""What tells one fit from another: settings and data as short texts, the same in every process."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

import partwise
from partwise.caching import cached_property
from partwise.matrix import Array, Matrix
from partwise.threads import Workers

LONGEST = 100
"""Characters of a text; the end of a longer one is replaced by a digest."""


def fingerprint(X: Matrix, settings: Mapping[str, Any], workers: Workers) -> dict[str, str]:
    """Return what tells a fit of X with these settings from other fits: a short text under each name.

    It reads X once.

    Examples
    --------
    >>> from partwise.matrix import as_matrix
    >>> from partwise.threads import ALONE
    >>> found = fingerprint(as_matrix([[1.0, 2.0]]), {"n_components": 1}, ALONE)
    >>> found["shape of X"], found["type of X"], found["n_components"]
    ('1 x 2', 'float64, Dense', '1')
    """
    storage = "by row blocks" if not X.can("columns") else type(X).__name__
    parts, _ = X.each(_checksum, None, workers=workers)
    return {
        "partwise": partwise.__version__,
        "shape of X": f"{X.shape[0]:,} x {X.shape[1]:,}",
        "type of X": f"{X.dtype}, {storage}{'' if X.can('complete') else ' with unknown entries'}",
        **({"row blocks of X": described(X.blocks)} if len(parts) > 1 else {}),
        "checksum of X": _digest(*parts),
        **{name: described(value) for name, value in settings.items()},
    }


def described(value: Any) -> str:
    """Return a short text that tells a value from others.

    An array, or any other long value, is told by a digest; an object by its parameters.

    Examples
    --------
    >>> described(0.1), described(None), described("nndsvda")
    ('0.1', 'None', "'nndsvda'")
    >>> described(np.eye(2))
    'float64 array of shape (2, 2) [...]'
    """
    text = _text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}... [{_digest(text.encode())}]"


def _text(value: Any) -> str:
    """Return a text, long or short."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_text(held)}' for key, held in value.items())}}}"
    if sp.issparse(value):
        csr = sp.csr_array(value)
        return f"sparse {csr.dtype} array of shape {csr.shape} [{_digest(csr.indptr, csr.indices, csr.data)}]"
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return f"{array.dtype} array of shape {array.shape} [{_digest(np.ascontiguousarray(array))}]"
    if isinstance(value, np.random.RandomState):
        return f"RandomState [{_digest(_text(value.get_state(legacy=False)).encode())}]"
    if isinstance(value, np.random.Generator):
        return f"Generator [{_digest(_text(value.bit_generator.state).encode())}]"
    held = ", ".join(f"{name}={_text(own)}" for name, own in _made_of(value).items())
    return f"{getattr(value, '__qualname__', type(value).__qualname__)}({held})"


def _made_of(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass, or the attributes of any other object; without what was computed from them."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    kept = getattr(value, "__dict__", {})
    return {
        name: own for name, own in kept.items() if not isinstance(getattr(type(value), name, None), cached_property)
    }


def _checksum(part: Matrix, rows: slice, _: None) -> tuple[bytes, None]:
    """Return a digest of the arrays that hold rows of X, in their order in memory."""
    kinds = f"{rows.start} {rows.stop} {[(array.dtype.str, array.shape) for array in part.arrays()]}"
    return _digest(kinds.encode(), *map(_in_line, part.arrays())).encode(), None


def _in_line(array: Array) -> Array:
    return np.ascontiguousarray(array.T if array.flags.f_contiguous else array)


def _digest(*parts: Any) -> str:
    """Return 16 hexadecimal digits, which other bytes or arrays are very unlikely to share."""
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        found.update(part if isinstance(part, bytes) else memoryview(part).cast("B") if part.size else b"")
    return found.hexdigest()
