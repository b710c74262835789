"""gensim: online factorization of texts in chunks of 2,000."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.compare.peers.base import Factors, Peer, Task


class Online(Peer):
    """`gensim.models.Nmf`. Its solver is called once for all weights: the public way goes text by text."""

    name = "gensim"
    package = "gensim"
    dense = False
    same_start = False
    note = "An iteration is a pass over the rows in chunks of 2,000. It starts by itself and computes in float64."

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        from gensim.models.nmf import Nmf

        columns = sp.csc_matrix(X.T)
        words = _Numbers(X.shape[1])
        model = Nmf(
            columns, num_topics=task.n_components, id2word=words, passes=iterations, normalize=False, eval_every=None,
            random_state=task.seed,
        )  # fmt: skip
        return model._solveproj(columns, model._W, v_max=np.inf).T, model._W.T


class _Numbers:
    """A vocabulary without words, so that none has to be made."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size


PEERS = (Online(),)
