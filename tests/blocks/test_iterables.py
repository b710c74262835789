"""Row blocks that a program makes."""

import gc
import glob
import tempfile
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import convert, open_blocks
from partwise.exceptions import DataError, DataTypeError

EDGES = [0, 10, 10, 200, 201, 640, 1000]
SMALL = "512KiB"


def pieces(X):
    return (X[first:last] for first, last in pairwise(EDGES))


@pytest.fixture(params=["dense", "sparse"])
def X(request, dense, sparse):
    """Both kinds of matrix."""
    return dense if request.param == "dense" else sparse


def limit(X):
    return "256KiB" if sp.issparse(X) else SMALL


def test_an_iterator_is_written_down_once_and_goes_with_the_source(X, gives):
    before = {*glob.glob(f"{tempfile.gettempdir()}/partwise-*")}
    source = open_blocks(pieces(X), limit(X))
    gives(source, X)
    assert {*glob.glob(f"{tempfile.gettempdir()}/partwise-*")} - before
    del source
    gc.collect()
    assert not {*glob.glob(f"{tempfile.gettempdir()}/partwise-*")} - before


def test_a_callable_is_called_for_each_pass(X, gives):
    calls = []

    def rows():
        calls.append(1)
        return pieces(X)

    source = open_blocks(rows, limit(X))
    for _ in range(3):
        for first, last in source.blocks:
            source.block(first, last)
            source.block(first, first + 1)
    assert len(calls) == 1 + 3
    gives(source, X)
    order = np.random.default_rng(0).permutation(len(source.blocks))
    for number in order:  # in any order, though slowly
        first, last = source.blocks[number]
        found = source.block(first, last)
        np.testing.assert_array_equal(*(y.toarray() if sp.issparse(y) else y for y in (found, X[first:last])))


def test_blocks_can_be_converted(tmp_path, X, gives):
    gives(convert(pieces(X), tmp_path / "x.blocks"), X, fits=False)
    gives(convert(lambda: pieces(X), tmp_path / "y.blocks"), X, fits=False)


@pytest.mark.parametrize("wrapped", [iter, lambda blocks: lambda: iter(blocks)])
def test_blocks_that_do_not_fit_each_other_are_refused_with_their_number(dense, sparse, wrapped):
    for blocks, message in (
        (
            [dense[:10], dense[10:20, :30]],
            r"block 1 of the iterator \(rows from 10 on\) has another columns .* 30, not 40",
        ),
        ([dense[:10], dense[10:20].astype(np.float32)], r"another dtype .* float32, not float64"),
        ([dense[:10], sparse[10:20]], r"another form .* a sparse matrix, not an array"),
        ([dense[:10], np.ones(40)], r"block 1 .* has the shape \(40,\)"),
        ([], "gave no row"),
        ([dense[:0]], "gave no row"),
    ):
        with pytest.raises(DataError, match=message):
            open_blocks(wrapped(blocks))
    with pytest.raises(DataTypeError, match=r"block 0 .* is of type str"):
        open_blocks(wrapped(["rows"]))


def test_a_callable_that_gives_other_rows_later_is_refused(dense):
    left = [dense, dense[:500], np.concatenate((dense, dense))]
    source = open_blocks(lambda: iter([left.pop(0)]), SMALL)
    with pytest.raises(DataError, match="ended after 500 rows, but gave 1,000 the first time"):
        [source.block(*rows) for rows in source.blocks]
    with pytest.raises(DataError, match="gave more than the 1,000 rows"):
        [source.block(*rows) for rows in source.blocks]
    one = iter([dense])
    source = open_blocks(lambda: one, SMALL)
    with pytest.raises(DataError, match="make a new iterator"):
        source.block(*source.blocks[0])


def test_a_bad_entry_in_a_block_is_named_by_row_and_column(dense, fitted):
    data = dense.copy()
    data[300, 2] = np.nan
    source = open_blocks(pieces(data), SMALL)
    with pytest.raises(DataError, match=r"the iterator: .*X\[300, 2\]"):
        fitted(source)
