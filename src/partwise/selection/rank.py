"""How many parts: the error on held-out cells for each number of parts, and the choice in one plain sentence."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Loss, get_loss
from partwise.matrix import Matrix
from partwise.parameters import check_choice, check_count, check_integer, check_kind, check_stopping, draw_seed
from partwise.problem import Problem
from partwise.selection import shrinkage
from partwise.selection.choice import RankChoice, judge
from partwise.selection.holdout import METHODS, Fitting, deal
from partwise.selection.ledger import Cell, Ledger, fingerprint
from partwise.solvers import Solver, get_solver
from partwise.stopping import StopReason
from partwise.threads import Workers, count_threads

RANKS = (*range(1, 11), *range(12, 21, 2))
"""Numbers to try by default, as far as the data have that many rows and columns."""
PATIENCE, RISE = 4, 0.02
"""After this many numbers of parts in a row whose error is so much above the fold's lowest (relatively), no more are
tried unless asked for."""
COPIES = 5
"""Most copies of X in memory, besides one for each fold that runs at the time."""
COLUMNS = 10_000
"""Most features on which parts of different folds are compared."""


def choose_rank(
    X: Any,
    ranks: Iterable[int] | None = None,
    *,
    folds: int = 5,
    loss: Loss | str | float = "frobenius",
    solver: Solver | str = "auto",
    method: str = "speckled",
    tol: float = 1e-4,
    max_iter: int = 200,
    max_time: float | None = None,
    missing_values: Any = None,
    sample_weight: Any = None,
    feature_weight: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    resume: str | os.PathLike[str] | None = None,
    progress: Callable[[Cell], object] | None = None,
    penalties: str | Iterable[float] | None = None,
) -> RankChoice:
    r"""Choose the number of parts by how well models predict cells that they have not seen.

    Each fold holds out cells and fits models of every size to the other cells; each model grows from the one before.
    With too few parts a model misses structure; with too many it fits noise and predicts worse. The choice is the
    smallest number of parts that is not surely worse than the best one (one-sided paired t-test over folds at 90 %), or
    whose error exceeds the lowest by less than 1 % of what all parts beyond the first gain.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0; zeros of a sparse X are data. An X that is read by blocks is read whole, if its ``max_memory``
        holds it, with copies.
    ranks : iterable of int or None
        Numbers of parts to try. None tries 1 to 10, then even numbers up to 20, at most half of min(n_samples,
        n_features), and stops when the error has risen for long. A single part is always fitted, as a reference.
    folds : int, default=5
        Number of folds, at least 2. No two folds hold out the same cells.
    loss, solver : see ``factorize``
        What is minimised, and how.
    method : {'speckled', 'bicross'}, default='speckled'
        'speckled' deals rows and columns to ten groups at random. Each fold holds out a tenth of the cells: for each
        group of rows another group of columns. Such a fit costs as much as a plain one. 'bicross' holds out the block
        where a group of rows meets a group of columns, and predicts it from a fit without these rows and columns.
    tol : float, default=1e-4
        A tenth of the ``tol`` at which the fits of folds stop: errors on held-out cells need no smaller one.
    max_iter : see ``factorize``
        Limit on the iterations of a fit.
    max_time : float or None
        Limit in seconds, shared between the folds. The choice then uses the fits made by then, and the reason says so.
    missing_values : None, nan or 0
        Which entries are unknown, see ``factorize``. Only known ones are held out, a tenth of them in each fold.
    sample_weight, feature_weight : see ``factorize``
        Weights of rows and columns, in the errors too.
    random_state : int, RandomState, Generator or None
        Seed; it fixes the result at any `n_jobs`.
    n_jobs : int or None
        Folds that run at the same time; None means 1, -1 all cores.
    resume : str, path or None
        A JSON file to which finished fits are written; their factors are written beside it. If it exists, the search
        goes on from there. It needs an integer `random_state`.
    progress : callable or None
        Called after each fit with a ``Cell`` (fold, n_components, error, seconds).
    penalties : None, 'choose' or iterable of float, default=None
        L2 penalties of W and H, in units of the summed loss, to choose from together with the number of parts. 'choose'
        tries powers of two around a thousandth of X's norm. This is for filling in unknown entries, with squared errors
        only. Without `ranks` it tries 10, 20, 40, ... parts, up to a quarter of max(n_samples, n_features), while they
        lower the error by a hundredth. Then it tries the parts of up to four starts side by side: the mean of their
        models can lower the error further. Last, it tries lighter penalties on W: ``penalty_W`` can be down to 1/32 of
        the penalty chosen, and need not be one of `penalties`. `folds`, `method`, `tol`, `max_iter`, `resume` and
        `progress` have no effect here.

    Returns
    -------
    RankChoice
        The number, a table, and the reason in a sentence. With `penalties` it is a ``PenaltyChoice``, which also has
        ``penalty`` and ``n_starts``.

    Raises
    ------
    DataError
        If X cannot be factorized, or is too small for that many folds.
    ParameterError
        If a parameter has a value that is not accepted, or `resume` belongs to other data or settings.

    Notes
    -----
    Both factors have a small L2 penalty, a thousandth of X's norm. Without it, a row whose kept cells hardly touch a
    part could predict any value for its held-out cells. Some losses (beta <= 1) are infinite if the model is zero where
    X is positive. For these, predictions are mixed with one per cent of the model of one part.

    References
    ----------
    S. Wold, "Cross-validatory estimation of the number of components in factor and principal components models",
    Technometrics 20, 1978, doi:10.1080/00401706.1978.10489693. A. B. Owen and P. O. Perry, "Bi-cross-validation of the
    SVD and the nonnegative matrix factorization", Annals of Applied Statistics 3, 2009, doi:10.1214/08-AOAS227. The
    rule: L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and regression trees", 1984, section 3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (80, 3)) @ rng.gamma(0.3, 1.0, (3, 40)) * rng.gamma(99, 0.01, (80, 40))
    >>> print(choose_rank(X, ranks=range(1, 6), random_state=0).reason)
    3 parts: ...
    """
    began = time.perf_counter()
    named = get_loss(loss)
    get_solver(solver, named)
    folds = check_integer("folds", folds, 2)
    check_choice("method", method, METHODS)
    tol, max_iter, max_time = check_stopping(tol, max_iter, max_time)
    if resume is not None and not isinstance(random_state, int | np.integer):
        raise ParameterError(
            f"resume needs an integer random_state, which fixes the cells held out; got {shown(random_state)}."
        )
    seed = draw_seed("random_state", random_state)
    check_kind("progress", progress, Callable)
    problem = Problem.of(
        X, named, sample_weight=sample_weight, feature_weight=feature_weight, missing_values=missing_values,
        in_memory=COPIES + min(count_threads(n_jobs), folds),
    )  # fmt: skip
    problem.check_data()
    matrix, loss_function = problem.X, problem.loss
    if penalties is not None:
        if resume is not None or progress is not None:
            raise ParameterError("penalties cannot go with resume or progress; leave these out.")
        sizes = None if ranks is None else _ranks(ranks, matrix)
        options: Any = {"solver": solver, "max_time": max_time, "seed": seed, "n_jobs": n_jobs}
        return shrinkage.search(problem, sizes, penalties, **options).choice
    tried = _ranks(ranks, matrix)
    chain = sorted({1, *tried})
    settings = {"loss": named, "solver": solver, "method": method, "tol": tol, "max_iter": max_iter}
    mark = "" if resume is None else fingerprint(matrix, {**settings, "folds": folds, "chain": chain, "seed": seed})
    ledger = Ledger(resume, mark, progress)
    make = deal(matrix, folds, method, np.random.RandomState(seed))
    fitting = Fitting(loss_function, solver, tol, max_iter)
    columns = np.sort(np.random.RandomState(seed).permutation(matrix.shape[1])[:COLUMNS])

    late: set[int] = set()
    broken = threading.Event()  # after an interrupt or an error in one fold, the others end after their current fit

    def search(number: int, until: float) -> None:
        waiting = [k for k in chain if (number, k) not in ledger.cells]
        if not waiting:
            return
        fold, alone, smaller = make(number), None, None
        if not fold.out.n_stored:
            raise DataError(
                "X has too few known entries in each row and column to hold any out; give the number of parts."
            )
        for k in sorted({1, *waiting}):  # all others need the model of one part, and it is quick to make again
            start = time.perf_counter()
            if broken.is_set() or (ranks is None and _past(ledger.errors(number))):
                return
            if start >= until:
                late.add(number)
                return
            found = fitting(fold, k, smaller, [seed, number, k], until - start if max_time else None)
            if found.reason is StopReason.MAX_TIME:
                late.add(number)
                return
            alone = alone or found
            if k in waiting:
                error, row, share = fold.error(found, alone, loss_function)
                cell = Cell(number, k, error, time.perf_counter() - start, row, share)
                ledger.add(cell, (found.W, found.H), fold.parts(found, loss_function)[:, columns])
            smaller = ledger.latest(number)

    with Workers(n_jobs) as workers:
        end = began + max_time if max_time else np.inf
        rounds = -(-folds // workers.n_jobs)

        def run(number: int) -> None:
            now = time.perf_counter()
            try:
                search(number, now + (end - now) / (rounds - number // workers.n_jobs))
            except BaseException:
                broken.set()
                raise

        try:
            workers.map(run, range(folds))
        except BaseException:
            broken.set()
            raise
    return judge(ledger, tried, late=bool(late))


def _past(errors: list[float]) -> bool:
    """Return whether the errors of ascending numbers of parts have risen for so long that no more are tried."""
    return len(errors) > PATIENCE and min(errors[-PATIENCE:]) > (1 + RISE) * min(errors)


def _ranks(ranks: Iterable[int] | None, X: Matrix) -> list[int]:
    """Return the numbers of parts to try, ascending."""
    if ranks is None:
        return [k for k in RANKS if k <= max(1, min(X.shape) // 2)]
    if isinstance(ranks, str) or not isinstance(ranks, Iterable):
        raise ParameterError(f"ranks must be a sequence of integers, for example range(2, 21); got {shown(ranks)}.")
    tried = sorted({check_count("each of ranks", k) for k in ranks})
    if not tried:
        raise ParameterError("ranks is empty; give the numbers of parts to choose from, for example range(2, 21).")
    return tried
