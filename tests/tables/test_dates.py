"""Dates and times as people and programs write them."""

import datetime as dt

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.tables.dates import is_iso_day, iso_days, read_times


def times(*cells, form=None, relative=False):
    return read_times(list(cells), "dates", lambda i: f"row {i}", form, relative=relative)


def days(*cells, **settings):
    return iso_days(times(*cells, **settings))


@pytest.mark.parametrize(
    "text",
    [
        "1987-02-26",
        "1987-2-26",
        "1987/02/26",
        " 1987-02-26 ",
        "19870226",
        "1987-02-26T10:00",
        "1987-02-26 10:00:00.123456789+05:30",
        "1987-02-26T23:30:00-11:00",
        "26 February 1987",
        "26 feb 1987",
        "26-FEB-1987 15:01:01.79",
        "26.02.1987",
        "26.2.87",
        "26/02/1987",
        "26-02-1987 9:05",
        "2/26/1987 2:14:46 PM",
        "2/26/87 2:14 p.m.",
        "February 26, 1987",
        "Feb. 26th, 1987 at 5:07pm",
        "Thursday, February 26, 1987",
        "Thu, 26 Feb 1987 10:00:00 GMT",
        "Thu, 26 Feb 1987 10:00:00 +0200",
        "Thu Feb 26 10:00:00 +0000 1987",
        "Thu Feb 26 10:00:00 UTC 1987",
        "19870226100000",
        "541296000",
    ],
)
def test_one_day_is_read_however_it_is_written(text):
    assert days(text, "", None) == ["1987-02-26", "", ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-01T10:00:00Z", 1_614_592_800),
        ("2021-03-01T10:00:00+02:00", 1_614_585_600),
        ("2021-03-01T10:00-02", 1_614_600_000),
        ("2021/03/01 10:00-02", 1_614_600_000),
        ("2021-03-01 10:00:00 +0200", 1_614_585_600),
        ("2021-03-01 10:00:00 -02:00", 1_614_600_000),
        ("2021-03-01 10:00 EST", 1_614_610_800),
        ("2021-03-01 10:00", 1_614_592_800),
        ("Mon, 01 Mar 2021 10:00:00 EST", 1_614_610_800),
        ("Mon, 01 Mar 2021 10:00:00 +0200", 1_614_585_600),
        ("13/3/2021 12:00 AM", 1_615_593_600),
        ("1614592800.5", 1_614_592_800.5),
        ("1614592800123", 1_614_592_800.123),
        ("1614592800123456", 1_614_592_800.123456),
    ],
)
def test_times_are_seconds_since_1970_in_utc(text, expected):
    assert times(text).seconds.tolist() == pytest.approx([expected], abs=1e-6)


def test_the_zone_of_the_machine_does_not_matter(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert times("2021-03-01T10:00", "2021-03-01").seconds.tolist() == [1_614_592_800, 1_614_556_800]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_unit_of_numbers_is_found_and_told(unit):
    stamps = np.arange("2021-03-01", "2021-03-04", dtype="datetime64[D]").astype(f"datetime64[{unit}]")
    found = times(*map(str, stamps.astype(np.int64)))
    assert iso_days(found) == ["2021-03-01", "2021-03-02", "2021-03-03"]
    assert (found.note is None) == (unit == "s")


def test_two_units_in_one_column_are_refused():
    with pytest.raises(DataError, match=r"row 1.*seconds since 1970, others as milliseconds"):
        times(1_614_556_800_000, 1_614_556_800)


def test_arrays_of_numpy_and_objects_of_python_give_the_same():
    stamps = np.array(["2021-03-01T10:00", "NaT"], dtype="datetime64[ms]")
    objects = [dt.datetime(2021, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))), None]
    for given in (stamps, objects, ["2021-03-01T10:00Z", float("nan")]):
        np.testing.assert_array_equal(read_times(given, "dates", str).seconds, [1_614_592_800, np.nan])
    assert days(dt.date(2021, 3, 1), "2021-03-02") == ["2021-03-01", "2021-03-02"]


def test_a_date_keeps_how_much_of_it_is_known():
    assert days("2021", "2021-03", "2021-03-04", "March 2021") == ["2021", "2021-03", "2021-03-04", "2021-03"]
    assert days("1066", "2021") == ["1066", "2021"]


def test_a_day_is_that_of_its_own_zone():
    assert days("2021-03-01T23:30:00-05:00", "Mon, 01 Mar 2021 23:30:00 EST") == ["2021-03-01", "2021-03-01"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%dT%H:%M:%S%z", "2021-03-01T23:30:00-1100"),
        ("%d.%m.%Y %H:%M %z", "01.03.2021 23:30 -11:00"),
        ("%a %b %d %H:%M:%S %z %Y", "Mon Mar 01 23:30:00 -1100 2021"),
    ],
)
def test_a_day_is_that_of_its_own_zone_in_a_given_format_too(form, text):
    found = times(text, form=form)
    assert iso_days(found) == ["2021-03-01"]
    assert found.seconds.tolist() == [1_614_681_000]


def test_a_format_with_a_zone_reads_utc_as_it_is():
    found = times("2021-03-01 23:30Z", form="%Y-%m-%d %H:%M%z")
    assert (iso_days(found), found.seconds.tolist()) == (["2021-03-01"], [1_614_641_400])


@pytest.mark.parametrize("form", [None, "%d-%b-%y"])
def test_a_year_of_two_digits_is_none_to_come(form):
    found = times("2-Apr-68", "2-Apr-21", form=form)
    assert iso_days(found) == ["1968-04-02", "2021-04-02"]
    assert "1 year of two digits" in found.note


@pytest.mark.parametrize("text", ["2068-04-02", "2 April 2068", "20680402", "3100550400"])
def test_a_time_far_ahead_is_told(text):
    found = times(text)
    assert iso_days(found) == ["2068-04-02"]
    assert "ahead" in found.note


def test_one_day_above_twelve_tells_the_order_of_a_column():
    found = times("3/4/2021", "13/4/2021")
    assert iso_days(found) == ["2021-04-03", "2021-04-13"]
    assert "day comes first" in found.note
    assert days("3/4/2021", "4/13/2021") == ["2021-03-04", "2021-04-13"]


def test_an_order_that_cannot_be_told_is_asked_for():
    with pytest.raises(DataError, match=r"cannot be told apart.*pandas\.to_datetime"):
        times("11/12/2019 2:14:46 PM", "1/2/2020")
    assert days("11/12/2019 2:14:46 PM", form="%m/%d/%Y %I:%M:%S %p") == ["2019-11-12"]
    with pytest.raises(DataError, match=r"two ways"):
        times("13/4/2021", "4/13/2021")


@pytest.mark.parametrize(
    "text",
    ["yesterday", "12:30", "2021-02-30", "2021-13", "31.02.2021", "24", "infinity", "epoch", "1/2", "1,5", "May",
     "20210230", "2021-03-01T25:00", "'; drop table x --", "\u0662\u0660\u0662\u0661"],
)  # fmt: skip
def test_what_is_no_date_is_named_with_its_row(text):
    with pytest.raises(DataError, match=r"dates, row 1: .* is not a date or time"):
        times("2021-03-01", text, "2021-03-02")


def test_a_word_among_numbers_is_the_cell_at_fault():
    with pytest.raises(DataError, match=r"row 1: 'soon' is not a date or time \(1 rows"):
        times("1614592800", "soon", "1614592900.5", relative=True)


def test_small_numbers_are_times_of_a_log_but_no_dates():
    assert times(0, 1, 2.5, relative=True).seconds.tolist() == [0, 1, 2.5]
    with pytest.raises(DataError, match=r"row 0"):
        times(0, 1, 2.5)


def test_a_number_among_dates_of_eight_digits_that_is_none_is_named():
    with pytest.raises(DataError, match=r"row 1: 20201301"):
        times(20200131, 20201301)


def test_a_format_or_a_unit_decides():
    assert days("03/04/2021", form="%d/%m/%Y") == ["2021-04-03"]
    assert days("2021 05", form="%Y %m") == ["2021-05"]
    assert times("1614592800123", form="milliseconds").seconds.tolist() == [1_614_592_800.123]
    with pytest.raises(DataError, match=r"is not a format of dates"):
        times("1", form="%Q")
    with pytest.raises(DataError, match=r"row 1"):
        times("03/04/2021", "2021-04-03", form="%d/%m/%Y")


def test_no_rows_are_no_times():
    assert days() == []
    assert days(None, "") == ["", ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2021-03-01", True), ("2021-03", True), ("2021", True), ("", True), ("2021-3-1", False), ("2021-13", False),
     ("20210301", False), ("2021-03-01T10:00", False)],
)  # fmt: skip
def test_written_days_are_recognised(text, expected):
    assert is_iso_day(text) is expected
