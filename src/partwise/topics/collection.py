"""Checks of a collection of texts, with errors that say where it is wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import DataError, shown
from partwise.indices import canonical
from partwise.matrix import as_matrix, entries_of
from partwise.tables.cells import is_missing, is_scalar, listed

__all__ = [
    "as_many",
    "check_text",
    "checked_dates",
    "checked_ids",
    "checked_metadata",
    "checked_stream",
    "checked_texts",
    "no_texts",
    "word_counts",
]

MOST = {np.dtype(np.float32): 1e15, np.dtype(np.float64): 1e100}
"""Largest entry of a matrix of words: sums of products stay finite."""


def checked_texts(texts: Iterable[str]) -> list[str]:
    """Return texts as a list of at least one string; an iterator is read once."""
    if isinstance(texts, str):
        raise DataError("texts is a single string. Pass a list of texts, one for each document.")
    found = [*checked_stream(texts if isinstance(texts, Iterator) else listed(texts, "texts"))]
    if not found:
        raise no_texts(texts)
    return found


def checked_stream(texts: Iterable[Any]) -> Iterator[str]:
    """Yield texts one by one; raise for one that is not a string, and note where the iterator itself raised."""
    stream, number = iter(texts), -1
    while True:
        try:
            text = next(stream)
        except StopIteration:
            return
        except Exception as error:
            error.add_note(f"partwise was reading texts[{number + 1}]; the model is as it was.")
            raise
        number += 1
        if not isinstance(text, str):
            raise DataError(
                f"texts[{number}] is {type(text).__name__}, not a string. Pass '' for a document without text."
            )
        yield text


def no_texts(texts: Any) -> DataError:
    """Return the error for a collection without texts; an iterator may have been read before."""
    way_out = "Pass at least one."
    if isinstance(texts, Iterator):
        way_out = "The iterator has nothing left: make a new one, because it can be read only once."
    return DataError(f"there are no texts. {way_out}")


def check_text(name: str, value: Any) -> str:
    """Return a string; raise for anything else."""
    if isinstance(value, str):
        return value
    raise DataError(f"{name} must be a string; got {shown(value)}.")


def checked_ids(ids: Sequence[str] | None, n: int) -> list[str]:
    """Return n different ids: the numbers from 0 if none are given."""
    if ids is None:
        return [str(i) for i in range(n)]
    given = as_many(ids, "ids", n)
    for i, name in enumerate(given):
        if is_missing(name) or not is_scalar(name):
            raise DataError(
                f"ids[{i}] is {shown(name)}. An id must be a string or a number; leave ids out to get numbers."
            )
    names = [str(name) for name in given]
    if len(set(names)) < n:
        first: dict[str, int] = {}
        i = next(i for i, name in enumerate(names) if first.setdefault(name, i) != i)
        raise DataError(
            f"ids[{first[names[i]]}] and ids[{i}] are both {shown(names[i])}. Make ids differ, or leave them out."
        )
    return names


def checked_dates(dates: Sequence[Any], n: int) -> list[str]:
    """Return n dates as strings, ``""`` where a date is None, NaN, NaT or NA."""
    return ["" if is_missing(date) else str(date) for date in as_many(dates, "dates", n)]


def checked_metadata(metadata: Mapping[str, Sequence[Any]] | None, n: int) -> dict[str, list[str]]:
    """Return other facts about n documents as strings, ``""`` where a value is None, NaN, NaT or NA."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(isinstance(name, str) and name for name in metadata):
        raise DataError(
            f"metadata must be a dict of names to lists, such as {{'title': [...]}}; got {shown(metadata)}."
        )
    return {
        name: ["" if is_missing(value) else str(value) for value in as_many(values, f"metadata[{name!r}]", n)]
        for name, values in metadata.items()
    }


def as_many(values: Any, name: str, n: int) -> list[Any]:
    """Return values as a list, one for each of n texts."""
    values = listed(values, name)
    if len(values) != n:
        raise DataError(f"there are {len(values):,} {name} for {n:,} texts. Pass one for each text.")
    return values


def word_counts(values: Any) -> Any:
    """Return a matrix of documents and words as CSR: float32 stays float32, all else becomes float64.

    Parameters
    ----------
    values : array, sparse matrix or frame of shape (n_documents, n_words)
        The matrix.

    Returns
    -------
    csr array of shape (n_documents, n_words)
        The same.

    Raises
    ------
    DataError
        If an entry is not a number, or negative, infinite, NaN or above 1e100 (1e15 in float32), or there are no rows
        or columns.
    """
    X = canonical(sp.csr_array(entries_of(values, "texts")))
    largest, most = as_matrix(X, name="texts", model="TopicModel").survey[1], MOST[X.dtype]
    if largest > most:
        raise DataError(
            f"texts has an entry of {largest:g}, and squares of more than {most:g} overflow {X.dtype}. Scale it."
        )
    return X
