"""What a stream keeps of earlier documents: sums that determine the topics that fit them best."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise import kernels
from partwise.matrix import Array
from partwise.topics.places import modelled

__all__ = ["Memory"]

SWEEPS = 5
"""Passes over the topics each time a batch is placed: they are cheap compared with placing it."""


@dataclass
class Memory:
    r"""Sums over documents, in which old batches weigh less, and the best topics for them.

    For squared errors these are :math:`\Theta^T \Theta` and :math:`\Theta^T X`: given places, the best topics depend
    only on these. For Kullback-Leibler they are the expected counts of each word in each topic, and the weight of each
    topic.

    Parameters
    ----------
    squared : bool
        Whether errors are squared.
    gram : ndarray of shape (n_topics, n_topics) or (n_topics,)
        Sum of products of places; for Kullback-Leibler, of places.
    cross : ndarray of shape (n_topics, n_words)
        Sum of places times words; for Kullback-Leibler, expected counts.

    References
    ----------
    J. Mairal, F. Bach, J. Ponce and G. Sapiro, "Online learning for matrix factorization and sparse coding", JMLR 11,
    2010. M. Hoffman, D. Blei and F. Bach, "Online learning for latent Dirichlet allocation", NIPS 2010.

    Examples
    --------
    >>> X = sp.csr_array([[2.0, 0.0], [0.0, 3.0]])
    >>> theta, H = np.array([[2.0, 0.0], [0.0, 3.0]]), np.full((2, 2), 0.5)
    >>> Memory.empty(True, 2, 2).with_batch(X, theta, H, forget=1.0).best(H).round(3)
    array([[1., 0.],
           [0., 1.]])
    """

    squared: bool
    gram: Array
    cross: Array

    @classmethod
    def empty(cls, squared: bool, n_topics: int, n_words: int) -> "Memory":
        """Return a memory without documents."""
        return cls(squared, np.zeros((n_topics, n_topics) if squared else n_topics), np.zeros((n_topics, n_words)))

    def with_batch(self, X: Any, theta: Array, H: Array, forget: float) -> "Memory":
        """Return the memory times `forget`, plus documents X (n, m) at places theta (n, k)."""
        if self.squared:
            gram, cross = theta.T @ theta, (X.T @ theta).T
        else:
            counts = sp.coo_array(X)
            model = modelled(counts, theta, H)
            ratio = sp.csr_array((counts.data / np.where(model > 0, model, 1), (counts.row, counts.col)), shape=X.shape)
            gram, cross = theta.sum(axis=0), H * (ratio.T @ theta).T
        return Memory(self.squared, forget * self.gram + gram, forget * self.cross + cross)

    def grown(self, n_topics: int, n_words: int) -> "Memory":
        """Return the memory with zeros added for more topics and words."""
        more = n_topics - len(self.cross)
        gram = np.pad(self.gram, (0, more))
        return Memory(self.squared, gram, np.pad(self.cross, ((0, more), (0, n_words - self.cross.shape[1]))))

    def best(self, H: Array) -> Array:
        """Return better topics (k, m) for these documents; a topic without any stays as it is."""
        if not self.squared:
            known = self.gram[:, None] > 0
            return np.divide(self.cross, self.gram[:, None], out=H.copy(), where=known & np.ones(H.shape, bool))
        known = self.gram.diagonal() > 0
        Ht = np.ascontiguousarray(H[known].T, self.cross.dtype)
        gram = np.ascontiguousarray(self.gram[known][:, known])
        kernels.hals_block(Ht, Ht, Ht, self.cross[known].T, gram, 0.0, 0.0, SWEEPS, 0.0, 0.0)
        found = H.copy()
        found[known] = Ht.T
        return found

    def rescaled(self, lengths: Array) -> "Memory":
        """Return the memory for topics divided by `lengths` (k,) and places multiplied by them."""
        gram = lengths[:, None] * self.gram * lengths if self.squared else lengths * self.gram
        return Memory(self.squared, gram, lengths[:, None] * self.cross if self.squared else self.cross)
