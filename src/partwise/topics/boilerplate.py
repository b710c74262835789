"""Boilerplate: lines that many documents share whatever they are about, such as signatures and mail headers.

A line is known by its shape: its common words, and ``*`` for what stands between them and differs. ``In article <1@a>
bob@a (Bob) writes:`` has the shape ``in article * writes``. Such a line is boilerplate if the rest of its documents is
hardly more alike than the rest of any documents: lines of a subject, such as rows of a table of results, stay.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.matrix import Array
from partwise.state import PlainState
from partwise.topics.weights import inverse_frequency, tfidf_rows

__all__ = ["Boilerplate", "find_boilerplate"]

MOST = 2_000
"""Documents that are looked at, drawn at random: what stands in many is in these too."""
FEWEST = 50
"""Documents below which nothing is sure to be in many."""
LEAST, SHARE = 5, 0.002
"""A line has to be in so many documents, and in such a share of them."""
WORTH = 0.005
"""Share of all words that these lines have to be: fewer make no topic, and texts are then read as they are."""
LONGEST = 120
"""Characters up to which a line is known by its shape; a longer one has to repeat word by word."""
ALIKE = 1.5
"""How many times as alike as any two documents those of a line may be. Documents of one subject of ten are three to ten
times as alike."""
FIXED, ALIKE_FIXED = 4, 5.0
"""A line of so many words and no gap is a signature even if its writer keeps to a subject: it may be in documents that
are more alike, but not in copies of one text."""
MEANT = 1 / 3
"""Documents that have a word elsewhere, relative to those that have it in lines left out: with fewer it goes too."""
GAP = "*"
NO_WORD = re.compile(r"[\d@]|\w[./:]\w")
"""Numbers and addresses, which are gaps however often they come."""
MARKS = string.punctuation + "\u00ab\u00bb\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00b7"


@dataclass(frozen=True)
class Boilerplate(PlainState):
    """What was found, as a function that takes it out of a text.

    Parameters
    ----------
    lines : tuple of str
        Shapes of the lines, most frequent first; one that ends with a colon is only the beginning of a line.
    words : tuple of str
        Words that stand in these lines, and elsewhere regardless of the subject: they do not count at all.
    common : tuple of str
        The words that shapes are told by; all others are gaps.

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
        object.__setattr__(self, "_ends", frozenset((own[0], own[-1]) for own in words))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__post_init__()

    def __call__(self, text: str) -> str:
        """Return a text in lower case without these lines; a text of nothing else stays whole."""
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
        """Return whether a line begins and ends as one that is left out; this is soon known of most lines."""
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
        The documents; of more than 2,000 so many are looked at, drawn at random.
    vectorizer : scikit-learn vectorizer
        Counts the words of a text.

    Returns
    -------
    Boilerplate or None
        Lines that stand in at least five documents and in a five-hundredth of them.

    Examples
    --------
    >>> from partwise.topics.vectorize import make_vectorizer
    >>> texts = [f"Sent from my phone\\nword{i} word{i + 1}" for i in range(60)]
    >>> find_boilerplate(texts, make_vectorizer("en", False, True)).lines
    ('sent from my phone',)
    """
    drawn = {*np.random.default_rng(0).permutation(len(texts))[:MOST].tolist()}
    sample = [text.lower() for i, text in enumerate(texts) if i in drawn and text.strip()]
    documents = [[*dict.fromkeys(text.splitlines())] for text in sample]
    least = max(LEAST, math.ceil(SHARE * len(sample)))
    if len(sample) < FEWEST or sum(len(lines) > 1 for lines in documents) < least:
        return None
    common = _common(documents, least)
    shapes = _Shapes(common)
    held = [{*_shapes_of(lines, shapes)} for lines in documents]
    counts = Counter(shape for own in held for shape in own)
    often = sorted((-n, shape) for shape, n in counts.items() if n >= least and _says_something(shape))
    candidates = [shape for _, shape in often]
    if not candidates:
        return None
    rest, left = _parts(Boilerplate(tuple(candidates), (), tuple(common)), sample)
    if _length(left) < WORTH * _length(sample):
        return None
    try:
        counted = vectorizer.fit_transform(rest)
    except ValueError:  # no words: all lines are the same ones
        return None
    U = tfidf_rows(counted, inverse_frequency(counted))
    lines = _regardless(candidates, held, U)
    if not lines:
        return None
    found = Boilerplate(tuple(lines), (), tuple(sorted(common)))
    _, left = _parts(found, sample)
    if _length(left) < WORTH * _length(sample):
        return None
    return Boilerplate(found.lines, tuple(_words(left, least, vectorizer, U)), found.common)


def _parts(found: Boilerplate, texts: list[str]) -> tuple[list[str], list[str]]:
    """Return what is kept and what is left out of each text."""
    parts = [[*found.split(text)] for text in texts]
    rest, left = (["\n".join(pair[side] for pair in own) for own in parts] for side in (0, 1))
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


def _regardless(candidates: list[str], held: list[set[str]], U: Any) -> list[str]:
    """Return the shapes whose documents, by the rest of their words U (n, m), are about anything."""
    places = {shape: i for i, shape in enumerate(candidates)}
    rows, columns = [], list[int]()
    for document, own in enumerate(held):
        found = [places[shape] for shape in own if shape in places]
        rows += found
        columns += [document] * len(found)
    G = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(candidates), len(held)))
    whole, likeness, told = _likeness(np.ones((1, len(held))), U)[0][0], *_likeness(G, U)
    enough = told >= np.maximum(np.diff(G.indptr) / 2, 2)
    fixed = np.array([GAP not in shape and len(shape.split()) >= FIXED for shape in candidates])
    kept = enough & (likeness <= np.where(fixed, ALIKE_FIXED, ALIKE) * whole)
    return [candidates[i] for i in np.flatnonzero(kept)]


def _likeness(G: Any, U: Any) -> tuple[Array, Array]:
    """Return the mean cosine of two documents of each group G (g, n), and how many of them have words in U (n, m)."""
    filled = np.diff(U.indptr) > 0
    told = G @ filled.astype(np.float64)
    sums = sp.csr_array(G) @ U
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    return (squares - told) / np.maximum(told * (told - 1), 1), told


def _words(left: list[str], least: int, vectorizer: Any, U: Any) -> list[str]:
    """Return words that stand in lines left out more than elsewhere, or elsewhere regardless of the subject."""
    analyze, counts = vectorizer.build_analyzer(), Counter[str]()
    for text in left:
        counts.update({*analyze(text)})
    columns = {str(word): j for j, word in enumerate(vectorizer.get_feature_names_out())}
    named = sorted(word for word, n in counts.items() if n >= least)
    known = [word for word in named if word in columns]
    own = sp.csr_array(sp.csc_array(U)[:, [columns[word] for word in known]].T)
    G = sp.csr_array((np.ones(own.nnz), own.indices, own.indptr), own.shape)
    held = np.diff(G.indptr)
    (whole,), (filled,) = _likeness(np.ones((1, U.shape[0])), U)
    sums, squares = (np.asarray(part.sum(axis=1)).ravel() for part in (own, own.multiply(own)))
    shared = sums**2 - squares  # that documents share the word itself is no sign
    alike = _likeness(G, U)[0] - shared / np.maximum(held * (held - 1), 1)
    others = whole - shared / max(filled * (filled - 1), 1)
    removed = np.array([counts[word] for word in known])
    stays = (held > removed) | ((held > MEANT * removed) & (alike > ALIKE * others))
    kept = {word for word, stay in zip(known, stays.tolist(), strict=True) if stay}
    return [word for word in named if word not in kept]
