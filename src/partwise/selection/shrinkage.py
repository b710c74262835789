"""How many parts and how large an L2 penalty, together, by the error on known entries that are held out."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.losses import Frobenius
from partwise.matrix import Array, Matrix
from partwise.matrix.convert import as_known
from partwise.parameters import check_choice, check_number
from partwise.penalties import Penalty
from partwise.plan import Plan
from partwise.problem import Problem, guess_blank_rows
from partwise.projection import Projection
from partwise.selection.choice import RankChoice
from partwise.selection.holdout import RIDGE, Fold, deal
from partwise.threads import Workers

LADDER = (1, 2, 3, 5, 7, 10, 20, 40, 80, 160)
"""Numbers of parts to try by default, up to a quarter of max(n_samples, n_features)."""
FIRST = 10
"""Which of them is tried first. Larger ones follow while they gain; smaller ones only if no larger one did."""
FACTOR, LIGHTEST, HEAVIEST = 2.0, -6, 9
"""Penalties to try: RIDGE times X's norm times the powers of FACTOR between these two."""
WORTH = 0.01
"""Twice the parts must lower the held-out error by this share."""
DOWNHILL, BESIDE = 0.001, 0.004
"""The same for the next penalty, for one more start, and for a lighter penalty of W."""
LIGHTER = 0.5, 0.25, 0.125, 0.0625, 0.03125
"""Shares of the penalty that W can have after the parts are found."""
SOME = 5_000
"""Held-out entries of a fold for these decisions, which compare the errors of the same entries."""
STARTS = 4
"""Most starts whose parts go side by side."""
MOST = 320
"""Most parts that they have together; min(n_samples, n_features) if that is larger."""
ENOUGH, FOLDS = 20_000, 5
"""Enough held-out entries to judge by, and the most folds that are made to have as many."""
TOL, ITERATIONS, LAST = 5e-3, 40, 12
"""Tolerance of the search's fits, and iterations of the fits that follow them on all known entries. Parts that are
fitted further predict no better: after 30 and 100 iterations the error of hidden pixels differs by 0.5 %."""
Pair = tuple[Array, Array]
"""W (n, k) and H (k, m)."""


@dataclass(frozen=True, eq=False, repr=False)
class PenaltyChoice(RankChoice):
    """How many parts, with which penalty, and why.

    Parameters
    ----------
    n_components, reason, clear, records : see RankChoice
        As there; n_components counts the parts of all starts together.
    penalty : Penalty
        The L2 penalty of W and H alike in the search, in units of the summed loss.
    penalty_W : Penalty
        The L2 penalty of W for the parts that were found: the same, or a lighter one down to 1/32 of `penalty`. It need
        not be one of those to choose from.
    n_starts : int
        Number of starts whose parts are side by side, each with ``n_components / n_starts`` parts.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import choose_rank
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.3, 1.0, (80, 3)) @ rng.gamma(0.3, 1.0, (3, 40)) * rng.gamma(99, 0.01, (80, 40))
    >>> X[rng.random(X.shape) < 0.3] = np.nan
    >>> choice = choose_rank(X, penalties="choose", missing_values=np.nan, random_state=0)
    >>> choice.n_components >= 3, choice.penalty.l2 > 0
    (True, True)
    """

    penalty: Penalty = field(default_factory=Penalty)
    penalty_W: Penalty = field(default_factory=Penalty)
    n_starts: int = 1

    @property
    def penalties(self) -> tuple[Penalty, Penalty]:
        """The penalties of W and of H."""
        return self.penalty_W, self.penalty

    def _facts(self) -> dict[str, Any]:
        penalty = f"l2 = {self.penalty.l2:.4g}, of W {self.penalty_W.l2:.4g}"
        return {**super()._facts(), "penalty": penalty, "starts": self.n_starts}

    def __str__(self) -> str:
        rows = [f"{r['n_components']:>6}{r['starts']:>8}{r['l2']:>12.4g}{r['error']:>10.4f}" for r in self.records]
        return "\n".join([f"{'parts':>6}{'starts':>8}{'l2':>12}{'error':>10}", *rows, self.reason])


@dataclass(frozen=True, eq=False)
class Joined:
    """The result of a search, and its parts.

    Parameters
    ----------
    choice : PenaltyChoice
        How many parts, and which penalty.
    H : ndarray of shape (n_components, n_features)
        The parts of all starts side by side, fitted to all known entries, in the user's units.
    """

    choice: PenaltyChoice
    H: Array


class _Search:
    """Fits to the kept entries of each fold, at points (k, index of the penalty in `grid`).

    They are in float32, on X divided by its mean: errors on held-out entries need no more digits.
    """

    def __init__(self, X: Matrix, grid: list[float], seed: int, solver: Any, workers: Workers, until: float) -> None:
        self.grid, self.until, self.late = grid, until, False
        self._seed, self._solver, self._workers = seed, solver, workers
        count = int(np.clip(-(-ENOUGH * 10 // max(X.n_stored, 1)), 1, FOLDS))
        make = deal(X, count, "speckled", np.random.RandomState(seed))
        self.folds: list[Fold] = [make(number) for number in range(count)]
        if not self.folds[0].out.n_stored:
            raise DataError("X has too few known entries in each row and column to hold any out; give alpha_W.")
        self.fits: dict[tuple[int, int], list[Pair]] = {}
        self.errors: dict[tuple[int, int], float] = {}
        self.records: list[dict[str, Any]] = []

    def fit(
        self, X: Matrix, k: int, at: int, start: Pair | None = None, number: int = 0, most: int = ITERATIONS
    ) -> Pair:
        """Return a fit with k parts and penalty number `at`, from a given start or from random start `number`."""
        penalty = Penalty(l2=self.grid[at])
        problem = Problem.of(X, Frobenius(), k, penalty_W=penalty, penalty_H=penalty, widen=False)
        going = start is not None and all(factor.any() for factor in start)  # a heavy penalty can make all entries zero
        W, H = start if start is not None and going else (None, None)
        rng = np.random.RandomState([self._seed, k, number])
        plan = Plan(problem.named, self._solver, tol=TOL, max_iter=most, random_state=rng, W=W, H=H)
        plan.suit(problem)
        found = plan.best(problem, None, self._workers)
        return found.W, np.ascontiguousarray(found.Ht.T)

    def error(self, k: int, at: int) -> float:
        """Return the held-out error of one start, averaged over folds; infinite if there is no time left for it."""
        if (k, at) not in self.fits:
            if self.errors and self._out_of_time():
                return np.inf
            near = min((i for size, i in self.fits if size == k), key=lambda i: abs(i - at), default=None)
            before = [None] * len(self.folds) if near is None else self.fits[k, near]
            self.fits[k, at] = [self.fit(f.kept, k, at, start) for f, start in zip(self.folds, before, strict=True)]
            errors = [_error(fold, *pair) for fold, pair in zip(self.folds, self.fits[k, at], strict=True)]
            self.errors[k, at] = self._record(k, at, 1, float(np.mean(errors)))
        return self.errors[k, at]

    def _out_of_time(self) -> bool:
        """Return whether the time limit is over, and note it."""
        self.late = time.perf_counter() >= self.until
        return self.late

    def best_penalty(self, k: int, at: int) -> int:
        """Return the index of the best penalty for k parts; the search goes downhill from `at`."""
        began, lowest = at, self.error(k, at)
        for step in (1, -1):
            while 0 <= at + step < len(self.grid) and self.error(k, at + step) < (1 - DOWNHILL) * lowest:
                at += step
                lowest = self.error(k, at)
            if at != began:
                break
        return at

    def joined(self, k: int, at: int) -> tuple[int, list[Pair]]:
        """Return the penalty, and fits to the first fold of the starts that lower its error side by side.

        The mean of several models varies less than each of them, so it needs less penalty: the next lighter one is
        tried.
        """
        fold = self.folds[0]
        alone = _error(fold, *self.fits[k, at][0])
        tried = {i: [self.fits[k, i][0]] for i in (at - 1, at) if (k, i) in self.fits}
        errors = {i: self._beside(k, i, fits) for i, fits in tried.items()}
        best = min(errors, key=lambda i: errors[i])
        if errors[best] > (1 - BESIDE) * alone:
            return at, tried[at][:1]
        fits, error = tried[best], errors[best]
        while len(fits) < STARTS:
            now = self._beside(k, best, fits)
            if now > (1 - BESIDE) * error:
                return best, fits[:-1] if now < np.inf else fits
            error = now
        return best, fits

    def _beside(self, k: int, at: int, fits: list[Pair]) -> float:
        """Add the fit of one more start; return the error of all, or infinity if there is no room or time for it."""
        fold = self.folds[0]
        if (len(fits) + 1) * k > max(MOST, min(fold.kept.shape)) or self._out_of_time():
            return np.inf
        fits.append(self.fit(fold.kept, k, at, number=len(fits)))
        return self._record(k, at, len(fits), _error(fold, *side_by_side(fits)))

    def lighter(self, k: int, at: int, starts: list[Pair]) -> float:
        """Return the share of penalty `at` that W has with the parts of these starts, fitted to the first fold.

        A penalty on both factors finds parts that predict well, but it can shrink the model too much. A lighter one on
        W restores some of it, if all folds agree; folds after the first judge by one start.
        """
        pairs = [side_by_side(starts), *self.fits[k, at][1:]]
        judged = [(self._some(fold), H) for fold, (_, H) in zip(self.folds, pairs, strict=True)]
        best, lowest = 1.0, np.full(len(judged), np.inf)
        for share in (1.0, *LIGHTER):
            if self._out_of_time():
                break
            penalty = Penalty(l2=share * self.grid[at])
            errors = np.array([
                _error(fold, Projection(H, Frobenius(), penalty)(fold.kept, n_jobs=self._workers.n_jobs), H)
                for fold, H in judged
            ])  # fmt: skip
            if (errors > (1 - BESIDE) * lowest).any():
                break
            best, lowest = share, errors
        return best

    def _some(self, fold: Fold) -> Fold:
        """Return the rows of a fold that are enough to compare errors of the same entries."""
        n = fold.out.shape[0]
        count = -(-SOME * n // max(fold.out.n_stored, 1))
        rows = np.sort(np.random.RandomState(self._seed).permutation(n)[:count])
        return Fold(fold.kept.take(rows), fold.out.take(rows))

    def _record(self, k: int, at: int, starts: int, error: float) -> float:
        self.records.append({"n_components": k * starts, "starts": starts, "l2": self.grid[at], "error": error})
        return error


def _error(fold: Fold, W: Array, H: Array) -> float:
    """Return the error on the held-out cells, relative to them."""
    loss = Frobenius()
    size = loss.size(fold.out)
    return float(np.sqrt(2 * loss.value(fold.out, W, np.ascontiguousarray(H.T)) / size)) if size > 0 else 0.0


def side_by_side(pairs: Sequence[Pair]) -> Pair:
    """Return the mean of several models as one with the parts of all; W and H share the factor 1 / count evenly."""
    scale = 1 / np.sqrt(len(pairs))
    W, H = np.concatenate([W for W, _ in pairs], axis=1), np.concatenate([H for _, H in pairs])
    return W * W.dtype.type(scale), H * H.dtype.type(scale)


def search(
    problem: Problem,
    ranks: Iterable[int] | None,
    penalties: str | Iterable[float],
    *,
    solver: Any = "auto",
    max_time: float | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Joined:
    """Return how many parts with which penalty predict known entries best, and these parts; see ``choose_rank``."""
    until = time.perf_counter() + max_time if max_time else np.inf
    X = problem.X
    if X.can("complete"):
        X = as_known(X)
    unit = 4.0 ** round(np.log2(X.mean) / 2) if X.mean > 0 else 1.0
    small = X.divided(unit).astype(np.float32)
    scale = unit * problem.unit  # converts penalties on factors of X / unit to those on factors of X
    norm = np.sqrt(small.squared_norm * small.shape[0] * small.shape[1] / small.n_stored)
    grid, at = _grid(penalties, norm, scale)
    with Workers(n_jobs) as workers:
        found = _Search(small, grid, seed, solver, workers, until)
        k, at = _walk(found, _sizes(ranks, X), at)
        at, starts = found.joined(k, at) if ranks is None else (at, [found.fits[k, at][0]])
        share = found.lighter(k, at, starts)
        _, H = side_by_side([found.fit(small, k, at, pair, most=LAST) for pair in starts])
    guess_blank_rows(small.T, H.T)
    for record in found.records:
        record["l2"] *= scale
    reason = _because(found, k, at, len(starts), scale)
    if share < 1:
        reason += f"; for these parts W has a lighter penalty, {share * grid[at] * scale:.3g}"
    if found.late:
        reason += ", as far as the time limit let it look"
    penalty = Penalty(l2=grid[at] * scale)
    choice = PenaltyChoice(
        len(H), f"{reason}.", not found.late, found.records, penalty, Penalty(l2=share * penalty.l2), len(starts)
    )
    dtype = problem.given.dtype
    return Joined(choice, H.astype(dtype) * dtype.type(np.sqrt(scale)))


def _grid(penalties: str | Iterable[float], norm: float, scale: float) -> tuple[list[float], int]:
    """Return the penalties to try, ascending, and the index of the first one to try."""
    if isinstance(penalties, str):
        check_choice("penalties", penalties, ("choose",))
        return [RIDGE * norm * FACTOR**power for power in range(LIGHTEST, HEAVIEST + 1)], -LIGHTEST
    if not isinstance(penalties, Iterable):
        raise ParameterError(f"penalties must be 'choose' or a sequence of numbers; got {shown(penalties)}.")
    grid = sorted({check_number("each of penalties", penalty) / scale for penalty in penalties})
    if not grid:
        raise ParameterError("penalties is empty; give the L2 penalties to choose from, or 'choose'.")
    return grid, len(grid) // 2


def _sizes(ranks: Iterable[int] | None, X: Matrix) -> tuple[list[int], list[int]]:
    """Return numbers of parts to try upwards, and those to try downwards if no larger one gained."""
    if ranks is not None:
        return list(ranks), []
    able = [k for k in LADDER if k <= max(1, max(X.shape) // 4)]
    first = min(FIRST, able[-1])
    return [k for k in able if k >= first], [k for k in reversed(able) if k < first]


def _walk(found: _Search, sizes: tuple[list[int], list[int]], at: int) -> tuple[int, int]:
    """Return the best (k, index of the penalty); more parts only if they gain."""
    up, down = sizes
    best = up[0], found.best_penalty(up[0], at)
    for k in up[1:]:
        now = k, found.best_penalty(k, best[1])
        if found.error(*now) > (1 - WORTH) * found.error(*best):
            break
        best = now
    if best[0] == up[0]:
        for k in down:
            now = k, found.best_penalty(k, best[1])
            if found.error(*now) > (1 + WORTH) * found.error(*best):
                break
            best = now
    return best


def _because(found: _Search, k: int, at: int, starts: int, scale: float) -> str:
    """Return the reason for the choice."""
    each = f"{k} part{'s' if k > 1 else ''}"
    said = f"{each} with an L2 penalty of {found.grid[at] * scale:.3g}: the error on held-out entries is "
    said += f"{found.errors[k, at]:.4g}"
    beside = [
        f"{found.errors[k, i]:.4g} with {found.grid[i] * scale:.3g}" for i in (at - 1, at + 1) if (k, i) in found.errors
    ]
    others = {size: min(e for (s, _), e in found.errors.items() if s == size) for size, _ in found.errors if size != k}
    near = [
        size
        for size in (max((s for s in others if s < k), default=0), min((s for s in others if s > k), default=0))
        if size
    ]
    beside += [f"{others[size]:.4g} with {size} part{'s' if size > 1 else ''}" for size in near]
    if beside:
        said += f", against {' and '.join([', '.join(beside[:-1]), beside[-1]] if len(beside) > 1 else beside)}"
    if starts > 1:
        last = min(r["error"] for r in found.records if r["starts"] == starts)
        said += f"; the parts of {starts} starts side by side, {k * starts} in all, lower it to {last:.4g}"
    return said
