"""Who read what: a table of any library to arrays, with errors that say where it is wrong."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np

from partwise.exceptions import DataError, shown
from partwise.matrix import Array
from partwise.recommend.columns import (
    Coded,
    coded_ids,
    columns_of,
    ids_of,
    is_id,
    numbers_as_times,
    numbers_of,
    plain_id,
    times_of,
)
from partwise.tables.cells import is_missing, listed
from partwise.tables.reads import Reads, read_reads

__all__ = ["DAY", "Articles", "Ids", "Log", "check_join", "read_articles", "read_log", "reads_of_known"]

DAY = 86_400.0


class Ids:
    """Ids in order of first appearance, and the place of each.

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
        """Return the place of each id; new ids are put at the end."""
        places = self._places
        found = [places.setdefault(name, len(places)) for name in names]
        self.names.extend(list(places)[len(self.names) :])
        return np.array(found, dtype=np.int64)

    def find(self, name: Any) -> int:
        """Return the place of an id, -1 if it is unknown."""
        name = plain_id(name)
        known = is_id(name) and not isinstance(name, bool)  # True equals 1, and would be found as the id 1
        return self._places.get(name, -1) if known else -1

    def copy(self) -> "Ids":
        """Return an independent copy."""
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
        How much each read counts, or the rating; 1 if the table has no strengths.
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

    def among(self, other: "Log", columns: Sequence[str] = ("reader", "article", "strength")) -> Array:
        """Return which reads are also in another log, by time and some columns; none without times.

        Ids of the other log have the same places.
        """
        if self.time is None or other.time is None:
            return np.zeros(len(self), dtype=bool)
        times = np.concatenate([other.time, self.time])
        others = [np.concatenate([getattr(log, name) for log in (other, self)]) for name in columns]
        _, same = np.unique(np.stack([*others, times], axis=1).astype(np.float64), axis=0, return_inverse=True)
        return np.isin(same.ravel()[len(other) :], same.ravel()[: len(other)])

    def afresh(self) -> "Log":
        """Return the log with only the ids of its own reads."""
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
        One id per article, all different.
    texts : list of str
        One text per article.
    time : ndarray of shape (n_articles,) or None
        When each was published, in seconds since 1970, NaN where unknown.
    titles : list of str or None
        One title per article, ``""`` if it has none; None if the table has no titles.
    """

    ids: list[Any]
    texts: list[str]
    time: Array | None
    titles: list[str] | None = None

    def part(self, which: Sequence[int]) -> "Articles":
        """Return some of the articles."""
        time = None if self.time is None else self.time[np.asarray(which, dtype=np.int64)]
        titles = None if self.titles is None else [self.titles[i] for i in which]
        return Articles([self.ids[i] for i in which], [self.texts[i] for i in which], time, titles)


def read_log(table: Any, *, before: Log | None = None, empty: bool = False) -> Log:
    """Read a table of reads.

    Parameters
    ----------
    table : DataFrame, mapping of str to sequence, iterator of these, Reads, str or path-like
        Columns ``reader`` and ``article``, optionally ``strength`` and ``time``; of pandas, polars or any library
        whose columns are ``table[name]``. An iterator gives pieces of the log, in order, and is read once. Or a file
        that `partwise.tables.read_reads` reads, or its result.
    before : Log, default=None
        A log whose ids keep their places; new ones are put after them.
    empty : bool, default=False
        Whether the table can have no rows.

    Returns
    -------
    Log
        The reads.

    Raises
    ------
    DataError
        If a column is missing, there are no rows, or a value is missing or invalid.

    Examples
    --------
    >>> log = read_log({"reader": ["ann", "bob"], "article": [7, 7], "time": ["2024-05-01", "2024-05-02"]})
    >>> log.articles.names, log.reader.tolist(), float(log.time[1] - log.time[0])
    ([7], [0, 1], 86400.0)
    """
    readers = before.readers.copy() if before else Ids()
    articles = before.articles.copy() if before else Ids()
    if isinstance(table, str | PathLike):
        table = read_reads(Path(table))
        for note in table.notes:
            warnings.warn(note, stacklevel=3)
    if isinstance(table, Reads):
        of_reader, of_article = readers.add(table.readers), articles.add(table.articles)
        # The ids of a first log are already in their places.
        reader, article = (
            (table.reader, table.article) if before is None else (of_reader[table.reader], of_article[table.article])
        )
        strength = np.ones(len(table)) if table.strength is None else table.strength
        return Log(readers, articles, reader, article, strength, table.time)
    what = "interactions"
    whole = not isinstance(table, Iterator)
    pieces = iter([(what, table)]) if whole else _pieces(table, what)
    gathered = _Gathered(readers, articles, whole)
    for name, piece in pieces:
        gathered.take(piece, name)
    return gathered.log(what, empty)


def reads_of_known(table: Any, articles: Ids) -> Log:
    """Read a table of reads of known articles, which keep their places; it can have no rows.

    Reads of other articles are left out, with a warning; their readers stay.

    Raises
    ------
    DataError
        As in `read_log`, or if ids are of another type than those of the known articles.
    """
    log = read_log(table, empty=True)
    places = np.array([articles.find(name) for name in log.articles.names], dtype=np.int64)
    unknown = [log.articles.names[i] for i in np.flatnonzero(places < 0)]
    if unknown:
        check_join(articles.names, unknown)
        known = places[log.article] >= 0
        warnings.warn(
            f"{np.count_nonzero(~known):,} reads are left out: the model does not know their articles, such as "
            f"{shown(unknown[0])}. add_articles adds articles.",
            stacklevel=4,
        )
        log = log.part(known)
    return replace(log, articles=articles, article=places[log.article])


def _pieces(tables: Iterator[Any], what: str) -> Iterator[tuple[str, Any]]:
    """Yield tables, and the name of each in errors; note where the iterator itself raised an error."""
    number = 0
    while True:
        try:
            table = next(tables)
        except StopIteration:
            break
        except Exception as error:
            error.add_note(f"partwise was reading piece {number + 1} of {what}; the model is as it was.")
            raise
        number += 1
        yield f"piece {number} of {what}", table
    if not number:
        raise DataError(f"{what} is an iterator that has nothing left. Make a new one: it can be read only once.")


class _Gathered:
    """Columns of reads, piece by piece, as arrays."""

    def __init__(self, readers: Ids, articles: Ids, whole: bool) -> None:
        self.readers, self.articles, self.whole = readers, articles, whole
        self.counted: bool | None = (
            None  # whether times are numbers, whose unit can be told only from all of them together
        )
        self.columns: dict[str, list[Array]] = {"reader": [], "article": [], "strength": [], "time": []}
        self.names: list[str] | None = None

    def take(self, table: Any, what: str) -> None:
        """Add the rows of a table."""
        names = columns_of(table, what, ("reader", "article"))
        mine: list[str] = [name for name in ("strength", "time") if name in names]
        before = self.names = mine if self.names is None else self.names
        for name in {*mine} ^ {*before}:
            has, lack = (
                ("it has", "earlier pieces have none") if name in mine else ("earlier pieces have", "it has none")
            )
            raise DataError(f"{what}: {has} a column {name!r}, {lack}. Give all pieces the same columns.")
        read, seen = coded_ids(table["reader"], f"{what}: reader"), coded_ids(table["article"], f"{what}: article")
        if len(read) != len(seen):
            raise DataError(f"{what} has {len(read):,} readers for {len(seen):,} articles. Pass one for each.")
        if not len(read):
            return
        self.columns["reader"].append(self.readers.add(read.names)[read.codes])
        self.columns["article"].append(self.articles.add(seen.names)[seen.codes])
        if "strength" in mine:
            self.columns["strength"].append(numbers_of(table["strength"], what, "strength", read))
        if "time" in mine:
            self._take_times(table["time"], what, read)

    def _take_times(self, column: Any, what: str, read: Coded) -> None:
        numbers = numbers_as_times(column)
        if self.counted not in (None, numbers is not None):
            raise DataError(
                f"{what}: column 'time' is of another type than in earlier pieces. Give all pieces the same type."
            )
        self.counted = numbers is not None
        if numbers is None:
            numbers = times_of(column, what, read, whole=self.whole)
        elif len(numbers) != len(read):
            raise DataError(f"{what} has {len(numbers):,} times for {len(read):,} rows. Pass one for each.")
        self.columns["time"].append(numbers)

    def log(self, what: str, empty: bool) -> Log:
        """Return the log of all pieces."""
        reader, article = self._whole("reader"), self._whole("article")
        if not len(reader) and not empty:
            raise DataError(f"{what} has no rows. Pass at least one reader with an article.")
        names = self.names or []
        strength = self._whole("strength") if "strength" in names else np.ones(len(reader))
        time = None
        if "time" in names:
            time = self._whole("time")
            if self.counted:
                time = times_of(time, what, Coded(self.readers.names, reader))
        return Log(self.readers, self.articles, reader, article, strength, time)

    def _whole(self, name: str) -> Array:
        """Return a column of all pieces, and free the pieces."""
        pieces = self.columns.pop(name)
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.zeros(0, dtype=np.int64), *pieces])


def read_articles(table: Any) -> Articles:
    """Read a table of articles: columns ``article`` and ``text``, optionally ``time`` and ``title``.

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
        If a column is missing, there are no rows, an id appears twice, or a value is invalid.

    Examples
    --------
    >>> read_articles({"article": ["a"], "text": ["rates rise"]}).texts
    ['rates rise']
    """
    names = columns_of(table, "articles", ("article", "text"))
    ids = ids_of(table["article"], "articles: article")
    if not ids:
        raise DataError("articles has no rows. Pass at least one, or leave articles out.")
    first: dict[Any, int] = {}
    for i, name in enumerate(ids):
        if first.setdefault(name, i) != i:
            raise DataError(
                f"articles: rows {first[name]} and {i} both have the id {shown(name)}. Give each article one row."
            )
    texts = listed(table["text"], "column 'text' of articles")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"articles: text of {shown(ids[i])} (row {i}) is {type(text).__name__}, not a string. "
                "Pass '' for an article without text."
            )
    if len(texts) != len(ids):
        raise DataError(f"articles has {len(texts):,} texts for {len(ids):,} ids. Pass one for each.")
    time = times_of(table["time"], "articles", ids, gaps=True) if "time" in names else None
    titles = None
    if "title" in names:
        titles = ["" if is_missing(title) else str(title) for title in listed(table["title"], "titles of articles")]
        if len(titles) != len(ids):
            raise DataError(f"articles has {len(titles):,} titles for {len(ids):,} ids. Pass one for each.")
    return Articles(ids, texts, time, titles)


def check_join(known: Iterable[Any], ids: Sequence[Any]) -> None:
    """Raise unless ids of articles are of the same type as in the log: 7 is not '7'.

    Raises
    ------
    DataError
        If an id is not in the log, but would be if both were strings.
    """
    known = set(known)
    strings = {str(name): name for name in known}
    for name in ids:
        if name not in known and str(name) in strings:
            other = strings[str(name)]
            raise DataError(
                f"ids of articles are of different types: {shown(name)} ({type(name).__name__}) in articles is "
                f"{shown(other)} ({type(other).__name__}) in interactions, or among the articles so far. Make all of "
                f"them strings, or "
                f"all numbers."
            )
