"""NMF with scikit-learn's interface."""

from collections.abc import Sequence
from typing import Any, Self

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from partwise.estimators.asked import bounds_for, plan_for, searched_for
from partwise.estimators.base import BaseNMF, warn
from partwise.estimators.callbacks import FitTask, with_callbacks
from partwise.estimators.lazy import lazy_rows, lazy_weights
from partwise.exceptions import ParameterError
from partwise.factorization import fit
from partwise.matrix import Array
from partwise.matrix.lazy import dask_array, is_dask
from partwise.matrix.names import like_columns
from partwise.parameters import check_flag
from partwise.penalties import Bounds, Penalty
from partwise.problem import Problem
from partwise.stopping import StopReason
from partwise.terms.base import Term, penalties_on
from partwise.terms.volume import check_volume
from partwise.weighting import Weighting, check_weights


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
    n_components : int, 'auto', 'choose' or None, default='auto'
        Number of parts. 'auto' takes it from a given W or H; without these it is the number of features, as for None.
        'choose' finds it with ``partwise.choose_rank``, which takes about fifty fits of X with its weights, without
        penalties, terms, bounds or sums. If entries of X are unknown, it chooses the penalty too, see `alpha_W`.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable', 'custom'} or None, default=None
        The start. None is 'nndsvda' if n_components <= min(n_samples, n_features), X is known everywhere, and no entry
        of W or H is bounded; else it is 'random'. 'custom' takes W, H or both from ``fit_transform``.
    solver : {'auto', 'ccd', 'cd', 'hals', 'mu', 'pivoting'}, default='auto'
        'auto' is 'hals' for Frobenius, 'ccd' for Kullback-Leibler, 'mu' for other losses. 'cd' is scikit-learn's
        name for 'hals'.
    beta_loss : {'frobenius', 'kullback-leibler', 'itakura-saito'} or float, default='frobenius'
        Loss, by name or beta. For beta <= 0, X must have no zeros.
    tol : float, default=1e-4
        Stop when the projected gradient relative to X is under tol, or when the loss falls by less than tol / 5 of
        itself over five iterations. 0 runs to max_iter.
    max_iter : int, default=200
        Limit on iterations.
    random_state : int, RandomState instance or None, default=None
        Seed of the start.
    alpha_W : float or 'choose', default=0.0
        Weight of W's penalty, multiplied by n_features. 'choose' finds an L2 penalty of both factors: it holds out
        known entries and predicts them (Frobenius only, no weights, bounds or terms; see
        ``choose_rank(penalties="choose")``). 0.0 means the same if n_components='choose' and entries of X are unknown:
        many parts with a penalty predict best then. After such a search, ``fit`` keeps its parts, of up to four starts
        side by side, and finds W.
    alpha_H : float or 'same', default='same'
        Weight of H's penalty, multiplied by n_samples; 'same' is alpha_W.
    l1_ratio : float, default=0.0
        Share of L1 in the penalties, from 0 (all L2) to 1 (all L1).
    verbose : int, default=0
        If not 0, print a line every ten iterations.
    shuffle : bool, default=False
        Accepted, but without effect. Coordinates are visited in order, several times in a half-step; a random order
        gains nothing there.
    loss : Loss, str, float or None, default=None
        Loss object, or any value of beta_loss; it overrides beta_loss.
    n_init : int, default=1
        Number of starts; the best result is kept.
    max_time : float or None, default=None
        Limit on the fit in seconds.
    n_jobs : int or None, default=None
        Threads. None means 1, or the number of a ``joblib.parallel_config`` context; -1 means all cores. The result has
        the same bits at any number of threads.
    missing_values : None, nan or 0, default=None
        Which entries are unknown and count for nothing, in ``transform`` too: none (NaN is refused), NaN, or those that
        are 0. With 0, absent entries of a sparse X are unknown, as in ratings, but a stored 0 is known.
    negatives : {'error', 'clip', 'keep'}, default='error'
        Refuse negative entries of X, take them as zeros, or keep them (Frobenius only). If they are kept, parts have
        entries of any sign and weights stay at least 0: a semi-NMF.
    fixed_components : array of shape (n_fixed, n_features) or None, default=None
        Values of the first parts, kept to the last bit; NaN leaves an entry free.
    seed_components : array of shape (n_seeds, n_features) or None, default=None
        Where the first parts begin, at any scale; the fit can leave them. Where an entry is NaN, `init` supplies it.
    forbidden : array of bool of shape (n_components, n_features) or None, default=None
        True where an entry of H must be zero; fewer rows describe the first parts.
    upper : float, array of shape (n_features,) or (n_components, n_features), or None, default=None
        Highest values of the entries of H.
    sum_to_one : bool, default=False
        Whether each row of W must sum to one, in ``transform`` too, so weights are shares. Frobenius only.
    min_volume : float, default=0.0
        Weight of the volume that the parts span, relative to the noise of X; it needs sum_to_one. It moves the parts
        together as far as the rows allow, so it finds parts that no row shows alone. It has no unit: try 0.3 first, or
        1 for data that are not exactly such mixtures. The formula is in ``partwise.factorize``.
    terms_W : list or tuple of Term or Penalty, default=()
        Further penalties on W, from ``partwise.terms``, in units of the summed loss (Frobenius only, every entry of X
        known). ``transform`` leaves these terms out, because they join rows of W, so it differs from ``fit_transform``.
        A Penalty in this list works with every loss: it is added to the penalty of alpha_W, in ``transform`` too.
    terms_H : list or tuple of Term or Penalty, default=()
        The same on H.
    checkpoint_dir : str, path-like or None, default=None
        Folder for a checkpoint: one file, from which a fit that was stopped or killed can go on. Ctrl-C finishes the
        iteration and writes a checkpoint; a second Ctrl-C stops at once.
    checkpoint_every : int, default=10
        Iterations from one checkpoint to the next.
    resume : bool, default=False
        Go on from the checkpoint in checkpoint_dir, if there is one, and end with the same bits as a fit that was never
        stopped. X and all parameters must be the same, except tol, max_iter, max_time, n_jobs and verbose. A checkpoint
        of another fit is always refused, also with resume=False.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The parts, H. They can be changed in place or assigned: ``transform`` uses the new values.
    n_components_ : int
        Number of parts.
    rank_choice_ : RankChoice
        With n_components='choose' or alpha_W='choose': the choice, and its reason.
    alpha_W_, alpha_H_ : float
        The penalty, if it was chosen, in the units of alpha_W and alpha_H.
    reconstruction_err_ : float
        ``sqrt(2 * loss)`` on the training data: for Frobenius the norm of X - W H.
    n_iter_ : int
        Iterations of the best start.
    converged_ : bool
        Whether the fit converged, rather than stopped at a limit.
    factorization_ : Factorization
        All results of the fit: loss, reason for stopping, curve.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are all strings. The other methods match columns by them.

    See Also
    --------
    partwise.factorize : The engine, without scikit-learn's conventions.
    partwise.MiniBatchNMF : For streams, and data larger than memory.

    References
    ----------
    A. Cichocki and A.-H. Phan, IEICE Trans. E92-A, 2009, doi:10.1587/transfun.E92.A.708; A. M. S. Ang and N. Gillis,
    Neural Computation 31, 2019, doi:10.1162/neco_a_01157; C. Fevotte and J. Idier, Neural Computation 23, 2011,
    doi:10.1162/NECO_a_00168. Small volumes: L. Miao and H. Qi, IEEE Transactions on Geoscience and Remote Sensing 45,
    2007, doi:10.1109/TGRS.2006.888466; X. Fu and others, IEEE Transactions on Signal Processing 64, 2016,
    doi:10.1109/TSP.2016.2602800.

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

    _words = ("auto", "choose")
    _penalty_words = ("choose",)
    _weighting: Weighting = Weighting()  # of columns, until a fit says otherwise

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
        alpha_W: Any = 0.0,
        alpha_H: Any = "same",
        l1_ratio: float = 0.0,
        verbose: int = 0,
        shuffle: bool = False,
        loss: Any = None,
        n_init: int = 1,
        max_time: float | None = None,
        n_jobs: int | None = None,
        missing_values: Any = None,
        negatives: str = "error",
        fixed_components: Any = None,
        seed_components: Any = None,
        forbidden: Any = None,
        upper: Any = None,
        sum_to_one: bool = False,
        min_volume: float = 0.0,
        terms_W: Sequence[Term | Penalty] = (),
        terms_H: Sequence[Term | Penalty] = (),
        checkpoint_dir: Any = None,
        checkpoint_every: int = 10,
        resume: bool = False,
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
        self.missing_values = missing_values
        self.negatives = negatives
        self.fixed_components = fixed_components
        self.seed_components = seed_components
        self.forbidden = forbidden
        self.upper = upper
        self.sum_to_one = sum_to_one
        self.min_volume = min_volume
        self.terms_W = terms_W
        self.terms_H = terms_H
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_every = checkpoint_every
        self.resume = resume

    def fit(
        self,
        X: Any,
        y: Any = None,
        W: Any = None,
        H: Any = None,
        *,
        sample_weight: Any = None,
        feature_weight: Any = None,
        entry_weight: Any = None,
        fixed_weights: Any = None,
    ) -> Self:
        """Learn the parts of X.

        Parameters
        ----------
        X, y, W, H, sample_weight, feature_weight, entry_weight, fixed_weights : see fit_transform
            Passed to it.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        self.fit_transform(
            X, y, W, H, sample_weight=sample_weight, feature_weight=feature_weight, entry_weight=entry_weight,
            fixed_weights=fixed_weights,
        )  # fmt: skip
        return self

    @with_callbacks
    def fit_transform(
        self,
        X: Any,
        y: Any = None,
        W: Any = None,
        H: Any = None,
        *,
        sample_weight: Any = None,
        feature_weight: Any = None,
        entry_weight: Any = None,
        fixed_weights: Any = None,
    ) -> Array:
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
        sample_weight : array of shape (n_samples,), default=None
            What the loss of each row is multiplied by. A row of weight 2 counts like a row given twice.
        feature_weight : array of shape (n_features,), default=None
            The same for columns, in ``transform`` too.
        entry_weight : array or sparse matrix of shape (n_samples, n_features), default=None
            The same for single entries. Entries of weight 0, or absent from a sparse array, are unknown. For
            uncertainties sigma, give 1 / sigma ** 2.
        fixed_weights : array of shape (n_samples, n_fixed), default=None
            Values of the first columns of W, NaN where free. Give known covariates or batches: their parts take up what
            these explain.

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
            Weights of the parts.

        Raises
        ------
        ValueError
            If X has NaN, infinite or negative entries (the text names the first), or a parameter is not valid, or
            checkpoint_dir holds a checkpoint of another fit.
        """
        matrix, columns = self._validate(X, reset=True, entry_weight=entry_weight)
        wanted, chosen, parts, left = searched_for(self, matrix, sample_weight, feature_weight, fixed_weights)
        names = columns.get("feature_names_in_")
        k, W, H = self._start(matrix, wanted, W, H, names)
        rows: float = matrix.shape[0]
        if sample_weight is not None:
            sample_weight = check_weights(sample_weight, matrix.shape[0], "sample_weight", "row")
            rows = float(sample_weight.sum())
        asked = self._penalties((rows, matrix.shape[1])) if parts is None else parts.choice.penalties
        problem = Problem.of(
            matrix, self._loss_function, k, penalty_W=asked[0], penalty_H=asked[1], terms_W=self.terms_W,
            terms_H=self.terms_H, bounds_W=None if fixed_weights is None else Bounds.fixed(fixed_weights),
            bounds_H=bounds_for(self, k, matrix.shape[1], names, parts), sample_weight=sample_weight,
            feature_weight=like_columns(feature_weight, names, "feature_weight"), sum_to_one=self.sum_to_one,
            min_volume=self.min_volume,
        )  # fmt: skip
        fitted = {**columns, **chosen, "_weighting": Weighting(columns=problem.weighting.columns)}
        steps = int(self.max_iter) * int(self.n_init)
        task = FitTask(self, X, steps, self.verbose, lambda at: {**fitted, **self._state(at)})
        seeds = self.seed_components
        plan = plan_for(self, left, parts, W=W, H=H, seed_components=seeds, callback=task.callback, names=names)
        found = fit(problem, plan, names)
        if found.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        if found.reason is StopReason.MAX_ITER and self.tol > 0 and parts is None:
            warn(
                f"Maximum number of iterations {self.max_iter} reached. Increase it to improve convergence.",
                ConvergenceWarning,
            )
        self._become(
            **fitted,
            components_=found.H.copy(),  # the user can change it; factorization_ keeps the fit's own
            n_components_=k,
            n_iter_=found.n_iter,
            converged_=found.converged,
            reconstruction_err_=found.reconstruction_error,
            factorization_=found,
        )
        task.end()
        return found.W if not is_dask(X) else lazy_rows(found.W, matrix)

    def _check_params(self) -> None:
        super()._check_params()
        plan_for(self, self.max_time)
        check_flag("shuffle", self.shuffle)
        check_volume(self.min_volume, self.sum_to_one)
        for factor, terms in (("W", self.terms_W), ("H", self.terms_H)):
            penalties_on(factor, None, terms)

    def _limits(self, m: int) -> tuple[Any, ...]:
        penalty, _ = penalties_on("W", super()._limits(m)[0], self.terms_W)
        return penalty, self.sum_to_one, self._weighting

    def transform(self, X: Any, *, entry_weight: Any = None, fixed_weights: Any = None) -> Array:
        """Return the weights of the parts in new rows, the exact minimum for convex losses.

        ``fit(X).transform(X)`` equals ``fit_transform(X)``, because a fit ends with the same step. With entry_weight
        and fixed_weights, give the same to both; the results then agree to the tolerance of a bounded solve. A row
        without a known entry has weights of 0 here, and the mean of the other rows in ``fit_transform``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New data, at least 0.
        entry_weight : array or sparse matrix of shape (n_samples, n_features), default=None
            Weights of single entries, as in ``fit``.
        fixed_weights : array of shape (n_samples, n_fixed), default=None
            Values of the first columns of W, NaN where free, as in ``fit``.

        Returns
        -------
        W : ndarray of shape (n_samples, n_components)
            Weights of the parts. For a Dask array: a Dask array with the same chunks of rows, not yet computed.
        """
        check_is_fitted(self)
        if (lazy := dask_array(X)) is not None:
            if entry_weight is not None or fixed_weights is not None:
                raise ParameterError("entry_weight and fixed_weights cannot go with a Dask array; compute it.")
            return lazy_weights(self, X, lazy)
        matrix, _ = self._validate(X, reset=False, entry_weight=entry_weight)
        bounds = None if fixed_weights is None else Bounds.fixed(fixed_weights)
        return self._projection()(matrix, n_jobs=self.n_jobs, bounds=bounds)
