"""Scores of what a reader will read next: a sum of parts, co-reads, texts and recent reads, times freshness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.caching import cached_property
from partwise.indices import with_short_indices
from partwise.matrix import Array
from partwise.recommend.coread import co_reads
from partwise.recommend.log import DAY, Log
from partwise.recommend.parts import Parts, counts_of, find_parts, panels_of, product
from partwise.recommend.ranking import best_of_rows
from partwise.state import PlainState

__all__ = ["BLOCK", "PIECES", "Blend", "Interest", "confidences", "in_half_lives"]

PIECES = ("parts", "co-reads", "texts", "lately")
"""The pieces of a score."""
CO_READS, TEXTS = PIECES.index("co-reads"), PIECES.index("texts")
SAMPLE, BEST = 128, 20  # how many readers, and best articles of each, the unit of a piece is measured on
BLOCK = 32  # readers whose pieces are computed together
VECTOR = 8  # numbers of the longest vector of a processor, in float64


@dataclass(frozen=True)
class Blend:
    """How the pieces of a score are combined.

    Attributes
    ----------
    weights : tuple of float
        Weight of each of `PIECES`. A unit is what the best articles of a reader get from the piece.
    lately : float or None
        Age in days at which a read counts half in what is read lately; None: every read counts the same.
    fresh : float or None
        Age in days at which an article counts half; at twice this age it counts a third, and so on. None: age does not
        matter.
    ridge : float
        The ridge that co-reads are learned with, see `co_reads`.
    """

    weights: tuple[float, ...] = (0.1, 1.0, 0.3, 0.05)
    lately: float | None = None
    fresh: float | None = None
    ridge: float = 100.0


@dataclass(frozen=True)
class Interest(PlainState):
    r"""Scores of articles for readers, from what the readers read.

    .. math:: s_{ui} = \frac{1}{1 + a_i / h} (p\, w_u \cdot h_i + c\, n_u^{-1/2} \sum_j x_{uj} c_{ji}
                       + t\, n_u^{-1/2} \sum_j x_{uj} \langle t_j, t_i \rangle + l\, r_i)

    with :math:`a_i` the age of article i, w and h places of readers and articles among parts, x how much a read counts,
    c co-reads, t texts, r its reads lately; weights and half-lives are those of the `Blend`.

    Attributes
    ----------
    read : csr_array of shape (n_readers, n_articles)
        How much each read counts.
    parts : Parts
        The parts, with the place of each article.
    W : ndarray of shape (n_readers, n_parts)
        Place of each reader.
    pairs : csr_array of shape (n_articles, n_articles)
        Co-reads: how much a read of one article speaks for another, or against it if negative.
    texts : csr_array of shape (n_articles, n_words) or None
        Texts.
    first : ndarray of shape (n_articles,)
        Time in seconds at which each article was published or first read, the median if both are unknown; zeros without
        times.
    now : float
        Time in seconds at which ages are 0.
    log : Log
        The reads.
    blend : Blend
        How the pieces are combined.
    units : ndarray of shape (4,)
        What each piece is divided by.
    """

    read: Any
    parts: Parts
    W: Array
    pairs: Any
    texts: Any
    first: Array
    now: float
    log: Log
    blend: Blend
    units: Array

    @classmethod
    def fit(
        cls,
        log: Log,
        texts: Any,
        published: Array,
        *,
        n_parts: int,
        half_life: float | None,
        blend: Blend,
        random_state: Any,
        n_jobs: int | None,
        positive: bool = False,
        now: float | None = None,
    ) -> "Interest":
        """Find the parts of a log, and learn co-reads if their weight is not 0. `published` is NaN where unknown."""
        read = confidences(log, half_life)
        parts = find_parts(read, n_parts, texts, random_state, n_jobs)
        pairs = sp.csr_array((read.shape[1], read.shape[1]))
        if blend.weights[CO_READS]:
            pairs = co_reads(read, [blend.ridge], positive=positive, n_jobs=n_jobs)[0]
        return cls._of(log, read, parts, pairs, texts, published, blend, now, n_jobs)

    @classmethod
    def restored(
        cls,
        log: Log,
        parts: Parts,
        pairs: Any,
        texts: Any,
        published: Array,
        blend: Blend,
        units: Array,
        half_life: float | None,
    ) -> "Interest":
        """Return fitted scores from the log and the values that do not follow from it.

        Files of earlier versions have no pairs: then co-reads are learned from the log, and units are measured.
        """
        read = confidences(log, half_life)
        if pairs is None:
            return cls._of(log, read, parts, co_reads(read, [blend.ridge])[0], texts, published, blend, None, None)
        return cls._of(log, read, parts, pairs, texts, published, blend, None, None, units)

    def updated(
        self, log: Log, texts: Any, published: Array, half_life: float | None, positive: bool = False
    ) -> "Interest":
        """Return the scores with more reads or articles: the parts stay, and new readers and articles are placed.

        Co-reads are learned again for the articles of the new reads, and stay unchanged for others.
        """
        read = confidences(log, half_life)
        before = len(self.parts.H)
        of_articles = sp.csr_array(read[: len(self.parts.R)].T.tocsr())
        parts = self.parts
        if read.shape[1] > before:
            parts = parts.with_articles(of_articles[before:], None if texts is None else texts[before:])
        m, pairs = read.shape[1], self.pairs.copy()
        pairs.resize((m, m))
        touched = np.unique(log.article[len(self.log) :])
        if self.blend.weights[CO_READS] and len(touched):
            pairs.data[np.isin(pairs.indices, touched)] = 0
            pairs = sp.csr_array(pairs + co_reads(read, [self.blend.ridge], positive=positive, articles=touched)[0])
            pairs.eliminate_zeros()
        return self._of(log, read, parts, pairs, texts, published, self.blend, None, None, self.units)

    @classmethod
    def _of(
        cls,
        log: Log,
        read: Any,
        parts: Parts,
        pairs: Any,
        texts: Any,
        published: Array,
        blend: Blend,
        now: float | None,
        n_jobs: int | None,
        units: Array | None = None,
    ) -> "Interest":
        W = parts.place_readers(read, n_jobs)
        first, latest = np.zeros(len(log.articles)), 0.0
        if log.time is not None:
            latest = float(log.time.max()) if now is None else now
            first = np.full(len(log.articles), np.inf)
            np.minimum.at(first, log.article, log.time)
            first = np.fmin(first, published)
            unknown = np.isinf(first)
            first = np.minimum(first, latest)
            first[unknown] = np.median(first[~unknown])  # unknown age: neither fresh nor old
        found = cls(read, parts, W, pairs, texts, first, latest, log, blend, np.ones(len(PIECES)))
        return replace(found, units=found.measured() if units is None else units)

    @property
    def ages(self) -> Array:
        """Days since each article was published or first read."""
        return (self.now - self.first) / DAY

    def lately(self, half_life: float | None) -> Array:
        """Return the number of readers of each article, each weighted by 0.5 ** (age of the last read / half_life)."""
        n = len(self.log.articles)
        if self.log.time is None or half_life is None:
            return np.bincount(self.read.indices, minlength=n).astype(np.float64)
        pair = self.log.reader * n + self.log.article
        order = np.lexsort((self.log.time, pair))
        last = order[np.append(np.diff(pair[order]) != 0, True)]
        age = in_half_lives(np.maximum(self.now - self.log.time[last], 0), half_life)
        return np.bincount(self.log.article[last], 0.5**age, minlength=n)

    def freshness(self, half_life: float | None) -> Array:
        """Return the factor of each article's score for its age."""
        if half_life is None or self.log.time is None:
            return np.ones(len(self.first))
        return 1 / (1 + in_half_lives(self.now - self.first, half_life))

    @cached_property
    def reads_lately(self) -> Array:
        """Number of readers of each article; recent readers count more."""
        return self.lately(self.blend.lately)

    @cached_property
    def fresh(self) -> Array:
        """Factor of each article's score for its age."""
        return self.freshness(self.blend.fresh)

    def damped(self, rows: Array) -> Any:
        """Return the reads of some readers as they count in scores: a csr array (n_rows, n_articles)."""
        history = self.read[rows]
        return sp.csr_array(history * (counts_of(history) ** -0.5)[:, None])

    def pieces(self, rows: Array) -> list[Array]:
        """Return the pieces of the scores of some readers, (n_rows, n_articles) each, before weights and freshness."""
        m = self.read.shape[1]
        from_texts = np.zeros((len(rows), m))
        if self.texts is not None:
            from_texts = (self.texts @ (self.damped(rows) @ self.texts).toarray().T).T
        return [
            self.W[rows] @ self.parts.H.T,
            self.from_co_reads(rows, self.pairs),
            from_texts,
            np.broadcast_to(self.reads_lately, (len(rows), m)),
        ]

    def from_co_reads(self, rows: Array, pairs: Any) -> Array:
        """Return the piece of co-reads of the scores of some readers, (n_rows, n_articles)."""
        found = np.zeros((len(rows), self.read.shape[1]))
        self._add_co_reads(rows, counts_of(self.read[rows]) ** -0.5, pairs, found)
        return found

    def _add_co_reads(self, rows: Array, by: Array, pairs: Any, scores: Array) -> None:
        read = self.read
        kernels.csr_chain(
            read.indptr, read.indices, read.data, rows, by, pairs.indptr, pairs.indices, pairs.data, scores
        )

    def scores(self, rows: Array) -> Array:
        """Return the scores of all articles for some readers (n_rows, n_articles); row -1 is an unknown reader.

        A reader without reads gets the scores of what is read lately, whatever its weight. The scores of a reader have
        the same bits whichever other readers are computed with them.
        """
        return self.wide_scores(rows)[:, : len(self.first)]

    def wide_scores(self, rows: Array) -> Array:
        """Return the scores, followed by unused columns, as the kernels need them."""
        m, read, factor = len(self.first), self.read, self.factors
        own = np.where(rows >= 0, read.indptr[rows + 1] - read.indptr[rows], 0)
        left = np.ones((len(rows), self.W.shape[1] + 1))
        left[:, :-1] = self.W[rows]
        scores = product(left, self._panels)
        damped = np.maximum(own, 1.0) ** -0.5
        if self.texts is not None and factor[TEXTS]:
            self._add_texts(read[rows], factor[TEXTS] * damped, scores)
        if factor[CO_READS]:
            self._add_co_reads(np.where(own > 0, rows, 0), factor[CO_READS] * damped, self.pairs, scores)
        scores[:, :m] *= self.fresh
        scores[own == 0, :m] = self._unknown
        return scores

    def _add_texts(self, history: Any, by: Array, scores: Array) -> None:
        right = (sp.csr_array(history * by[:, None]) @ self.texts).toarray().T
        # Fewer columns than a vector has would be summed by another loop, which can round differently.
        right = np.ascontiguousarray(np.pad(right, ((0, 0), (0, max(0, VECTOR - right.shape[1])))))
        found, texts = np.empty((self.texts.shape[0], right.shape[1])), self.texts
        kernels.csr_dot(texts.indptr, texts.indices, texts.data, right, found, 0, len(found))
        scores[:, : len(found)] += found.T[: len(by)]

    @cached_property
    def _panels(self) -> Array:
        """The parts of each article, and what is read lately, times their weights."""
        factor = self.factors
        return panels_of(np.hstack([factor[0] * self.parts.H, factor[-1] * self.reads_lately[:, None]]))

    @cached_property
    def _by_word(self) -> Any:
        """The texts by words, as a csr array (n_words, n_articles), for scores of few readers."""
        return None if self.texts is None else self.texts.T.tocsr()

    @property
    def factors(self) -> Array:
        """Factor of each piece."""
        return np.asarray(self.blend.weights) / self.units

    @cached_property
    def _unknown(self) -> Array:
        """Return the scores for readers without reads: what is read lately, hard to beat for fresh articles."""
        half_lives = [half_life for half_life in (self.blend.lately, self.blend.fresh) if half_life is not None]
        return self.lately(min(half_lives, default=None)) / self.units[-1]

    def measured(self) -> Array:
        """Return the unit of each piece."""
        return self.units_of(self.pieces)

    def units_of(self, pieces: Callable[[Array], Sequence[Array]]) -> Array:
        """Return the unit of each piece that `pieces` computes for some readers: the mean of their best articles."""
        busy = np.flatnonzero(np.diff(self.read.indptr))
        rows = busy[np.unique(np.linspace(0, len(busy) - 1, SAMPLE).astype(int))]
        best = min(BEST, self.read.shape[1])
        sums = sum(
            np.array([best_of_rows(piece, piece.shape[1], best)[1].mean(axis=1).sum() for piece in pieces(block)])
            for block in np.array_split(rows, -(-len(rows) // BLOCK))
        )
        return np.where(sums > 0, sums / len(rows), 1.0)


def confidences(log: Log, half_life: float | None, latest: float | None = None) -> Any:
    """Return how much each read counts, as a csr array (n_readers, n_articles): log2(1 + strength).

    Strengths of repeated reads add up; with `half_life` each halves once in that many days before `latest`, by default
    the time of the last read. Later reads count in full.
    """
    strength = log.strength
    if half_life is not None and log.time is not None and len(log):
        latest = float(log.time.max()) if latest is None else latest
        strength = strength * 0.5 ** in_half_lives(np.maximum(latest - log.time, 0), half_life)
    total = sp.csr_array(
        (np.maximum(strength, 1e-12), (log.reader, log.article)), shape=(len(log.readers), len(log.articles))
    )
    total.sum_duplicates()
    total.data = np.log2(1 + np.minimum(total.data, np.finfo(float).max))
    return with_short_indices(total)


def in_half_lives(seconds: Array, half_life: float) -> Array:
    """Return times in half-lives of that many days; infinity where float64 overflows."""
    with np.errstate(over="ignore"):
        return seconds / (DAY * float(half_life))
