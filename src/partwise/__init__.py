"""partwise: non-negative matrix factorization, X ~ W H, fast and readable.

The public names are listed in ``__all__``. ``dir`` shows them and the public modules. A public module has its own
``__all__``, or is a package of modules that do. Every other module is private. Heavy modules are imported when they are
first used.
"""

import os
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partwise.blocks.convert import convert as convert
    from partwise.blocks.opening import open_blocks as open_blocks
    from partwise.estimators.features import PartFeatures as PartFeatures
    from partwise.estimators.functional import non_negative_factorization as non_negative_factorization
    from partwise.estimators.minibatch import MiniBatchNMF as MiniBatchNMF
    from partwise.estimators.nmf import NMF as NMF
    from partwise.estimators.start import initialize as initialize
    from partwise.factorization import Factorization as Factorization
    from partwise.factorization import factorize as factorize
    from partwise.integrations.sklearn import patch_sklearn as patch_sklearn
    from partwise.integrations.sklearn import unpatch_sklearn as unpatch_sklearn
    from partwise.matching import Match as Match
    from partwise.matching import match as match
    from partwise.metrics.comparison import Comparison as Comparison
    from partwise.metrics.comparison import compare_with_svd as compare_with_svd
    from partwise.metrics.diagnostics import Diagnostics as Diagnostics
    from partwise.metrics.diagnostics import diagnose as diagnose
    from partwise.metrics.diagnostics import part_order as part_order
    from partwise.metrics.reconstruction import divergence as divergence
    from partwise.metrics.reconstruction import explained_fraction as explained_fraction
    from partwise.metrics.reconstruction import relative_error as relative_error
    from partwise.metrics.reconstruction import sparseness as sparseness
    from partwise.penalties import Bounds as Bounds
    from partwise.penalties import Penalty as Penalty
    from partwise.persistence import load as load
    from partwise.persistence import save as save
    from partwise.recommend.recommender import Recommender as Recommender
    from partwise.selection.choice import RankChoice as RankChoice
    from partwise.selection.consensus import Consensus as Consensus
    from partwise.selection.consensus import consensus as consensus
    from partwise.selection.rank import choose_rank as choose_rank
    from partwise.topics.model import TopicModel as TopicModel

# A first fit can run in a thread that outlives the script, or at exit. Its imports need these two modules, and Python
# refuses to import them once its main thread has ended.
for _early in ("concurrent.futures.thread", "concurrent.futures.process"):
    import_module(_early)

__version__ = "0.1.0"

_WHERE = {
    "NMF": "estimators.nmf",
    "MiniBatchNMF": "estimators.minibatch",
    "PartFeatures": "estimators.features",
    "non_negative_factorization": "estimators.functional",
    "initialize": "estimators.start",
    "Factorization": "factorization",
    "factorize": "factorization",
    "Bounds": "penalties",
    "Penalty": "penalties",
    "Comparison": "metrics.comparison",
    "compare_with_svd": "metrics.comparison",
    "Diagnostics": "metrics.diagnostics",
    "diagnose": "metrics.diagnostics",
    "part_order": "metrics.diagnostics",
    "divergence": "metrics.reconstruction",
    "relative_error": "metrics.reconstruction",
    "explained_fraction": "metrics.reconstruction",
    "sparseness": "metrics.reconstruction",
    "match": "matching",
    "Match": "matching",
    "choose_rank": "selection.rank",
    "RankChoice": "selection.choice",
    "consensus": "selection.consensus",
    "Consensus": "selection.consensus",
    "convert": "blocks.convert",
    "open_blocks": "blocks.opening",
    "patch_sklearn": "integrations.sklearn",
    "unpatch_sklearn": "integrations.sklearn",
    "load": "persistence",
    "save": "persistence",
    "TopicModel": "topics.model",
    "Recommender": "recommend.recommender",
}
_MODULES = (
    "datasets",
    "exceptions",
    "extend",
    "images",
    "integrations",
    "losses",
    "plot",
    "recommend",
    "terms",
    "topics",
)

__all__ = sorted(_WHERE)

# If a process forks while another thread imports a module, the child waits for that module for ever: Python's lock of
# the module stays taken there. So a fork waits until the imports of this file have ended.
_importing = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_importing.acquire, after_in_parent=_importing.release, after_in_child=_importing.release
    )


def _module(name: str) -> Any:
    with _importing:
        return import_module(f"partwise.{name}")


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    if name in _MODULES:
        return _module(name)
    raise AttributeError(f"module 'partwise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
