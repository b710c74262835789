"""Every error that partwise raises on purpose.

::

    PartwiseError
    ├── DataError (ValueError)                the data cannot be factorized as it is
    │   ├── DomainError                       the loss is not defined for an entry
    │   └── DataTypeError (TypeError)         the data are not numbers, or no array or table
    ├── ParameterError (ValueError)           a parameter has a value that nothing accepts
    │   └── IncompatibleSolverError           solver and loss are both valid, but not together
    ├── FactorTypeError (TypeError)           a given W or H has another dtype than X
    ├── CheckpointError (ValueError)          a checkpoint is damaged, or of another fit, or in use
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
    """Base of every error that partwise raises on purpose."""


class DataError(PartwiseError, ValueError):
    """The data cannot be factorized as it is; the text says where, what and the way out."""


class DomainError(DataError):
    """An entry of X lies outside what the loss is defined for."""


class DataTypeError(DataError, TypeError):
    """The data are not numbers, or no array or table; the text says where, what and the way out."""


class ParameterError(PartwiseError, ValueError):
    """A parameter has a value that nothing accepts."""


class IncompatibleSolverError(ParameterError):
    """Solver and loss are both valid, but not together."""


class FactorTypeError(PartwiseError, TypeError):
    """A given W or H has another dtype than X."""


class CheckpointError(PartwiseError, ValueError):
    """A checkpoint is damaged, or of another fit, or its folder is in use; the text says which, and the way out."""


class ModelFileError(PartwiseError, ValueError):
    """A model file is damaged, truncated, foreign or written by a newer version."""


class WorkersLostError(PartwiseError, RuntimeError):
    """The workers of a cluster are gone, or die of a block again and again."""


class MissingExtraError(PartwiseError, ImportError):
    """An optional package is needed and absent; the text names the extra that brings it."""


def unknown_name(what: str, given: object, valid: Iterable[str]) -> ParameterError:
    """Build the error for a name that is none of `valid`, with the nearest one."""
    names = sorted(valid)
    listed = ", ".join(map(repr, names))
    return ParameterError(f"{what}={shown(given)} is not known; choose one of {listed}.{likely(given, names)}")


def likely(given: object, names: Iterable[str]) -> str:
    """Return a sentence that asks for the name which is most like what was given, or nothing."""
    near = difflib.get_close_matches(given, list(names), n=1, cutoff=0.5) if isinstance(given, str) else []
    return f" Did you mean {near[0]!r}?" if near else ""


def shown(value: object) -> str:
    """Return how an error text names a value: its repr if that is short, else what it is."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    text = repr(value)
    return text if len(text) <= LONGEST and "\n" not in text else f"{text[:LONGEST].splitlines()[0]}..."
