r"""Embeddings: a document counts the words of its nearest documents beside its own.

Short texts of one subject often share no word. Embeddings of whole texts by a language model show that such texts are
alike; a fit of words does not see it. So each row of words becomes a mean of rows,

.. math:: z_i = (1 - a_i) \, x_i + a_i \sum_j s_{ij} x_j, \quad s_{ij} \propto \max(\cos(e_i, e_j), 0), \quad
    a_i = \frac{20}{20 + l_i}

over the 20 fitted documents nearest to it in embeddings e, itself included. Topics are fitted to these rows. The
document has :math:`l_i` different words: a long article keeps mostly its own words, a title takes most from its
neighbours. This smooths a language model of a document by its neighbours (T. Tao, X. Wang, Q. Mei and C. Zhai,
"Language model information retrieval with document expansion", HLT-NAACL 2006). Topics stay topics of words, and the
same sum places a new document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches

from partwise.exceptions import DataError, ParameterError, shown
from partwise.matrix import Array
from partwise.state import PlainState
from partwise.threads import Workers
from partwise.topics.places import unit_rows

__all__ = ["Embedded", "nearest", "read_embeddings"]

NEIGHBOURS = 20
"""Number of nearest documents: z has at most this many times as many entries as X."""
WORDS = 20
"""Number of different words at which a document's own words weigh as much as those of its neighbours."""
ROWS = 128
"""How many documents have their cosines with all others in memory at a time, per thread: 2 KB per other document."""


@dataclass(frozen=True, eq=False)
class Embedded(PlainState):
    """Embeddings of fitted documents, and the neighbours of each.

    Parameters
    ----------
    vectors : ndarray of shape (n_documents, d), float32
        The embeddings, in rows of unit length; a row of zeros for a document without neighbours.
    near : csr array of shape (n_documents, n_documents)
        Weights of the neighbours of each document; rows sum to 1, or to 0 where there are none.

    Examples
    --------
    >>> embedded = Embedded.of(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=np.float32))
    >>> embedded.smoothed(sp.csr_array(np.eye(3))).toarray().round(2)
    array([[0.52, 0.48, 0.  ],
           [0.48, 0.52, 0.  ],
           [0.  , 0.  , 1.  ]])
    """

    vectors: Array
    near: Any

    @classmethod
    def of(cls, vectors: Array, n_jobs: int | None = None) -> "Embedded":
        """Return embeddings with the neighbours found."""
        return cls(vectors, nearest(vectors, vectors, n_jobs))

    def smoothed(self, X: Any) -> Any:
        """Return the words X (n, m) of the fitted documents with those of their neighbours."""
        return _mixed(sp.csr_array(X), self.near, X)

    def smoothed_new(self, rows: Any, vectors: Array, X: Any, n_jobs: int | None = None) -> Any:
        """Return the words (b, m) of new documents with those of their neighbours among X (n, m)."""
        return _mixed(sp.csr_array(rows), nearest(vectors, self.vectors, n_jobs), X)


def _mixed(rows: Any, near: Any, X: Any) -> Any:
    share = WORDS / (WORDS + np.diff(rows.indptr)) * np.asarray(near.sum(axis=1)).ravel()
    mixed = sp.csr_array(sp.diags_array(1 - share) @ rows + sp.diags_array(share) @ (near @ X))
    mixed.sort_indices()
    return mixed.astype(rows.dtype, copy=False)


def nearest(vectors: Array, among: Array, n_jobs: int | None = None) -> Any:
    """Return the weights of the nearest documents, exactly: a product of all with all, a block of rows at a time.

    Parameters
    ----------
    vectors : ndarray of shape (b, d)
        Embeddings in rows of unit length.
    among : ndarray of shape (n, d)
        Those to choose the neighbours among.
    n_jobs : int or None, default=None
        Threads; the result has the same bits at any number.

    Returns
    -------
    csr array of shape (b, n)
        Cosines of the 20 nearest where they are above 0, in rows of sum 1.

    Examples
    --------
    >>> nearest(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)).toarray().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    b, n = len(vectors), len(among)
    k = min(NEIGHBOURS, n)

    def find(rows: slice) -> tuple[Array, Array]:
        cosines = vectors[rows] @ among.T
        columns = np.sort(np.argpartition(cosines, n - k, axis=1)[:, n - k :], axis=1)
        return columns, np.take_along_axis(cosines, columns, axis=1)

    with Workers(n_jobs) as workers:
        found = workers.map(find, gen_batches(b, ROWS))
    columns = np.concatenate([columns for columns, _ in found]).ravel()
    weights = np.maximum(np.concatenate([cosines for _, cosines in found]), 0)
    totals = weights.sum(axis=1, keepdims=True)
    weights /= np.where(totals > 0, totals, 1)
    near = sp.csr_array((weights.ravel(), columns, np.arange(0, b * k + 1, k)), shape=(b, n))
    near.eliminate_zeros()
    return near


def read_embeddings(given: Any, texts: Sequence[str] | None, n: int, d: int | None = None) -> Array:
    """Return embeddings of n documents, checked, in rows of unit length.

    Parameters
    ----------
    given : array-like of shape (n, d), or callable
        The embeddings, or a function that makes them from a list of texts.
    texts : sequence of str or None
        The documents, None if they are a matrix of words; an empty text gets zeros.
    n : int
        Number of documents.
    d : int, default=None
        Required length of an embedding; None allows any.

    Returns
    -------
    ndarray of shape (n, d), float32
        The embeddings; a row of zeros stays one.

    Raises
    ------
    DataError
        If they are not an array of finite numbers of this shape, or all zeros.
    ParameterError
        If `given` is callable and the documents are a matrix.

    Examples
    --------
    >>> read_embeddings([[3, 4]], None, 1).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    what = "embeddings"
    if callable(given):
        if texts is None:
            raise ParameterError(
                "embeddings is a function of texts, and the documents are a matrix of words. Pass an array with one "
                "row per document."
            )
        what, given = "what embeddings(texts) returned", given([*texts])
    try:
        E = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{what} is not an array of numbers ({error}). Pass an array with one row per document."
        ) from error
    if E.dtype.kind not in "fiu" or E.ndim != 2:
        raise DataError(f"{what} is not a matrix of numbers: {shown(given)}. Pass an array with one row per document.")
    if len(E) != n:
        raise DataError(
            f"{what} has {len(E):,} rows for {n:,} documents. Pass one row per document, in the same order."
        )
    if E.shape[1] != (d or E.shape[1]) or not E.shape[1]:
        raise DataError(
            f"{what} has rows of {E.shape[1]:,} numbers; {f'{d:,} are needed' if d else 'at least one is needed'}. "
            "Make them with the same language model as those of the fitted documents."
        )
    bad = ~np.isfinite(E)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise DataError(
            f"{what}: [{i}, {j}] is {E[i, j]}, which is not finite. Give a document without an embedding zeros."
        )
    largest = np.abs(E).max(axis=1, keepdims=True).astype(np.float64)
    unit: Array = unit_rows((E / np.where(largest > 0, largest, 1)).astype(np.float32))
    if texts is not None:
        unit[[not text.strip() for text in texts]] = 0
    if d is None and not unit.any():
        raise DataError(f"{what} has only zeros. Leave it out if there are no embeddings.")
    return unit
