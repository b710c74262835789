"""Sparse matrices that lead out of their own memory are refused before anything reads through them."""

import time

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import DataError, PartwiseError
from partwise.indices import sound
from partwise.matrix import as_matrix

SHAPE = (6, 5)
DENSE = np.arange(30.0).reshape(SHAPE) * (np.arange(30).reshape(SHAPE) % 3 > 0)


def changed(form, part, at, value):
    """A matrix of that format, of which one number of an array is another than SciPy would write."""
    X = sp.csr_array(DENSE).asformat(form)
    array = getattr(X, part).copy()
    array[at] = value
    setattr(X, part, array)
    return X


def places(rows, columns):
    """A COO matrix whose places nobody looked at."""
    X = sp.coo_array(DENSE)
    X.row, X.col = np.asarray(rows, np.int32), np.asarray(columns, np.int32)
    X.data = np.ones(len(rows))
    return X


def one_based(form):
    X = sp.csr_array(DENSE).asformat(form)
    X.indices = X.indices + 1
    return X


def lists(change):
    X = sp.lil_array(DENSE)
    change(X)
    return X


def keys(key, value=1.0):
    X = sp.dok_array(DENSE)
    X._dict[key] = value
    return X


def diagonals(*offsets):
    X = sp.dia_array((np.ones((2, 5)), [0, 1]), shape=SHAPE)
    X.offsets = np.array(offsets)
    return X


def blocks(part, at, value):
    X = sp.bsr_array(np.ones((6, 6)), blocksize=(2, 3))
    getattr(X, part)[at] = value
    return X


OUTSIDE = {
    "CSR, one-based": (lambda: one_based("csr"), r"row 0, column 5, outside its shape \(6, 5\)"),
    "CSC, one-based": (lambda: one_based("csc"), r"row 6, column 0, outside its shape \(6, 5\)"),
    "CSR, m": (lambda: changed("csr", "indices", -1, 5), r"row 5, column 5"),
    "CSR, far": (lambda: changed("csr", "indices", 4, 2**31 - 1), r"row 1, column 2147483647"),
    "CSR, negative": (lambda: changed("csr", "indices", 4, -1), r"row 1, column -1"),
    "CSC, negative": (lambda: changed("csc", "indices", 0, -7), r"row -7, column 0"),
    "COO, one-based": (lambda: places([1, 6], [1, 5]), r"row 6, column 5"),
    "COO, negative": (lambda: places([0, 1], [-1, 2]), r"row 0, column -1"),
    "BSR": (lambda: blocks("indices", 2, 2), r"row 2, column 6, outside its shape \(6, 6\)"),
    "LIL": (lambda: lists(lambda X: X.rows[3].__setitem__(-1, 9)), r"row 3, column 9"),
    "DOK": (lambda: keys((2, 5)), r"row 2, column 5"),
    "DOK, negative": (lambda: keys((-1, 0)), r"row -1, column 0"),
}
UNFIT = {
    "end": (
        lambda: changed("csr", "indptr", -1, 10**7),
        r"indptr\[6\] = 10000000 \(row 5\): it leads past the 20 stored",
    ),
    "end of CSC": (lambda: changed("csc", "indptr", -1, 10**7), r"indptr\[5\] = 10000000 \(column 4\)"),
    "begin": (lambda: changed("csr", "indptr", 0, 2), r"indptr\[0\] = 2 .*must begin at 0 and never fall"),
    "negative begin": (lambda: changed("csr", "indptr", 0, -5), r"indptr\[0\] = -5"),
    "falling": (lambda: changed("csr", "indptr", 3, 1), r"indptr\[3\] = 1 \(row 3\)"),
    "far in the middle": (lambda: changed("csr", "indptr", 3, 10**7), r"indptr\[4\] = 13 \(row 4\)"),
    "few values": (lambda: with_parts("csr", data=np.ones(5)), "leads past the 5 stored indices and values"),
    "few indices": (lambda: with_parts("csc", indices=np.zeros(5, np.int32)), "leads past the 5 stored"),
    "few rows": (lambda: with_parts("csr", indptr=np.zeros(3, np.int32)), "indptr has 3 entries, and must have 7"),
    "fractions": (lambda: with_parts("csr", indices=np.zeros(20)), "whole numbers"),
    "lists": (lambda: with_parts("csr", indices=[0] * 20), "whole numbers"),
    "COO of two lengths": (lambda: with_parts("coo", data=np.ones(3)), "3 values go with 20 rows"),
    "BSR": (lambda: blocks("indptr", -1, 50), "leads past the 6 stored"),
    "LIL": (lambda: lists(lambda X: X.rows[0].pop()), "lists of different lengths"),
    "LIL of words": (lambda: lists(lambda X: X.rows[0].__setitem__(0, "a")), "whole numbers"),
    "LIL of no lists": (lambda: lists(lambda X: X.data.__setitem__(0, 7)), "cannot be read"),
    "DOK of words": (lambda: keys(("a", 0)), "whole numbers"),
    "DOK of three": (lambda: keys((1, 2, 3)), "a key is no row and column"),
    "DOK of fractions": (lambda: keys((1.5, 2)), "whole numbers"),
    "DIA": (lambda: with_parts("dia", offsets=np.array([0, 1])), r"offsets go with diagonals"),
    "DIA, far above": (lambda: diagonals(0, 2**62), r"offsets\[1\] = 4611686018427387904 is no diagonal .* -5 to 4"),
    "DIA, far below": (lambda: diagonals(-(2**62), 1), r"offsets\[0\] = -4611686018427387904"),
    "DIA, just above": (lambda: diagonals(5, 0), r"offsets\[0\] = 5"),
    "DIA, just below": (lambda: diagonals(0, -6), r"offsets\[1\] = -6"),
    "DIA, twice": (lambda: diagonals(2, 2), "offsets name the diagonal 2 2 times"),
    "LIL with a word": (lambda: lists(lambda X: X.data[0].__setitem__(0, "a")), "the value 'a' is no number"),
    "LIL with a number as text": (lambda: lists(lambda X: X.data[0].__setitem__(0, "3")), "the value '3' is no number"),
    "LIL with None": (lambda: lists(lambda X: X.data[0].__setitem__(0, None)), "the value None is no number"),
    "LIL without lists": (lambda: with_parts("lil", rows=None), "cannot be read"),
    "DOK with a word": (lambda: keys((0, 1), "a"), "the value 'a' is no number"),
    "DOK with a list": (lambda: keys((0, 1), [1.0]), "is no number"),
    "DOK with a place for a key": (lambda: keys(3), "cannot be read"),
    **{
        f"{form} with {what}": (lambda form=form, data=data: with_parts(form, data=data), "data must be an array with")
        for form in ("csr", "csc", "coo", "bsr", "dia")
        for what, data in (("no values", None), ("a list of values", [1.0]), ("one value", np.array(1.0)))
    },
    **{
        f"{form} without {part}": (lambda form=form, part=part: with_parts(form, **{part: None}), "whole numbers")
        for form, part in (("csr", "indices"), ("csc", "indptr"), ("bsr", "indices"), ("bsr", "indptr"))
    },
    "COO without places": (lambda: with_parts("coo", coords=None), "cannot be read"),
}


def with_parts(form, **parts):
    X = sp.csr_array(DENSE).asformat(form)
    for name, array in parts.items():
        setattr(X, name, array)
    return X


@pytest.mark.parametrize("case", OUTSIDE)
def test_an_entry_outside_is_named_with_the_shape_the_usual_reason_and_the_way_out(case):
    make, words = OUTSIDE[case]
    with pytest.raises(DataError, match=words) as error:
        as_matrix(make())
    assert "begin at 1, as in R and Matlab: subtract 1" in str(error.value)


@pytest.mark.parametrize("case", UNFIT)
def test_arrays_that_do_not_fit_together_are_named_with_the_shape_and_a_way_out(case):
    make, words = UNFIT[case]
    with pytest.raises(DataError, match=words) as error:
        as_matrix(make())
    assert "of shape (6, " in str(error.value)
    assert "scipy.sparse.coo_array((values, (rows, columns))" in str(error.value)


dense = np.random.default_rng(0).random(SHAPE)
WH = (np.ones((6, 2)), np.ones((2, 5)))
TAKERS = {
    "factorize": lambda X: pw.factorize(X, 2),
    "entry_weight": lambda X: pw.factorize(dense, 2, entry_weight=X),
    "unknown zeros": lambda X: pw.factorize(X, 2, missing_values=0),
    "unknown NaN": lambda X: pw.factorize(X, 2, missing_values=np.nan),
    "W": lambda X: pw.factorize(dense, 5, W=X),
    "H": lambda X: pw.factorize(dense, 6, H=X),
    "seed_components": lambda X: pw.factorize(dense, 2, seed_components=X),
    "bounds": lambda X: pw.factorize(dense, 6, bounds_H=pw.Bounds(0, X)),
    "sample_weight": lambda X: pw.factorize(dense, 2, sample_weight=X),
    "Factorization.transform": lambda X: pw.factorize(dense, 2).transform(X),
    "NMF.fit": lambda X: pw.NMF(2).fit(X),
    "NMF.transform": lambda X: pw.NMF(2).fit(dense).transform(X),
    "NMF.inverse_transform": lambda X: pw.NMF(5, init="random").fit(dense).inverse_transform(X),
    "NMF.fit with weights": lambda X: pw.NMF(2).fit(dense, entry_weight=X),
    "MiniBatchNMF.fit": lambda X: pw.MiniBatchNMF(2).fit(X),
    "MiniBatchNMF.partial_fit": lambda X: pw.MiniBatchNMF(2).partial_fit(X),
    "MiniBatchNMF.transform": lambda X: pw.MiniBatchNMF(2).fit(dense).transform(X),
    "non_negative_factorization": lambda X: pw.non_negative_factorization(X, n_components=2),
    "choose_rank": lambda X: pw.choose_rank(X),
    "consensus": lambda X: pw.consensus(X, 2),
    "diagnose": lambda X: pw.diagnose(X, WH),
    "diagnose a model": lambda X: pw.diagnose(X, pw.NMF(2).fit(dense)),
    "compare_with_svd": lambda X: pw.compare_with_svd(X, 2),
    "relative_error": lambda X: pw.relative_error(X, *WH),
    "relative_error, W": lambda X: pw.relative_error(dense, X, np.ones((5, 5))),
    "explained_fraction": lambda X: pw.explained_fraction(X, *WH),
    "sparseness": lambda X: pw.sparseness(X),
    "part_order": lambda X: pw.part_order(X, X),
    "match": lambda X: pw.match(X, X),
}


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_nothing_public_reads_through_an_index_that_leads_out(taker, form):
    with pytest.raises(PartwiseError):
        TAKERS[taker](changed(form, "indices", 3, -(10**6)))


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.csc_matrix, sp.coo_array])
def test_what_is_sound_is_not_copied(make):
    X = make(DENSE)
    assert sound(X) is X


@pytest.mark.parametrize("form", ["bsr", "dia", "lil", "dok"])
def test_other_formats_are_taken_for_what_they_say(form):
    np.testing.assert_array_equal(sound(sp.coo_array(DENSE).asformat(form)).toarray(), DENSE)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize(
    ("indices", "indptr"), [(np.int8, np.int8), (np.uint32, np.uint64), (">i4", np.int32), (np.int64, np.int32)]
)
def test_indices_of_any_type_of_whole_numbers_are_taken(form, indices, indptr):
    X = sp.csr_array(DENSE).asformat(form)
    X.indices, X.indptr = X.indices.astype(indices), X.indptr.astype(indptr)
    kept = X.indices.copy()
    found = pw.factorize(X, 2, random_state=0)
    usual = pw.factorize(sp.csr_array(DENSE).asformat(form), 2, random_state=0)
    np.testing.assert_allclose(found.W, usual.W, rtol=1e-12)  # kernels for int64 may add up in another order
    np.testing.assert_array_equal(X.indices, kept)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("part", ["data", "indices", "indptr"])
@pytest.mark.parametrize("how", ["every second", "backwards", "unaligned"])
def test_arrays_may_lie_in_memory_as_they_like(form, part, how):
    X = sp.csr_array(DENSE).asformat(form)
    array = getattr(X, part)
    if how == "unaligned":
        raw = np.frombuffer(b"x" + array.tobytes(), np.uint8)
        odd = raw[1:].view(array.dtype)
    else:
        odd = np.repeat(array, 2)[::2] if how == "every second" else array[::-1].copy()[::-1]
    setattr(X, part, odd)
    found = pw.factorize(X, 2, random_state=0, n_jobs=2)
    usual = pw.factorize(sp.csr_array(DENSE).asformat(form), 2, random_state=0, n_jobs=2)
    np.testing.assert_allclose(found.W, usual.W, rtol=1e-12)
    assert getattr(X, part) is odd


def test_room_beyond_the_last_entry_counts_for_nothing():
    X = sp.csr_array(DENSE)
    X.data, X.indices = np.append(X.data, [7.0, np.nan]), np.append(X.indices, [99, -1]).astype(np.int32)
    assert as_matrix(X).total == DENSE.sum()


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array])
def test_a_matrix_that_is_wrong_about_its_own_order_is_refused_with_a_way_out(make):
    X = make(DENSE)
    assert X.has_canonical_format
    X.indices[0] = X.indices[1]
    with pytest.raises(DataError, match=r"something changed them.*Make it again"):
        as_matrix(X)
    anew = make((X.data, X.indices, X.indptr), shape=X.shape)
    np.testing.assert_array_equal(as_matrix(anew).dense(np.arange(6)), anew.toarray())


@pytest.mark.parametrize("form", ["coo", "csr", "csc", "bsr"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int64, np.float32])
def test_a_place_stored_twice_holds_the_sum_that_scipy_makes_of_it(form, dtype):
    value = {np.bool_: True, np.uint8: 200, np.int8: 30}.get(np.dtype(dtype).type, 3)
    values, rows, columns = np.full(3, value, dtype), [0, 0, 1], [1, 1, 0]
    if form == "coo":
        X = sp.coo_array((values, (rows, columns)), shape=(2, 2))
    elif form == "bsr":
        X = sp.bsr_array((values.reshape(3, 1, 1), columns, [0, 2, 3]), shape=(2, 2))
    else:
        X = {"csr": sp.csr_array, "csc": sp.csc_array}[form]((values, columns, [0, 2, 3]), shape=(2, 2))
    np.testing.assert_array_equal(as_matrix(X).dense(np.arange(2)), X.tocsr().toarray().astype(float))


def test_many_entries_in_lists_cost_little_more_than_scipy_takes_to_read_them():
    """A loop over the entries takes some 150 times as long as SciPy, which reads lists in C."""
    X = sp.random_array((2000, 1000), density=0.05, rng=0).tolil()
    seconds = {}
    for read in (sound, type(X).tocsr):
        begun = time.process_time()
        for _ in range(3):
            read(X)
        seconds[read] = time.process_time() - begun
    np.testing.assert_array_equal(sound(X).toarray(), X.toarray())
    assert seconds[sound] < 40 * seconds[type(X).tocsr], seconds


def test_read_only_arrays_are_checked_and_left_alone():
    X = one_based("csr")
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = False
    with pytest.raises(DataError, match="subtract 1"):
        as_matrix(X)
    np.testing.assert_array_equal(X.indices, one_based("csr").indices)


def test_a_sparse_array_of_one_dimension_is_refused():
    with pytest.raises(DataError, match=r"Expected 2D array, got a sparse X of shape \(3,\)"):
        as_matrix(sp.coo_array(np.ones(3)))
