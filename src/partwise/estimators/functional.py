"""non_negative_factorization: scikit-learn's function."""

from typing import Any

import numpy as np

from partwise.estimators.base import warn
from partwise.estimators.nmf import NMF
from partwise.exceptions import ParameterError
from partwise.init.given import check_factor
from partwise.matrix import Array, array_of, as_matrix
from partwise.matrix.names import feature_names, like_columns
from partwise.parameters import check_flag
from partwise.projection import Projection


def non_negative_factorization(
    X: Any,
    W: Any = None,
    H: Any = None,
    n_components: Any = "auto",
    *,
    init: str | None = None,
    update_H: bool = True,
    solver: str = "auto",
    beta_loss: Any = "frobenius",
    tol: float = 1e-4,
    max_iter: int = 200,
    alpha_W: float = 0.0,
    alpha_H: Any = "same",
    l1_ratio: float = 0.0,
    random_state: Any = None,
    verbose: int = 0,
    shuffle: bool = False,
    loss: Any = None,
    n_init: int = 1,
    max_time: float | None = None,
    n_jobs: int | None = None,
) -> tuple[Array, Array, int]:
    """Find non-negative W and H with X ~ W H; a drop-in for scikit-learn's function of this name.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0.
    W : array-like of shape (n_samples, n_components), default=None
        Start of W with init='custom'.
    H : array-like of shape (n_components, n_features), default=None
        Start of H with init='custom', or the fixed parts with update_H=False.
    n_components : int, 'auto' or None, default='auto'
        Number of parts; see NMF.
    init : str or None, default=None
        As in NMF.
    update_H : bool, default=True
        If False, H is fixed, and only W is found, at its exact minimum.
    solver, beta_loss, tol, max_iter, alpha_W, alpha_H, l1_ratio, random_state, verbose, shuffle : see NMF
        As in NMF.
    loss, n_init, max_time, n_jobs : see NMF
        As in NMF.

    Returns
    -------
    W : ndarray of shape (n_samples, n_components)
        Weights of the parts.
    H : ndarray of shape (n_components, n_features)
        The parts.
    n_iter : int
        Iterations; 1 with update_H=False.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import non_negative_factorization
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> W, H, n_iter = non_negative_factorization(X, n_components=2, init='random', random_state=0)
    >>> W.shape, H.shape
    ((6, 2), (2, 2))
    """
    model = NMF(
        n_components, init=init, solver=solver, beta_loss=beta_loss, tol=tol, max_iter=max_iter,
        random_state=random_state, alpha_W=alpha_W, alpha_H=alpha_H, l1_ratio=l1_ratio, verbose=verbose,
        shuffle=shuffle, loss=loss, n_init=n_init, max_time=max_time, n_jobs=n_jobs,
    ).set_output(transform="default")  # fmt: skip
    if check_flag("update_H", update_H):
        W = model.fit_transform(X, W=W, H=H)
        return W, model.components_, model.n_iter_
    model._check_params()
    if W is not None:
        warn("When update_H=False, the provided initial W is not used.", RuntimeWarning)
    if H is None:
        raise ParameterError("update_H=False needs the parts: pass H of shape (n_components, n_features).")
    matrix = as_matrix(X)
    if model.n_components == "choose":
        raise ParameterError("n_components='choose' does not work with update_H=False, which fixes H: use 'auto'.")
    H = array_of(like_columns(H, feature_names(X), "H"), "H")
    k = len(np.atleast_2d(H)) if n_components is None or isinstance(n_components, str) else n_components
    check_factor(H, (k, matrix.shape[1]), "H", matrix.dtype, start=False)
    model._same_dtype(matrix, H=H)
    penalty = model._penalties(matrix.shape)[0]
    return Projection(H, model._loss_function, penalty)(matrix, n_jobs=n_jobs), H, 1
