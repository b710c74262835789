"""What people keep data in: gaps are unknown or refused, what holds no numbers is refused by name."""

import collections
import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import DataError, DataTypeError, ParameterError
from partwise.matrix import as_matrix
from partwise.matrix.observed import Observed

NAN = np.nan
VALUES = np.array([[1.0, 2, 0], [4, 5, 6], [7, 8, 9], [1, 0, 1]])
GAP = np.zeros(VALUES.shape, bool)
GAP[1, 2] = GAP[3, 0] = True
FRAME = pd.DataFrame(VALUES, columns=["a", "b", "c"])


class Netcdf:
    """A variable that answers NumPy with a masked array, as those of netCDF4 do."""

    def __array__(self, dtype=None, copy=None):
        return np.ma.masked_array(VALUES, GAP)


def polars_of(frame):
    pl = pytest.importorskip("polars")
    return pl.DataFrame({name: [None if pd.isna(v) else float(v) for v in frame[name]] for name in frame})


def arrow_of(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame.convert_dtypes())


def arrow_backed(frame):
    pytest.importorskip("pyarrow")
    return frame.convert_dtypes(dtype_backend="pyarrow")


GAPPY = {
    "masked": lambda: np.ma.masked_array(VALUES, GAP),
    "masked, fill value behind": lambda: np.ma.masked_array(np.where(GAP, 1e20, VALUES), GAP),
    "masked, infinity behind": lambda: np.ma.masked_array(np.where(GAP, -np.inf, VALUES), GAP),
    "masked integers": lambda: np.ma.masked_array(VALUES.astype(np.int16), GAP),
    "masked objects": lambda: np.ma.masked_array(VALUES.astype(object), GAP),
    "masked rows in a list": lambda: [np.ma.masked_array(row, gap) for row, gap in zip(VALUES, GAP, strict=True)],
    "masked entries in a list": lambda: [
        [np.ma.masked if gap else value for value, gap in zip(*row, strict=True)]
        for row in zip(VALUES, GAP, strict=True)
    ],
    "masked by a protocol": Netcdf,
    "None in lists": lambda: np.where(GAP, None, VALUES.astype(object)).tolist(),
    "NA in lists": lambda: np.where(GAP, pd.NA, VALUES.astype(object)).tolist(),
    "Decimals": lambda: np.where(GAP, Decimal("NaN"), np.vectorize(Decimal, otypes=[object])(VALUES)),
    "frame": lambda: FRAME.mask(GAP),
    "frame of objects": lambda: FRAME.astype(object).mask(GAP, None),
    "Int64": lambda: FRAME.astype("Int64").mask(GAP),
    "Float64": lambda: FRAME.astype("Float64").mask(GAP),
    "Float32": lambda: FRAME.astype("Float32").mask(GAP),
    "one nullable column": lambda: FRAME.astype({"b": np.int8, "a": "Int64"}).mask(GAP),
    "sparse columns": lambda: FRAME.mask(GAP).astype(pd.SparseDtype(float, NAN)),
    "Arrow columns": lambda: arrow_backed(FRAME.mask(GAP)),
    "Arrow table": lambda: arrow_of(FRAME.mask(GAP)),
    "Polars": lambda: polars_of(FRAME.mask(GAP)),
}


@pytest.mark.parametrize("case", GAPPY)
def test_a_gap_is_unknown_where_nan_is_and_refused_by_its_place_elsewhere(case):
    X = GAPPY[case]()
    matrix = as_matrix(X, missing_values=NAN)
    assert type(matrix) is Observed
    np.testing.assert_array_equal(matrix.known.X.toarray(), np.where(GAP, 0, VALUES))
    assert matrix.n_stored == (~GAP).sum()
    assert matrix.dtype == (np.float32 if case == "Float32" else np.float64)
    for missing in (None, 0):
        with pytest.raises(DataError, match=r"X\[1, 2\] is unknown \(2 of 12 .*masked.*missing_values=np\.nan"):
            as_matrix(X, missing_values=missing)


@pytest.mark.parametrize("case", GAPPY)
def test_a_gap_in_weights_starts_or_factors_is_refused(case):
    X, odd = np.ones((4, 3)), GAPPY[case]()
    for options in ({"entry_weight": odd}, {"n_components": 3, "W": odd}):
        with pytest.raises((DataError, ParameterError), match="mask"):
            pw.factorize(**{"X": X, "n_components": 2, **options})
    with pytest.raises(DataError, match="mask"):
        pw.relative_error(np.ones((4, 2)), odd, np.ones((3, 2)))


def test_a_gap_in_weights_of_rows_or_columns_is_refused():
    X = np.ones((4, 3))
    for gappy in (
        np.ma.masked_array(np.ones(4), [1, 0, 0, 0]),
        pd.Series([1, None, 2, 3], dtype="Int64"),
        [1, 2, 3, None],
    ):
        with pytest.raises(ParameterError, match=r"sample_weight must be finite.*mask"):
            pw.NMF(2).fit(X, sample_weight=gappy)
        with pytest.raises(ParameterError, match=r"feature_weight must be finite.*mask"):
            pw.factorize(X.T, 2, feature_weight=gappy)


def test_a_gap_in_known_parts_leaves_them_free_and_in_forbidden_ones_is_refused():
    X = np.random.default_rng(0).random((6, 3))
    for gappy in (
        np.ma.masked_array([[0.5, 9, 9]], [[0, 1, 1]]),
        pd.DataFrame([[0.5, None, None]]),
        [[0.5, None, NAN]],
    ):
        found = pw.NMF(2, fixed_components=gappy, random_state=0, max_iter=1000).fit(X).components_
        assert found[0, 0] == 0.5
        assert found[0, 1] not in (0, 9)
        with pytest.raises(ParameterError, match="forbidden must be True or False everywhere"):
            pw.NMF(2, forbidden=gappy).fit(X)
        with pytest.raises(ParameterError, match="bounds of H"):
            pw.factorize(X, 2, bounds_H=pw.Bounds(0.0, gappy))


@pytest.mark.parametrize("X", [np.ma.masked_array(VALUES), np.ma.masked_array(VALUES, np.zeros_like(GAP))])
def test_a_mask_that_hides_nothing_changes_nothing(X):
    np.testing.assert_array_equal(as_matrix(X).values(), VALUES)


WHOLE = {
    "boolean": lambda: (FRAME > 1).astype("boolean"),
    "boolean and integers": lambda: pd.DataFrame({"a": [True, False], "b": [2, 3]}),
    "boolean and floats": lambda: pd.DataFrame({"a": [True, False], "b": [2.5, 3]}),
    "UInt8": lambda: FRAME.astype("UInt8"),
    "Arrow columns": lambda: arrow_backed(FRAME),
    "Arrow decimals": lambda: FRAME.astype(pd.ArrowDtype(pytest.importorskip("pyarrow").decimal128(6, 2))),
    "same names twice": lambda: pd.DataFrame(VALUES.astype(object), columns=["a", "b", "a"]),
    "deque": lambda: collections.deque(VALUES.tolist()),
    "Fractions": lambda: [[Fraction(1, 2), 3], [Decimal("0.1"), 10**30]],
    "sparse columns and others": lambda: FRAME.assign(a=pd.arrays.SparseArray(VALUES[:, 0], fill_value=0)),
    "memoryview": lambda: memoryview(VALUES),
    "big-endian": lambda: VALUES.astype(">f4"),
    "float16": lambda: VALUES.astype(np.float16),
    "longdouble": lambda: VALUES.astype(np.longdouble),
}


@pytest.mark.parametrize("case", WHOLE)
def test_numbers_of_any_kind_become_float64(case):
    X = WHOLE[case]()
    matrix = as_matrix(X)
    assert matrix.dtype == np.float64
    expected = X.to_numpy(float) if isinstance(X, pd.DataFrame) else np.array([*X] if case == "deque" else X, float)
    np.testing.assert_array_equal(matrix.values(), expected)


def test_float32_is_kept_where_all_columns_are_or_fit_into_it():
    assert as_matrix(FRAME.astype(np.float32)).dtype == np.float32
    assert as_matrix(FRAME.astype("Float32")).dtype == np.float32
    assert as_matrix(FRAME.astype({"a": np.float32, "b": np.int64, "c": np.float32})).dtype == np.float64


def test_a_frame_of_zeros_left_out_stays_sparse():
    X = FRAME.astype(pd.SparseDtype(np.int64, 0))
    assert as_matrix(X).n_stored == np.count_nonzero(VALUES)


def test_a_number_beyond_float64_is_refused_without_a_warning():
    with pytest.raises(DataError, match=r"too large: X\[0, 1\] = inf"):
        as_matrix(np.array([[1, np.longdouble("1e4000")]]))
    with pytest.raises(DataTypeError, match="a number that float64 does not"):
        as_matrix([[1, 10**400]])
    with pytest.raises(ParameterError, match="sample_weight must be finite"):
        pw.factorize(np.ones((2, 2)), 1, sample_weight=np.array([1, np.longdouble("1e4000")]))


NO_NUMBERS = {
    "strings": (lambda: np.array([["1", "2"]]), r"X has dtype <U1"),
    "bytes": (lambda: np.array([[b"1", b"2"]]), r"X has dtype \|S1"),
    "objects": (lambda: np.array([[1, "two"]], object), r"X\[0, 1\] = 'two' is of type str"),
    "texts": (lambda: ["a text", "another"], r"partwise\.TopicModel"),
    "dates": (lambda: np.full((2, 2), "2020-01-01", "M8[D]"), r"datetime64\[D\].*seconds or days since"),
    "durations": (lambda: np.full((2, 2), 1, "m8[s]"), r"timedelta64\[s\].*np\.timedelta64\(1, 's'\)"),
    "durations among objects": (lambda: np.array([[1, np.timedelta64(1, "s")]], object), r"X\[0, 1\] = .*timedelta64"),
    "fields": (lambda: np.zeros(3, [("a", float)]), "structured_to_unstructured"),
    "complex": (lambda: VALUES * 1j, "Complex data not supported"),
    "complex, sparse": (lambda: sp.csr_array(VALUES * 1j), "Complex data not supported"),
    "dictionaries": (lambda: [{"a": 1}], r"X\[0\] = \{'a': 1\} is of type dict"),
    "sparse rows": (lambda: [sp.csr_array(VALUES)], r"X\[0\] = csr_array of shape \(4, 3\)"),
    "uneven": (lambda: [[1, 2], [3, 4], [5]], r"row 0 has 2 entries, row 2 has 1"),
    "column of strings": (lambda: FRAME.assign(b="x"), r"X\[0, 'b'\] = 'x' is of type str"),
    "column of numbers as strings": (lambda: FRAME.assign(b="1.5"), r"X\[0, 'b'\] = '1.5'"),
    "column of categories": (
        lambda: FRAME.assign(c=pd.Categorical([1, 2, 1, 2])),
        "Column 'c' of X .* category",
    ),
    "column of dates": (lambda: FRAME.assign(a=pd.Timestamp("2020")), r"Column 'a' of X has dtype datetime64"),
    "column of zoned dates": (
        lambda: FRAME.assign(a=pd.Timestamp("2020", tz="UTC")),
        r"Column 'a' of X has",
    ),
    "column of durations": (lambda: FRAME.assign(a=pd.Timedelta(1, "s")), r"Column 'a' of X has dtype timedelta64"),
    "column of complex": (lambda: FRAME.assign(a=1j), "Complex data not supported: Column 'a'"),
    "one string further down": (
        lambda: FRAME.astype(object).assign(c=[1, 2, "x", 3]),
        r"X\[2, 'c'\] = 'x' is of type str",
    ),
    "a generator": (lambda: (row for row in VALUES), "X is of type generator, which is no array in memory"),
    "a dictionary": (lambda: {"a": [1, 2]}, "X is of type dict"),
    "nothing": (lambda: None, "X is of type NoneType"),
    "a name": (lambda: "table.csv", "X has dtype <U9"),
}


@pytest.mark.parametrize("case", NO_NUMBERS)
def test_what_holds_no_numbers_is_refused_by_name_with_a_way_out(case):
    make, words = NO_NUMBERS[case]
    for take in (as_matrix, pw.NMF(1).fit, lambda X: pw.consensus(X, 1)):
        with pytest.raises(DataTypeError, match=words) as error:
            take(make())
        assert isinstance(error.value, ValueError)
        assert isinstance(error.value, TypeError)


def test_columns_of_polars_that_are_no_numbers_are_named():
    pl = pytest.importorskip("polars")
    for column in (["x"], [datetime.date(2020, 1, 1)], [[1, 2]], pl.Series(["x"], dtype=pl.Categorical)):
        with pytest.raises(DataTypeError, match="Column 'b' of X has dtype"):
            as_matrix(pl.DataFrame({"a": [1], "b": column}))
    with pytest.raises(DataTypeError, match=r"polars.LazyFrame.*X\.collect\(\)"):
        as_matrix(pl.DataFrame({"a": [1]}).lazy())


class Endless:
    """A container that can be asked for rows for ever."""

    def __len__(self):
        return 10**9

    def __getitem__(self, index):
        return self


class Stored:
    """An array elsewhere, that says how to get it."""

    def compute(self):
        return VALUES


class Refusing:
    """A tensor that NumPy may not read as it is."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("it requires grad.")

    def detach(self):
        return self


def test_a_container_that_is_no_array_is_refused_at_once_with_what_to_write():
    with pytest.raises(DataTypeError, match=r"Endless, which is no array in memory\. Give a NumPy array"):
        as_matrix(Endless())
    with pytest.raises(DataTypeError, match=r"Give X\.compute\(\)"):
        as_matrix(Stored())
    with pytest.raises(DataTypeError, match=r"it requires grad\. Give X\.detach\(\)\.cpu\(\)\.numpy\(\)"):
        as_matrix(Refusing())


def test_what_reads_itself_into_memory_is_taken(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        np.testing.assert_array_equal(as_matrix(file.create_dataset("X", data=VALUES)).values(), VALUES)
        with pytest.raises(DataTypeError, match=r"h5py\.File, which is no array"):
            as_matrix(file)


@pytest.mark.parametrize("option", [{"missing_values": NAN}, {"missing_values": 0}, {"negatives": "clip"}])
def test_a_matrix_has_been_made_and_takes_no_options(option):
    with pytest.raises(ParameterError, match=f"{next(iter(option))} cannot go with a Matrix"):
        as_matrix(as_matrix(VALUES), **option)


def test_svd_is_compared_with_on_negatives_clipped_and_refuses_gaps_and_weights():
    clipped = pw.compare_with_svd(np.maximum(VALUES - 1, 0), 2)
    assert pw.compare_with_svd(VALUES - 1, 2, negatives="clip") == clipped
    for option in ({"missing_values": NAN}, {"entry_weight": np.ones((4, 3))}, {"sample_weight": np.ones(4)}):
        with pytest.raises(ParameterError, match="SVD has no unknown entries and no weights"):
            pw.compare_with_svd(VALUES, 2, **option)


def test_measures_of_factors_say_what_does_not_fit():
    for bad in (np.ones((2, 2, 2)), [[1.0, NAN]], np.ma.masked_array([[1.0, 2]], [[0, 1]]), [[np.inf, 1]]):
        with pytest.raises(DataError, match=r"A must be finite, of one or two dimensions"):
            pw.sparseness(bad)
        with pytest.raises(DataError, match=r"W \(n, k\) and H \(k, m\) must fit, and be finite"):
            pw.part_order(bad, np.ones((2, 3)))
    with pytest.raises(DataError, match=r"got shapes \(4, 2\) and \(3, 5\)"):
        pw.part_order(np.ones((4, 2)), np.ones((3, 5)))
