"""How sure the parts are: many runs matched to each other, the parts that they agree on, and how well they agree."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from partwise.factorization import factorize
from partwise.locks import Lock
from partwise.losses import Loss, get_loss
from partwise.matrix import Array
from partwise.matrix.names import feature_names
from partwise.parameters import check_choice, check_count, check_integer, check_kind, check_stopping, draw_seed
from partwise.penalties import Penalty
from partwise.plot import selection as pictures
from partwise.problem import Problem
from partwise.projection import Projection
from partwise.selection.agreement import agree, reproducibility
from partwise.selection.grouping import cophenetic, dispersion, together
from partwise.selection.resampling import RESAMPLES, check_counts
from partwise.selection.runs import Run, Runs
from partwise.solvers import Solver, get_solver
from partwise.summary import Summary, spread
from partwise.threads import Executor, Workers, count_threads

INTERVAL = (2.5, 97.5)
"""The intervals reach from the first to the second of these percentiles over runs."""
COPIES, DRAWN = 4, 6
"""Of X in memory, at most; when data are resampled, beside those of each thread."""
FINER = 10
"""How much smaller tol is in the last fit than in the runs, and how much larger its limit on iterations may get."""
BLINK = 1e-3
"""Seconds for a fit that must be made although time is up."""


@dataclass(frozen=True, eq=False, repr=False)
class Consensus(Summary):
    """The parts that runs agree on, and how far.

    Parameters
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The parts: the result of a fit of X that starts from the medians, over runs, of matched parts.
    W : ndarray of shape (n_samples, n_components)
        Their weights: X ~ W H, with H the parts.
    reproducibility : ndarray of shape (n_components,)
        Mean cosine of the same part in two runs, over all pairs of runs, in [0, 1].
    lower, upper : ndarray of shape (n_components, n_features)
        2.5 and 97.5 % percentiles over runs, in the scale of `components_`, which lie between them.
    cophenetic, dispersion : float
        How clearly runs group the rows of X by their main part, in [0, 1]: Brunet's cophenetic correlation of the
        consensus matrix, and Kim and Park's dispersion of it.
    relative_error : float
        That of the model W H; see ``Factorization``.
    n_kept : int
        Number of runs that count.
    dropped : list of (int, str)
        The other runs, and why they do not count.
    rows_compared : ndarray of shape (n_compared,)
        The rows of X whose groups are compared, in ascending order: all of them, or `max_rows` drawn at random.
    main_parts : ndarray of shape (n_kept, n_compared)
        For each run that counts, the part that contributes most to each of these rows, by its number in `components_`;
        -1 for a row of zeros.
    feature_names_in_ : ndarray of shape (n_features,), or None
        Names of X's columns, if all are strings.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (60, 3)) @ rng.gamma(0.3, 1.0, (3, 20)) * rng.gamma(99, 0.01, (60, 20))
    >>> agreed = consensus(X, 3, n_runs=5, random_state=0)
    >>> agreed.reproducibility.round(2)
    array([1., 1., 1.])
    """

    components_: Array
    W: Array
    reproducibility: Array
    lower: Array
    upper: Array
    cophenetic: float
    dispersion: float
    relative_error: float
    n_kept: int
    dropped: list[tuple[int, str]]
    rows_compared: Array
    main_parts: Array
    feature_names_in_: Array | None = None

    def _facts(self) -> dict[str, Any]:
        return {
            "X": f"{len(self.W):,} x {self.components_.shape[1]:,}",
            "parts": len(self.components_),
            "runs": f"{self.n_kept} of {self.n_kept + len(self.dropped)} count",
            "relative error": self.relative_error,
            "reproducibility": spread(self.reproducibility),
            "cophenetic": self.cophenetic,
            "dispersion": self.dispersion,
        }

    def __str__(self) -> str:
        count = len(self.components_)
        share = self.W.sum(axis=0) * self.components_.sum(axis=1)
        share = share / (share.sum() or 1.0)
        lines = [f"{count} parts of {self.n_kept} runs, relative error {self.relative_error:.4f}"]
        lines += [f"dropped: run {run}, {reason}" for run, reason in self.dropped]
        lines += [f"{'part':>6}{'share':>8}{'reproducibility':>17}"]
        lines += [f"{t:>6}{share[t]:>8.1%}{self.reproducibility[t]:>17.2f}" for t in range(count)]
        lines += [f"rows: cophenetic correlation {self.cophenetic:.3f}, dispersion {self.dispersion:.3f}"]
        return "\n".join(lines)

    def consensus_matrix(self) -> Array:
        """Return the share of runs in which two rows of X have the same main part.

        It is made at each call, and takes 8 bytes an entry: 8 MB for 1,000 rows, 200 MB for 5,000.

        Returns
        -------
        ndarray of shape (n_compared, n_compared)
            Shares in [0, 1], in the order of `rows_compared`; 1 on the diagonal.

        References
        ----------
        S. Monti, P. Tamayo, J. Mesirov and T. Golub, "Consensus clustering: a resampling-based method for class
        discovery and visualization of gene expression microarray data", Machine Learning 52, 2003,
        doi:10.1023/A:1023949509487.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.kron(np.eye(2), np.ones((2, 5)))
        >>> consensus(X, 2, n_runs=5, random_state=0).consensus_matrix()
        array([[1., 1., 0., 0.],
               [1., 1., 0., 0.],
               [0., 0., 1., 1.],
               [0., 0., 1., 1.]])
        """
        return together(self.main_parts)

    def plot(self, ax: Any = None, *, kind: str = "parts") -> Any:
        """Draw the reproducibility of each part, or the consensus matrix; see ``partwise.plot.consensus``.

        Parameters
        ----------
        ax : matplotlib Axes or None
            Where to draw; None: on new axes.
        kind : {'parts', 'rows'}
            What is drawn.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        return pictures.consensus(self, ax, kind=kind)


def consensus(
    X: Any,
    n_components: int,
    *,
    n_runs: int = 30,
    resample: str | None = None,
    loss: Loss | str | float | None = None,
    solver: Solver | str = "auto",
    n_init: int = 1,
    tol: float = 1e-4,
    max_iter: int = 200,
    max_time: float | None = None,
    max_rows: int = 1000,
    missing_values: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    progress: Callable[[int], object] | None = None,
    executor: Executor | None = None,
) -> Consensus:
    """Fit X many times from random starts, and return the parts that the runs agree on.

    The parts of all runs are matched one to one, first to those of the run that is most like the others, then to the
    medians over runs, until the matching no longer changes. Runs with an outlying error or outlying parts do not count.
    A last fit of X, to a tenth of `tol`, starts from the medians.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0; zeros of a sparse X are data. An X that is read by blocks is read whole, if its ``max_memory``
        holds it, with copies.
    n_components : int
        Number of parts.
    n_runs : int, default=30
        Number of fits, at least 2.
    resample : {None, 'bootstrap', 'poisson'}, default=None
        What differs between runs besides the start. None: nothing, so the scores tell how little the start matters.
        'bootstrap': rows of X are drawn with replacement, so the scores also tell how much other rows would change the
        parts. 'poisson': for X of counts, each entry is drawn with that of X as its mean, as if it were counted again.
    loss : see ``factorize``, or None
        What is minimised. None: 'kullback-leibler', the likelihood of counts, for resample='poisson', else 'frobenius'.
    solver, n_init, tol, max_iter : see ``factorize``
        How each run is fitted.
    max_time : float or None
        Limit in seconds. Runs that have not ended by then do not count, except the first two.
    max_rows : int
        Most rows of X whose groups are compared. If X has more, they are drawn at random. All pairs of these rows are
        compared, with about 40 bytes for each pair: 40 MB for 1,000 rows, 1 GB for 5,000.
    missing_values : None, nan or 0
        Which entries of X are unknown, see ``factorize``.
    random_state : int, RandomState, Generator or None
        Seed; it fixes the result at any `n_jobs`.
    n_jobs : int or None
        Threads; None means 1, -1 all cores. Small runs on the same data run in step and share the passes over X.
    progress : callable or None
        Called with the number of finished runs after each.
    executor : concurrent.futures.Executor, or any object with its ``map``, or None
        Makes the runs in place of `n_jobs` threads, with the same result: for example a ``ProcessPoolExecutor``, or
        ``client.get_executor()`` of a Dask cluster.

    Returns
    -------
    Consensus
        The parts, their weights, reproducibility and intervals.

    Raises
    ------
    DataError
        If X cannot be factorized, or if resample='poisson' and X has entries that are not counts.
    ParameterError
        If a parameter has a value that is not accepted.

    References
    ----------
    J.-P. Brunet, P. Tamayo, T. Golub and J. Mesirov, "Metagenes and molecular pattern discovery using matrix
    factorization", PNAS 101, 2004, doi:10.1073/pnas.0308531101. H. Kim and H. Park, "Sparse non-negative matrix
    factorizations via alternating non-negativity-constrained least squares for microarray data analysis",
    Bioinformatics 23, 2007, doi:10.1093/bioinformatics/btm134. D. Kotliar et al., "Identifying gene expression programs
    of cell-type identity and cellular activity with single-cell RNA-Seq", eLife 8, 2019, doi:10.7554/eLife.43803.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (60, 3)) @ rng.gamma(0.3, 1.0, (3, 20)) * rng.gamma(99, 0.01, (60, 20))
    >>> print(consensus(X, 3, n_runs=5, random_state=0))
    3 parts of 5 runs, relative error 0...
      part   share  reproducibility
         0  ...             1.00
    ...
    """
    began = time.perf_counter()
    check_choice("resample", resample, RESAMPLES, also=(None,))
    named = get_loss(loss if loss is not None else "kullback-leibler" if resample == "poisson" else "frobenius")
    chosen = get_solver(solver, named)
    n_components, n_init = check_count("n_components", n_components), check_integer("n_init", n_init)
    n_runs, max_rows = check_integer("n_runs", n_runs, 2), check_integer("max_rows", max_rows, 2)
    tol, max_iter, max_time = check_stopping(tol, max_iter, max_time)
    seed = draw_seed("random_state", random_state)
    check_kind("progress", progress, Callable)
    names = feature_names(X)
    copies = COPIES if resample is None else DRAWN + count_threads(n_jobs)
    problem = Problem.of(X, named, n_components, missing_values=missing_values, in_memory=copies)
    check_counts(resample, problem.given)
    problem.check_data()
    matrix, loss_function = problem.X, problem.loss
    compared = np.sort(np.random.RandomState(seed).permutation(matrix.shape[0])[:max_rows])
    plan = Runs(problem, n_init, chosen, tol, max_iter, resample, compared, seed)
    end, lock, finished = began + max_time if max_time else np.inf, Lock(), 0

    def fit(numbers: range) -> Sequence[Run | None]:
        nonlocal finished
        left = end - time.perf_counter()
        if left <= 0 and numbers[0] >= 2:
            return [None] * len(numbers)
        made = plan.fit(numbers, max(left, BLINK) if max_time else None)
        for _ in made:
            with lock:
                finished += 1
                if progress is not None:
                    progress(finished)
        return made

    with Workers(n_jobs) as workers:
        matrix.prepare(workers, whole=not loss_function.needs_products_alone)
        groups = plan.groups(n_runs)
        made: Iterable[Sequence[Run | None]]
        if executor is None:
            made = workers.map(fit, groups)
        else:
            made = executor.map(partial(plan.fit, seconds=max_time), groups)
        runs: dict[int, Run | None] = {}
        for run in chain.from_iterable(made):
            runs[len(runs)] = run
            if executor is not None and progress is not None:
                progress(len(runs))
        dropped = {number: "stopped by the time limit" for number, made in runs.items() if not (made and made.done)}
        able = {number: made for number, made in runs.items() if made and number not in dropped}
        if len(able) < 2:
            able = {number: made for number, made in runs.items() if made}
            dropped = {number: why for number, why in dropped.items() if number not in able}
    parts, kept, places = agree(able, dropped, tol)
    middle = np.median(parts, axis=0)
    empty = ~middle.any(axis=1)
    middle[empty] = parts[:, empty].mean(axis=0)
    H = middle.astype(matrix.dtype)
    W = Projection(H, loss_function, Penalty())(matrix, n_jobs=n_jobs)
    start: dict[str, Any] = {"W": W, "H": H} if W.any() else {}  # all is zero where X is
    found = factorize(
        matrix, n_components, loss=loss_function, solver=solver, tol=tol / FINER, max_iter=FINER * max_iter,
        n_jobs=n_jobs, max_time=max(end - time.perf_counter(), BLINK) if max_time else None, **start,
    )  # fmt: skip
    H, dtype = problem.H(found.H.T), problem.given.dtype
    squares = np.square(middle).sum(axis=1)
    scale = np.divide(np.einsum("tj,tj->t", H, middle), squares, out=np.zeros(len(H)), where=squares > 0)
    low, high = np.percentile(parts, INTERVAL, axis=0) * scale[:, None]
    named_alike = np.array([place[able[number].main_parts] for number, place in zip(kept, places, strict=True)])
    C = together(named_alike)
    return Consensus(
        components_=H,
        W=problem.W(found.W),
        reproducibility=reproducibility(parts),
        lower=np.minimum(low.astype(dtype), H),
        upper=np.maximum(high.astype(dtype), H),
        cophenetic=cophenetic(C),
        dispersion=dispersion(C),
        relative_error=found.relative_error,
        n_kept=len(kept),
        dropped=sorted(dropped.items()),
        rows_compared=compared,
        main_parts=named_alike,
        feature_names_in_=names,
    )
