"""NMF in scikit-learn's clothes."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from partwise.estimators.base import BaseNMF, at_least, warn
from partwise.estimators.callbacks import FitTask, with_callbacks
from partwise.factorization import factorize
from partwise.matrix import Array
from partwise.solvers import get_solver
from partwise.stopping import StopReason


class NMF(BaseNMF):
    r"""Non-negative matrix factorization, X ~ W H.

    Drop-in for :class:`sklearn.decomposition.NMF`: its parameters, attributes and methods under the same names. The
    objective is

    .. math::

        L(W, H) &= L(X, W H) + \alpha_W l_1 m \|W\|_1 + \alpha_H l_1 n \|H\|_1

                &+ \tfrac12 \alpha_W (1 - l_1) m \|W\|_F^2 + \tfrac12 \alpha_H (1 - l_1) n \|H\|_F^2

    for X of n rows and m columns, with :math:`l_1` = ``l1_ratio`` and L half the squared Frobenius norm, or a
    divergence.

    Parameters
    ----------
    n_components : int, 'auto' or None, default='auto'
        Number of parts. 'auto' takes it from a given W or H, else the number of features, as None does.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable', 'custom'} or None, default=None
        The start. None: 'nndsvda' if n_components <= min(n_samples, n_features), else 'random'. 'custom' takes W and
        H, or one of them, from ``fit_transform``.
    solver : {'auto', 'cd', 'hals', 'mu', 'newton', 'pivoting'}, default='auto'
        'auto' is 'hals' for Frobenius, 'newton' for Kullback-Leibler, 'mu' for other losses. 'cd' is scikit-learn's
        name for 'hals'.
    beta_loss : {'frobenius', 'kullback-leibler', 'itakura-saito'} or float, default='frobenius'
        Loss, by name or beta. For beta <= 0, X must have no zeros.
    tol : float, default=1e-4
        Stop when the projected gradient is this small relative to X, or when the loss falls by less than this share of
        itself over five iterations; 0 runs to max_iter.
    max_iter : int, default=200
        Limit on iterations.
    random_state : int, RandomState instance or None, default=None
        Seed of the start.
    alpha_W : float, default=0.0
        Weight of W's penalty, multiplied by n_features.
    alpha_H : float or 'same', default='same'
        Weight of H's penalty, multiplied by n_samples; 'same' is alpha_W.
    l1_ratio : float, default=0.0
        Share of L1 in the penalties, from 0 (all L2) to 1 (all L1).
    verbose : int, default=0
        Print a line every ten iterations if not 0.
    shuffle : bool, default=False
        Accepted, and without effect: coordinates are visited in order, several times a half-step, where a random order
        brings nothing.
    loss : Loss, str, float or None, default=None
        Loss object, or what beta_loss takes; overrides it.
    n_init : int, default=1
        Starts to try; the best is kept.
    max_time : float or None, default=None
        Limit on the fit in seconds.
    n_jobs : int or None, default=None
        Threads; None means 1 unless in a ``joblib.parallel_config`` context, -1 all cores. The result has the same bits
        at any number.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The parts, H. Read-only: assign a changed copy, ``model.components_ = 2 * model.components_``.
    n_components_ : int
        Number of parts.
    reconstruction_err_ : float
        ``sqrt(2 * loss)`` on the training data: for Frobenius the norm of X - W H.
    n_iter_ : int
        Iterations of the best start.
    converged_ : bool
        Whether the fit converged, as against reached a limit.
    factorization_ : Factorization
        Everything known of the fit: loss, reason for stopping, curve.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X had names that are all strings.

    See Also
    --------
    partwise.factorize : The engine, without scikit-learn's conventions.
    partwise.MiniBatchNMF : For streams, and data larger than memory.

    References
    ----------
    A. Cichocki and A.-H. Phan, IEICE Trans. E92-A, 2009, doi:10.1587/transfun.E92.A.708; A. M. S. Ang and N. Gillis,
    Neural Computation 31, 2019, doi:10.1162/neco_a_01157; C. Fevotte and J. Idier, Neural Computation 23, 2011,
    doi:10.1162/NECO_a_00168.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import NMF
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> model = NMF(n_components=2, init='random', random_state=0)
    >>> W = model.fit_transform(X)
    >>> H = model.components_
    >>> bool(np.abs(X - W @ H).max() < 0.02)
    True
    """

    def __init__(
        self,
        n_components: Any = "auto",
        *,
        init: str | None = None,
        solver: str = "auto",
        beta_loss: Any = "frobenius",
        tol: float = 1e-4,
        max_iter: int = 200,
        random_state: Any = None,
        alpha_W: float = 0.0,
        alpha_H: Any = "same",
        l1_ratio: float = 0.0,
        verbose: int = 0,
        shuffle: bool = False,
        loss: Any = None,
        n_init: int = 1,
        max_time: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.verbose = verbose
        self.shuffle = shuffle
        self.loss = loss
        self.n_init = n_init
        self.max_time = max_time
        self.n_jobs = n_jobs

    @with_callbacks
    def fit_transform(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> Array:
        """Learn the parts of X and return their weights in each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, at least 0.
        y : Ignored
            Not used, present for API consistency by convention.
        W : array-like of shape (n_samples, n_components), default=None
            Start of W with init='custom'; X's dtype.
        H : array-like of shape (n_components, n_features), default=None
            Start of H with init='custom'; X's dtype.

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
            Weights of the parts.

        Raises
        ------
        ValueError
            If X has NaN, infinite or negative entries (the text names the first), or a parameter is not valid.
        """
        self._check_params()
        at_least("n_init", self.n_init, 1, Integral)
        get_solver(self.solver, self._objective)
        X, matrix = self._validate(X, reset=True)
        k, W, H = self._start(matrix, W, H)
        penalty_W, penalty_H = self._penalties(matrix.shape)
        task = FitTask(self, X, self.max_iter * self.n_init, self.verbose, self._state)
        found = factorize(
            matrix,
            k,
            loss=self._objective,
            solver=self.solver,
            init=self.init,
            W=W,
            H=H,
            penalty_W=penalty_W,
            penalty_H=penalty_H,
            tol=self.tol,
            max_iter=self.max_iter,
            max_time=self.max_time,
            n_init=self.n_init,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            callback=task.callback,
        )
        if found.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        if found.reason is StopReason.MAX_ITER and self.tol > 0:
            warn(
                f"Maximum number of iterations {self.max_iter} reached. Increase it to improve convergence.",
                ConvergenceWarning,
            )
        self.components_ = found.H
        self.components_.flags.writeable = False  # what transform keeps of it cannot go stale; assign to change it
        self.n_components_ = k
        self.n_iter_ = found.n_iter
        self.converged_ = found.converged
        self.reconstruction_err_ = float(np.sqrt(2.0) * np.sqrt(found.loss))
        self.factorization_ = found
        self._kept: list[Any] = []
        task.end()
        return found.W

    def transform(self, X: Any) -> Array:
        """Return the weights of the parts in new rows, the exact minimum for convex losses.

        ``fit(X).transform(X)`` equals ``fit_transform(X)``, because a fit ends with the same step.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New data, at least 0.

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
            Weights of the parts.
        """
        check_is_fitted(self)
        _, matrix = self._validate(X, reset=False)
        return self._projection()(matrix, n_jobs=self.n_jobs)
