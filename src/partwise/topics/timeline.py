"""Documents grouped by their dates, and when topics peak."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError, shown
from partwise.parameters import check_choice
from partwise.tables.dates import iso_days, read_times

__all__ = ["BINS", "binned", "iso_dates", "peak_periods", "periods"]

BINS = ("auto", "day", "week", "month", "quarter", "year", "decade")

DECADE, YEAR, MONTH, DAY = 3, 4, 7, 10  # how many characters of YYYY-MM-DD a period keeps
MOST_PERIODS = 24  # with more, the next coarser period is used


def periods(days: Sequence[str]) -> list[str]:
    """Return the period of each document: its day, month, year or decade.

    Parameters
    ----------
    days : sequence of str
        What `iso_dates` returns.

    Returns
    -------
    list of str
        Such as ``'2024-05-17'``, ``'2024-05'``, ``'2024'`` or ``'2020s'``: the finest that every date allows and that
        makes at most 24 periods, or else decades. ``""`` where the date is unknown.

    Examples
    --------
    >>> periods(["2023-11-30", "2024-05-17", ""])
    ['2023-11-30', '2024-05-17', '']
    >>> periods(["2023", "2024-05-17", ""])
    ['2023', '2024', '']
    """
    known = [day for day in days if day]
    finest = min(map(len, known), default=DAY)
    for length in (DAY, MONTH, YEAR):
        if length <= finest and len({day[:length] for day in known}) <= MOST_PERIODS:
            return [day[:length] for day in days]
    return [f"{day[:DECADE]}0s" if day else "" for day in days]


def iso_dates(dates: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return dates as ``YYYY-MM-DD``; or ``YYYY-MM`` or ``YYYY`` if no more is known, or ``""`` if nothing is.

    Parameters
    ----------
    dates : sequence of str
        Dates and times as `partwise.tables.dates.read_times` reads them; ``""`` where unknown.
    ids : sequence of str
        Id of each document, for the error message.

    Returns
    -------
    list of str
        One date per document.

    Raises
    ------
    DataError
        If a date is not in a known format.

    Examples
    --------
    >>> iso_dates(["Fri, 17 May 2024 12:30:00 GMT"], ["a"])
    ['2024-05-17']
    """
    return iso_days(read_times(dates, "dates", lambda i: f"document {shown(ids[i])}"))


def binned(days: Sequence[str], bins: str, ids: Sequence[str]) -> list[str]:
    """Return the bin of each date.

    Parameters
    ----------
    days : sequence of str
        What `iso_dates` returns.
    bins : {'auto', 'day', 'week', 'month', 'quarter', 'year', 'decade'}
        Length of a bin; 'auto' is what `periods` chooses.
    ids : sequence of str
        Id of each document, for the error message.

    Returns
    -------
    list of str
        Such as ``'2024-05'``, ``'2024-Q2'`` or, for a week, the date of its Monday; ``""`` where the date is unknown.

    Raises
    ------
    ParameterError
        If bins has another value.
    DataError
        If a date is not exact enough for its bin.

    Examples
    --------
    >>> binned(["2024-05-17", ""], "week", ["a", "b"]), binned(["2024-05"], "quarter", ["a"])
    (['2024-05-13', ''], ['2024-Q2'])
    """
    check_choice("bins", bins, BINS)
    if bins == "auto":
        return periods(days)
    needed = {"day": DAY, "week": DAY, "month": MONTH, "quarter": MONTH}.get(bins, YEAR)
    for day, name in zip(days, ids, strict=True):
        if day and len(day) < needed:
            raise DataError(
                f"bins={bins!r} needs a more exact date than {day!r}, that of document {name!r}. Take longer bins."
            )
    return [_bin(day, bins) if day else "" for day in days]


def _bin(day: str, bins: str) -> str:
    if bins == "week":
        date = Date.fromisoformat(day)
        return (date - timedelta(days=date.weekday())).isoformat()
    if bins == "quarter":
        return f"{day[:YEAR]}-Q{(int(day[5:MONTH]) + 2) // 3}"
    if bins == "decade":
        return f"{day[:DECADE]}0s"
    return day[: {"day": DAY, "month": MONTH, "year": YEAR}[bins]]


def peak_periods(shares: NDArray[np.floating], of_documents: Sequence[str]) -> list[str]:
    """Return the period in which each topic has its largest share.

    Periods with less than a quarter of the average number of documents do not count: their shares are too uncertain.

    Parameters
    ----------
    shares : ndarray of shape (n_documents, n_topics)
        Share of each topic in each document.
    of_documents : sequence of str
        Period of each document, ``""`` where unknown.

    Returns
    -------
    list of str
        One period per topic; ``""`` if no document has a date.
    """
    names, group = np.unique(np.asarray(of_documents, dtype=object).astype(str), return_inverse=True)
    sizes = np.bincount(group, minlength=len(names))
    totals = np.zeros((len(names), shares.shape[1]))
    np.add.at(totals, group, shares)
    dated = names != ""
    if not dated.any():
        return [""] * shares.shape[1]
    enough = dated & (sizes >= 0.25 * sizes[dated].mean())
    best = np.argmax(totals[enough] / sizes[enough, None], axis=0)
    return [str(name) for name in names[enough][best]]
