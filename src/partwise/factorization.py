"""factorize(X, k): the engine behind every estimator, and what it returns."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from partwise.exceptions import DomainError, FactorTypeError, ParameterError
from partwise.init import initialize
from partwise.losses import Frobenius, Loss, get_loss
from partwise.matrix import Array, Matrix, as_matrix, rescaled, widened
from partwise.penalties import Penalty
from partwise.projection import Projection, power_of
from partwise.solvers import Callback, Outcome, Parts, Solver, alternate, get_solver, solve_rows
from partwise.solvers.hals import by_gram
from partwise.solvers.rows import least_squares
from partwise.stopping import Stopping, StopReason
from partwise.threads import Workers

__all__ = ["Factorization", "factorize"]

MOST_LOCAL = 10
"""Newton steps of the last half-step where it can only improve on W, not make it exact."""
DEPENDENT = 1e-8
"""Parts whose gram has a smaller ratio of eigenvalues are taken to depend on each other."""
ROWS = 4096
"""Rows of a factor that are rescaled at a time."""
WIDEST = 40
"""Columns of a product that several starts share, at the most: rows of wider ones no longer stay in cache."""
ROOM = 1 << 28
"""Bytes that the factors of starts in step may take together; larger ones go one after another."""
CUT_SHORT = (StopReason.MAX_TIME, StopReason.CALLBACK, StopReason.INTERRUPTED)
"""What ends a fit whatever starts are left."""
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False)
class Factorization:
    """X ~ W H, and how it was found.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
        Weights of the parts in each row of X, at least 0; X's dtype.
    H : ndarray of shape (n_components, n_features)
        The parts, at least 0.
    loss : float
        The loss of the pair, summed over all cells, in X's units and without penalties: half the squared error for
        Frobenius, else the divergence. Computed in float64 whatever X's dtype.
    relative_error : float
        ``||X - W H|| / ||X||`` in the Frobenius norm for the Frobenius loss; for another loss, its value relative to
        that loss's size of X. No unit.
    n_iter : int
        Iterations of the best start.
    reason : StopReason
        Why it stopped; ``str(reason)`` is a sentence.
    curve : structured ndarray of shape (n_iter,)
        One row an iteration: ``iteration``, ``seconds`` since the fit began, ``loss`` (objective, with penalties, of
        the pair that a stop there would return, so it never rises) and ``kkt`` (the residual that tol is held against).
    objective : Loss
        What was minimised.
    penalty_W : Penalty
        What W pays, in ``transform`` too.

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
    relative_error: float
    n_iter: int
    reason: StopReason
    curve: Array
    objective: Loss
    penalty_W: Penalty

    @property
    def converged(self) -> bool:
        """Whether the fit is done, as against cut short."""
        return self.reason.converged

    @cached_property
    def _projection(self) -> "Projection":
        return Projection(self.H, self.objective, self.penalty_W)

    def transform(self, X: Any, *, n_jobs: int | None = None) -> Array:
        """Return the weights of the parts in new rows: W >= 0 that minimises the loss for this H.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_features)
            New data, in the units of the data fitted.
        n_jobs : int or None
            Threads; None means 1, -1 all cores.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
            The weights, at least 0; X's dtype.

        Raises
        ------
        DataError
            If X has NaN, infinite or negative entries, or another number of columns.
        """
        return self._projection(as_matrix(X), n_jobs=n_jobs)


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
) -> Factorization:
    r"""Find non-negative W and H with X ~ W H.

    .. math:: \min_{W, H \ge 0} L(X, W H) + P_W(W) + P_H(H)

    Parameters
    ----------
    X : array, sparse matrix, frame, or Matrix, of shape (n_samples, n_features)
        Data, at least 0. float32 and float64 are kept, anything else becomes float64. Dense arrays in C or Fortran
        order and CSR matrices are used as they are; zeros of a sparse X count, untouched. A sparse X is copied once,
        transposed: about 8 bytes a stored entry in float32, 12 in float64.
    n_components : int
        Number of parts k, at least 1; it may exceed min(n_samples, n_features).
    loss : {'frobenius', 'kullback-leibler', 'itakura-saito'}, float (beta) or Loss, default='frobenius'
        What to minimise.
    solver : {'auto', 'hals', 'mu', 'newton', 'pivoting'} or Solver, default='auto'
        'auto' is 'hals' for Frobenius, 'newton' for Kullback-Leibler, 'mu' for any other loss.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable', 'custom'} or None, default=None
        The start. None: 'custom' if W or H is given, else 'nndsvda' if n_components <= min(n_samples, n_features),
        else 'random'.
    W, H : ndarray of shape (n_samples, n_components), (n_components, n_features), or None
        A start of one's own, or of one factor alone, with init='custom'; copied.
    penalty_W, penalty_H : Penalty or None
        Elastic net on a factor, in units of the summed loss.
    tol : float, default=1e-4
        Stop when the projected gradient is this small, or when the loss falls by less than this share of itself over
        five iterations; 0 runs to max_iter.
    max_iter : int, default=200
        Limit on iterations.
    max_time : float or None
        Limit in seconds, checked after each iteration; the start counts. For losses other than Frobenius a fit that it
        stops leaves out the exact last step for W.
    n_init : int, default=1
        Starts to try; the best is returned. Random starts differ, and the seed fixes them all. Small ones go in step
        and share the passes over X; with a callback they go one after another.
    random_state : int, RandomState or None
        Seed of the start.
    n_jobs : int or None
        Threads; None means 1 unless in a ``joblib.parallel_config`` context, -1 all cores. The result has the same
        bits at any number.
    callback : callable or None
        Called after each iteration with an ``Iteration`` (iteration, seconds, loss, kkt, W, H). If it returns
        something true the fit stops and keeps the best pair so far; so does Ctrl-C, which without a callback raises.

    Returns
    -------
    Factorization
        W, H, and how they were found.

    Raises
    ------
    DataError
        If X has NaN, infinite or negative entries, or one outside the loss's domain.
    ParameterError
        If a parameter has a value that nothing accepts, or solver and loss do not go together.

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
    began = time.perf_counter()
    objective = get_loss(loss)
    chosen = get_solver(solver, objective)
    _check_numbers(n_components=n_components, max_iter=max_iter, n_init=n_init)
    if not (isinstance(tol, Real) and tol >= 0):
        raise ParameterError(f"tol={tol!r} must be at least 0; 0 runs to max_iter.")
    if max_time is not None and not (isinstance(max_time, Real) and max_time > 0):
        raise ParameterError(f"max_time={max_time!r} must be a number of seconds, more than 0; None sets no limit.")
    given = as_matrix(X)
    objective.check(given)
    matrix, unit = rescaled(widened(given)) if objective.degree is not None else (widened(given), 1.0)
    root = float(np.sqrt(unit))
    scale = power_of(unit, objective)
    penalties = (penalty_W or Penalty(), penalty_H or Penalty())
    if unit != 1:
        penalties = (penalties[0].in_units(root, scale), penalties[1].in_units(root, scale))
    size = objective.size(matrix)
    if not np.isfinite(size):
        raise DomainError(f"loss={objective!r} is beyond what numbers can hold on this data; take a beta nearer to 1.")
    start = _starts(matrix, n_components, init, W, H, root, objective, check_random_state(random_state))
    with Workers(n_jobs) as workers:
        matrix.prepare(workers, whole=not objective.needs_products_alone)
        best, waiting = None, n_init
        while waiting:
            together = 1 if callback else min(waiting, _in_step(matrix, n_components, chosen))
            found = alternate(
                matrix, objective, chosen, [start() for _ in range(together)], penalties=penalties,
                stopping=Stopping(tol, max_iter, max_time), workers=workers, callback=callback, began=began,
            )  # fmt: skip
            best = min([best, *found] if best else found, key=lambda outcome: outcome.objective)
            cut_short = any(outcome.reason in CUT_SHORT for outcome in found)
            if n_init > 1:  # let go of the arrays of all runs
                best = replace(best, W=best.W.copy(), Ht=best.Ht.copy())
            del found
            waiting = 0 if cut_short else waiting - together
        assert best is not None
        if not any(penalties):
            even_out(best.W, best.Ht, workers)
        left, value = _finish(matrix, objective, best, penalties[0], workers)
    curve = best.curve
    final = value + sum(
        p.value(float(f.sum(dtype=np.float64)), float(np.vdot(f, f)))
        for p, f in zip(penalties, (left, best.Ht), strict=True)
    )
    curve["loss"] = np.maximum(curve["loss"], final)
    curve["loss"][-1] = final
    curve["loss"] = np.minimum(curve["loss"], LARGEST / scale) * scale
    relative = value / size if size > 0 else 0.0
    W, H = (factor * root if root != 1 else factor for factor in (left, best.Ht.T))
    return Factorization(
        W=W.astype(given.dtype, copy=False),
        H=np.array(H, given.dtype, order="C"),
        loss=min(value * scale, LARGEST),
        relative_error=float(np.sqrt(2 * relative)) if objective.degree == 2 else relative,
        n_iter=best.n_iter,
        reason=best.reason,
        curve=curve,
        objective=objective,
        penalty_W=penalty_W or Penalty(),
    )


def _finish(X: Matrix, loss: Loss, found: Outcome, penalty: Penalty, workers: Workers) -> tuple[Array, float]:
    """Return the exact W for the H found, and the loss of the pair."""
    parts = Parts(found.Ht)
    if isinstance(loss, Frobenius):
        # where parts depend on each other W is not unique: it starts where transform starts, and ends where that ends
        values = np.linalg.eigvalsh(parts.gram)
        start = found.W if values[0] > DEPENDENT * values[-1] else None
        left, inner, own = least_squares(X, start, parts, penalty, workers)
        value = by_gram(X, inner, own, parts.gram)
    else:
        left, value = found.W.copy(), None
        if found.reason is not StopReason.MAX_TIME:
            left = solve_rows(X, loss, found.W, parts, penalty, workers, most=None if loss.convex else MOST_LOCAL)
    return left, max(loss.value(X, left, found.Ht) if value is None else value, 0.0)  # rounding can go just under 0


def _in_step(X: Matrix, k: int, solver: Solver) -> int:
    """Return how many starts go in step."""
    factors = 6 * sum(X.shape) * k * X.dtype.itemsize
    return max(1, min(WIDEST // k, ROOM // factors)) if solver.shares_products else 1


def even_out(W: Array, Ht: Array, workers: Workers) -> Array:
    """Give all parts the same mean weight, in place; return what each part of H was multiplied by, (k,).

    The scale of each part is free, W D^-1 and D H being as good a pair. This one does not depend on the way there:
    what a part contributes shows in its row of H alone, and weights compare across parts. W and H get the same norm.
    """
    means = (np.ones(len(W), W.dtype) @ W / len(W)).astype(np.float64)
    left, right = workers.map(lambda f: np.sqrt(np.diagonal(f.T @ f).astype(np.float64)), (W, Ht))
    alive = (means > 0) & (left > 0) & (right > 0)
    scale = np.where(alive, means, 1.0)
    norms = np.linalg.norm(left / scale), np.linalg.norm(right * scale)
    if all(norms):
        scale *= np.sqrt(norms[0] / norms[1])
    scale = scale.astype(W.dtype)
    for factor, by in ((W, 1 / scale), (Ht, scale)):
        _multiply(factor, by, workers)
    return scale


def _multiply(factor: Array, by: Array, workers: Workers) -> None:
    """Do factor *= by, row by row; several times as fast, because numpy's inner loop would only be k long."""
    diagonal = np.diag(by)

    def block(first: int) -> None:
        part = factor[first : first + ROWS]
        np.matmul(part, diagonal, out=part)

    workers.map(block, range(0, len(factor), ROWS))


def _check_numbers(**numbers: int) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ParameterError(f"{name}={number!r} must be a whole number, at least 1.")


def _starts(
    X: Matrix, k: int, init: str | None, W: Any, H: Any, root: float, loss: Loss, rng: np.random.RandomState
) -> Callable[[], tuple[Array, Array]]:
    """Return a function that gives one start (W, Ht) after another."""
    if init is None and (W is not None or H is not None):
        init = "custom"
    if init != "custom" and (W is not None or H is not None):
        raise ParameterError(f"init={init!r} makes its own W and H; use init='custom' to start from yours.")
    if init != "custom":
        return lambda: initialize(X, k, init, rng)
    if W is None and H is None:
        raise ParameterError("init='custom' needs W or H, or both; give one, or use init='random'.")
    own_W = None if W is None else check_factor(W, (X.shape[0], k), "W", X.dtype)
    own_H = None if H is None else check_factor(H, (k, X.shape[1]), "H", X.dtype)

    def start() -> tuple[Array, Array]:
        other_W, other_Ht = (None, None) if own_W is not None and own_H is not None else initialize(X, k, "random", rng)
        left = own_W if own_W is not None else other_W
        right = own_H.T if own_H is not None else other_Ht
        pair = np.array(left, X.dtype, order="C"), np.array(right, X.dtype, order="C")
        for factor, own in zip(pair, (own_W, own_H), strict=True):
            if own is not None and root != 1:
                factor /= factor.dtype.type(root)
        return pair

    return start


def check_factor(
    factor: Any, shape: tuple[int, int], name: str, dtype: "np.dtype[Any]", *, start: bool = True
) -> Array:
    """Return a given W or H as an array, checked: shape, finite, at least 0; as a start it may not be all 0."""
    array = np.asarray(factor)
    if array.ndim != 2 or array.shape[0] != shape[0]:
        raise ParameterError(
            f"Array with wrong first dimension passed to NMF (input {name}). Expected {shape[0]}, but got "
            f"{array.shape[0] if array.ndim else 'a number'}; {name} must have shape {shape}."
        )
    if array.shape[1] != shape[1]:
        raise ParameterError(
            f"Array with wrong second dimension passed to NMF (input {name}). Expected {shape[1]}, but got "
            f"{array.shape[1]}; {name} must have shape {shape}."
        )
    if array.dtype.kind not in "fiub":
        raise FactorTypeError(f"{name} must hold numbers, got dtype {array.dtype}.")
    checked = as_matrix(array.astype(dtype, copy=False), name=name)
    if start and checked.total == 0:
        raise ParameterError(f"Array passed to NMF (input {name}) is full of zeros; give a start that is not.")
    return np.asarray(checked.values())
