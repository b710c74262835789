"""Words of texts counted into files, a piece at a time: the matrix of documents and words can be larger than memory."""

import errno
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches

from partwise.blocks.layout import DATA, INDICES, INDPTR
from partwise.blocks.making import Making
from partwise.matrix import Array

__all__ = ["CountedTexts", "counted"]

PIECE = 2_000
"""How many texts are counted together, and how many rows are written together."""
MOST_WORDS = np.iinfo(np.int32).max
"""Number of columns of a matrix while new words still come."""
Count = Callable[[Sequence[str]], tuple[Iterable[str], Any]]
"""A function that returns the words of some texts, and a CSR matrix with a column for each word."""


class CountedTexts:
    """Counts of words, with a column for each word.

    Parameters
    ----------
    rows : csr array of shape (n_documents, n_words)
        The counts, in files.
    words : list of str
        Word of each column, in the order in which they came.
    held : ndarray of shape (n_words,)
        Number of documents that contain each word.
    folder : Path
        Folder for the files of `matrix`.
    """

    def __init__(self, rows: Any, words: list[str], held: Array, folder: Path) -> None:
        self.rows, self.words, self.held, self.folder = rows, words, held, folder

    def matrix(self, columns: Array, change: Callable[[Any], Any]) -> Any:
        """Return some columns as a CSR array whose entries stay on disk, until the array is gone.

        Parameters
        ----------
        columns : ndarray of int
            The columns, in the order of the result.
        change : callable
            A function of rows (b, len(columns)) that returns the rows to write.
        """
        with _space(), tempfile.TemporaryDirectory(dir=self.folder) as made:
            blocks = (change(self.rows[rows][:, columns]) for rows in gen_batches(self.rows.shape[0], PIECE))
            return _written(Path(made), len(columns), blocks)


@contextmanager
def counted(texts: Sequence[str], count: Count) -> Iterator[CountedTexts]:
    """Count the words of texts into a temporary folder, which is deleted when the block ends.

    Parameters
    ----------
    texts : sequence of str
        The texts; they are read once.
    count : callable
        Counts the words of some texts.

    Raises
    ------
    OSError
        If there is no space in the folder for temporary files.

    Examples
    --------
    >>> from partwise.topics.vectorize import make_vectorizer
    >>> def count(texts):
    ...     vectorizer = make_vectorizer("none", False, True)
    ...     X = vectorizer.fit_transform(texts)
    ...     return vectorizer.get_feature_names_out(), X
    >>> with counted(["rates rise", "rates fall"], count) as found:
    ...     found.words, found.held, found.matrix(np.array([1, 0]), lambda rows: rows).toarray().tolist()
    (['fall', 'rates', 'rise'], array([1, 2, 1]), [[1.0, 0.0], [1.0, 1.0]])
    """
    places: dict[str, int] = {}
    held = np.zeros(0, np.int64)

    def blocks() -> Iterator[Any]:
        nonlocal held
        left = iter(texts)
        while piece := [*islice(left, PIECE)]:
            words, X = count(piece)
            columns = np.array([places.setdefault(str(word), len(places)) for word in words], np.int32)
            held = np.pad(held, (0, len(places) - len(held)))
            held[columns] += np.bincount(X.indices, minlength=len(columns))
            yield sp.csr_array((X.data, columns[X.indices], X.indptr), shape=(len(piece), MOST_WORDS))

    with tempfile.TemporaryDirectory(prefix="partwise-") as folder:
        with _space(), tempfile.TemporaryDirectory(dir=folder) as made:
            rows = _written(Path(made), MOST_WORDS, blocks())
        rows = sp.csr_array((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], len(places)))
        yield CountedTexts(rows, [*places], held, Path(folder))


def _written(folder: Path, n_columns: int, blocks: Iterable[Any]) -> Any:
    """Write rows into a folder, and return a CSR array of its files, which stays valid after the folder is deleted."""
    with closing(Making(folder, n_columns, np.float64, True)) as making:
        for rows in blocks:
            making.add(rows)
        making.end()
    data, indices = (np.asarray(np.load(folder / name, mmap_mode="r")) for name in (DATA, INDICES))
    indptr = np.load(folder / INDPTR)
    begins = indptr.astype(indices.dtype) if len(data) <= np.iinfo(indices.dtype).max else indptr
    return sp.csr_array((data, indices, begins), shape=(making.n_rows, n_columns))  # copies indices of another type


@contextmanager
def _space() -> Iterator[None]:
    """Add to an error of a full disk which folder is on it."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        said = f"{error.strerror}: counts of words are kept there; set TMPDIR to use another folder"
        raise OSError(error.errno, said, tempfile.gettempdir()) from error
