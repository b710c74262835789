"""Periods and peaks."""

import numpy as np
import pytest

from partwise.exceptions import DataError
from partwise.topics.timeline import iso_dates, peak_periods, periods


def periods_of(*dates):
    return periods(iso_dates(dates, [str(i) for i in range(len(dates))]))


@pytest.mark.parametrize(
    "date",
    [
        "2024-05-17",
        "2024-05-17T12:30:00Z",
        "2024-05-17 12:30",
        "20240517",
        " 2024-05-17 ",
        "Fri, 17 May 2024 12:30:00 GMT",
    ],
)
def test_every_usual_way_to_write_a_date_is_understood(date):
    assert periods_of(date) == ["2024-05-17"]


def test_the_coarsest_date_sets_the_finest_period():
    assert periods_of("2024", "2024-05", "2024-05-17") == ["2024"] * 3
    assert periods_of("2024-05", "2024-05-17", "") == ["2024-05", "2024-05", ""]


def test_many_periods_give_way_to_coarser_ones():
    days = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
    assert set(periods_of(*days)) == {"2024-01", "2024-02"}
    months = [f"{year}-{month:02}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    assert set(periods_of(*months)) == {"2021", "2022", "2023"}
    assert set(periods_of(*map(str, range(1980, 2010)))) == {"1980s", "1990s", "2000s"}


@pytest.mark.parametrize("date", ["34/04/2024", "yesterday", "2024-13", "2024-00", "2024-13-01"])
def test_a_date_that_is_not_understood_is_named_with_its_document(date):
    with pytest.raises(DataError, match=r"document '1'.*YYYY-MM-DD"):
        periods_of("2024", date)


def test_a_topic_peaks_where_its_mean_share_is_largest():
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    assert peak_periods(shares, ["2021", "2021", "2022", "2022", "2022"]) == ["2021", "2022"]


def test_a_period_of_few_documents_is_no_peak():
    shares = np.array([[1.0, 0.0]] + [[0.6, 0.4]] * 10 + [[0.4, 0.6]] * 10)
    assert peak_periods(shares, ["2020"] + ["2021"] * 10 + ["2022"] * 10) == ["2021", "2022"]


def test_documents_without_a_date_do_not_count():
    shares = np.array([[1.0], [0.2], [0.1]])
    assert peak_periods(shares, ["", "2021", "2022"]) == ["2021"]
    assert peak_periods(shares, ["", "", ""]) == [""]
