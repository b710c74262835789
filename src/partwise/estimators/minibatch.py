"""MiniBatchNMF with scikit-learn's interface."""

import math
import time
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from partwise.estimators.base import BaseNMF, warn
from partwise.estimators.callbacks import FitTask, with_callbacks
from partwise.estimators.settling import Settling
from partwise.exceptions import ParameterError
from partwise.init import STARTS, initialize
from partwise.init.given import check_factor, in_units_of
from partwise.matrix import Array, Matrix
from partwise.parameters import (
    check_choice,
    check_flag,
    check_integer,
    check_number,
    check_seed,
    check_seed_kind,
    check_stopping,
)
from partwise.penalties import Penalty
from partwise.problem import Problem, check_numbers
from partwise.solvers import Iteration, even_out, in_reach
from partwise.solvers.online import Online
from partwise.threads import Workers
from partwise.units import scaled

SHORT = 10
"""If a loss is not quadratic, a fit of at most this many passes ends with one step on W: the exact W can take longer
than the passes did."""


class MiniBatchNMF(BaseNMF):
    r"""Non-negative matrix factorization from mini-batches of rows: for streams, and for many rows.

    Drop-in for :class:`sklearn.decomposition.MiniBatchNMF`; the objective is that of :class:`partwise.NMF`. H is found
    from running sums over batches, in which old batches count less: by coordinate steps for squared error, by
    multiplicative steps for other losses.

    Parameters
    ----------
    n_components : int, 'auto' or None, default='auto'
        Number of parts; see NMF.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable', 'custom'} or None, default=None
        The start; see NMF.
    batch_size : int, default=1024
        Rows in a batch. With larger batches a fit gets closer to the minimum, but starts slower.
    beta_loss : {'frobenius', 'kullback-leibler', 'itakura-saito'} or float, default='frobenius'
        Loss, by name or beta.
    tol : float, default=1e-4
        Stop when a step, or a pass, changes H by no more than this share of its norm; 0 turns this off.
    max_no_improvement : int or None, default=10
        Stop after this many batches without a better smoothed cost; None turns this off.
    max_iter : int, default=200
        Limit on passes over the data.
    alpha_W : float, default=0.0
        Weight of W's penalty, multiplied by n_features.
    alpha_H : float or 'same', default='same'
        Weight of H's penalty, multiplied by the rows of the batch; 'same' is alpha_W.
    l1_ratio : float, default=0.0
        Share of L1 in the penalties.
    forget_factor : float, default=0.7
        Weight of the past after one pass over the data, from 0 to 1. Under 1, recent rows count more.
    fresh_restarts : bool, default=False
        Solve for each batch's W from scratch at each step: slower, but better per pass.
    fresh_restarts_max_iter : int, default=30
        Limit on iterations of such a solve, if it is iterative.
    transform_max_iter : int or None, default=None
        Limit on iterations in transform, if the loss needs an iterative solve; None runs to convergence.
    random_state : int, RandomState instance or None, default=None
        Seed of the start.
    verbose : int, default=0
        Print the cost of each step if not 0.
    loss : Loss, str, float or None, default=None
        Loss object, or any value of beta_loss; it overrides beta_loss.
    n_jobs : int or None, default=None
        Threads; None means 1, -1 all cores.
    missing_values : None, nan or 0, default=None
        Which entries of X are unknown and count for nothing: none, NaN, or those that are 0 or absent; see NMF.
    negatives : {'error', 'clip'}, default='error'
        Refuse negative entries of X, or take them as zeros.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The parts, H. They can be changed in place or assigned: ``transform`` and ``partial_fit`` use the new values.
    n_components_ : int
        Number of parts.
    reconstruction_err_ : float
        ``sqrt(2 * loss)`` on the training data; only after ``fit``.
    n_iter_ : int
        Number of passes over the data that were begun; only after ``fit``.
    n_steps_ : int
        Number of batches used so far.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are all strings. The other methods match columns by them.

    References
    ----------
    Squared error: J. Mairal, F. Bach, J. Ponce and G. Sapiro, JMLR 11, 2010. Other losses, and unknown entries: A.
    Lefevre, F. Bach and C. Fevotte, WASPAA 2011, doi:10.1109/ASPAA.2011.6082314.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import MiniBatchNMF
    >>> X = np.random.default_rng(0).gamma(1.0, 1.0, (100, 8))
    >>> model = MiniBatchNMF(n_components=3, batch_size=20, random_state=0)
    >>> for batch in np.array_split(X, 5):
    ...     model = model.partial_fit(batch)
    >>> model.transform(X).shape, model.n_steps_
    ((100, 3), 5)
    """

    _online: Online
    n_steps_: int

    def __init__(
        self,
        n_components: Any = "auto",
        *,
        init: str | None = None,
        batch_size: int = 1024,
        beta_loss: Any = "frobenius",
        tol: float = 1e-4,
        max_no_improvement: int | None = 10,
        max_iter: int = 200,
        alpha_W: float = 0.0,
        alpha_H: Any = "same",
        l1_ratio: float = 0.0,
        forget_factor: float = 0.7,
        fresh_restarts: bool = False,
        fresh_restarts_max_iter: int = 30,
        transform_max_iter: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        loss: Any = None,
        n_jobs: int | None = None,
        missing_values: Any = None,
        negatives: str = "error",
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.batch_size = batch_size
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.max_iter = max_iter
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.forget_factor = forget_factor
        self.fresh_restarts = fresh_restarts
        self.fresh_restarts_max_iter = fresh_restarts_max_iter
        self.transform_max_iter = transform_max_iter
        self.random_state = random_state
        self.verbose = verbose
        self.loss = loss
        self.n_jobs = n_jobs
        self.missing_values = missing_values
        self.negatives = negatives

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("init", self.init, STARTS, also=(None,))
        check_choice("negatives", self.negatives, ("error", "clip"))
        check_stopping(self.tol, self.max_iter, None)
        check_seed_kind("random_state", self.random_state)
        check_integer("batch_size", self.batch_size)
        check_number("forget_factor", self.forget_factor, highest=1)
        check_flag("fresh_restarts", self.fresh_restarts)
        check_integer("fresh_restarts_max_iter", self.fresh_restarts_max_iter)
        check_integer("max_no_improvement", self.max_no_improvement, also=(None,))
        check_integer("transform_max_iter", self.transform_max_iter, also=(None,))

    def fit(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> Self:
        """Learn the parts of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, at least 0.
        y : Ignored
            Not used, present for API consistency by convention.
        W, H : array-like, default=None
            Start with init='custom'; see ``fit_transform``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        self.fit_transform(X, y, W, H)
        return self

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
            Weights of the parts: the same as from ``transform`` after more than ten passes, with ``fresh_restarts``, or
            for squared error. Else they are those of one more step.
        """
        given, columns = self._validate(X, reset=True)
        online, matrix, left = self._begin(given, W, H, columns)
        log_unit = online.loss.log_unit(online.unit)
        batches = list(gen_batches(matrix.shape[0], min(self.batch_size, matrix.shape[0])))
        kept: list[Matrix] = []  # batches of one matrix: views of a dense one, together one copy of a sparse one
        if matrix.can("columns"):
            kept = [matrix] if len(batches) == 1 else [matrix.slice(batch.start, batch.stop) for batch in batches]
        most = int(self.max_iter) * len(batches)
        task = FitTask(self, X, most, 0, lambda at: {**columns, **self._state(at)})
        settling = Settling(self.tol, self.max_no_improvement, matrix.shape[0], len(batches), online.Ht)
        step, began = 0, time.perf_counter()
        with Workers(self.n_jobs) as workers:
            for step in range(1, most + 1):
                number = (step - 1) % len(batches)
                batch = batches[number]
                part = kept[number] if kept else matrix.slice(batch.start, batch.stop)
                solved, cost = online.step(
                    part,
                    None if self.fresh_restarts else left[batch],
                    self._penalties_in(online, part),
                    self.fresh_restarts_max_iter,
                    workers,
                )
                left[batch] = solved
                if self.verbose:
                    print(f"Minibatch step {step}/{most}: mean batch cost: {cost}")  # noqa: T201
                settled = settling.after(step, online.Ht, cost, part)
                if task.callback:
                    seconds, W_now = time.perf_counter() - began, left * online.root
                    found = Iteration(step, seconds, scaled(cost, log_unit), settling.change, W_now, online.components)
                    if task.callback(found):
                        break
                if settled:
                    break
            penalties = self._penalties_in(online, matrix)
            if not any(penalties):
                online.rescale(even_out(left, online.Ht, workers))
            loss, passes = 0.0, math.ceil(step / len(batches))
            for number, batch in enumerate(batches):
                part = kept[number] if kept else matrix.slice(batch.start, batch.stop)
                start = None if self.fresh_restarts else left[batch]
                left[batch], value = online.finished(part, start, penalties[0], workers, short=passes <= SHORT)
                loss += value
        if passes == self.max_iter and self.tol > 0:
            warn(
                f"Maximum number of iterations {self.max_iter} reached. Increase it to improve convergence.",
                ConvergenceWarning,
            )
        error = scaled(np.sqrt(2 * loss), log_unit / 2)
        with np.errstate(over="ignore"):  # refused at once
            solved = left * online.root
        check_numbers(loss, W=solved)
        self._learn(online, step, **columns, n_iter_=passes, reconstruction_err_=error)
        task.end()
        return solved

    def partial_fit(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> Self:
        """Learn from one batch of rows; call it once for each batch.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The batch, at least 0.
        y : Ignored
            Not used, present for API consistency by convention.
        W, H : array-like, default=None
            Start with init='custom', at the first call only.

        Returns
        -------
        self : object
            The estimator.
        """
        begun = hasattr(self, "components_")
        given, columns = self._validate(X, reset=not begun)
        if begun and self._given_components()[0].any():
            online = self._continued()
            matrix = online.taken(given)
        else:  # parts of zero, from batches of zeros, hold nothing that a new start could lose
            online, matrix, _ = self._begin(given, W, H, columns)
        with Workers(self.n_jobs) as workers:
            penalties = self._penalties_in(online, matrix)
            online.step(matrix, None, penalties, self.fresh_restarts_max_iter, workers)
        self._learn(online, 1 + (self.n_steps_ if begun else 0), **columns)
        return self

    def transform(self, X: Any) -> Array:
        """Return the weights of the parts in new rows.

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
        matrix, _ = self._validate(X, reset=False)
        return self._projection()(matrix, n_jobs=self.n_jobs, most=self.transform_max_iter)

    def _begin(self, given: Matrix, W: Any, H: Any, columns: Mapping[str, Any]) -> tuple[Online, Matrix, Array]:
        """Return the state of a new stream, these first rows in its units, and a start of their W."""
        k, W, H = self._start(given, self.n_components, W, H, columns.get("feature_names_in_"))
        problem = Problem.of(given, self._loss_function, k, widen=False)
        matrix, (root, _) = problem.X, problem.units
        rng = check_seed("random_state", self.random_state)
        start: tuple[Any, Any] = (None, None)
        if W is None or H is None:
            with Workers(self.n_jobs) as workers:
                start = initialize(matrix, k, None if self.init == "custom" else self.init, rng, workers)
        left = start[0] if W is None else in_units_of(np.array(W, order="C"), root)
        Ht = start[1] if H is None else in_units_of(np.array(H, order="C").T, root)
        left, Ht = in_reach((left, Ht), problem.domains, matrix.mean, problem.loss)
        forget = float(self.forget_factor) ** (min(int(self.batch_size), matrix.shape[0]) / matrix.shape[0])
        return Online(problem.loss, np.ascontiguousarray(Ht), forget, problem.unit), matrix, left

    def _continued(self) -> Online:
        """Return the state of the stream that components_ belongs to, for the next batch."""
        online = self._online
        if online.loss != self._loss_function.in_units(online.unit):
            raise ParameterError(
                f"the loss was {online.loss.name!r} when this stream began, and is {self._loss_function.name!r} now. "
                f"Set it back, or begin a new stream with sklearn.base.clone(model)."
            )
        H = check_factor(self.components_, online.Ht.shape[::-1], "components_", online.Ht.dtype, start=False)
        return online.continued(H)

    def _penalties_in(self, online: Online, part: Matrix) -> tuple[Penalty, Penalty]:
        """Return the penalties of W and H for these rows in the stream's units."""
        W, H = self._penalties(part.shape)
        units = float(np.sqrt(online.unit)), online.loss.log_unit(online.unit), online.Ht.dtype
        return W.in_units(*units), H.in_units(*units)

    def _learn(self, online: Online, n_steps: int, **fitted: Any) -> None:
        """Take over the state of a stream after so many steps, and the other results of the fit."""
        H = online.components
        check_numbers(H=H)
        self._become(**fitted, components_=H, n_components_=len(H), n_steps_=n_steps, _online=online)
