"""When topics peak: documents grouped into periods by their dates."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError

__all__ = ["peak_periods", "periods"]

DECADE, YEAR, MONTH, DAY = 3, 4, 7, 10  # how much of YYYY-MM-DD a period keeps
MOST_PERIODS = 24  # more than fit a glance; then the next coarser period is used
PARTIAL = re.compile(r"\d{4}(-\d{2})?")


def periods(dates: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return the period of each document: its day, month, year or decade.

    Parameters
    ----------
    dates : sequence of str
        ``YYYY``, ``YYYY-MM``, an ISO 8601 date or time, or a date as in mail and feeds; ``""`` where unknown.
    ids : sequence of str
        Id of each document, for the error message.

    Returns
    -------
    list of str
        Such as ``'2024-05-17'``, ``'2024-05'``, ``'2024'`` or ``'2020s'``: the finest that every date allows and that
        makes at most 24 periods, or else decades. ``""`` where the date is unknown.

    Raises
    ------
    DataError
        If a date is in no such form.

    Examples
    --------
    >>> periods(["2023-11-30", "2024-05-17", ""], ["a", "b", "c"])
    ['2023-11-30', '2024-05-17', '']
    >>> periods(["2023", "2024-05-17", ""], ["a", "b", "c"])
    ['2023', '2024', '']
    """
    days = [_iso_date(date.strip(), name) for date, name in zip(dates, ids, strict=True)]
    known = [day for day in days if day]
    finest = min(map(len, known), default=DAY)
    for length in (DAY, MONTH, YEAR):
        if length <= finest and len({day[:length] for day in known}) <= MOST_PERIODS:
            return [day[:length] for day in days]
    return [f"{day[:DECADE]}0s" if day else "" for day in days]


def _iso_date(date: str, name: str) -> str:
    if not date or PARTIAL.fullmatch(date):
        return date
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(date).date().isoformat()
        except (ValueError, TypeError):
            continue
    raise DataError(
        f"the date {date!r} of document {name!r} is not understood. Write dates as YYYY-MM-DD, YYYY-MM or YYYY."
    )


def peak_periods(shares: NDArray[np.floating], of_documents: Sequence[str]) -> list[str]:
    """Return the period in which each topic has its largest share.

    Periods with less than a quarter of the average number of documents say too little to count.

    Parameters
    ----------
    shares : ndarray of shape (n_documents, n_topics)
        Share of each topic in each document.
    of_documents : sequence of str
        Period of each document, ``""`` where unknown.

    Returns
    -------
    list of str
        One period a topic; ``""`` if no document has a date.
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
