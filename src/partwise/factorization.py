"""factorize(X, k): the engine behind every estimator, and what it returns."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partwise.checkpoints import Checkpoints
from partwise.losses import Frobenius, Loss, get_loss
from partwise.matrix import Array, as_matrix
from partwise.matrix.names import feature_names, like_columns, order_of, with_columns
from partwise.parameters import check_count
from partwise.penalties import Bounds, Penalty
from partwise.plan import Plan
from partwise.problem import Problem, check_numbers
from partwise.projection import KeptProjection
from partwise.solvers import Callback, Factor, Outcome, Solver, even_out
from partwise.solvers.rows import finish
from partwise.state import PlainState
from partwise.stopping import StopReason
from partwise.summary import Summary
from partwise.terms import Term, Volume
from partwise.threads import Workers
from partwise.units import scaled
from partwise.weighting import Weighting


@dataclass(frozen=True, eq=False, repr=False)
class Factorization(Summary, PlainState):
    """X ~ W H, and how it was found.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
        Weights of the parts in each row of X, at least 0; X's dtype.
    H : ndarray of shape (n_components, n_features)
        The parts, at least 0. Entries have any sign if X has negative entries and they were kept.
    loss : float
        The loss of the pair, summed over all cells, in X's units and without penalties: half the squared error for
        Frobenius, else the divergence. It is computed in float64 for any dtype of X. Beyond the range of float64
        (squared errors over 1e308 or under 1e-324) it is the largest number, or 0.
    reconstruction_error : float
        ``sqrt(2 loss)``: for Frobenius ``||X - W H||``. It is also right where the loss is beyond the range of float64.
    relative_error : float
        ``||X - W H|| / ||X||`` in the Frobenius norm for the Frobenius loss; for another loss, its value relative to
        that loss's size of X. No unit.
    n_iter : int
        Iterations of the best start.
    reason : StopReason
        Why the fit stopped; ``str(reason)`` is a sentence.
    curve : structured ndarray of shape (n_iter,)
        One row per iteration. ``iteration`` is its number, and ``seconds`` the time since the fit began. ``loss`` is
        the objective (with penalties and volume) of the pair that the fit would return if it stopped there, so it never
        rises. ``kkt`` is the residual that is compared with tol.
    loss_function : Loss
        What was minimised. `objective` is its deprecated name.
    penalty_W : Penalty
        The elastic net on W; ``transform`` uses it too.
    sum_to_one : bool
        Whether rows of W sum to one; they do in ``transform`` too.
    weighting : Weighting
        Weights of columns; ``transform`` uses them too.
    feature_names_in_ : ndarray of shape (n_features,), or None
        Names of X's columns, if all are strings; ``transform`` matches columns by them.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> X = np.array([[1, 2], [2, 2], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> found = pw.factorize(X, 2, init="random", random_state=0)
    >>> found.W.shape, found.H.shape, found.converged
    ((6, 2), (2, 2), True)
    """

    W: Array
    H: Array
    loss: float
    reconstruction_error: float
    relative_error: float
    n_iter: int
    reason: StopReason
    curve: Array
    loss_function: Loss
    penalty_W: Penalty
    sum_to_one: bool = False
    weighting: Weighting = field(default_factory=Weighting)
    feature_names_in_: Array | None = None

    @property
    def converged(self) -> bool:
        """Whether the fit converged, rather than stopped at a limit."""
        return self.reason.converged

    @property
    def objective(self) -> Loss:
        """The deprecated name of loss_function."""
        return self.loss_function

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled object; one from an earlier version has the deprecated name. See PlainState."""
        super().__setstate__({"loss_function" if name == "objective" else name: of for name, of in state.items()})

    def _facts(self) -> dict[str, Any]:
        shape = f"{len(self.W):,} x {self.H.shape[1]:,}, {len(self.H)} parts"
        loss = f"{self.loss:.6g} ({self.loss_function.name}), relative error {self.relative_error:.4g}"
        return {"X": shape, "loss": loss, "iterations": self.n_iter, "reason": self.reason}

    def transform(
        self,
        X: Any,
        *,
        n_jobs: int | None = None,
        negatives: str = "error",
        missing_values: Any = None,
        entry_weight: Any = None,
    ) -> Array:
        """Return the weights of the parts in new rows: W >= 0 that minimises the loss for this H.

        Each row is solved alone. A row without a known entry has weights of 0.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_rows, n_features)
            New data, in the units of the data fitted. If both have names of columns, columns are matched by name, in
            any order; else by place.
        n_jobs : int or None
            Threads; None means 1, -1 all cores.
        negatives : {'error', 'clip', 'keep'}, default='error'
            Refuse negative entries of X, take them as zeros, or keep them (then H can have negative entries too).
        missing_values, entry_weight : see factorize
            Which entries of X are unknown, and the weights of single entries.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
            The weights, at least 0; X's dtype.

        Raises
        ------
        DataError
            If X has NaN, infinite or negative entries, or its columns differ in number or names from those of the fit.
        """
        order = order_of(feature_names(X), self.feature_names_in_)
        matrix = as_matrix(X, negatives=negatives, missing_values=missing_values, entry_weight=entry_weight)
        kept: KeptProjection = self.__dict__.setdefault("_kept", KeptProjection())
        settings = self.loss_function, self.penalty_W, self.sum_to_one, self.weighting
        signed = negatives == "keep"
        project = kept.onto(self.H, self.H.shape[1], "H", *settings, signed=signed)
        return project(with_columns(matrix, order), n_jobs=n_jobs)


def factorize(
    X: Any,
    n_components: int,
    *,
    loss: Loss | str | float = "frobenius",
    solver: Solver | str = "auto",
    init: str | None = None,
    W: Any = None,
    H: Any = None,
    penalty_W: Penalty | None = None,
    penalty_H: Penalty | None = None,
    tol: float = 1e-4,
    max_iter: int = 200,
    max_time: float | None = None,
    n_init: int = 1,
    random_state: Any = None,
    n_jobs: int | None = None,
    callback: Callback | None = None,
    negatives: str = "error",
    missing_values: Any = None,
    sample_weight: Any = None,
    feature_weight: Any = None,
    entry_weight: Any = None,
    bounds_W: Bounds | None = None,
    bounds_H: Bounds | None = None,
    sum_to_one: bool = False,
    min_volume: float = 0.0,
    terms_W: Sequence[Term | Penalty] = (),
    terms_H: Sequence[Term | Penalty] = (),
    seed_components: Any = None,
    checkpoint_dir: Any = None,
    checkpoint_every: int = 10,
    resume: bool = False,
) -> Factorization:
    r"""Find non-negative W and H with X ~ W H.

    .. math:: \min_{W, H \ge 0} L(X, W H) + P_W(W) + P_H(H)

    Parameters
    ----------
    X : array, sparse matrix, frame, or Matrix, of shape (n_samples, n_features)
        Data, at least 0. float32 and float64 are kept, anything else becomes float64. Dense arrays in C or Fortran
        order and CSR matrices are used as they are. Absent entries of a sparse X are zeros, which count but cost
        nothing. A sparse X is copied at most once, transposed: about 8 bytes a stored entry in float32, 12 in float64.
    n_components : int
        Number of parts k, at least 1. It can exceed min(n_samples, n_features).
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito', 'huber'}, float (beta) or Loss, default='frobenius'
        What to minimise.
    solver : {'auto', 'ccd', 'hals', 'mu', 'pivoting'} or Solver, default='auto'
        'auto' is 'hals' for Frobenius, 'ccd' for Kullback-Leibler, and 'mu' for any other loss. With 'auto', steps of
        'mu' begin beyond the iterate, so fewer are needed. 'newton' is a deprecated name of 'ccd'.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable', 'custom'} or None, default=None
        The start. None is 'custom' if W or H is given. Else it is 'random' if X has unknown entries, if a factor has
        bounds, or if n_components > min(n_samples, n_features). Else it is 'nndsvda'.
    W, H : ndarray of shape (n_samples, n_components), (n_components, n_features), or None
        Your own start, of both factors or of one, with init='custom'. The arrays are not changed.
    penalty_W, penalty_H : Penalty or None
        Elastic net on a factor, in units of the summed loss.
    tol : float, default=1e-4
        Stop when the relative projected gradient is under tol, or when the loss falls by less than tol / 5 of itself
        over five iterations. 0 runs to max_iter.
    max_iter : int, default=200
        Limit on iterations. Those that improve a random start, on a part of X or with gentler losses, are not counted.
    max_time : float or None
        Limit in seconds, checked after each iteration; the time for the start counts. For losses other than Frobenius,
        a fit that stops at this limit leaves out the exact last step for W.
    n_init : int, default=1
        Number of starts; the best result is returned. Random starts differ, and the seed fixes them all. Starts of
        small problems run in step and share the passes over X; with a callback, starts run one after another.
    random_state : int, RandomState, Generator or None
        Seed of the start. Random numbers are drawn from a RandomState or Generator.
    n_jobs : int or None
        Threads. None means 1, or the number of a ``joblib.parallel_config`` context; -1 means all cores. The result has
        the same bits at any number of threads.
    callback : callable or None
        Called after each iteration with an ``Iteration`` (iteration, seconds, loss, kkt, W, H). If it returns True, the
        fit stops and keeps the best pair; False or None goes on. With a callback, Ctrl-C also stops the fit; without
        one, or while a start is made or improved, Ctrl-C raises KeyboardInterrupt.
    negatives : {'error', 'clip', 'keep'}, default='error'
        Refuse negative entries of X, take them as zeros, or keep them (Frobenius only). If they are kept, entries of H
        have any sign and those of W stay at least 0: a semi-NMF. X itself is not changed.
    missing_values : None, nan or 0, default=None
        Which entries of X are unknown and count for nothing. None: no entry (NaN is refused). nan: entries that are
        NaN. 0: entries that are 0 or, in a sparse X, absent. A row of W or column of H without a known entry is the
        mean of the others, unless the factor has bounds; the penalties leave it out.
    sample_weight, feature_weight : array of shape (n_samples,), (n_features,), or None
        What the loss of each row, or column, is multiplied by. A row of weight 2 counts like a row given twice.
    entry_weight : array or sparse matrix of shape (n_samples, n_features), or None
        What the loss of each entry is multiplied by. A weight that is 0 or absent says that the entry is unknown. For
        uncertainties sigma, give weights 1 / sigma ** 2.
    bounds_W, bounds_H : Bounds or None
        Limits of the entries of a factor, which can also fix entries.
    sum_to_one : bool, default=False
        Whether each row of W must sum to one (Frobenius only).
    min_volume : float, default=0.0
        Weight of the volume that the parts span, relative to the noise of X; no unit. It needs sum_to_one. It adds half
        of min_volume s^2 log det(I + C / d) to the objective: s is X's singular value number k + 1, C the Gram matrix
        of the parts less their mean, d the mean variance of the rows along k - 1 directions. Nothing is added if there
        is one part, if there are as many parts as X has rows or columns, or if X has no noise. Up to half of max_iter
        is first spent with heavier weights. Callbacks do not see these iterations, and Ctrl-C raises there.
    terms_W, terms_H : list or tuple of Term or Penalty, default=()
        Further penalties on the factors, for example ``[GraphSmoothness(adjacency, 0.1)]`` of ``partwise.terms``. They
        need the Frobenius loss and an X whose entries are all known. The fit then ends without the exact step for W,
        and ``transform`` leaves out terms of W, which join its rows. A Penalty in this list is added to penalty_W or
        penalty_H, and means the same as there.
    seed_components : array of shape (n_seeds, n_features) or None
        Where the first parts begin, at any scale; the fit can leave them. Where an entry is NaN, the start supplies it.
    checkpoint_dir : str, path-like or None, default=None
        Folder for a checkpoint: one file, from which a fit that was stopped or killed can go on. The folder is made if
        it does not exist. Starts then run one after another. Ctrl-C finishes the iteration, writes a checkpoint and
        raises KeyboardInterrupt, also with a callback; a second Ctrl-C stops at once.
    checkpoint_every : int, default=10
        Iterations from one checkpoint to the next.
    resume : bool, default=False
        Go on from the checkpoint in checkpoint_dir, and end with the same bits as a fit that was never stopped. If
        there is no checkpoint, start from the beginning. X and all settings must be the same, except tol, max_iter,
        max_time, n_jobs and callback. Time before the stop counts. With random_state=None the fit goes on with its own
        random numbers. False starts from the beginning, and replaces a checkpoint of the same fit.

    Returns
    -------
    Factorization
        W, H, and how they were found.

    Raises
    ------
    DataError
        If X has NaN, infinite or negative entries, or one outside the loss's domain.
    ParameterError
        If a parameter has a value that is not accepted, or solver and loss do not work together.
    CheckpointError
        If checkpoint_dir holds a damaged checkpoint or one of another fit, or if another fit is writing to it.
    OSError
        If a checkpoint cannot be written; the previous one is still there.

    References
    ----------
    N. Gillis, "Nonnegative Matrix Factorization", SIAM 2020, doi:10.1137/1.9781611976417.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> X = np.array([[1, 2], [2, 2], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> found = pw.factorize(X, 2, init="random", random_state=0)
    >>> bool(found.relative_error < 0.01)
    True
    >>> print(found.reason)
    Converged: the model reproduces the data.
    """
    began, loss_function, names = time.perf_counter(), get_loss(loss), feature_names(X)
    k = check_count("n_components", n_components)
    plan = Plan(
        loss_function, solver, tol=tol, max_iter=max_iter, max_time=max_time, init=init, W=W, H=H, n_init=n_init,
        seed_components=seed_components, random_state=random_state, n_jobs=n_jobs, callback=callback, names=names,
        checkpoints=Checkpoints.of(checkpoint_dir, checkpoint_every, resume), began=began,
    )  # fmt: skip
    feature_weight = like_columns(feature_weight, names, "feature_weight")
    if isinstance(bounds_H, Bounds):
        bounds_H = Bounds(*(like_columns(bound, names, "bounds_H") for bound in (bounds_H.lower, bounds_H.upper)))
    problem = Problem.of(
        X, loss_function, k, penalty_W=penalty_W, penalty_H=penalty_H, bounds_W=bounds_W, bounds_H=bounds_H,
        sample_weight=sample_weight, feature_weight=feature_weight, entry_weight=entry_weight, sum_to_one=sum_to_one,
        min_volume=min_volume, terms_W=terms_W, terms_H=terms_H, negatives=negatives, missing_values=missing_values,
    )  # fmt: skip
    return fit(problem, plan, names)


def fit(problem: Problem, plan: Plan, names: Array | None = None) -> Factorization:
    """Return the best factorization that a plan finds; `names` are those of X's columns."""
    plan.suit(problem)
    problem.check_data()
    X, penalties = problem.X, problem.penalties
    with Workers(plan.n_jobs, alone=X.is_small) as workers:
        X.check_room(problem.n_components, workers.n_jobs, **plan.memory(problem))
        X.prepare(workers, whole=not problem.loss.needs_products_alone)
        volume = Volume.of(X, problem.n_components, problem.min_volume, workers)
        best = plan.best(problem, volume, workers)
        if problem.is_free:
            even_out(best.W, best.Ht, workers)
        left, value = _last_step(problem, best, workers)
    terms_W, terms_H = problem.terms
    extra = Factor(left, terms=terms_W).penalty_value(best.Ht)
    extra += Factor(best.Ht, terms=(*terms_H, volume) if volume else terms_H).penalty_value(left)
    final = value + extra + (penalties[0].of(left) + penalties[1].of(best.Ht))
    W, H = problem.W(left), problem.H(best.Ht)
    check_numbers(value)
    if not X.can("columns"):
        X.forget()
    return Factorization(
        W=W, H=H, loss=scaled(value, problem.log_unit), n_iter=best.n_iter, reason=best.reason,
        reconstruction_error=scaled(np.sqrt(2 * value), problem.log_unit / 2), relative_error=problem.relative(value),
        curve=_ending_at(best.curve, final, problem.log_unit), loss_function=problem.named, penalty_W=problem.asked[0],
        sum_to_one=problem.sum_to_one, weighting=Weighting(columns=problem.weighting.columns), feature_names_in_=names,
    )  # fmt: skip


def _last_step(problem: Problem, found: Outcome, workers: Workers) -> tuple[Array, float]:
    """Return the best W for the H that was found, without weights of rows, and the loss of the pair."""
    even, rows, judged = problem.even_rows, problem.weighting.rows, None
    if rows is not None:
        found.W, _ = problem.weighting.restored(found.W, found.Ht.T)
        last = isinstance(problem.loss, Frobenius) or found.reason is not StopReason.MAX_TIME  # an exact step follows
        found.W[rows[:, 0] == 0] = float(last)
        judged = problem.X, rows
    return finish(even.X, even.loss, found, even.penalties[0], even.domains[0], workers, judged, even.terms[0])


def _ending_at(curve: Array, final: float, log_unit: float) -> Array:
    """Return a curve that ends at the objective of the pair returned, in the user's units."""
    found = curve.copy()
    found["loss"] = np.maximum(curve["loss"], final)
    found["loss"][-1] = final
    found["loss"] = scaled(found["loss"], log_unit)
    return found
