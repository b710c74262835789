"""torchnmf: multiplicative updates on PyTorch; raced only where PyTorch is there already."""

from typing import Any

import numpy as np

from benchmarks.compare.peers.base import Factors, Peer, Task

BETA = {"frobenius": 2, "kullback-leibler": 1, "itakura-saito": 0}


class Multiplicative(Peer):
    """`torchnmf.nmf.NMF`; what it calls H is W here, and the other way round."""

    name = "torchnmf"
    package = "torchnmf"
    losses = tuple(BETA)
    needs = "torch"

    def fit(self, X: Any, task: Task, iterations: int) -> Factors:
        import scipy.sparse as sp
        import torch
        from torchnmf.nmf import NMF

        torch.set_num_threads(task.threads)
        if sp.issparse(X):
            entries = X.tocoo()
            places = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
            data = torch.sparse_coo_tensor(places, torch.from_numpy(entries.data), X.shape)
        else:
            data = torch.from_numpy(X)
        model = NMF(W=torch.tensor(np.ascontiguousarray(task.H.T)), H=torch.tensor(task.W))
        model.fit(data, beta=BETA[task.loss], tol=0, max_iter=iterations)
        return model.H.detach().numpy(), model.W.detach().numpy().T


PEERS = (Multiplicative(),)
