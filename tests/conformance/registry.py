"""Everything that the conformance tests run over, found by looking: what is added to the package is tested unasked."""

import inspect
import pkgutil
import tempfile
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import partwise.losses
import partwise.matrix
from partwise.init import INITS
from partwise.losses import BetaDivergence, Loss
from partwise.losses.fixed import Fixed
from partwise.matrix import Matrix, as_matrix
from partwise.matrix.across import Across
from partwise.matrix.by_blocks import ByBlocks
from partwise.matrix.sketched import Sketched
from partwise.matrix.speckled import Speckled
from partwise.solvers import SOLVERS

BETAS = (-1.0, 0.5, 1.5, 3.0)
INIT_NAMES = sorted(INITS)


def concrete(package, base):
    """Concrete subclasses of `base` in the modules of `package`, in the order of their names."""
    modules = [import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)]
    found = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    return sorted((k for k in found if issubclass(k, base) and not inspect.isabstract(k)), key=lambda k: k.__name__)


LOSS_CLASSES = [kind for kind in concrete(partwise.losses, Loss) if kind is not BetaDivergence]
LOSSES = [*(kind() for kind in LOSS_CLASSES), *(BetaDivergence(beta) for beta in BETAS)]
MATRIX_CLASSES = [
    kind
    for kind in concrete(partwise.matrix, Matrix)
    if not (issubclass(kind, Speckled | ByBlocks | Across | Sketched) or kind.__name__.startswith("_"))
]
"""Storages that as_matrix makes. tests/matrix tests held-out cells, tests/extension blocks of rows, and
tests/solvers/test_warmup.py sketches."""
PAIRS = [(solver, loss) for solver in SOLVERS.values() for loss in LOSSES if solver.minimises(loss)]


def name(item):
    """Name of a loss, or of a solver and loss, in the names of tests."""
    if isinstance(item, Loss):
        return f"beta={item.beta:g}" if type(item) is BetaDivergence else item.name
    return getattr(item, "name", None) or str(item)


def pair_name(pair):
    return " ".join(map(name, pair))


def data(loss=None, *, shape=(23, 14), seed=0, rank=4):
    """Data of about that rank in the loss's domain, a third of it zeros, and a row and column, where it has 0."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(1.0, 1.0, (shape[0], rank)) @ rng.gamma(1.0, 1.0, (rank, shape[1]))
    X *= rng.gamma(20.0, 0.05, shape)
    if loss is None or loss.domain.closed:
        X[rng.random(shape) < 1 / 3] = 0
        X[5], X[:, 3] = 0, 0
        return X + (loss.domain.lowest if loss is not None else 0.0)
    return X + loss.domain.lowest + 0.05


def pair(shape=(23, 14), k=3, seed=1, dtype=np.float64):
    """Positive factors (n, k) and (m, k)."""
    rng = np.random.default_rng(seed)
    return (rng.random((shape[0], k)) + 0.1).astype(dtype), (rng.random((shape[1], k)) + 0.1).astype(dtype)


def gradient(loss, X, left, right, first=0, last=None, *, value=False):
    """(negative, positive, loss) of rows first..last of the model left @ right.T of X."""
    last = X.shape[0] if last is None else last
    number = next(number for number, block in enumerate(X.blocks) if block[0] <= first and last <= block[1])
    side = loss.sides(X, Fixed(right), value=False)[number]
    side = side._replace(constant=(last - first) / X.shape[0] * loss.constant(X) if value else 0.0)
    return loss.gradient(X.rows(first, last), left[first:last], side, value=value)


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def memory_map(X):
    """A file on disk, opened for reading; it is unlinked when the map is gone."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, X)
        file.flush()
        return np.load(file.name, mmap_mode="r")


def wide_indices(X):
    csr = sp.csr_array(X)
    csr.indptr, csr.indices = csr.indptr.astype(np.int64), csr.indices.astype(np.int64)
    return csr


def unsorted(X):
    """CSR with the entries of each row in reverse."""
    csr = sp.csr_array(X)
    order = np.concatenate([np.arange(b - 1, a - 1, -1) for a, b in zip(csr.indptr[:-1], csr.indptr[1:], strict=True)])
    return sp.csr_array((csr.data[order], csr.indices[order], csr.indptr), shape=csr.shape)


def duplicates(X):
    """COO with each entry stored as two halves."""
    i, j = np.nonzero(X)
    half = X[i, j] / X.dtype.type(2)
    return sp.coo_array((np.concatenate([half, half]), (np.concatenate([i, i]), np.concatenate([j, j]))), shape=X.shape)


def stored_zeros(X):
    csr = sp.csr_array(np.where(X == 0, X.dtype.type(1), X))
    csr.data[X.ravel() == 0] = 0
    return csr


STORAGES = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "read only": read_only,
    "memory map": memory_map,
    "frame": pd.DataFrame,
    "CSR matrix": sp.csr_matrix,
    "CSR array": sp.csr_array,
    "CSC": sp.csc_array,
    "COO": sp.coo_matrix,
    "CSR, int64 indices": wide_indices,
    "CSR, unsorted": unsorted,
    "COO, duplicates": duplicates,
    "CSR, stored zeros": stored_zeros,
}


def known(storage, shape=(23, 14)):
    """Weights of the entries that a storage of PARTLY takes of an array, 0 where it takes none; three values alone."""
    rng = np.random.default_rng(4)
    weights = (rng.random(shape) < 0.7).astype(np.float64)
    weights[7], weights[:, 2] = 0, 0
    return weights * rng.choice([0.5, 2.0], shape) if storage == "Observed, weights" else weights


def ratings(X):
    """A sparse matrix of the known entries, zeros among them stored."""
    i, j = np.nonzero(known("Observed, sparse", X.shape))
    return as_matrix(sp.csr_array((X[i, j], (i, j)), shape=X.shape), missing_values=0)


PARTLY = {
    "Observed, dense": lambda X: as_matrix(
        np.where(known("Observed, dense", X.shape) > 0, X, X.dtype.type(np.nan)), missing_values=np.nan
    ),
    "Observed, sparse": ratings,
    "Observed, weights": lambda X: as_matrix(X, entry_weight=known("Observed, weights", X.shape)),
}
"""Matrices of which some entries are unknown, one row and one column among them as a whole."""
EVERY = STORAGES | PARTLY


def skip_unweighable(loss, storage):
    """Skip a test where entries have weights and the loss takes none; that it says so is tested."""
    if storage == "Observed, weights" and not loss.degree:
        pytest.skip("this loss does not scale with its arguments, and takes no weights")
