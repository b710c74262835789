"""Lists of all readers, as a table: made in batches, so that a killed run can go on."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

import partwise
from partwise.io.writing import descriptor_of
from partwise.matrix import Array
from partwise.recommend.lists import Asked, ranked
from partwise.recommend.unfinished import Unfinished
from partwise.tables.writing import write_table

__all__ = ["ENDING", "write_lists"]

ENDING = ".unfinished"
"""Added to the name of the table: the name of the file with the lists made so far."""
DERIVED = ("log", "read", "given", "left", "pairs", "similar")
"""Attributes that follow from the log, or differ only if the log does."""

Batch = tuple[Array, Array]


def write_lists(model: Any, path: str | os.PathLike[str], asked: Asked, done: Callable[[int], object]) -> int:
    """Write the lists of all readers to a table, whole or not at all; return its number of rows.

    Until the table is complete, lists go to a file beside it. A later call for the same lists goes on from this file.

    Parameters
    ----------
    model : Fitted
        The recommender.
    path : str or path-like
        The table, as `write_table` writes it. A pipe or a device gets rows as they are made.
    asked : Asked
        The options of the lists.
    done : callable
        Called with the number of readers whose lists are made: first with the number from an earlier call, or 0.

    Raises
    ------
    DataError
        If the unfinished file belongs to other lists, or another process writes it.
    OSError
        If a file cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if descriptor_of(str(path)) is not None or (path.exists() and not path.is_file()):
        done(0)
        return _write(model, path, _counted(_batches(model, 0, asked), done))
    _check_writable(path)
    with Unfinished(path.with_name(path.name + ENDING), _belongs(model, asked), _length(model, asked)) as file:
        done(file.done)
        for places, scores in _batches(model, file.done, asked):
            file.add(places, scores)
            done(file.done)
        rows = _write(model, path, file)
        file.remove()
    return rows


def _length(model: Any, asked: Asked) -> int:
    return min(int(asked.n), len(model.article_ids_))


def _batches(model: Any, first: int, asked: Asked) -> Iterator[Batch]:
    return ranked(model, np.arange(first, len(model.reader_ids_)), asked, n_jobs=model.n_jobs)


def _counted(batches: Iterator[Batch], done: Callable[[int], object]) -> Iterator[Batch]:
    made = 0
    for batch in batches:
        yield batch
        made += len(batch[0])
        done(made)


def _check_writable(path: Path) -> None:
    """Raise OSError if the table cannot be replaced, before hours of work."""
    if path.exists():
        open(path, "r+b").close()


def _write(model: Any, path: Path, batches: Any) -> int:
    readers, articles = _names(model.reader_ids_), _names(model.article_ids_)
    titles = model.titles_
    titled = _names([titles.get(name, "") for name in model.article_ids_]) if titles else None
    first = rows = 0

    def columns() -> Iterator[dict[str, Any]]:
        nonlocal first, rows
        for places, scores in batches:
            reader, rank = np.nonzero(places >= 0)
            article = places[reader, rank]
            found = {"reader": readers[first + reader], "rank": rank + 1, "article": articles[article]}
            found["score"] = scores[reader, rank]
            if titled is not None:
                found["title"] = titled[article]
            yield found
            first, rows = first + len(places), rows + len(article)

    write_table(path, columns())
    return rows


def _names(names: list[Any]) -> Array:
    found = np.empty(len(names), dtype=object)
    found[:] = names
    return found


def _belongs(model: Any, asked: Asked) -> dict[str, Any]:
    """Return what identifies lists: their log, model, version and options."""
    log, held = model._model.log, model._model
    rest = [getattr(held, field.name) for field in fields(held) if field.name not in DERIVED]
    return {
        "log": _digest(log.readers.names, log.articles.names, log.reader, log.article, log.strength, log.time),
        "model": _digest(rest, model.half_life, list(model.titles_.items())),
        "options": {
            "n": int(asked.n),
            "exclude_seen": bool(asked.exclude_seen),
            "diversity": float(asked.diversity),
            "recency": float(asked.recency),
        },
        "version of partwise": partwise.__version__,
    }


def _digest(*things: Any) -> str:
    """Return a hash of arrays, sparse arrays and plain values."""
    found = blake2b(digest_size=16)

    def take(thing: Any) -> None:
        if sp.issparse(thing):
            take([thing.shape, thing.indptr, thing.indices, thing.data])
        elif isinstance(thing, np.ndarray):
            found.update(repr((thing.dtype.str, thing.shape)).encode())
            found.update(np.ascontiguousarray(thing).data)
        elif is_dataclass(thing):
            take([getattr(thing, field.name) for field in fields(thing)])
        elif isinstance(thing, list | tuple) and any(not isinstance(one, str | int | float) for one in thing):
            found.update(f"[{len(thing)}".encode())
            for one in thing:
                take(one)
        else:
            found.update(repr(thing).encode("utf-8", "surrogatepass"))

    take(things)
    return found.hexdigest()
