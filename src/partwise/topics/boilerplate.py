"""Boilerplate: lines that documents of all subjects share, such as signatures and mail headers.

A line is recognised by its shape: its common words, with ``*`` for the varying text between them. ``In article <1@a>
bob@a (Bob) writes:`` has the shape ``in article * writes``. A line is boilerplate if its documents, without the line,
are hardly more alike than any documents, and far less alike than nearest documents. So lines of a subject, such as rows
of a table of results, stay. A line also stays in doubtful cases: losing the words of a subject is worse than keeping a
signature.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches
from sklearn.utils.extmath import randomized_svd

from partwise.matrix import Array
from partwise.state import PlainState
from partwise.topics.places import unit_rows
from partwise.topics.weights import inverse_frequency, tfidf_rows

__all__ = ["Boilerplate", "find_boilerplate"]

MOST, LENGTH = 2_000, 4_000_000
"""Size of the random sample of documents, in documents and in characters: lines of many documents are in it too."""
FEWEST = 50
"""Fewest documents in which a line can be found to be frequent."""
LEAST, SHARE = 5, 0.002
"""A line is judged only if it is in at least this number, and this share, of the documents."""
MANY = 1_000
"""How many lines and words are judged: the most frequent ones."""
WORTH = 0.005
"""Smallest share of all words for boilerplate to matter: less makes no topic, and then texts are read as they are."""
LONGEST = 120
"""Longest line, in characters, that is recognised by its shape; a longer line must repeat word by word."""
DIRECTIONS = 16
"""Singular vectors by which documents of a subject are alike even if they share few words."""
NEAR, NOISE = 0.15, 2.0
"""Limit on how alike the documents of a boilerplate line are: 0 is as alike as any two documents, 1 as alike as nearest
ones. The limit is `NEAR` minus ``NOISE / n``, the variation by chance in n documents. Whole classes of AG news lie at
0.19 to 0.7."""
NEAREST, BLOCK = 0.2, 256
"""Nearest documents are at least this share of all documents; cosines are computed in blocks of this many rows."""
GAP = "*"
NO_WORD = re.compile(r"[\d@]|\w[./:]\w")
"""Numbers and addresses, which are gaps in a shape even if they are frequent."""
MARKS = string.punctuation + "\u00ab\u00bb\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00b7"


@dataclass(frozen=True)
class Boilerplate(PlainState):
    """What was found, as a function that takes it out of a text.

    Parameters
    ----------
    lines : tuple of str
        Shapes of the lines, most frequent first; a shape that ends with a colon is only the beginning of a line.
    words : tuple of str
        Words that are mostly in these lines, and elsewhere in documents of all subjects: they do not count at all.
    common : tuple of str
        The words that can be part of a shape; all others are gaps.

    Examples
    --------
    >>> found = Boilerplate(("in article * writes", "subject:"), ("writes",), ("in", "article", "writes", "subject"))
    >>> found("Subject: Rates\\nIn article <1@a> bob@a (Bob) writes:\\nThe bank cut rates.")
    'rates\\nthe bank cut rates.'
    """

    lines: tuple[str, ...]
    words: tuple[str, ...]
    common: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shapes", _Shapes(frozenset(self.common)))
        object.__setattr__(self, "_lines", frozenset(self.lines))
        words = [shape.split() for shape in self.lines]
        object.__setattr__(self, "_ends", frozenset((own[0], own[-1]) for own in words if own))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__post_init__()

    def __call__(self, text: str) -> str:
        """Return a text in lower case without these lines; a text that has only such lines stays whole."""
        text = text.lower()
        rest = "\n".join(kept for kept, left in self.split(text) if kept or not left)
        return rest if rest.strip() else text

    def split(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield what is kept and what is left out of each line of a text in lower case."""
        kept = vars(self)
        lines: frozenset[str] = kept["_lines"]
        for line in text.splitlines():
            if self._may_be_one(line) and kept["_shapes"](line) in lines:
                yield "", line
                continue
            label, rest = _label(line) if ":" in line else ("", line)
            yield (rest, label) if label and label in lines else (line, "")

    def _may_be_one(self, line: str) -> bool:
        """Return whether a line begins and ends like one that is left out: a fast test that rules out most lines."""
        if len(line) > LONGEST:
            return True
        words, common = line.split(), vars(self)["_shapes"].common
        if not words:
            return False
        ends = words[0].strip(MARKS), words[-1].strip(MARKS)
        if not all(ends):
            return True
        first, last = (word if word in common else GAP for word in ends)
        return (first, last) in vars(self)["_ends"]


def find_boilerplate(texts: Sequence[str], vectorizer: Any) -> Boilerplate | None:
    """Return the boilerplate of texts, None if there is none.

    Parameters
    ----------
    texts : sequence of str
        The documents. A random sample is judged: at most 2,000 documents, with 4 million characters in total.
    vectorizer : scikit-learn vectorizer
        Counts the words of a text.

    Returns
    -------
    Boilerplate or None
        Lines that are in at least five documents and in at least 0.2% of them. It takes about twenty documents to show
        that a line does not depend on the subject.

    Examples
    --------
    >>> from partwise.topics.vectorize import make_vectorizer
    >>> texts = [f"Sent from my phone\\nword{i} word{i + 1}" for i in range(60)]
    >>> find_boilerplate(texts, make_vectorizer("en", False, True)).lines
    ('sent from my phone',)
    """
    sample = _sample(texts)
    documents = [[*dict.fromkeys(text.splitlines())] for text in sample]
    least = max(LEAST, math.ceil(SHARE * len(sample)))
    if len(sample) < FEWEST or sum(len(lines) > 1 for lines in documents) < least:
        return None
    common = _common(documents, least)
    shapes = _Shapes(common)
    counts = Counter[str]()
    for lines in documents:
        counts.update({*_shapes_of(lines, shapes)})
    often = sorted((-n, shape) for shape, n in counts.items() if n >= least and _says_something(shape))
    candidates = [shape for _, shape in often[:MANY]]
    if not candidates:
        return None
    places = {shape: i for i, shape in enumerate(candidates)}
    G = _groups(({places[shape] for shape in _shapes_of(own, shapes) if shape in places} for own in documents), places)
    rest, left = _parts(Boilerplate(tuple(candidates), (), tuple(common)), sample)
    if _length(left) < WORTH * _length(sample):
        return None
    try:
        counted = vectorizer.fit_transform(rest)
    except ValueError:  # no words: all lines have the same shape
        return None
    gone = _held(left, vectorizer)
    removed = np.array([gone[str(word)] for word in vectorizer.get_feature_names_out()])
    elsewhere = np.flatnonzero(np.bincount(counted.indices, minlength=counted.shape[1]) > removed)
    if not elsewhere.size:
        return None
    others = sp.csr_array(
        sp.csc_array(counted)[:, elsewhere]
    )  # without the names of writers, which are not about the subject
    U = tfidf_rows(others, inverse_frequency(others))
    lines = [candidates[i] for i in np.flatnonzero(_regardless(G, U))]
    if not lines:
        return None
    found = Boilerplate(tuple(lines), (), tuple(sorted(common)))
    _, left = _parts(found, sample)
    if _length(left) < WORTH * _length(sample):
        return None
    return Boilerplate(found.lines, tuple(_words(left, least, vectorizer, counted, U)), found.common)


def _sample(texts: Sequence[str]) -> list[str]:
    """Return texts drawn at random, in lower case and in their order."""
    drawn, length = list[tuple[int, str]](), 0
    for i in np.random.default_rng(0).permutation(len(texts))[:MOST].tolist():
        text = texts[i]
        if text.strip() and length + len(text) <= LENGTH:
            drawn.append((i, text.lower()))
            length += len(text)
    return [text for _, text in sorted(drawn)]


def _parts(found: Boilerplate, texts: list[str]) -> tuple[list[str], list[str]]:
    """Return what is kept and what is left out of each text."""
    rest, left = list[str](), list[str]()
    for text in texts:
        pairs = [*found.split(text)]
        rest.append("\n".join(kept for kept, _ in pairs))
        left.append("\n".join(gone for _, gone in pairs))
    return rest, left


def _length(texts: list[str]) -> int:
    """Return how many words texts have."""
    return sum(len(text.split()) for text in texts)


def _common(documents: Iterable[list[str]], least: int) -> frozenset[str]:
    counts = Counter[str]()
    for lines in documents:
        if len(lines) > 1:
            counts.update({token.strip(MARKS) for line in lines if len(line) <= LONGEST for token in line.split()})
    return frozenset(w for w, n in counts.items() if n >= least and w and not NO_WORD.search(w))


@dataclass(frozen=True)
class _Shapes:
    """Returns the shape of a line."""

    common: frozenset[str]

    def __call__(self, line: str) -> str:
        if len(line) > LONGEST:
            return line.strip()
        found = list[str]()
        for token in line.split():
            word = token.strip(MARKS)
            if word in self.common:
                found.append(word)
            elif word and found[-1:] != [GAP]:
                found.append(GAP)
        return " ".join(found)


def _label(line: str) -> tuple[str, str]:
    """Return the word with a colon that a line begins with, and the rest of it."""
    first, colon, rest = line.strip(" \t>").partition(":")
    return (f"{first}:", rest.strip()) if colon and first[:1].isalpha() and len(first.split()) == 1 else ("", line)


def _shapes_of(lines: list[str], shapes: _Shapes) -> Iterator[str]:
    if len(lines) > 1:
        for line in lines:
            yield shapes(line)
            label, _ = _label(line)
            if label:
                yield label


def _says_something(shape: str) -> bool:
    """Return whether a shape has a word, and no more gaps than words."""
    gaps = shape.split().count(GAP)
    return bool(shape) and 2 * gaps <= len(shape.split())


def _groups(held: Iterable[set[int]], places: Sized) -> Any:
    """Return a matrix (g, n) of ones where a document n holds a line or word g."""
    own = [sorted(found) for found in held]
    indptr, indices = np.cumsum([0, *map(len, own)]), [g for found in own for g in found]
    return sp.csr_array(sp.csr_array((np.ones(len(indices)), indices, indptr), shape=(len(own), len(places))).T)


def _regardless(G: Any, U: Any) -> Array:
    """Return whether the documents of each group G (g, n) are of all subjects, by their words U (n, m).

    The test must hold twice: by words, which separate small subjects, and by directions of a singular value
    decomposition, which separate large subjects even if these share most of their words.
    """
    filled = np.flatnonzero(np.diff(U.indptr))
    every, G, U = np.diff(G.indptr), sp.csr_array(sp.csc_array(G)[:, filled]), U[filled]
    told = np.diff(G.indptr)
    kept: Array = (told >= np.maximum(every / 2, 2)) & (len(filled) > DIRECTIONS)
    if not kept.any():
        return kept
    left, sizes, _ = randomized_svd(U, min(DIRECTIONS, *U.shape), random_state=0)
    Z = left * sizes
    limit = NEAR - NOISE / np.maximum(told, 1)
    for X in (U, unit_rows(Z - Z.mean(axis=0))):
        likeness, any_two, nearest = _likeness(G, X)
        kept &= likeness - any_two <= limit * (nearest - any_two) + 1e-9
    return kept


def _likeness(G: Any, X: Any) -> tuple[Array, float, Array]:
    """Return mean cosines of documents, whose unit rows are X (n, d), in groups G (g, n).

    The three results are: the mean for two documents of a group (g,), for any two documents, and for a document of the
    group and its nearest documents (g,). There are as many nearest documents as the group has, but at least a fifth and
    at most half of all documents.
    """
    n, told = X.shape[0], np.diff(G.indptr)
    near = np.clip(told - 1, max(int(NEAREST * n), 1), max(n // 2, 1))
    within, nearest, total, columns = np.zeros(len(told)), np.zeros(len(told)), 0.0, sp.csc_array(G)
    for rows in gen_batches(n, BLOCK):
        S = X[rows] @ X.T
        S = S.toarray() if sp.issparse(S) else S
        own = np.arange(rows.start, rows.stop)
        S[own - rows.start, own] = 0
        total += S.sum()
        block = sp.coo_array(columns[:, rows])
        within += np.bincount(block.row, (G @ S.T)[block.row, block.col], len(told))
        S[own - rows.start, own] = -np.inf  # a document is not near itself
        sums = np.cumsum(-np.sort(-S, axis=1)[:, :-1], axis=1)
        nearest += np.bincount(block.row, sums[block.col, near[block.row] - 1], len(told))
    pairs = np.maximum(told * (told - 1), 1)
    return within / pairs, total / (n * (n - 1)), nearest / np.maximum(told * near, 1)


def _held(texts: list[str], vectorizer: Any) -> Counter[str]:
    """Return how many texts have each word."""
    analyze, counts = vectorizer.build_analyzer(), Counter[str]()
    for text in texts:
        counts.update({*analyze(text)})
    return counts


def _words(left: list[str], least: int, vectorizer: Any, counted: Any, U: Any) -> list[str]:
    """Return words mostly in lines left out, and elsewhere, as `counted` (n, v), in documents of all subjects."""
    counts = _held(left, vectorizer)
    columns = {str(word): j for j, word in enumerate(vectorizer.get_feature_names_out())}
    named = [word for _, word in sorted((-n, word) for word, n in counts.items() if n >= least)[:MANY]]
    known = [word for word in named if word in columns]
    own = sp.csr_array(sp.csc_array(counted)[:, [columns[word] for word in known]].T)
    G = sp.csr_array((np.ones(own.nnz), own.indices, own.indptr), own.shape)
    goes = np.diff(G.indptr) <= np.array([counts[word] for word in known])
    goes[goes] = _regardless(G[np.flatnonzero(goes)], U)
    stays = {word for word, gone in zip(known, goes.tolist(), strict=True) if not gone}
    return sorted({*named} - stays)
