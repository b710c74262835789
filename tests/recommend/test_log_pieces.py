"""Logs from files and piece by piece: the same model as of the whole table, and clear errors."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from partwise.exceptions import DataError
from partwise.recommend import Recommender
from partwise.recommend.columns import coded_ids
from partwise.recommend.log import read_log


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(0)
    reader = rng.integers(0, 30, 400)
    return pd.DataFrame(
        {
            "reader": [f"r{i}" for i in reader],
            "article": [f"a{i}" for i in reader % 2 + 2 * rng.integers(0, 15, 400)],
            "strength": rng.integers(1, 4, 400).astype(float),
            "time": np.sort(rng.integers(1_700_000_000, 1_705_000_000, 400)),
        }
    )


def pieces_of(log, size=64):
    return (log.iloc[first : first + size].reset_index(drop=True) for first in range(0, len(log), size))


def same(one, other):
    assert one.readers.names == other.readers.names
    assert one.articles.names == other.articles.names
    for name in ("reader", "article", "strength", "time"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_pieces_give_the_log_of_the_whole_table(log):
    same(read_log(pieces_of(log)), read_log(log))


@pytest.mark.parametrize(
    "made",
    [
        lambda log: pl.DataFrame(log.to_dict("list")),
        pa.Table.from_pandas,
        lambda log: pa.Table.from_pandas(log).to_batches()[0],
        lambda log: log.astype({"reader": "category", "article": "string"}),
        lambda log: {name: log[name].to_numpy() for name in log},
    ],
)
def test_pieces_may_be_of_any_library(log, made):
    same(read_log(made(piece) for piece in pieces_of(log)), read_log(log))


def test_a_reader_of_record_batches_is_an_iterator_of_pieces(log):
    table = pa.Table.from_pandas(log, preserve_index=False)
    same(read_log(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=50))), read_log(log))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_path_is_read_as_the_table_in_it(log, tmp_path, ending):
    path = tmp_path / f"log.{ending}"
    log.to_csv(path, index=False) if ending == "csv" else log.to_parquet(path)
    for name in (path, str(path)):
        same(read_log(name), read_log(log))
    one, other = Recommender(2).fit(path), Recommender(2).fit(log)
    pd.testing.assert_frame_equal(one.recommend(["r1", "r2"]), other.recommend(["r1", "r2"]), check_exact=True)


def test_rows_of_a_file_without_a_reader_are_left_out_with_a_warning(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("reader,article\nann,1\n,2\nbob,1\n")
    with pytest.warns(UserWarning, match="1 of 3 rows have no 'reader'"):
        log = read_log(path)
    assert log.readers.names == ["ann", "bob"]


def test_a_model_is_fitted_and_updated_piece_by_piece(log):
    whole = Recommender(2).fit(log.iloc[:300]).update(log.iloc[300:])
    pieces = Recommender(2).fit(pieces_of(log.iloc[:300])).update(pieces_of(log.iloc[300:]))
    pd.testing.assert_frame_equal(whole.recommend(["r1"]), pieces.recommend(["r1"]), check_exact=True)


def test_the_unit_of_times_is_told_by_all_pieces():
    """The first piece alone would be seconds."""
    time = [1_600_000_000, 1_600_000_000_000]
    pieces = ({"reader": ["a"], "article": ["x"], "time": np.array([t])} for t in (1_500_000_000_000, time[1]))
    assert np.diff(read_log(pieces).time).tolist() == [1e8]
    pieces = ({"reader": ["a"], "article": ["x"], "time": np.array([t])} for t in time)
    with pytest.raises(DataError, match="plausible as seconds"):
        read_log(pieces)


def test_times_of_pieces_may_be_text_or_datetimes(log):
    stamps = pd.to_datetime(log["time"], unit="s")
    for column in (stamps, stamps.map(lambda time: time.isoformat())):
        np.testing.assert_array_equal(read_log(pieces_of(log.assign(time=column))).time, log["time"])


def test_a_piece_without_rows_adds_nothing(log):
    same(read_log(iter([log.iloc[:0], log, log.iloc[:0]])), read_log(log))


def piece(**columns):
    return {"reader": ["a"], "article": ["x"]} | columns


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([], "an iterator that has nothing left"),
        ([{"reader": [], "article": []}], "no rows"),
        ([piece(), 7], "piece 2 of interactions has no column 'reader' .*it is int"),
        ([piece(), {"reader": ["a"]}], "piece 2 of interactions has no column 'article'"),
        ([piece(), piece(reader=[None])], "piece 2 of interactions: reader of row 0 is None"),
        ([piece(), piece(article=np.array([np.nan]))], "piece 2 of interactions: article of row 0 is nan"),
        ([piece(), piece(article=["x", "y"])], "piece 2 of interactions has 1 readers for 2 articles"),
        ([piece(strength=[1]), piece(strength=[-1])], "piece 2 of interactions: strength of row 0 .* negative"),
        ([piece(strength=[1]), piece()], "piece 2 of .*: earlier pieces have a column 'strength', it has none"),
        ([piece(), piece(time=[1])], "piece 2 of interactions: it has a column 'time', earlier pieces have none"),
        ([piece(time=[1]), piece(time=["2024-05-01"])], "column 'time' is of another type"),
        ([piece(time=["2024-05-01"]), piece(time=["soon"])], "piece 2 of interactions, time of row 0 .* is not a date"),
        ([piece(time=["13/05/2024"])], "day comes first, which other pieces may contradict"),
        ([piece(time=np.array([1.0, 2.0]))], "2 times for 1 rows"),
    ],
)
def test_a_bad_piece_is_told_by_its_number(pieces, told):
    with pytest.raises(DataError, match=told):
        Recommender().fit(iter(pieces))


def test_an_iterator_that_raises_leaves_the_model_as_it_was(log):
    def broken():
        yield log
        raise OSError("the disk is gone")

    model = Recommender(2).fit(log)
    before = model.recommend(["r1"])
    with pytest.raises(OSError, match="the disk is gone") as raised:
        model.fit(broken())
    assert raised.value.__notes__ == ["partwise was reading piece 2 of interactions; the model is as it was."]
    pd.testing.assert_frame_equal(model.recommend(["r1"]), before, check_exact=True)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["b", "a", "b"], dtype="string"),
        pd.Series(["b", "a", "b"], dtype="category"),
        pl.Series(["b", "a", "b"]),
        pa.array(["b", "a", "b"]),
        pa.chunked_array([["b"], ["a", "b"]]),
        np.array(["b", "a", "b"]),
        ["b", "a", "b"],
    ],
)
def test_ids_are_coded_in_order_of_appearance(column):
    found = coded_ids(column, "ids")
    assert (found.names, found.codes.tolist(), found.codes.dtype) == (["b", "a"], [0, 1, 0], np.int64)


@pytest.mark.parametrize("column", [np.array([7, 3, 7]), np.array([7.0, 3.0, 7.0]), np.array([7, 3, 7], np.uint8)])
def test_ids_that_are_numbers_stay_pythons_numbers(column):
    found = coded_ids(column, "ids")
    assert (found.names, found.codes.tolist()) == ([7, 3], [0, 1, 0])
    assert all(type(name) in (int, float) for name in found.names)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", None], dtype="string"),
        pd.Series(["a", None], dtype="category"),
        pl.Series(["a", None]),
        pa.array(["a", None]),
        np.array([1.0, np.nan]),
        pd.Series([True, False], dtype="category"),
        np.array([True, False]),
    ],
)
def test_a_row_without_an_id_is_told_for_every_kind_of_column(column):
    with pytest.raises(DataError, match=r"ids of row [01] is .* An id must be a string or a number"):
        coded_ids(column, "ids")
