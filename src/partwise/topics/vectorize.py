"""Texts to a document-by-word matrix, with settings that work without tuning.

Words are runs of letters and digits of any script that begin with a letter, of at least two characters, in lower case.
Entries are sublinear TF-IDF, ``(1 + log count) * rarity``, in rows of unit length. For a loss of counts they are damped
counts, ``1 + log count``: words come in bursts, and the tenth mention of a name in an article says less than the first.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from partwise.exceptions import DataError
from partwise.io.transformers import fitted_to
from partwise.topics.boilerplate import Boilerplate
from partwise.topics.counted import CountedTexts, counted
from partwise.topics.languages import WORD, check_language, detect, segmenter, stop_words
from partwise.topics.weights import inverse_frequency, rarity, tfidf_rows

__all__ = [
    "USUAL",
    "Limits",
    "chosen_language",
    "fit_vectorizer",
    "fitted_vectorizer",
    "make_vectorizer",
    "rare",
]

# A word in more than a fifth of the documents does not separate topics. A word in one document of many forms none. Both
# rules need enough documents.
COMMON_SHARE, COMMON_FROM = 0.2, 50
RARE_BELOW = ((2_000, 3), (200, 2))  # (documents, fewest of them with a word)


def rare(documents: float) -> int:
    """Return the fewest documents that must contain a word, for this number of documents."""
    return next((least for size, least in RARE_BELOW if documents >= size), 1)


@dataclass(frozen=True)
class Limits:
    """The fewest and the most documents that can contain a word.

    Attributes
    ----------
    min_df, max_df : int, float or None
        A number of documents, or a share of them as a float up to 1; None for the usual limits, which depend on how
        many documents there are.

    Examples
    --------
    >>> Limits().least(1000), Limits().most(1000), Limits(5, 0.5).least(1000), Limits(5, 0.5).most(1000)
    (2, 200.0, 5, 500.0)
    """

    min_df: int | float | None = None
    max_df: int | float | None = None

    def least(self, documents: float) -> float:
        """Return the fewest documents that must contain a word, of this number of documents."""
        if self.min_df is None:
            return rare(documents)
        return self.min_df * documents if isinstance(self.min_df, float) else self.min_df

    def most(self, documents: float) -> float:
        """Return the most documents that can contain a word, of this number of documents."""
        if self.max_df is None:
            return COMMON_SHARE * documents if documents >= COMMON_FROM else np.inf
        return self.max_df * documents if isinstance(self.max_df, float) else self.max_df

    @property
    def usual(self) -> bool:
        """Whether the user set no limit."""
        return self.min_df is None and self.max_df is None


USUAL = Limits()


def chosen_language(texts: Sequence[str], language: str) -> str:
    """Return the given language, checked; for 'auto', detect it."""
    check_language(language)
    return detect(texts) if language == "auto" else language


def fit_vectorizer(
    texts: Sequence[str],
    vectorizer: Any = None,
    *,
    language: str = "en",
    bigrams: bool = False,
    counts: bool = False,
    stop_words: Sequence[str] | None = None,
    limits: Limits = USUAL,
    on_disk: bool = False,
    boilerplate: Boilerplate | None = None,
) -> tuple[Any, Any]:
    """Fit a vectorizer to texts.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    vectorizer : scikit-learn vectorizer, default=None
        Fitted unchanged; None makes one with the settings above.
    language : str, default='en'
        Language whose stop words are left out, as an ISO 639-1 code; 'none' for no stop words.
    bigrams : bool, default=False
        Whether pairs of neighbouring words count as words too.
    counts : bool, default=False
        Whether entries are damped counts.
    stop_words : sequence of str, default=None
        Words to leave out beside those of the language.
    limits : Limits
        Fewest and most documents that can contain a word.
    on_disk : bool, default=False
        Whether entries of X stay in files without a name, and only a piece of them is in memory at a time.
    boilerplate : Boilerplate, default=None
        Lines and words to leave out.

    Returns
    -------
    vectorizer : scikit-learn vectorizer
        The fitted one.
    X : csr matrix of shape (n_documents, n_words)
        What it makes of the texts.

    Raises
    ------
    DataError
        If no word is left.
    MissingExtraError
        If the language needs a package that is not installed.
    OSError
        If there is no space for the files.

    Examples
    --------
    >>> vectorizer, X = fit_vectorizer(["the bank cuts rates", "a cup final"])
    >>> X.shape
    (2, 5)
    """
    if vectorizer is not None:
        return vectorizer, _fit(vectorizer, texts)
    documents = sum(1 for text in texts if text.strip())
    common = COMMON_SHARE if documents >= COMMON_FROM else 1.0
    min_df = rare(documents) if limits.min_df is None else limits.min_df
    max_df = common if limits.max_df is None else limits.max_df

    def count(piece: Sequence[str]) -> tuple[Iterable[str], Any]:
        every_word = make_vectorizer(language, bigrams, True, more=stop_words, boilerplate=boilerplate)
        try:
            X = _fit(every_word, piece)
        except DataError:
            return [], sp.csr_array((len(piece), 0))
        return every_word.get_feature_names_out(), X

    with counted(texts, count) if on_disk else nullcontext() as found:

        def fit(min_df: float = 1, max_df: float = 1.0) -> tuple[Any, Any]:
            if found is not None:
                return _of_counted(found, min_df, max_df, language, bigrams, counts, stop_words, boilerplate)
            made = make_vectorizer(language, bigrams, True, min_df, max_df, more=stop_words, boilerplate=boilerplate)
            X = _fit(made, texts)
            if counts:
                return made, X
            idf = inverse_frequency(X)
            return fitted_vectorizer(
                made.get_feature_names_out(), language, bigrams, False, idf, stop_words, boilerplate
            ), tfidf_rows(X, idf)

        try:
            return fit(min_df, max_df)
        except DataError as error:
            if not limits.usual:
                raise DataError(
                    f"no word of {len(texts):,} documents is in as many as min_df={min_df} asks for and in no more "
                    f"than max_df={max_df} allows. Lower min_df (--min-df), or raise max_df (--max-df)."
                ) from error
            return fit()  # every document consists of the same few words: keep them


def make_vectorizer(
    language: str,
    bigrams: bool,
    counts: bool,
    min_df: float = 1,
    max_df: float = 1.0,
    vocabulary: Any = None,
    more: Sequence[str] | None = None,
    boilerplate: Boilerplate | None = None,
) -> Any:
    """Return the vectorizer of a language, not fitted yet; `more` are stop words beside those of the language."""
    cut = segmenter(language)
    find = cut or re.compile(WORD).findall
    own = {word for entry in more or () for word in find(entry.lower())}
    if boilerplate is not None:
        own.update(boilerplate.words)
    settings: dict[str, Any] = {
        "preprocessor": boilerplate,
        "tokenizer": cut,
        "token_pattern": WORD if cut is None else None,
        "stop_words": sorted({*stop_words(language), *own}) or None,
        "ngram_range": (1, 2) if bigrams else (1, 1),
        "min_df": min_df,
        "max_df": max_df,
        "vocabulary": vocabulary,
        "dtype": np.float64,
    }
    plain = {"use_idf": False, "norm": None} if counts else {}
    return TfidfVectorizer(**settings, **plain, sublinear_tf=True)


def fitted_vectorizer(
    words: Sequence[str], language: str, bigrams: bool, counts: bool, idf: Any = None,
    more: Sequence[str] | None = None, boilerplate: Boilerplate | None = None,
) -> Any:  # fmt: skip
    """Return the vectorizer of a language as if it had learned words, and their weights `idf`, from texts."""
    made = fitted_to(make_vectorizer(language, bigrams, counts, vocabulary=words, more=more, boilerplate=boilerplate))
    if made.use_idf:
        made.idf_ = idf
    return made


def _fit(vectorizer: Any, texts: Sequence[str]) -> Any:
    try:
        return vectorizer.fit_transform(texts)
    except ValueError as error:
        if not any(part in str(error) for part in ("vocabulary", "no terms remain", "documents than min_df")):
            raise
        raise _no_words(len(texts)) from error


def _no_words(documents: int) -> DataError:
    return DataError(
        f"none of the {documents:,} documents has a usable word: they are empty, or hold only stop words, "
        "numbers and single letters. Check that these are the texts you mean, or pass a vectorizer of your own."
    )


def _of_counted(
    found: CountedTexts,
    min_df: float,
    max_df: float,
    language: str,
    bigrams: bool,
    counts: bool,
    more: Sequence[str] | None,
    boilerplate: Boilerplate | None,
) -> tuple[Any, Any]:
    """Return the same as fitting `make_vectorizer` to the texts."""
    n = found.rows.shape[0]
    least, most = (df * n if isinstance(df, float) else df for df in (min_df, max_df))
    columns = np.flatnonzero((found.held >= least) & (found.held <= most))
    if not len(columns):
        raise _no_words(n)
    columns = columns[np.argsort([found.words[j] for j in columns], kind="stable")]
    words, idf = [found.words[j] for j in columns], rarity(n, found.held[columns])

    def weighted(rows: Any) -> Any:
        rows.sort_indices()
        return rows if counts else tfidf_rows(rows, idf)

    return fitted_vectorizer(words, language, bigrams, counts, idf, more, boilerplate), found.matrix(columns, weighted)
