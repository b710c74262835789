"""Parts of a reading log: articles that the same readers read, and that use the same words."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.caching import cached_property
from partwise.factorization import factorize
from partwise.losses import get_loss
from partwise.matrix import Array
from partwise.penalties import Penalty
from partwise.projection import Projection
from partwise.solvers import Iteration
from partwise.state import PlainState
from partwise.stopping import StopReason

__all__ = ["Parts", "counts_of", "find_parts", "panels_of", "product"]

TEXT_SHARE = 0.3  # norm of the texts over that of the reads: low, so that reads decide, and texts name parts
READER, ARTICLE = 0.5, 0.25  # reads are divided by the counts of reader and article to these powers
ITERATIONS, WINDOW, STEADY = 60, 5, 1e-4
"""The fit stops when the loss fell by less than STEADY of itself over WINDOW iterations. The usual stopping rule takes
longer (1.4 times the processor time, one seed) and ranked no better (NDCG@10 on the Deskdrop log, mean of three seeds,
0.175 against 0.179)."""


@dataclass(frozen=True)
class Parts(PlainState):
    r"""Parts that readers, articles and words share.

    Reads :math:`Y`, divided by powers of the counts of readers and articles, and texts :math:`T` share the articles'
    factor: :math:`[Y^T, \lambda T] \approx H [R^T, V^T]`, all non-negative. Readers are then placed again, each by
    :math:`\min_{w \ge 0} \|y_u - H w\|`: a new reader with the same reads as a reader of the log gets the same place.

    Attributes
    ----------
    H : ndarray of shape (n_articles, n_parts)
        Place of each article.
    R : ndarray of shape (n_fitted_readers, n_parts)
        The factor of the readers of the fit, used to place new articles.
    V : ndarray of shape (n_words, n_parts)
        Words of the parts; no rows without texts.
    text_weight : float
        :math:`\lambda`.
    reader_scale : ndarray of shape (n_fitted_readers,)
        Factor of the reads of each reader of the fit.
    article_scale : ndarray of shape (n_articles,)
        Factor of the reads of each article.
    """

    H: Array
    R: Array
    V: Array
    text_weight: float
    reader_scale: Array
    article_scale: Array

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return int(self.H.shape[1])

    def place_readers(self, read: Any, n_jobs: int | None = None) -> Array:
        """Return the place of each reader, from their reads: a csr array (n_readers, n_articles)."""
        return self._onto_articles(_scaled(read, counts_of(read) ** -READER, self.article_scale), n_jobs=n_jobs)

    @cached_property
    def _onto_articles(self) -> Projection:
        return _projection(self.H)

    def with_articles(self, read: Any, texts: Any) -> "Parts":
        """Return the parts with more articles, placed by their texts and by which fitted readers read them.

        `read` is a csr array (n_articles, n_fitted_readers), `texts` one of (n_articles, n_words), or None. An article
        that nobody read is placed by its text alone: readers could not read it yet, so zero reads say nothing.
        """
        scale = counts_of(read) ** -ARTICLE
        reads = _scaled(read, scale, self.reader_scale)
        alone = np.diff(reads.indptr) == 0
        placed = np.zeros((reads.shape[0], self.n_parts))
        worded = texts is not None and len(self.V) > 0
        if worded and alone.any():
            placed[alone] = _project(self.V, sp.csr_array(self.text_weight * texts[alone]))
        if not alone.all():
            rows, right = reads[~alone], self.R
            if worded:
                rows = sp.csr_array(sp.hstack([rows, self.text_weight * texts[~alone]], format="csr"))
                right = np.vstack([right, self.V])
            placed[~alone] = _project(right, rows)
        return replace(self, H=np.vstack([self.H, placed]), article_scale=np.append(self.article_scale, scale))


def find_parts(read: Any, n_parts: int, texts: Any, random_state: Any, n_jobs: int | None) -> Parts:
    """Find the parts of a log.

    Parameters
    ----------
    read : csr_array of shape (n_readers, n_articles)
        How much each read counts.
    n_parts : int
        Number of parts, at most the number of readers and of articles.
    texts : csr_array of shape (n_articles, n_words) or None
        Rows of unit length or of zeros.
    random_state : int, RandomState or None
        Seed.
    n_jobs : int or None
        Threads.

    Returns
    -------
    Parts
        The parts. An article that nobody read is placed by its text.

    Examples
    --------
    >>> read = sp.csr_array(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]))
    >>> find_parts(read, 2, None, 0, None).H.argmax(axis=1).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    n, m = read.shape
    reader_scale, article_scale = counts_of(read) ** -READER, counts_of(read.T.tocsr()) ** -ARTICLE
    Y = _scaled(read, reader_scale, article_scale).T.tocsr()
    known = np.flatnonzero(np.diff(Y.indptr))
    X, weight = sp.csr_array(Y[known]), 0.0
    if texts is not None and texts.nnz:
        length = float(np.linalg.norm(texts[known].data)) or 1.0
        weight = TEXT_SHARE * float(np.linalg.norm(X.data)) / length
        X = sp.csr_array(sp.hstack([X, weight * texts[known]], format="csr"))
    k = min(n_parts, *X.shape)
    losses: list[float] = []

    def steady(at: Iteration) -> bool:
        losses.append(at.loss)
        return len(losses) > WINDOW and losses[-1 - WINDOW] - at.loss < STEADY * at.loss

    found = factorize(X, k, max_iter=ITERATIONS, random_state=random_state, n_jobs=n_jobs, callback=steady)
    if found.reason is StopReason.INTERRUPTED:  # with a callback, an interrupted factorize returns instead of raising
        raise KeyboardInterrupt
    R, V = found.H.T[:n], found.H.T[n:]
    H = np.zeros((m, k))
    H[known] = found.W
    if weight and len(known) < m:
        new = np.setdiff1d(np.arange(m), known)
        H[new] = _project(V, sp.csr_array(weight * texts[new]), n_jobs)
    return Parts(H, np.ascontiguousarray(R), np.ascontiguousarray(V), weight, reader_scale, article_scale)


def counts_of(rows: Any) -> Array:
    """Return the number of stored entries of each row, or 1 if there are none, to divide by."""
    return np.maximum(np.diff(rows.indptr), 1).astype(np.float64)


def panels_of(right: Array) -> Array:
    """Return a matrix (m, k) as panels of rows, (n_panels, k, `kernels.PANEL`), padded with zeros, for `product`.

    Examples
    --------
    >>> panels_of(np.ones((17, 3))).shape
    (2, 3, 16)
    """
    m, k = right.shape
    padded = np.pad(right, ((0, -m % kernels.PANEL), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, kernels.PANEL, k).transpose(0, 2, 1))


def product(left: Array, panels: Array) -> Array:
    """Return left (n, k) times the transpose of the matrix of the panels, with columns of zeros at the end.

    A row has the same bits whichever other rows are computed with it.

    Examples
    --------
    >>> product(np.array([[3.0, 4.0]]), panels_of(np.eye(2)))[:, :3].tolist()
    [[3.0, 4.0, 0.0]]
    """
    out = np.empty((len(left), len(panels) * kernels.PANEL))
    kernels.panel_dot(np.ascontiguousarray(left), panels, out)
    return out


def _scaled(rows: Any, row_scale: Array, column_scale: Array) -> Any:
    """Return a csr array with its rows and columns multiplied."""
    data = rows.data * np.repeat(row_scale, np.diff(rows.indptr)) * column_scale[rows.indices]
    return sp.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def _projection(right: Array) -> Projection:
    return Projection(np.ascontiguousarray(right.T), get_loss("frobenius"), Penalty())


def _project(right: Array, rows: Any, n_jobs: int | None = None) -> Array:
    return _projection(right)(rows, n_jobs=n_jobs)
