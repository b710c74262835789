"""Two values have one description if, and only if, a fit cannot tell them apart."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from partwise.caching import cached_property
from partwise.fingerprint import LONGEST, described, fingerprint
from partwise.matrix import as_matrix
from partwise.penalties import Bounds, Penalty
from partwise.solvers import HALS, Multiplicative
from partwise.terms import GraphSmoothness, Orthogonality
from partwise.threads import ALONE, Workers

X = np.random.default_rng(0).random((300, 20))


@dataclass(frozen=True)
class Own:
    values: Any

    @cached_property
    def derived(self):
        return sum(self.values)


class Plain:
    def __init__(self, value):
        self.value = value

    @cached_property
    def derived(self):
        return self.value + 1


APART = [
    None, True, 0, 0.1, np.nextafter(0.1, 1), "a", "b", [1, 2], [2, 1], {"a": 1}, {"a": 2}, np.eye(2), np.eye(3),
    np.eye(2, dtype=np.float32), sp.csr_array(np.eye(2)), Penalty(0.1), Penalty(0.2), Bounds(0.0, 1.0),
    Bounds(np.eye(2), 1.0), HALS(), Multiplicative(), GraphSmoothness(np.eye(3), 0.1), Orthogonality(0.1),
    np.random.RandomState(0), np.random.RandomState(1), np.random.default_rng(0), np.random.default_rng(1),
    "x" * 200, "x" * 201, Own([1]), Own([2]), Plain(1), Plain(2), HALS,
]  # fmt: skip


def test_what_differs_is_described_differently_in_few_words():
    texts = [*map(described, APART)]
    assert len({*texts}) == len(texts)
    assert max(map(len, texts)) <= LONGEST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.float64(0.1), 0.1),
        (np.int32(3), 3),
        ((1, 2), [1, 2]),
        (np.asfortranarray(X), X),
        (pd.DataFrame(X), X),
        (sp.csc_array(np.eye(2)), sp.csr_array(np.eye(2))),
        (np.random.RandomState(0), np.random.RandomState(0)),
        (np.random.default_rng(0), np.random.default_rng(0)),
    ],
)
def test_what_is_the_same_is_described_alike(one, other):
    assert described(one) == described(other)


@pytest.mark.parametrize("value", [Own([1, 2]), Plain(3)])
def test_what_was_computed_from_a_value_is_no_part_of_it(value):
    before = described(value)
    assert value.derived
    assert described(value) == before


def of(data, **options):
    return fingerprint(as_matrix(data, **options), {}, ALONE)


def test_every_entry_of_x_counts():
    near = X.copy()
    near[271, 13] = np.nextafter(near[271, 13], 1)
    swapped = X[:, [1, 0, *range(2, 20)]]
    sparse = sp.csr_array(np.where(X > 0.5, X, 0))
    moved = sparse.copy()
    moved.indices = np.sort((moved.indices + 1) % 20)
    found = [X, near, swapped, X.astype(np.float32), sp.csr_array(X), sparse, moved, np.asfortranarray(X), X[:299]]
    for one, other in combinations(found, 2):
        assert of(one) != of(other)
    assert of(X) == of(X.copy())


def test_unknown_entries_and_weights_count():
    holes = np.where(X < 0.1, np.nan, X)
    weights = np.ones(X.shape)
    weights[0, 0] = 2
    found = [of(X), of(holes, missing_values=np.nan), of(X, entry_weight=weights), of(np.nan_to_num(holes))]
    for one, other in combinations(found, 2):
        assert one != other


def test_threads_do_not_count():
    with Workers(2) as workers:
        assert fingerprint(as_matrix(X), {}, workers) == of(X)
