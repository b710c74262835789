"""The weights of the pieces of a score: found by predicting the end of the log from what came before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.recommend.coread import co_reads
from partwise.recommend.interest import BLOCK, CO_READS, PIECES, Blend, Interest
from partwise.recommend.log import DAY, Log
from partwise.recommend.ranking import best_of_rows
from partwise.recommend.splits import Split, splits

__all__ = ["choose_blend"]

READERS, CELLS = 3000, 60_000_000  # most readers in a window, and most scores
CANDIDATES = 100  # for each piece and freshness: the articles that can come first
CUTOFF = 20
STEPS = (0.0, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0)
RIDGES = (5.0, 20.0, 100.0, 300.0)
SPANS = (2, 8, 32, 128, 512)  # half-lives to try, as parts of the time that the log spans
TRIED = 100  # neighbours of an article while ridges are tried
FEW = 20  # fewest readers: with fewer, blends cannot be compared
PASSES = 2
WITHOUT = Blend((1.0, 0.0, 1.0, 1.0))
"""The blend of models in the search. It leaves out co-reads, which are learned separately for all ridges at once."""
GAIN, SURE = 1e-3, 1.0  # smallest gain for a change: relative, and in standard errors over readers


class _Cases:
    """Readers of one window, with the articles that can come first and those of them that they read later."""

    def __init__(
        self,
        model: Interest,
        pairs: Sequence[Any],
        rows: Array,
        wanted: Sequence[Array],
        there: Array,
        half_lives: Sequence[float | None],
    ) -> None:
        def told(some: Array) -> list[Array]:
            return [model.from_co_reads(some, one) for one in pairs]

        self.half_lives = half_lives
        fresh = [model.freshness(half_life) for half_life in half_lives]
        lately = [model.lately(half_life) / model.units[-1] for half_life in half_lives]
        units = model.units_of(told)
        cases: list[list[Array]] = []
        count = min(CANDIDATES, len(there))
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            own = [piece / unit for piece, unit in zip(model.pieces(block)[:-1], model.units, strict=False)]
            own[CO_READS : CO_READS + 1] = [piece / unit for piece, unit in zip(told(block), units, strict=True)]
            history = model.read[block]
            left = np.tile(there, (len(block), 1))
            left[np.repeat(np.arange(len(block)), np.diff(history.indptr)), history.indices] = False
            some = np.zeros_like(left)
            for i, targets in enumerate(wanted[first : first + BLOCK]):
                some[i, targets] = True
            hit = some.copy()
            for values in (*own, *lately):
                for factor in fresh if values.any() else ():  # without texts there are no candidates by texts
                    top = best_of_rows(np.where(left, values * factor, -np.inf), len(there), count)[0]
                    np.put_along_axis(
                        some, top, True, axis=1
                    )  # -1 means no more articles; it marks the last article, which does no harm
            some &= left
            for i, which in enumerate(some):
                chosen = np.flatnonzero(which)
                cases.append([*(v[i, chosen] for v in (*own, hit)), *(v[chosen] for v in (*lately, *fresh))])
        padded = [_padded(parts) for parts in zip(*cases, strict=True)]
        n, h = len(own), len(half_lives)
        self.own, self.wanted, self.lately, self.fresh = padded[:n], padded[n], padded[-2 * h : -h], padded[-h:]
        self.there = _padded([np.ones(len(case[0]), dtype=bool) for case in cases])
        ideal = np.cumsum(1 / np.log2(np.arange(2, CUTOFF + 2)))
        self.best = ideal[np.minimum([len(targets) for targets in wanted], CUTOFF) - 1]

    def piece(self, t: int, ridge: float) -> Array:
        """Return one of the pieces but the last."""
        return self.own[t + RIDGES.index(ridge) if t == CO_READS else t + (len(RIDGES) - 1) * (t > CO_READS)]

    def gains(self, blend: Blend) -> Array:
        """Return the normalised discounted gain of each reader."""
        total = blend.weights[-1] * self.lately[self.half_lives.index(blend.lately)]
        for t, weight in enumerate(blend.weights[:-1]):
            if weight:
                total = total + weight * self.piece(t, blend.ridge)
        total = np.where(self.there, total * self.fresh[self.half_lives.index(blend.fresh)], -np.inf)
        top = best_of_rows(total, total.shape[1], CUTOFF)[0]
        hits = np.where(top < 0, 0.0, np.take_along_axis(self.wanted, top, axis=1))
        return np.asarray((hits / np.log2(np.arange(2, CUTOFF + 2))).sum(axis=1) / self.best)


def _padded(rows: Sequence[Array]) -> Array:
    """Return rows of different lengths as a matrix, padded with zeros."""
    found = np.zeros((len(rows), max(map(len, rows))), dtype=rows[0].dtype)
    for row, values in zip(found, rows, strict=True):
        row[: len(values)] = values
    return found


def choose_blend(
    log: Log,
    texts: Any,
    published: Array,
    fit: Callable[[Log, float | None, Blend], Interest],
    *,
    text_weight: float | None,
    positive: bool,
    random_state: int | None,
    n_jobs: int | None,
) -> Blend:
    """Return the blend that best ranks what readers read later.

    With times, it predicts the last tenth of the log in two windows, each from all reads before it. Without times, it
    predicts a random fifth of the articles of each reader. With fewer than twenty readers, the plain blend is kept.

    Parameters
    ----------
    log : Log
        The reads.
    texts : csr_array or None
        Texts of the articles.
    published : ndarray of shape (n_articles,)
        When articles were published, NaN where unknown.
    fit : callable
        Makes an `Interest` from a part of the log, the time at which it ends, and a blend.
    text_weight : float or None
        Weight of the texts, if the user sets it.
    positive : bool
        Whether co-reads must be non-negative.
    random_state : int or None
        Seed of a random split.
    n_jobs : int or None
        Threads.

    Returns
    -------
    Blend
        The best found, coordinate by coordinate.
    """
    span = 0.0 if log.time is None else float(np.ptp(log.time)) / DAY
    half_lives: list[float | None] = [None, *(span / part for part in SPANS if span > 0)]
    plain = Blend(lately=half_lives[min(3, len(half_lives) - 1)])
    if texts is None or text_weight is not None:
        plain = replace(plain, weights=(*plain.weights[:2], text_weight or 0.0, plain.weights[3]))
    try:
        cuts = list(splits(log, "time", share=0.1, windows=2) if span > 0 else _random_cut(log, random_state))
    except DataError:
        return plain
    judged = [(cut, readers) for cut in cuts if (readers := _readers(log, cut, published)) is not None]
    if sum(len(rows) for _, (rows, *_) in judged) < FEW:
        return plain
    cases = []
    for cut, readers in judged:
        model = fit(log.part(cut.known), cut.now, WITHOUT)
        pairs = co_reads(model.read, RIDGES, neighbours=TRIED, positive=positive, n_jobs=n_jobs)
        cases.append(_Cases(model, pairs, *readers, half_lives))

    def judge(blend: Blend) -> Array:
        return np.concatenate([case.gains(blend) for case in cases])

    def best_of(blends: Iterable[Blend]) -> Blend:
        return max(blends, key=lambda blend: float(judge(blend).mean()))

    # No ridge or age is more likely than another, so the search begins at the best of all of them.
    best = best_of(replace(plain, ridge=ridge) for ridge in RIDGES)
    best = best_of(replace(best, fresh=fresh, lately=lately) for fresh in half_lives for lately in half_lives)
    gains = judge(best)
    free = [t for t, name in enumerate(PIECES) if name != "texts" or (texts is not None and text_weight is None)]
    for _ in range(PASSES):
        before = best
        for tried in _neighbours(free, half_lives):
            for make in tried:
                other = make(best)
                if other == best:
                    continue
                found = judge(other)
                more = found - gains
                if more.mean() > max(GAIN * gains.mean(), SURE * more.std() / len(more) ** 0.5):
                    best, gains = other, found
        if best == before:
            break
    return best


def _random_cut(log: Log, random_state: int | None) -> list[Split]:
    return list(splits(log, "random", share=0.2, random_state=random_state))


def _neighbours(free: Sequence[int], half_lives: Sequence[float | None]) -> list[list[Callable[[Blend], Blend]]]:
    def weight(t: int, step: float) -> Callable[[Blend], Blend]:
        return lambda blend: replace(blend, weights=(*blend.weights[:t], step, *blend.weights[t + 1 :]))

    def lately(value: float | None) -> Callable[[Blend], Blend]:
        return lambda blend: replace(blend, lately=value)

    def fresh(value: float | None) -> Callable[[Blend], Blend]:
        return lambda blend: replace(blend, fresh=value)

    def ridge(value: float) -> Callable[[Blend], Blend]:
        return lambda blend: replace(blend, ridge=value)

    ages = [[fresh(value) for value in half_lives], [lately(value) for value in half_lives]]
    # What is read lately keeps some weight: it alone orders articles that are equal by all other pieces.
    least = STEPS[1]
    return [
        *ages,
        [ridge(value) for value in RIDGES],
        *([weight(t, max(step, least if t == len(PIECES) - 1 else 0)) for step in STEPS] for t in free),
    ]


def _readers(log: Log, cut: Split, published: Array) -> tuple[Array, list[Array], Array] | None:
    """Return readers to predict, the articles that each read later, and which articles existed by then."""
    known, hidden = log.part(cut.known), log.part(cut.hidden)
    m = len(log.articles)
    old = np.unique(known.reader * m + known.article)
    new = np.setdiff1d(hidden.reader * m + hidden.article, old)
    there = np.bincount(known.article, minlength=m) > 0
    if cut.end is not None:
        there |= published <= cut.end
    reading = np.bincount(known.reader, minlength=len(log.readers)) > 0
    new = new[there[new % m] & reading[new // m]]
    rows, starts = np.unique(new // m, return_index=True)
    if not len(rows):
        return None
    wanted = np.split(new % m, starts[1:])
    some = np.unique(np.linspace(0, len(rows) - 1, max(FEW, min(READERS, CELLS // m))).astype(int))
    return rows[some], [wanted[i] for i in some], there
