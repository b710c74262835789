"""Weights of words and documents: rare words weigh more, documents like many others or of few words less."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches

from partwise.matrix import Array
from partwise.topics.places import unit_rows

__all__ = ["as_tfidf", "balancing_weights", "document_weights", "inverse_frequency", "rarity", "tfidf_rows"]

PIECE = 10_000
"""How many rows are read together: a matrix on disk is never read whole."""


def rarity(documents: float, held: Array) -> Array:
    r"""Return the inverse document frequency of words, from the number of documents that hold each.

    .. math:: \log(1 + (1 + n) / (1 + n_j))

    It is above 0 even for words of all documents (log 2), so that these keep a weight if there are no others.

    Parameters
    ----------
    documents : float
        Number of documents of the collection.
    held : ndarray of shape (n_words,)
        Number of documents that hold each word.

    Returns
    -------
    ndarray of shape (n_words,)
        The weights.

    Examples
    --------
    >>> rarity(100, np.array([1.0, 100.0])).round(2)
    array([3.94, 0.69])
    """
    found: Array = np.log1p((1 + documents) / (1 + held))
    return found


def inverse_frequency(X: Any) -> Array:
    """Return the `rarity` of each word of a sparse matrix X (n, m), (m,)."""
    X = sp.csr_array(X)
    held = np.zeros(X.shape[1])
    for rows in gen_batches(X.shape[0], PIECE):
        entries = slice(X.indptr[rows.start], X.indptr[rows.stop])
        held += np.bincount(X.indices[entries], minlength=X.shape[1])
    return rarity(X.shape[0], held)


def tfidf_rows(damped: Any, idf: Array) -> Any:
    """Return damped counts (n, m) times the weights of words (m,), in rows of unit length."""
    damped = sp.csr_array(damped)
    return unit_rows(sp.csr_array((damped.data * idf[damped.indices], damped.indices, damped.indptr), damped.shape))


def as_tfidf(X: Any, idf: Array) -> Any:
    """Return counts (n, m) as TF-IDF, ``log(1 + count) * idf``, rows of unit length."""
    X = sp.csr_array(X, dtype=np.float64, copy=True)
    X.data = np.log1p(X.data)
    return tfidf_rows(X, idf)


def document_weights(X: Any) -> Array:
    r"""Return the weights of the squared errors of documents.

    .. math:: w_i \propto b_i \, \sum_j x_{ij} r_j / \|x_i\|

    with :math:`b` the `balancing_weights` and :math:`r` the `rarity` of words. For TF-IDF, whose rows are of unit
    length, the sum is about the length of the row before scaling. Without it, a title of three words would weigh as
    much as an article of three hundred, and titles that share a word would make topics.

    Parameters
    ----------
    X : sparse matrix of shape (n_documents, n_words)
        The documents.

    Returns
    -------
    ndarray of shape (n_documents,)
        The weights, of mean 1; 1 for a document without words.

    Examples
    --------
    >>> document_weights(sp.csr_array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.6, 0.6, 0.6]])).round(2)
    array([0.76, 1.24])
    """
    X = sp.csr_array(X)
    words = X @ inverse_frequency(X)
    lengths = np.concatenate([np.sqrt(_squares(X[rows])) for rows in gen_batches(X.shape[0], PIECE)])
    weights = balancing_weights(X) * np.divide(words, lengths, out=np.zeros(X.shape[0]), where=lengths > 0)
    filled = weights > 0
    if not filled.any():
        return np.ones(X.shape[0])
    return np.where(filled, weights / weights[filled].mean(), 1.0)


def balancing_weights(X: Any) -> Array:
    r"""Return weights of documents that keep many similar ones from filling all topics.

    .. math:: w_i \propto 1 / (d_i + \bar d / 2), \quad d_i = \sum_j x_i \cdot x_j

    This is the weighting of normalized cuts, with the mean added. The mean limits the weight of a document that is like
    no other to three times that of an average one. The place of a document among given topics does not depend on its
    weight.

    Parameters
    ----------
    X : sparse matrix of shape (n_documents, n_words)
        The documents.

    Returns
    -------
    ndarray of shape (n_documents,)
        The weights, of mean 1.

    References
    ----------
    W. Xu, X. Liu and Y. Gong, "Document clustering based on non-negative matrix factorization", SIGIR 2003,
    doi:10.1145/860435.860485.

    Examples
    --------
    >>> balancing_weights(sp.csr_array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).round(2)
    array([0.85, 0.85, 1.31])
    """
    X = sp.csr_array(X)
    likeness = X @ np.asarray(X.sum(axis=0)).ravel()
    mean = likeness.mean()
    if not mean > 0:
        return np.ones(X.shape[0])
    weights: Array = 1 / (likeness / mean + 0.5)
    return weights / weights.mean()


def _squares(rows: Any) -> Array:
    return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
