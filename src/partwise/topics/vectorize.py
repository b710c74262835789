"""Texts to a document-by-word matrix, with settings that work without tuning.

Words are runs of letters and digits of any script that begin with a letter, two characters or longer, in lower case.
Entries are sublinear TF-IDF, ``(1 + log count) * idf``, and rows have unit length, so that a long document weighs as
much as a short one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from partwise.exceptions import DataError

__all__ = ["fit_vectorizer"]

WORD = r"(?u)\b[^\W\d_]\w+\b"
# Words end at an apostrophe, so these fall into parts: don and t, they and ve.
CONTRACTIONS = (
    "couldn't didn't doesn't don't hadn't hasn't haven't isn't shouldn't they'll they've wasn't weren't wouldn't"
)
TITLES = ("mr", "mrs", "ms")
STOP_WORDS = sorted({*ENGLISH_STOP_WORDS, *CONTRACTIONS.replace("'", " ").split(), *TITLES})

# A word in more than a fifth of the documents tells no topic from another; a word in one document of many forms none.
# Both need enough documents to be more than chance.
COMMON_SHARE, COMMON_FROM = 0.2, 50
RARE_BELOW = ((2_000, 3), (200, 2))  # from so many documents on, a word has to be in so many of them


def fit_vectorizer(texts: Sequence[str], vectorizer: Any = None) -> tuple[Any, Any]:
    """Fit a vectorizer to texts.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    vectorizer : scikit-learn vectorizer, default=None
        Fitted as it is; None fits the settings above.

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
    """
    if vectorizer is not None:
        return vectorizer, _fit(vectorizer, texts)
    documents = sum(1 for text in texts if text.strip())
    min_df = next((least for size, least in RARE_BELOW if documents >= size), 1)
    max_df = COMMON_SHARE if documents >= COMMON_FROM else 1.0
    try:
        usual = _tfidf(min_df=min_df, max_df=max_df)
        return usual, _fit(usual, texts)
    except DataError:
        # Where the same few words make up every document, they are all there is.
        every_word = _tfidf(min_df=1, max_df=1.0)
        return every_word, _fit(every_word, texts)


def _tfidf(min_df: int, max_df: float) -> TfidfVectorizer:
    return TfidfVectorizer(
        token_pattern=WORD, stop_words=STOP_WORDS, min_df=min_df, max_df=max_df, sublinear_tf=True, dtype=np.float64
    )


def _fit(vectorizer: Any, texts: Sequence[str]) -> Any:
    try:
        return vectorizer.fit_transform(texts)
    except ValueError as error:
        if "vocabulary" not in str(error) and "no terms remain" not in str(error):
            raise
        raise DataError(
            f"none of the {len(texts):,} documents has a word to go by: they are empty, or hold only stop words, "
            "numbers and single letters. Check that these are the texts you mean, or pass a vectorizer of your own."
        ) from error
