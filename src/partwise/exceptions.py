"""Every error that partwise raises on purpose.

::

    PartwiseError
    ├── DataError (ValueError)                the data cannot be factorized as it is
    │   ├── DomainError                       the loss is not defined for an entry
    │   └── DataTypeError (TypeError)         the data are not numbers, or not an array or table
    ├── ParameterError (ValueError)           a parameter has a value that is not accepted
    │   └── IncompatibleSolverError           solver and loss are both valid, but not together
    ├── FactorTypeError (TypeError)           a given W or H has another dtype than X
    ├── CheckpointError (ValueError)          a checkpoint is damaged, in use, or belongs to another fit
    ├── ModelFileError (ValueError)           a model file is damaged, foreign or from a newer version
    ├── WorkersLostError (RuntimeError)       a cluster has no workers left for a fit
    └── MissingExtraError (ImportError)       an optional package is needed; the text names the extra

Each also inherits the built-in error that scikit-learn's users already catch.
"""

import difflib
from collections.abc import Iterable

__all__ = [
    "CheckpointError",
    "DataError",
    "DataTypeError",
    "DomainError",
    "FactorTypeError",
    "IncompatibleSolverError",
    "MissingExtraError",
    "ModelFileError",
    "ParameterError",
    "PartwiseError",
    "WorkersLostError",
]


LONGEST = 60
"""Characters of a value that an error text repeats."""


class PartwiseError(Exception):
    """Base of every error that partwise raises on purpose.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> for X, n_components in ([[1.0, -2.0]], 1), ([[1.0, 2.0]], 0):
    ...     try:
    ...         pw.factorize(X, n_components)
    ...     except pw.exceptions.PartwiseError as error:
    ...         print(f"{type(error).__name__}: {error}")
    DataError: Negative values in data passed to NMF (input X): X[0, 1] = -2 is negative ...
    ParameterError: n_components must be a positive integer; got 0.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)


class DataError(PartwiseError, ValueError):
    """The data cannot be factorized as it is; the text says where, what and the way out.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.factorize([[1.0, 2.0], [float("nan"), 4.0]], 1)
    Traceback (most recent call last):
    ...
    partwise.exceptions.DataError: Input X contains NaN: X[1, 0] is unknown ...

    Code that catches scikit-learn's errors catches it too:

    >>> issubclass(pw.exceptions.DataError, ValueError)
    True
    """


class DomainError(DataError):
    """An entry of X lies outside what the loss is defined for.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.factorize([[1.0, 0.0]], 1, loss="itakura-saito")
    Traceback (most recent call last):
    ...
    partwise.exceptions.DomainError: When beta_loss <= 0 and X contains zeros, the solver may diverge. ...
    """


class DataTypeError(DataError, TypeError):
    """The data are not numbers, or not an array or table; the text says where, what and the way out.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.factorize([["red", "blue"]], 1)
    Traceback (most recent call last):
    ...
    partwise.exceptions.DataTypeError: X has dtype <U4, and must hold numbers. ...
    """


class ParameterError(PartwiseError, ValueError):
    """A parameter has a value that is not accepted.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.factorize([[1.0, 2.0]], 1, init="nndvsd")
    Traceback (most recent call last):
    ...
    partwise.exceptions.ParameterError: init='nndvsd' is not known; ... Did you mean 'nndsvd'?
    """


class IncompatibleSolverError(ParameterError):
    """Solver and loss are both valid, but do not work together.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import partwise as pw
    >>> pw.factorize([[1.0, 2.0]], 1, loss="huber", solver="hals")
    Traceback (most recent call last):
    ...
    partwise.exceptions.IncompatibleSolverError: ... Use solver='auto' or 'mu' with loss='huber'.
    """


class FactorTypeError(PartwiseError, TypeError):
    """A given W or H has another dtype than X.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> X, W, H = np.ones((3, 2), dtype=np.float32), np.ones((3, 1)), np.ones((1, 2))
    >>> pw.NMF(1, init="custom").fit_transform(X, W=W, H=H)
    Traceback (most recent call last):
    ...
    partwise.exceptions.FactorTypeError: H and W should have the same dtype as X. ... convert with .astype.
    """


class CheckpointError(PartwiseError, ValueError):
    """A checkpoint is damaged, in use, or belongs to another fit; the text says which, and the way out.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import partwise as pw
    >>> X, folder = np.random.default_rng(0).random((6, 5)), tempfile.mkdtemp()
    >>> stopped = pw.factorize(X, 2, max_iter=10, checkpoint_dir=folder)
    >>> pw.factorize(X, 3, checkpoint_dir=folder)
    Traceback (most recent call last):
    ...
    partwise.exceptions.CheckpointError: The checkpoint in ... is of another fit: n_components is 2 there and 3 ...
    """


class ModelFileError(PartwiseError, ValueError):
    """A model file is damaged, truncated, foreign, or written by a newer version.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import partwise as pw
    >>> path = pathlib.Path(tempfile.mkdtemp(), "notes.txt")
    >>> _ = path.write_text("This is no model.")
    >>> pw.load(path)
    Traceback (most recent call last):
    ...
    partwise.exceptions.ModelFileError: ...notes.txt is not a partwise model, or a damaged or truncated one ...
    """


class WorkersLostError(PartwiseError, RuntimeError):
    """All workers of a cluster are gone, or one block kills them again and again.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    A fit of a Dask array goes on once there are workers again:

    >>> import tempfile
    >>> import partwise as pw
    >>> def fit(X, folder):
    ...     try:
    ...         return pw.factorize(X, 1, checkpoint_dir=folder)
    ...     except pw.exceptions.WorkersLostError:  # start workers here
    ...         return pw.factorize(X, 1, checkpoint_dir=folder, resume=True)
    >>> fit([[1.0, 2.0], [2.0, 4.0]], tempfile.mkdtemp()).converged
    True
    """


class MissingExtraError(PartwiseError, ImportError):
    """An optional package is needed but not installed; the text names the extra that installs it.

    Parameters
    ----------
    text : str
        What is wrong, where, and the way out.

    Examples
    --------
    >>> import sys
    >>> from unittest.mock import patch
    >>> import partwise as pw
    >>> found = pw.factorize([[1.0, 2.0], [3.0, 4.0]], 1)
    >>> with patch.dict(sys.modules, {"matplotlib.figure": None}):  # as if it were not installed
    ...     pw.plot.convergence(found)
    Traceback (most recent call last):
    ...
    partwise.exceptions.MissingExtraError: plot.convergence needs matplotlib, which is not installed: ...
    """


def unknown_name(what: str, given: object, valid: Iterable[str]) -> ParameterError:
    """Return the error for a name that is not in `valid`; it suggests the nearest one."""
    names = sorted(valid)
    listed = ", ".join(map(repr, names))
    return ParameterError(f"{what}={shown(given)} is not known; choose one of {listed}.{likely(given, names)}")


def likely(given: object, names: Iterable[str]) -> str:
    """Return a sentence that suggests the name most like the given one, or an empty text."""
    near = difflib.get_close_matches(given, list(names), n=1, cutoff=0.5) if isinstance(given, str) else []
    return f" Did you mean {near[0]!r}?" if near else ""


def shown(value: object) -> str:
    """Return how an error text names a value: an array by its shape, others by their repr, cut if it is long."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    text = repr(value)
    return text if len(text) <= LONGEST and "\n" not in text else f"{text[:LONGEST].splitlines()[0]}..."
