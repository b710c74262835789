"""Who read what: a table of any library to arrays, with errors that say where it is not as it should be."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError

__all__ = [
    "DAY",
    "Articles",
    "Ids",
    "Log",
    "check_join",
    "columns_of",
    "is_id",
    "plain_id",
    "read_articles",
    "read_log",
]

DAY = 86_400.0
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
DATE = re.compile(r"\d{8}")  # 20240517
Array = NDArray[Any]


class Ids:
    """Ids in the order in which they were first met, and the place of each.

    Parameters
    ----------
    names : iterable of str or int
        The first ids.

    Examples
    --------
    >>> ids = Ids(["a", "b"])
    >>> ids.add(["b", "c"]).tolist(), len(ids)
    ([1, 2], 3)
    """

    def __init__(self, names: Iterable[Any] = ()) -> None:
        self.names: list[Any] = []
        self._places: dict[Any, int] = {}
        self.add(names)

    def add(self, names: Iterable[Any]) -> Array:
        """Return the place of each id; those not met before are put at the end."""
        places = self._places
        found = [places.setdefault(name, len(places)) for name in names]
        self.names.extend(list(places)[len(self.names) :])
        return np.array(found, dtype=np.int64)

    def find(self, name: Any) -> int:
        """Return the place of an id, -1 if it was never met."""
        return self._places.get(plain_id(name), -1)

    def copy(self) -> "Ids":
        """Return ids that can grow on their own."""
        return Ids(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Log:
    """Reads in the order of the table they came from.

    Attributes
    ----------
    readers, articles : Ids
        Ids, and the place of each.
    reader, article : ndarray of int, shape (n_reads,)
        Places of the reader and of the article of each read.
    strength : ndarray of shape (n_reads,)
        How much a read says, or the rating given; 1 where the table does not tell.
    time : ndarray of shape (n_reads,) or None
        Seconds since 1970; None if the table has no times.
    """

    readers: Ids
    articles: Ids
    reader: Array
    article: Array
    strength: Array
    time: Array | None

    def __len__(self) -> int:
        return len(self.reader)

    def part(self, which: Array) -> Self:
        """Return some of the reads; places of readers and articles stay."""
        time = None if self.time is None else self.time[which]
        return replace(
            self, reader=self.reader[which], article=self.article[which], strength=self.strength[which], time=time
        )

    def afresh(self) -> "Log":
        """Return the log with ids of its own reads alone, as if its rows were all there is."""
        readers, articles = Ids(), Ids()
        names_of_readers, names_of_articles = self.readers.names, self.articles.names
        reader = readers.add([names_of_readers[i] for i in self.reader])
        article = articles.add([names_of_articles[i] for i in self.article])
        return replace(self, readers=readers, articles=articles, reader=reader, article=article)


@dataclass(frozen=True)
class Articles:
    """Articles with their texts.

    Attributes
    ----------
    ids : list of str or int
        One id an article, all different.
    texts : list of str
        One text an article.
    time : ndarray of shape (n_articles,) or None
        When each was published, in seconds since 1970, NaN where unknown.
    """

    ids: list[Any]
    texts: list[str]
    time: Array | None

    def part(self, which: Sequence[int]) -> "Articles":
        """Return some of the articles."""
        time = None if self.time is None else self.time[np.asarray(which, dtype=np.int64)]
        return Articles([self.ids[i] for i in which], [self.texts[i] for i in which], time)


def read_log(table: Any, *, before: Log | None = None) -> Log:
    """Read a table of reads.

    Parameters
    ----------
    table : DataFrame or mapping of str to sequence
        Columns ``reader`` and ``article``, and perhaps ``strength`` and ``time``; of pandas, polars or any library
        whose columns ``table[name]`` gives.
    before : Log, default=None
        A log whose ids keep their places; new ones are put after them.

    Returns
    -------
    Log
        The reads.

    Raises
    ------
    DataError
        If a column is missing, there are no rows, or a value is missing or not what it should be.

    Examples
    --------
    >>> log = read_log({"reader": ["ann", "bob"], "article": [7, 7], "time": ["2024-05-01", "2024-05-02"]})
    >>> log.articles.names, log.reader.tolist(), float(log.time[1] - log.time[0])
    ([7], [0, 1], 86400.0)
    """
    names = columns_of(table, "interactions", ("reader", "article"))
    readers = before.readers.copy() if before else Ids()
    articles = before.articles.copy() if before else Ids()
    read = _ids(table["reader"], "interactions", "reader")
    seen = _ids(table["article"], "interactions", "article")
    if not read:
        raise DataError("interactions has no rows. Pass at least one reader with an article.")
    if len(read) != len(seen):
        raise DataError(f"interactions has {len(read):,} readers for {len(seen):,} articles. Pass one for each.")
    strength = np.ones(len(read))
    if "strength" in names:
        strength = _numbers(table["strength"], "interactions", "strength", read)
    time = _times(table["time"], "interactions", read) if "time" in names else None
    return Log(readers, articles, readers.add(read), articles.add(seen), strength, time)


def read_articles(table: Any) -> Articles:
    """Read a table of articles: columns ``article`` and ``text``, and perhaps ``time``.

    Parameters
    ----------
    table : DataFrame or mapping of str to sequence
        The table, as in `read_log`.

    Returns
    -------
    Articles
        The articles.

    Raises
    ------
    DataError
        If a column is missing, there are no rows, an id stands twice, or a value is not what it should be.

    Examples
    --------
    >>> read_articles({"article": ["a"], "text": ["rates rise"]}).texts
    ['rates rise']
    """
    names = columns_of(table, "articles", ("article", "text"))
    ids = _ids(table["article"], "articles", "article")
    if not ids:
        raise DataError("articles has no rows. Pass at least one, or leave articles out.")
    first: dict[Any, int] = {}
    for i, name in enumerate(ids):
        if first.setdefault(name, i) != i:
            raise DataError(
                f"articles: rows {first[name]} and {i} both have the id {name!r}. Give each article one row."
            )
    texts = list(table["text"])
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"articles: text of {ids[i]!r} (row {i}) is {type(text).__name__}, no string. "
                "Pass '' for an article without text."
            )
    if len(texts) != len(ids):
        raise DataError(f"articles has {len(texts):,} texts for {len(ids):,} ids. Pass one for each.")
    return Articles(ids, texts, _times(table["time"], "articles", ids, gaps=True) if "time" in names else None)


def columns_of(table: Any, what: str, needed: Sequence[str]) -> list[str]:
    """Return the names of a table's columns, and see that those needed are among them."""
    columns = table if isinstance(table, Mapping) else getattr(table, "columns", ())
    names = [str(name) for name in columns]
    missing = [name for name in needed if name not in names]
    if missing:
        there = f"it has {', '.join(map(str, names))}" if names else f"it is {type(table).__name__}, no table"
        raise DataError(
            f"{what} has no column {' and no column '.join(map(repr, missing))}; {there}. Pass a data frame, or a dict "
            f"of columns, with {', '.join(map(repr, needed))}: rename columns to these."
        )
    return names


def check_join(known: Iterable[Any], ids: Sequence[Any]) -> None:
    """See that ids of articles are of the kind that the log has: 7 is not '7'.

    Raises
    ------
    DataError
        If one is not in the log, and would be if both were strings.
    """
    known = set(known)
    strings = {str(name): name for name in known}
    for name in ids:
        if name not in known and str(name) in strings:
            other = strings[str(name)]
            raise DataError(
                f"ids of articles are of different kinds: {name!r} ({type(name).__name__}) in articles is {other!r} "
                f"({type(other).__name__}) in interactions, or among the articles so far. Make all of them strings, or "
                f"all numbers."
            )


def is_id(value: Any) -> bool:
    """Return whether a value is a single id, rather than several."""
    return isinstance(value, str | int | float | np.generic)


def plain_id(name: Any) -> Any:
    """Return an id as Python has it: NumPy's 3 and 'a' are the same readers as Python's."""
    return name.item() if isinstance(name, np.generic) else name


def _ids(column: Any, what: str, name: str) -> list[Any]:
    values = column.tolist() if hasattr(column, "tolist") else list(column)
    for i, value in enumerate(values):
        if isinstance(value, np.generic):
            values[i] = value = value.item()
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value != value:  # NaN is not itself
            raise DataError(
                f"{what}: {name} of row {i} is {value!r}. An id has to be a string or a number; drop rows without one."
            )
    return values


def _numbers(column: Any, what: str, name: str, ids: Sequence[Any]) -> Array:
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: column {name!r} has values that are no numbers ({error}). Pass numbers.") from error
    if len(values) != len(ids):
        raise DataError(f"{what} has {len(values):,} values of {name!r} for {len(ids):,} rows. Pass one for each.")
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{what}: {name} of row {i} ({ids[i]!r}) is {values[i]} ({int(bad.sum()):,} rows are negative, infinite or "
            "missing). Drop those rows, or give each a number from 0 up."
        )
    return values


def _times(column: Any, what: str, ids: Sequence[Any], *, gaps: bool = False) -> Array:
    """Return seconds since 1970; with `gaps` NaN where there is no value, else each row has to have one."""
    values = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if values.dtype.kind == "U":  # of a list of strings with gaps, NumPy would make 'nan' and 'None'
        values = np.asarray(column, dtype=object)
    if np.issubdtype(values.dtype, np.datetime64):
        absent = np.isnat(values)
        seconds = np.where(absent, np.nan, values.astype("datetime64[us]").astype(np.int64) / 1e6)
    elif np.issubdtype(values.dtype, np.number):
        seconds = values.astype(np.float64)
        absent = np.isnan(seconds)
    else:
        listed = values.tolist()
        absent = np.array([_absent(value) for value in listed], dtype=bool)
        numeric = _are_numbers([value for value in listed if not _absent(value)])
        seconds = np.array([float(value) if numeric and not _absent(value) else _seconds(value) for value in listed])
    bad = ~np.isfinite(seconds)
    if gaps:
        bad &= ~absent
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{what}: time of row {i} ({ids[i]!r}) is {str(values[i])!r}, no time ({int(bad.sum()):,} rows are like "
            "it). Write times as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, as datetimes, or as seconds; drop rows without one."
        )
    if len(seconds) != len(ids):
        raise DataError(f"{what} has {len(seconds):,} times for {len(ids):,} rows. Pass one for each.")
    return seconds


def _absent(value: Any) -> bool:
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)  # NaN and NaT are not themselves
    except TypeError:  # pandas.NA is neither itself nor another
        return True


def _are_numbers(values: Sequence[Any]) -> bool:
    """Return whether a column of strings holds seconds; one of 8 digits throughout holds dates."""
    if not all(isinstance(value, str) and NUMBER.fullmatch(value.strip()) for value in values):
        return False
    return not all(DATE.fullmatch(value.strip()) for value in values)


def _seconds(value: Any) -> float:
    """Return seconds since 1970, a time without a zone taken as UTC; NaN for what is no time."""
    if _absent(value):
        return math.nan
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return math.nan
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan
