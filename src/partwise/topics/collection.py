"""What a collection of texts has to be, with errors that say where it is not."""

from collections.abc import Sequence
from typing import Any

from partwise.exceptions import DataError

__all__ = ["as_many", "checked_dates", "checked_ids", "checked_texts"]


def checked_texts(texts: Sequence[str]) -> list[str]:
    """Return texts as a list of at least one string."""
    if isinstance(texts, str):
        raise DataError("texts is a single string. Pass a list of texts, one for each document.")
    try:
        texts = list(texts)
    except TypeError:
        raise DataError(f"texts is of type {type(texts).__name__}. Pass a list of texts, one each document.") from None
    if not texts:
        raise DataError("there are no texts. Pass at least one.")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"texts[{i}] is {type(text).__name__}, no string. Pass '' for a document without text.")
    return texts


def checked_ids(ids: Sequence[str] | None, n: int) -> list[str]:
    """Return n ids that differ, the numbers from 0 if none are given."""
    if ids is None:
        return [str(i) for i in range(n)]
    names = [str(name) for name in as_many(ids, "ids", n)]
    if len(set(names)) < n:
        first: dict[str, int] = {}
        i = next(i for i, name in enumerate(names) if first.setdefault(name, i) != i)
        raise DataError(
            f"ids[{first[names[i]]}] and ids[{i}] are both {names[i]!r}. Make ids differ, or leave them out."
        )
    return names


def checked_dates(dates: Sequence[Any], n: int) -> list[str]:
    """Return n dates as strings, ``""`` where a date is None, NaN or NaT."""
    return ["" if date is None or date != date else str(date) for date in as_many(dates, "dates", n)]


def as_many(values: Sequence[Any], name: str, n: int) -> list[Any]:
    """Return values as a list, one for each of n texts."""
    values = list(values)
    if len(values) != n:
        raise DataError(f"there are {len(values):,} {name} for {n:,} texts. Pass one for each text.")
    return values
