"""Small matrices of each kind: changing one breaks the comparison with earlier commits, so add another instead."""

from typing import Any

import numpy as np
import scipy.sparse as sp


def dense(dtype: str = "float32") -> Any:
    """1,500 x 600 of rank 30 with noise."""
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, 1.0, (1500, 30)) @ rng.gamma(0.5, 1.0, (30, 600))
    return (X + 0.1 * X.mean() * np.abs(rng.standard_normal(X.shape))).astype(dtype)


def counts(dtype: str = "float32") -> Any:
    """4,000 x 3,000 counts of twelve parts, 200 a row, drawn one by one so that nothing dense raises the peak."""
    rng = np.random.default_rng(2)
    shares, columns = rng.dirichlet(np.full(12, 0.2), 4000), rng.dirichlet(np.full(3000, 0.05), 12)
    drawn = np.stack([rng.multinomial(200, share) for share in shares])
    rows = [np.repeat(np.arange(4000, dtype=np.int32), drawn[:, part]) for part in range(12)]
    places = [rng.choice(3000, len(row), p=columns[part]).astype(np.int32) for part, row in enumerate(rows)]
    row, column = np.concatenate(rows), np.concatenate(places)
    return sp.csr_matrix((np.ones(len(row), dtype), (row, column)), shape=(4000, 3000))


def weights(dtype: str = "float32") -> Any:
    """The counts, their logarithms, rows of unit length: what text looks like."""
    X = counts("float64")
    X.data = 1 + np.log(X.data)
    lengths = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags_array(1 / np.maximum(lengths, 1e-12)) @ X).astype(dtype)
