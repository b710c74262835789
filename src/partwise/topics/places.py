"""Places of documents among topics: shares, unit rows, means of groups, and the model that they make."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.matrix import Array

__all__ = ["group_rows", "mean_shares", "modelled", "shares_of", "unit_rows"]


def shares_of(theta: Array) -> Array:
    """Return the rows of theta (n, k) scaled to sum 1; rows of zeros stay zero."""
    totals = theta.sum(axis=1, keepdims=True)
    return theta / np.where(totals > 0, totals, 1)


def mean_shares(theta: Array) -> Array:
    """Return the mean share of each topic (k,) over the documents that have any; sums to 1."""
    shares = shares_of(theta)
    return shares.sum(axis=0, dtype=np.float64) / max(np.count_nonzero(shares.any(axis=1)), 1)


def modelled(X: Any, theta: Array, H: Array) -> Array:
    """Return the entries of theta (n, k) @ H (k, m) at the stored entries of a COO array X (n, m), in X's order."""
    model: Array = np.einsum("ij,ij->i", theta[X.row], H.T[X.col])
    return model


def unit_rows(rows: Any) -> Any:
    """Return rows, dense or CSR, scaled to length 1; rows of zeros stay zero."""
    if sp.issparse(rows):
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        return sp.csr_array(sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def group_rows(names: Sequence[str]) -> tuple[list[str], list[Array]]:
    """Return the names that occur, sorted, and the rows of each; rows named ``""`` belong to none."""
    known, group = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(group, minlength=len(known)))[:-1])
    found = [(str(name), rows) for name, rows in zip(known, parts, strict=True) if name]
    return [name for name, _ in found], [rows for _, rows in found]
