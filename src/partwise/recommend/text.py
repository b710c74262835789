"""Texts of articles as rows of unit length, for the texts' piece of the score and for parts."""

from collections.abc import Sequence
from typing import Any

from partwise.topics.places import unit_rows
from partwise.topics.vectorize import chosen_language, fit_vectorizer, fitted_vectorizer

__all__ = ["fit_texts", "restored", "text_rows"]


def fit_texts(texts: Sequence[str]) -> tuple[Any, str, Any]:
    """Return a vectorizer fitted to texts, their language, and their rows (n_texts, n_words) of unit length.

    A text without words has a row of zeros.
    """
    language = chosen_language(texts, "auto")
    vectorizer, X = fit_vectorizer(texts, language=language)
    return vectorizer, language, unit_rows(X)


def restored(language: str, words: Sequence[str], idf: Any) -> Any:
    """Return the vectorizer that `fit_texts` made, from its language, words and their weights."""
    return fitted_vectorizer(list(words), language, False, False, idf)


def text_rows(vectorizer: Any, texts: Sequence[str]) -> Any:
    """Return rows of unit length of new texts."""
    return unit_rows(vectorizer.transform(texts))
