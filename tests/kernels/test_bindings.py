"""What every bound kernel promises: what it overwrites is the caller's array, never a copy of it."""

from copy import copy

import numpy as np
import pytest

from partwise.kernels import PANEL

# kernel: its arguments by name, as shapes, arrays or numbers, and the names of those that it overwrites
PATTERN = {"indptr": np.array([0, 2, 3], np.int32), "indices": np.array([0, 2, 1], np.int32)}
CSR = PATTERN | {"values": (3,)}
KERNELS = {
    "csr_count": (PATTERN | {"counts": np.zeros((2, 3), np.int32), "edges": np.array([0, 1, 2])}, ["counts"]),
    "csr_count_rows": (PATTERN | {"rows": np.array([1, 0]), "counts": np.zeros(3, np.int32)}, ["counts"]),
    "csr_pick": (
        CSR
        | {"rows": np.array([1, 0]), "numbers": np.array([0, 1, -1], np.int32), "out_indptr": np.zeros(3, np.int32)}
        | {"out_indices": np.zeros(2, np.int32), "out_values": (2,)},
        ["out_indptr", "out_indices", "out_values"],
    ),
    "csr_scatter": (
        # room for more than the entries: an entry goes where `next` says, whatever a test fills it with
        CSR
        | {"next": np.arange(3, dtype=np.int32), "rows": np.zeros(9, np.int32), "entries": (9,)}
        | {"first": 0, "last": 2},
        ["next", "rows", "entries"],
    ),
    "csr_dot": (CSR | {"right": (3, 2), "out": (2, 2), "first": 0, "last": 2}, ["out"]),
    "csr_spread": (CSR | {"right": (2, 4), "out": (3, 4), "edges": np.array([0, 1, 3])}, ["out"]),
    "dense_dot": ({"X": (2, 3), "right": (3, 2), "out": (2, 2)}, ["out"]),
    "row_errors": ({"X": (2, 3), "left": (2, 2), "right": (3, 2), "errors": (2,)}, ["errors"]),
    "csr_predict": (
        CSR | {"left": (2, 2), "right": (3, 2), "model": (3,), "first": 0, "last": 2},
        ["model"],
    ),
    "poisson_pull": (
        CSR
        | {"left": (2, 2), "right": (3, 2), "negative": (2, 2), "floor": 1e-9, "value": True}
        | {"first": 0, "last": 2},
        ["negative"],
    ),
    "poisson_csr": (
        CSR
        | {"left": (2, 2), "right": (3, 2), "mass": (2,), "l2": 0.0, "floor": 1e-9, "sweeps": 1, "shrink": 0.0}
        | {"value": True, "first": 0, "last": 2},
        ["left"],
    ),
    "poisson_dense": (
        {"X": (2, 3), "left": (2, 2), "transposed": (2, 16), "mass": (2,), "l2": 0.0, "floor": 1e-9}
        | {"sweeps": 1, "shrink": 0.0, "value": True},
        ["left"],
    ),
    "newton_csr": (
        CSR
        | {"left": (2, 2), "right": (3, 2), "mass": (2,), "l2": 0.0, "floor": 1e-9, "beta": 1.0, "most": 3}
        | {"first": 0, "last": 2},
        ["left"],
    ),
    "newton_dense": (
        {"X": (2, 3), "left": (2, 2), "right": (3, 2), "mass": (2,), "l2": 0.0, "floor": 1e-9, "beta": 1.0}
        | {"most": 3},
        ["left"],
    ),
    "hals_block": (
        {"iterate": (2, 2), "start": (2, 2), "point": (2, 2), "cross": (2, 2), "gram": (2, 2), "l1": 0.0, "l2": 0.0}
        | {"sweeps": 1, "shrink": 0.0, "momentum": 0.5, "own": (2, 2)},
        ["iterate", "point", "own"],
    ),
    "extrapolate": (
        {"iterate": (2, 2), "before": (2, 2), "point": (2, 2), "momentum": 0.5, "own": (2, 2)},
        ["point", "own"],
    ),
    "column_moments": ({"factor": (2, 3), "sums": (3,), "squares": (3,)}, ["sums", "squares"]),
    "scale_columns": ({"factor": (2, 3), "by": (3,)}, ["factor"]),
    "turn": ({"source": (2, 3), "out": (3, 2)}, ["out"]),
    "gram": ({"factor": (2, 2), "out": (2, 2)}, ["out"]),
    "pivoting_block": ({"left": (2, 2), "cross": (2, 2), "gram": (2, 2), "l1": 0.0}, ["left"]),
    "multiply": (
        {"left": (2, 2), "negative": (2, 2), "positive": (2, 2), "least": (2,), "l1": 1.0, "l2": 0.0}
        | {"exponent": 1.0},
        ["left"],
    ),
    "remember": (
        {"left": (2, 2), "up": (2, 2), "down": (2, 2), "negative": (2, 2), "positive": (2, 2), "least": (2,)}
        | {"levels": (2,), "forget": 0.5, "l1": 0.0, "l2": 0.0, "exponent": 1.0},
        ["left", "up", "down"],
    ),
    "hals_observed": (
        CSR
        | {"weights": None, "iterate": (2, 2), "start": (2, 2), "point": (2, 2), "right": (3, 2), "l1": 0.0, "l2": 0.0}
        | {"sweeps": 1, "shrink": 0.0, "momentum": 0.5, "first": 0, "last": 2},
        ["iterate", "point"],
    ),
    "pivoting_observed": (
        CSR
        | {"weights": None, "left": (2, 2), "right": (3, 2), "l1": 0.0, "l2": 0.0, "ridge": 1e-9}
        | {"first": 0, "last": 2},
        ["left"],
    ),
    "poisson_observed": (
        CSR
        | {"weights": None, "left": (2, 2), "right": (3, 2), "mass": (2,), "l2": 0.0, "floor": 1e-9, "sweeps": 1}
        | {"shrink": 0.0, "value": True, "first": 0, "last": 2},
        ["left"],
    ),
    "newton_observed": (
        CSR
        | {"weights": None, "left": (2, 2), "right": (3, 2), "mass": (2,), "l2": 0.0, "floor": 1e-9, "beta": 1.0}
        | {"most": 3, "first": 0, "last": 2},
        ["left"],
    ),
    "panel_dot": ({"left": (2, 2), "panels": (1, 2, PANEL), "out": (2, PANEL)}, ["out"]),
    "csr_chain": (
        {"indptr": CSR["indptr"], "indices": CSR["indices"], "values": (3,), "rows": np.array([0, 1]), "by": (2,)}
        | {"other_indptr": np.array([0, 1, 2, 3]), "other_indices": np.array([0, 1, 0]), "other_values": (3,)}
        | {"out": (2, 2)},
        ["out"],
    ),
    "csr_gram": (
        {"indptr": np.array([0, 1, 2]), "indices": np.array([0, 0]), "values": (2,)}
        | {"other_indptr": np.array([0, 2]), "other_indices": np.array([0, 1]), "other_values": (2,)}
        | {"by": (1,), "gram": np.zeros((2, 2), np.float32)},
        ["gram"],
    ),
    "csr_pairs": (
        {"indptr": np.array([0, 1, 2]), "indices": np.array([0, 0]), "values": (2,)}
        | {"other_indptr": np.array([0, 2]), "other_indices": np.array([0, 1]), "other_values": (2,)}
        | {"by": (1,), "scale": (2,), "most": 1, "starts": np.array([0, 1, 2]), "counts": np.zeros(2, np.int64)}
        | {"out_indices": np.zeros(2, np.int32), "out_values": np.zeros(2, np.float32)},
        ["counts", "out_indices", "out_values"],
    ),
    "ridge_neighbours": (
        {"starts": np.array([0, 1]), "counts": np.array([1, 1]), "indices": np.array([1, 0], np.int32)}
        | {"values": np.ones(2, np.float32), "diagonal": (2,), "scale": (2,), "columns": np.array([0, 1])}
        | {"ridges": (1,), "noise": 1.0, "positive": False, "held": np.zeros(2, np.int64)}
        | {"neighbours": np.zeros((2, 2), np.int32), "weights": np.zeros((1, 2, 2), np.float32)},
        ["held", "neighbours", "weights"],
    ),
    "hals_leap": (
        {"X": (2, 3), "W": (2, 2), "W_point": (2, 2), "W_best": (2, 2), "W_gram": (2, 2)}
        | {"H": (3, 2), "H_point": (3, 2), "H_best": (3, 2), "H_gram": (2, 2), "H_before": (3, 2)}
        | {"W_sweeps": 2, "W_shrink": 0.0, "H_sweeps": 2, "H_shrink": 0.0, "losses": [9.0]}
        | {"rules": np.array([1e3, 1e-6, 1e3, 1e9, 0, 0, 0, 0.2, np.inf, 1.05, 1.01, 5, 5])}
        | {"state": np.array([0.5, 0.0, 1.0, np.inf, np.inf, np.inf, 0.0, 2.0]), "log": np.zeros((3, 3))},
        ["W", "W_point", "W_best", "W_gram", "H", "H_point", "H_best", "H_gram", "H_before", "state", "log"],
    ),
    "best_of_rows": (
        {"scores": (2, 3), "count": 3, "places": np.zeros((2, 2), np.int64), "values": (2, 2)},
        ["places", "values"],
    ),
    "beta_parts": (
        {"x": (2, 2), "p": (2, 2), "ratio": (2, 2), "beta": 1.5, "floor": 1e-9, "value": True},
        ["p", "ratio"],
    ),
}
OUTPUTS = [(kernel, name) for kernel, (_, names) in KERNELS.items() for name in names]


READERS = {"inner", "survey", "supported", "Team", "PANEL"}


def arguments(kernel):
    given, _ = KERNELS[kernel]
    return {name: np.full(value, 3.0) if isinstance(value, tuple) else copy(value) for name, value in given.items()}


def test_every_kernel_is_listed(loops):
    assert {name for name in vars(loops) if not name.startswith("_")} == KERNELS.keys() | READERS


@pytest.mark.parametrize(("kernel", "name"), OUTPUTS)
def test_an_output_is_overwritten(loops, kernel, name):
    given = arguments(kernel)
    given[name] = output = np.full_like(given[name], 5)
    getattr(loops, kernel)(**given)
    assert (output != 5).any()


@pytest.mark.parametrize(("kernel", "name"), OUTPUTS)
def test_an_output_that_cannot_be_written_in_place_is_refused(loops, kernel, name):
    output = arguments(kernel)[name]
    read_only = output.copy()
    read_only.flags.writeable = False
    strided = np.repeat(output, 2, axis=-1)[..., ::2]
    other_type = output.astype({np.dtype("f8"): np.float32, np.dtype("i8"): np.int32}.get(output.dtype, np.int64))
    by_columns = [np.asfortranarray(output)] if output.ndim == 2 else []
    for unfit in (strided, other_type, read_only, *by_columns):
        with pytest.raises(TypeError, match="incompatible"):
            getattr(loops, kernel)(**arguments(kernel) | {name: unfit})
