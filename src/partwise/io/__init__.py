"""Reading data and model files. The readers are imported when they are asked for: --help needs none of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partwise.io.texts import Texts as Texts
    from partwise.io.texts import read_texts as read_texts

_WHERE = {"Texts": "texts", "read_texts": "texts"}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"partwise.io.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'partwise.io' has no attribute {name!r}")
