"""Predicted ratings: means, non-negative parts of the remainders, and ratings of similar articles."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.caching import cached_property
from partwise.exceptions import DataError
from partwise.matrix import Array
from partwise.recommend.log import Log
from partwise.recommend.parts import panels_of, product
from partwise.recommend.ranking import CELLS
from partwise.state import PlainState

__all__ = ["Ratings"]

READER_PRIOR, ARTICLE_PRIOR = 5.0, 3.0  # number of zero ratings added to a mean, which shrinks it
MEAN_PASSES, PASSES = 10, 12
OVERLAP, POWER, RIDGE = (
    20.0,
    2,
    0.1,
)  # number of common raters that halves a similarity; its exponent; weight of no opinion
NEIGHBOURS, LEAST_COMMON = 400, 2  # kept for each article; fewest common raters of two articles
PENALTIES = (8.0, 12.0, 18.0)
HELD_OUT = 0.1
START = 0.1
MOST = 1e50


@dataclass(frozen=True)
class Ratings(PlainState):
    r"""Predicted ratings.

    .. math:: \hat r_{ui} = \mu + b_u + b_i + p \sum_t \sigma_t w_{ut} h_{it}
                            + q \frac{\sum_j s_{ji} e_{uj}}{\sum_j s_{ji} + 0.1}

    The means b are shrunk. Parts w and h are non-negative. The first half of them raise a rating
    (:math:`\sigma_t = 1`), and the others lower it (-1). Each has an L2 penalty. :math:`e_{uj}` is what the means leave
    of a rating that the reader gave. s is the similarity of articles: the positive part of the correlation of such
    remainders, shrunk by the number of common raters, squared. The penalty and the weights p and q are those that
    best predict a tenth of the ratings, held out within the fit.

    Attributes
    ----------
    log : Log
        The ratings, one of each reader for each article.
    given : csr_array of shape (n_readers, n_articles)
        The ratings.
    left : csr_array of shape (n_readers, n_articles)
        Remainders of the ratings, without the means.
    mean : float
        Mean of all ratings.
    of_reader, of_article : ndarray
        Shrunk means b.
    W, H : ndarray of shape (n_readers, n_parts), (n_articles, n_parts)
        Parts, non-negative.
    signs : ndarray of shape (n_parts,)
        1 for parts that raise a rating, -1 for those that lower it.
    similar : csr_array of shape (n_articles, n_articles)
        Similarity of articles.
    price : float
        Weight of the parts' L2 penalty.
    mix : tuple of float
        Weights p and q.
    """

    log: Log
    given: Any
    left: Any
    mean: float
    of_reader: Array
    of_article: Array
    W: Array
    H: Array
    signs: Array
    similar: Any
    price: float
    mix: tuple[float, float]

    @classmethod
    def fit(cls, log: Log, n_parts: int, random_state: int | None) -> "Ratings":
        """Fit ratings: choose price and mix by a tenth held out, then fit all."""
        log = _latest(log)
        price, mix = PENALTIES[1], (0.5, 1.0)  # used if the log is too small to choose
        lot = np.random.default_rng(random_state).random(len(log)) < HELD_OUT
        if lot.any() and not lot.all():
            known, hidden = log.part(~lot), log.part(lot)
            base, best = cls._fit(known, n_parts, PENALTIES[0], random_state), np.inf
            for tried in PENALTIES:
                model = base
                if tried != PENALTIES[0]:
                    W, H = _parts(base.left, base.signs, tried, random_state)
                    model = replace(base, W=W, H=H)
                means, parts, similar = model._pieces(hidden.reader, hidden.article)
                for p in (0.0, 0.25, 0.5, 0.75, 1.0):
                    for q in (0.0, 0.25, 0.5, 0.75, 1.0):
                        error = float(np.mean((hidden.strength - means - p * parts - q * similar) ** 2))
                        if error < best - 1e-9:
                            best, price, mix = error, tried, (p, q)
        return replace(cls._fit(log, n_parts, price, random_state), mix=mix)

    @classmethod
    def _fit(cls, log: Log, n_parts: int, price: float, random_state: int | None) -> "Ratings":
        n, m = len(log.readers), len(log.articles)
        mean = float(log.strength.mean())
        of_reader, of_article = np.zeros(n), np.zeros(m)
        for _ in range(MEAN_PASSES):
            of_article = _shrunk(log.article, log.strength - mean - of_reader[log.reader], m, ARTICLE_PRIOR)
            of_reader = _shrunk(log.reader, log.strength - mean - of_article[log.article], n, READER_PRIOR)
        return cls._of(log, mean, of_reader, of_article, n_parts, price, random_state)

    @classmethod
    def _of(
        cls, log: Log, mean: float, of_reader: Array, of_article: Array, n_parts: int, price: float, random_state: Any
    ) -> "Ratings":
        given, left = _sides(log, mean, of_reader, of_article)
        k = min(n_parts, *given.shape)
        signs = np.where(np.arange(k) < (k + 1) // 2, 1.0, -1.0)
        W, H = _parts(left, signs, price, random_state)
        return cls(log, given, left, mean, of_reader, of_article, W, H, signs, _similar(left), price, (0.5, 1.0))

    @classmethod
    def restored(cls, log: Log, **kept: Any) -> "Ratings":
        """Return fitted ratings from their log and the fields that do not follow from it."""
        given, left = _sides(log, kept["mean"], kept["of_reader"], kept["of_article"])
        return cls(log=log, given=given, left=left, similar=_similar(left), **kept)

    def updated(self, log: Log) -> "Ratings":
        """Return the model with more ratings: parts stay, and readers are placed again among them."""
        log = _latest(log)
        n, m = len(log.readers), len(log.articles)
        of_article = np.zeros(m)
        of_article[: len(self.of_article)] = self.of_article
        of_reader = np.zeros(n)
        of_reader[: len(self.of_reader)] = self.of_reader
        # New articles and readers are placed by their own ratings; those of the fit stay unchanged.
        new = log.article >= len(self.of_article)
        if new.any():
            rest = log.strength[new] - self.mean - of_reader[log.reader[new]]
            of_article[len(self.of_article) :] = _shrunk(log.article[new], rest, m, ARTICLE_PRIOR)[
                len(self.of_article) :
            ]
        of_reader = _shrunk(log.reader, log.strength - self.mean - of_article[log.article], n, READER_PRIOR)
        given, left = _sides(log, self.mean, of_reader, of_article)
        H = np.zeros((m, len(self.signs)))
        H[: len(self.H)] = self.H
        W = np.zeros((n, len(self.signs)))
        _sweep(left, W, H, self.signs, self.price, PASSES)
        return replace(
            self, log=log, given=given, left=left, of_reader=of_reader, of_article=of_article, W=W, H=H,
            similar=_similar(left),
        )  # fmt: skip

    def predict(self, readers: Array, articles: Array) -> Array:
        """Return ratings of pairs, within the range of the given ones; -1 is an unknown reader or article."""
        means, parts, similar = self._pieces(readers, articles)
        found = means + self.mix[0] * parts + self.mix[1] * similar
        return np.clip(found, self.log.strength.min(), self.log.strength.max())

    def scores(self, rows: Array) -> Array:
        """Return the predicted ratings of all articles for some readers, unclipped: (n_rows, n_articles).

        The scores of a reader have the same bits whichever other readers are computed with them.
        """
        return self.wide_scores(rows)[:, : len(self.of_article)]

    def wide_scores(self, rows: Array) -> Array:
        """Return the scores, followed by unused columns, as the kernels need them."""
        m, known = len(self.of_article), np.flatnonzero(rows >= 0)
        some = rows[known]
        wide = product(self.W[rows] * self.signs, self._panels)
        scores = wide[:, :m]
        parts = self.mix[0] * scores[known]
        scores[:] = self.mean + self.of_article
        if len(some):
            left = self.left[some]
            near = np.asarray((left @ self.similar).toarray())
            weight = np.asarray(((left != 0).astype(np.float64) @ self.similar).toarray()) + RIDGE
            scores[known] += self.of_reader[some][:, None] + parts + self.mix[1] * near / weight
        return wide

    @cached_property
    def _panels(self) -> Array:
        return panels_of(self.H)

    def opinions(self, row: int, article: int) -> tuple[Array, Array]:
        """Return the articles that a reader rated, and what each adds to the prediction for another."""
        left = self.left[[row]]
        similarity = self.similar[:, [article]].toarray()[left.indices, 0]
        rated = (left.data != 0) * similarity
        return left.indices, self.mix[1] * left.data * similarity / (rated.sum() + RIDGE)

    def _pieces(self, readers: Array, articles: Array) -> tuple[Array, Array, Array]:
        known_reader, known_article = readers >= 0, articles >= 0
        means = self.mean + np.where(known_reader, self.of_reader[readers], 0.0)
        means = means + np.where(known_article, self.of_article[articles], 0.0)
        parts, similar = np.zeros(len(readers)), np.zeros(len(readers))
        both = np.flatnonzero(known_reader & known_article)
        u, i = readers[both], articles[both]
        parts[both] = np.einsum("ij,ij,j->i", self.W[u], self.H[i], self.signs)
        of = self.similar.T.tocsr()
        for first in range(0, len(both), 4096):
            part = slice(first, first + 4096)
            left, near = self.left[u[part]], of[i[part]]
            top = np.asarray(left.multiply(near).sum(axis=1)).ravel()
            bottom = np.asarray((left != 0).multiply(near).sum(axis=1)).ravel()
            similar[both[part]] = top / (bottom + RIDGE)
        return means, parts, similar


def _latest(log: Log) -> Log:
    """Return one rating of each reader for each article: the latest, or the last in the table."""
    if log.strength.max() > MOST:
        raise DataError(
            f"interactions: a rating is {log.strength.max():g}, and squares of more than {MOST:g} overflow float64. "
            "Scale ratings down, such as to 1 to 5."
        )
    time = np.zeros(len(log)) if log.time is None else log.time
    pair = log.reader * len(log.articles) + log.article
    order = np.lexsort((np.arange(len(log)), time, pair))
    return log.part(np.sort(order[np.append(np.diff(pair[order]) != 0, True)]))


def _sides(log: Log, mean: float, of_reader: Array, of_article: Array) -> tuple[Any, Any]:
    """Return the ratings and their remainders without the means, (n_readers, n_articles) each."""
    shape = len(log.readers), len(log.articles)
    given = sp.csr_array((log.strength, (log.reader, log.article)), shape=shape)
    row = np.repeat(np.arange(shape[0]), np.diff(given.indptr))
    rest = given.data - mean - of_reader[row] - of_article[given.indices]
    return given, sp.csr_array((rest, given.indices, given.indptr), shape=shape)


def _shrunk(groups: Array, values: Array, n: int, prior: float) -> Array:
    return np.bincount(groups, values, minlength=n) / (np.bincount(groups, minlength=n) + prior)


def _parts(left: Any, signs: Array, price: float, random_state: int | None) -> tuple[Array, Array]:
    """Fit signed sums of non-negative parts to the remainders, by coordinate descent over the known entries."""
    rng = np.random.default_rng(random_state)
    W = START * np.abs(rng.normal(size=(left.shape[0], len(signs))))
    H = START * np.abs(rng.normal(size=(left.shape[1], len(signs))))
    transposed = left.T.tocsr()
    for _ in range(PASSES):
        _sweep(left, W, H, signs, price)
        _sweep(transposed, H, W, signs, price)
    return W, H


def _sweep(X: Any, W: Array, H: Array, signs: Array, price: float, sweeps: int = 1) -> None:
    """Minimise over each column of W in turn, in place, with H fixed."""
    right = np.ascontiguousarray(H * signs)
    kernels.hals_observed(X.indptr, X.indices, X.data, None, W, W, W, right, 0.0, price, sweeps, 0.0, 0.0, 0, len(W))


def _similar(left: Any) -> Any:
    """Return the similarity of articles by their ratings, for the 400 most similar of each."""
    known = sp.csr_array((np.ones_like(left.data), left.indices, left.indptr), shape=left.shape)
    squares = sp.csr_array((left.data**2, left.indices, left.indptr), shape=left.shape)
    of, of_known, of_squares = (X.T.tocsr() for X in (left, known, squares))
    m = left.shape[1]
    blocks: list[Any] = []
    step = max(1, CELLS // max(m, 1))
    for first in range(0, m, step):
        part = slice(first, min(first + step, m))
        common = (of_known[part] @ known).toarray()
        scale = np.sqrt((of_squares[part] @ known).toarray() * (of_known[part] @ squares).toarray())
        cosine = (of[part] @ left).toarray() / np.maximum(scale, np.finfo(float).tiny)
        near = np.maximum(cosine * common / (common + OVERLAP), 0) ** POWER
        near[common < LEAST_COMMON] = 0
        blocks.append(_heaviest(sp.csr_array(near), first, NEIGHBOURS))
    return sp.csr_array(sp.vstack(blocks, format="csr"))


def _heaviest(block: Any, first: int, n: int) -> Any:
    """Return the n largest entries of each row, of equal ones the first; row i without column first + i.

    Examples
    --------
    >>> _heaviest(sp.csr_array(np.array([[9.0, 1, 2]])), 0, 1).toarray()
    array([[0., 0., 2.]])
    """
    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    off = block.indices != row + first
    row, column, data = row[off], block.indices[off], block.data[off]
    own = np.bincount(row, minlength=block.shape[0])
    long = own[row] > n
    keep = ~long
    order = np.flatnonzero(long)
    order = order[np.lexsort((column[order], -data[order], row[order]))]
    place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    keep[order[place < n]] = True
    found = sp.csr_array((data[keep], (row[keep], column[keep])), shape=block.shape)
    found.sort_indices()
    return found
