"""partwise: non-negative matrix factorization, X ~ W H, fast and readable.

The public names are listed in ``__all__``; everything else is private. Heavier rooms are imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partwise.estimators.functional import non_negative_factorization as non_negative_factorization
    from partwise.estimators.minibatch import MiniBatchNMF as MiniBatchNMF
    from partwise.estimators.nmf import NMF as NMF
    from partwise.factorization import Factorization as Factorization
    from partwise.factorization import factorize as factorize
    from partwise.metrics.comparison import Comparison as Comparison
    from partwise.metrics.comparison import compare_with_svd as compare_with_svd
    from partwise.metrics.reconstruction import explained_fraction as explained_fraction
    from partwise.metrics.reconstruction import relative_error as relative_error
    from partwise.metrics.reconstruction import sparseness as sparseness
    from partwise.penalties import Penalty as Penalty
    from partwise.persistence import load as load
    from partwise.persistence import save as save

__version__ = "0.1.0"

_WHERE = {
    "NMF": "estimators.nmf",
    "MiniBatchNMF": "estimators.minibatch",
    "non_negative_factorization": "estimators.functional",
    "Factorization": "factorization",
    "factorize": "factorization",
    "Penalty": "penalties",
    "Comparison": "metrics.comparison",
    "compare_with_svd": "metrics.comparison",
    "relative_error": "metrics.reconstruction",
    "explained_fraction": "metrics.reconstruction",
    "sparseness": "metrics.reconstruction",
    "load": "persistence",
    "save": "persistence",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(import_module(f"partwise.{_WHERE[name]}"), name)
        globals()[name] = found
        return found
    if name in ("datasets", "exceptions", "losses", "topics"):
        return import_module(f"partwise.{name}")
    raise AttributeError(f"module 'partwise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
