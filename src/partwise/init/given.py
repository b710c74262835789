"""Starts that the user gives, as a whole or in part."""

from collections.abc import Callable
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError
from partwise.init import initialize
from partwise.matrix import Array, Matrix, array_of, as_matrix
from partwise.threads import ALONE, Workers

Start = tuple[Array, Array]


def starts(
    X: Matrix,
    k: int,
    init: str | None,
    W: Any,
    H: Any,
    units: tuple[Any, Any],
    seeds: Any,
    rng: np.random.RandomState,
) -> Callable[..., Start]:
    """Return a function that makes one start (W, Ht) after another on Workers; do not change the arrays.

    Parameters
    ----------
    W, H : array or None
        Given with init='custom'; a factor that is not given is random.
    units : (float or ndarray, float or ndarray)
        What given factors (n, k) and (m, k) are divided by.
    seeds : array (r, m) or None
        Where the first parts begin instead.
    """
    start = _unseeded(X, k, init, W, H, units, rng)
    return start if seeds is None else lambda workers=ALONE: _seeded(start(workers), seeds, units[1])


def _unseeded(
    X: Matrix, k: int, init: str | None, W: Any, H: Any, units: tuple[Any, Any], rng: np.random.RandomState
) -> Callable[..., Start]:
    if init != "custom" and (W is not None or H is not None):
        raise ParameterError(f"init={init!r} makes its own W and H; use init='custom' to start from yours.")
    if init != "custom":
        return lambda workers=ALONE: initialize(X, k, init, rng, workers)
    if W is None and H is None:
        raise ParameterError("init='custom' needs W or H, or both; give one, or use init='random'.")
    own_W = None if W is None else in_units_of(check_factor(W, (X.shape[0], k), "W", X.dtype), units[0])
    own_Ht = None if H is None else in_units_of(check_factor(H, (k, X.shape[1]), "H", X.dtype).T, units[1])

    def start(workers: Workers = ALONE) -> Start:
        if own_W is not None and own_Ht is not None:
            return own_W, own_Ht
        left, right = initialize(X, k, "random", rng, workers)
        return left if own_W is None else own_W, right if own_Ht is None else own_Ht

    return start


def in_units_of(factor: Array, unit: Any) -> Array:
    """Return a factor in other units. If it is out of range in these, its size becomes 1.

    The scale of a start that is so far from the size of X has no use: see ``in_reach``.
    """
    if np.isscalar(unit) and unit == 1:
        return factor
    divisor = np.asarray(unit, factor.dtype)
    with np.errstate(over="ignore"):
        found = factor / divisor
    if 0 < found.max(initial=0) < np.inf or not factor.any():
        return found
    return np.ldexp(factor, -int(np.frexp(factor.max())[1])) / (divisor / divisor.min())


def _seeded(start: Start, seeds: Any, units: Any) -> Start:
    """Put the seeds' known entries into the first parts, at the scale of these parts."""
    W, Ht = start
    given = array_of(seeds, "seed_components").astype(float)
    if given.ndim != 2 or given.shape[1] != len(Ht) or given.shape[0] > Ht.shape[1]:
        raise ParameterError(
            f"seed_components have shape {given.shape}; they need at most {Ht.shape[1]} rows, one a part, of {len(Ht)} "
            f"entries, one a feature."
        )
    known = ~np.isnan(given)
    if (given[known] < 0).any() or not np.isfinite(given[known]).all():
        raise ParameterError("seed_components must be finite and at least 0; NaN where an entry is not known.")
    Ht = Ht.copy()
    for t, (seed, known_here) in enumerate(zip(given, known, strict=True)):
        seed = in_units_of(np.where(known_here, seed, 0.0), np.ravel(units))  # weights of columns are units too
        if seed.any():  # its mean becomes that of the start's column, zeros included
            seed = seed / seed.max()
            with np.errstate(over="ignore"):
                seed = seed * ((float(Ht[:, t].mean()) or float(Ht.mean())) / float(seed[known_here].mean()))
            seed = np.minimum(seed, np.finfo(Ht.dtype).max)
        Ht[known_here, t] = seed[known_here]
    return W, Ht


def check_parts(H: Any, n_features: int, name: str, signed: bool = False) -> Array:
    """Return the parts of a model as a float array (k, n_features), checked: shape, finite, at least 0 or `signed`."""
    array = array_of(H, name)
    if array.ndim != 2 or array.shape[1] != n_features or array.shape[0] < 1:
        raise ParameterError(
            f"{name} has shape {array.shape}, but this model was fitted to {n_features} features. Give it the shape "
            f"(n_components, {n_features}), or fit the model again."
        )
    dtype = array.dtype if array.dtype == np.float32 else np.dtype(np.float64)
    return check_factor(array, (len(array), n_features), name, dtype, start=False, signed=signed)


def check_factor(
    factor: Any, shape: tuple[int, int], name: str, dtype: "np.dtype[Any]", *, start: bool = True, signed: bool = False
) -> Array:
    """Return a given W or H as an array, checked: shape, finite, at least 0; a start must not be all 0."""
    array = array_of(factor, name)
    if array.ndim != 2 or array.shape[0] != shape[0]:
        raise ParameterError(
            f"Array with wrong first dimension passed to NMF (input {name}). Expected {shape[0]}, but got "
            f"{array.shape[0] if array.ndim else 'a number'}; {name} must have shape {shape}."
        )
    if array.shape[1] != shape[1]:
        raise ParameterError(
            f"Array with wrong second dimension passed to NMF (input {name}). Expected {shape[1]}, but got "
            f"{array.shape[1]}; {name} must have shape {shape}."
        )
    with np.errstate(over="ignore"):  # what it cannot hold becomes infinity, and is refused
        checked = as_matrix(array.astype(dtype, copy=False), name=name, negatives="keep" if signed else "error")
    if start and checked.total == 0:
        raise ParameterError(f"Array passed to NMF (input {name}) is full of zeros; give a start that is not.")
    return np.asarray(checked.values())
