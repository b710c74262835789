"""What pickle keeps of an object: its own values, but nothing derived from them, and sparse arrays as plain ones."""

from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import scipy.sparse as sp
from numpy.typing import NDArray


class _Rows(NamedTuple):
    """A CSR array as its three arrays and its shape."""

    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]
    shape: tuple[int, int]


class PlainState:
    """Pickles a dataclass by its fields, any other object by its attributes, and sparse arrays as plain ones.

    Values that a dataclass derives from its fields are left out. Tools such as skops, which check every type before
    they load it, then find only types of partwise, scikit-learn and NumPy.

    Examples
    --------
    >>> import copy
    >>> import numpy as np
    >>> counts = PlainState()
    >>> counts.X = sp.csr_array(np.eye(2))
    >>> counts.__getstate__()["X"].indices, copy.copy(counts).X.toarray().tolist()
    (array([0, 1], dtype=int32), [[1.0, 0.0], [0.0, 1.0]])
    """

    def __getstate__(self) -> dict[str, Any]:
        held = vars(self)
        names = [field.name for field in fields(self)] if is_dataclass(self) else [*held]
        return {name: _plain(held[name]) for name in names if name in held}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: _whole(value) for name, value in state.items()})


def _plain(value: Any) -> Any:
    if not isinstance(value, sp.csr_array):
        return value
    return _Rows(value.data, value.indices, value.indptr, value.shape)


def _whole(value: Any) -> Any:
    return sp.csr_array(tuple(value[:3]), shape=value.shape) if isinstance(value, _Rows) else value
