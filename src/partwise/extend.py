"""What an extension is made of: your own storage, loss, solver, term or domain, one file each.

- ``Matrix`` is a storage of X. ``factorize`` and ``NMF.fit`` take any. ``as_matrix`` makes one of an array, a sparse
  matrix or a frame.
- ``ByBlocks`` is a storage that gives its rows a block at a time; it needs four names. Its ``each`` runs a function on
  each block, on threads of the fit. Override ``each`` to run blocks elsewhere, and add their sums with ``Adding``.
- ``Loss`` is what a fit minimises. A loss with ``gradient_split`` works with the solver 'mu' on every storage. A loss
  with ``half_step``, on views of rows (``DenseRows``, ``CsrRows``, ``KnownRows``), works with the solver 'ccd'.
- ``Solver`` does a half-step: it takes a ``HalfStep`` of two ``Factor`` objects, and returns an ``Update`` with a
  ``Step``. ``Fixed`` and ``Side`` are what it holds fixed.
- ``Term`` is a penalty on a factor beyond its elastic net.
- ``Domain`` is where the rows of a factor may lie.

Examples
--------
>>> from partwise.extend import as_matrix
>>> as_matrix([[1.0, 2.0], [3.0, 4.0]]).rows(0, 1).X
array([[1., 2.]])
"""

from partwise.domains import Domain
from partwise.losses import Interval, Loss
from partwise.losses.fixed import Fixed, Side
from partwise.matrix import Matrix, as_matrix
from partwise.matrix.adding import Adding
from partwise.matrix.by_blocks import ByBlocks
from partwise.matrix.rows import CsrRows, DenseRows, KnownRows, Rows
from partwise.solvers import Factor, HalfStep, Solver, Step, Update
from partwise.terms import Term

__all__ = [
    "Adding",
    "ByBlocks",
    "CsrRows",
    "DenseRows",
    "Domain",
    "Factor",
    "Fixed",
    "HalfStep",
    "Interval",
    "KnownRows",
    "Loss",
    "Matrix",
    "Rows",
    "Side",
    "Solver",
    "Step",
    "Term",
    "Update",
    "as_matrix",
]
