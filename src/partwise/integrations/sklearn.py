"""patch_sklearn: programs that use scikit-learn's factorizations use ours instead, without a change."""

import sys
from typing import Any

import numpy as np
import sklearn.decomposition._nmf as private
from sklearn.utils.extmath import safe_sparse_dot

from partwise import kernels
from partwise.estimators.functional import non_negative_factorization
from partwise.estimators.minibatch import MiniBatchNMF
from partwise.estimators.nmf import NMF
from partwise.estimators.start import initialize
from partwise.locks import Lock
from partwise.matrix import Array


def _initialize_nmf(
    X: Any, n_components: int, init: str | None = None, eps: float = 1e-6, random_state: Any = None
) -> tuple[Array, Array]:
    """Return a start (W, H), as scikit-learn's function of this name does. `eps` has no effect."""
    return initialize(X, n_components, init, random_state=random_state)


def _update_coordinate_descent(
    X: Any, W: Array, Ht: Array, l1_reg: float, l2_reg: float, shuffle: bool, random_state: Any
) -> float:
    """Improve W in place by one sweep over its columns; return the sum of the projected gradient before the sweep.

    scikit-learn computes each column's gradient when the sweep comes to it, in the order that `shuffle` asks for.
    """
    gram, cross = (np.ascontiguousarray(array, W.dtype) for array in (Ht.T @ Ht, safe_sparse_dot(X, Ht)))
    slope = W @ gram - cross + l1_reg + l2_reg * W
    rows = np.ascontiguousarray(W)
    kernels.hals_block(rows, rows, rows, cross, gram, l1_reg, l2_reg, 1, 0.0, 0.0)
    violation = float(np.abs(np.where(W > 0, slope, np.minimum(slope, 0))).sum())
    W[...] = rows
    return violation


def _fit_transform(
    self: NMF, X: Any, y: Any = None, W: Any = None, H: Any = None, update_H: bool = True
) -> tuple[Array, Array, int]:
    """Return (W, H, iterations), as scikit-learn's method of this name does."""
    if update_H:
        return np.asarray(self.fit_transform(X, W=W, H=H)), self.components_, self.n_iter_
    given = {name: getattr(self, name) for name in ("beta_loss", "loss", "alpha_W", "l1_ratio", "n_jobs")}
    return non_negative_factorization(X, H=H, n_components=len(H), update_H=False, **given)


NMF._fit_transform = _fit_transform

_OURS = {  # by identity: a class of another library can have no hash
    id(getattr(private, ours.__name__)): ours
    for ours in (NMF, MiniBatchNMF, non_negative_factorization, _initialize_nmf, _update_coordinate_descent)
}
_changed: list[tuple[dict[str, Any], str, Any]] = []
"""Names that were replaced: the names of a module, the name, and its former value."""
_changing = Lock()


def patch_sklearn() -> None:
    """Make programs that use scikit-learn's factorizations use those of partwise, without a change to the programs.

    `NMF`, `MiniBatchNMF` and `non_negative_factorization` of ``sklearn.decomposition`` become those of partwise. So do
    ``_initialize_nmf`` and ``_update_coordinate_descent`` of ``sklearn.decomposition._nmf``, which other libraries
    call. Modules that have imported one of these names get ours too. Objects made before do not change, nor do names
    within classes and functions. The patch holds for this process and for processes forked from it. While it holds,
    models that scikit-learn fitted cannot be pickled, and their pickles cannot be loaded.

    See Also
    --------
    unpatch_sklearn : Undoes it.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.patch_sklearn()
    >>> from sklearn.decomposition import NMF
    >>> NMF is pw.NMF
    True
    >>> pw.unpatch_sklearn()
    >>> from sklearn.decomposition import NMF
    >>> NMF is pw.NMF
    False
    """
    with _changing:
        for name, module in list(sys.modules.items()):
            if name == __name__ or not hasattr(module, "__dict__"):
                continue
            names = vars(module)
            for which, value in list(names.items()):
                if id(value) in _OURS:
                    _changed.append((names, which, value))
                    names[which] = _OURS[id(value)]


def unpatch_sklearn() -> None:
    """Restore what `patch_sklearn` replaced in scikit-learn.

    A module that was imported in between and took a name from scikit-learn keeps ours.

    See Also
    --------
    patch_sklearn : Replaces scikit-learn's factorizations.

    Examples
    --------
    >>> import partwise as pw
    >>> import sklearn.decomposition
    >>> pw.patch_sklearn()
    >>> pw.unpatch_sklearn()
    >>> sklearn.decomposition.NMF.__module__
    'sklearn.decomposition._nmf'
    """
    with _changing:
        while _changed:
            names, which, value = _changed.pop()
            if names.get(which) is _OURS[id(value)]:
                names[which] = value
