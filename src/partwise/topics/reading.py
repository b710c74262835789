"""Texts, or a matrix of words, as the documents of a model."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone

from partwise.exceptions import ParameterError
from partwise.io.spilled import SpilledTexts
from partwise.matrix import is_table, names_of
from partwise.topics.boilerplate import find_boilerplate
from partwise.topics.collection import (
    as_many,
    checked_dates,
    checked_ids,
    checked_metadata,
    checked_stream,
    checked_texts,
    no_texts,
    word_counts,
)
from partwise.topics.embedding import Embedded, read_embeddings
from partwise.topics.fitted import Documents
from partwise.topics.loss_choice import loss_of
from partwise.topics.settings import Settings
from partwise.topics.timeline import iso_dates, periods
from partwise.topics.vectorize import chosen_language, fit_vectorizer, make_vectorizer

__all__ = ["read_documents"]


def read_documents(model: Any, texts: Any, ids: Any, dates: Any, given: Any, metadata: Any) -> Documents:
    """Return documents for a fit of a `TopicModel`, whose parameters say how texts become words."""
    if isinstance(texts, Iterator) and not model.keep_texts:
        with SpilledTexts(checked_stream(texts)) as spilled:
            if not spilled:
                raise no_texts(texts)
            return _documents(model, spilled, False, ids, dates, given, metadata)
    if isinstance(texts, SpilledTexts) and not model.keep_texts:
        return _documents(model, texts, False, ids, dates, given, metadata)
    matrix = is_table(texts)
    return _documents(model, texts if matrix else checked_texts(texts), matrix, ids, dates, given, metadata)


def _documents(model: Any, texts: Any, matrix: bool, ids: Any, dates: Any, given: Any, metadata: Any) -> Documents:
    if not matrix and given is not None:
        raise ParameterError("words names the columns of a matrix, and texts need no names. Leave it out.")
    n = texts.shape[0] if matrix else len(texts)
    names, model.boilerplate_ = checked_ids(ids, n), None
    embedded = None
    if model.embeddings is not None:
        embedded = Embedded.of(read_embeddings(model.embeddings, None if matrix else texts, n), model.n_jobs)
    days = None if dates is None else iso_dates(checked_dates(dates, n), names)
    if matrix:
        of_columns = given if given is not None else names_of(texts) or range(texts.shape[1])
        used: Any = [str(word) for word in as_many(of_columns, "words", texts.shape[1])]
        vectorizer, language, X = None, "none", word_counts(texts)
    else:
        language = chosen_language(texts, model.language) if model.vectorizer is None else "none"
        if model.vectorizer is None and not model.keep_boilerplate:
            model.boilerplate_ = find_boilerplate(texts, make_vectorizer(language, False, True))
        if model.loss == "choose" and model.vectorizer is None:
            model.loss_, model.loss_reason_ = loss_of(model, texts, language)
        vectorizer, X = fit_vectorizer(
            texts, None if model.vectorizer is None else clone(model.vectorizer), language=language,
            bigrams=model.bigrams, counts=not Settings.of(model).squared, stop_words=model.stop_words,
            limits=model._limits, on_disk=model.max_memory is not None, boilerplate=model.boilerplate_,
        )  # fmt: skip
        X = X if model.max_memory is not None else word_counts(X)
        named = hasattr(vectorizer, "get_feature_names_out")  # a vectorizer that hashes words has no names
        used = vectorizer.get_feature_names_out() if named else map(str, range(X.shape[1]))
    words, kept = np.array([*used], dtype=object), None if matrix or not model.keep_texts else texts
    of_days, more = None if days is None else periods(days), checked_metadata(metadata, n)
    return Documents(X, words, vectorizer, language, names, kept, days, of_days, more, embedded)
