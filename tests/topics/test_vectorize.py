"""From texts to words: settings that work without tuning, for collections of any size."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from partwise.exceptions import DataError
from partwise.topics.vectorize import fit_vectorizer


def words_of(texts):
    return set(fit_vectorizer(texts)[0].get_feature_names_out())


def test_words_are_of_any_script_in_lower_case_and_begin_with_a_letter():
    assert words_of(["Économie naïve, Москва 北京市 G20 covid19 x 42 4th don't Mr Smith's the"]) == {
        "économie",
        "naïve",
        "москва",
        "北京市",
        "g20",
        "covid19",
        "smith",
    }


def test_rows_have_unit_length_or_are_empty():
    _, X = fit_vectorizer(["bank rates bank", "cup final", ""])
    np.testing.assert_allclose(np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel()), [1, 1, 0])


def test_words_of_more_than_a_fifth_of_many_documents_are_left_out():
    texts = [f"common word{i % 10}" for i in range(50)]
    assert words_of(texts) == {f"word{i}" for i in range(10)}
    assert "common" in words_of(texts[:49])


@pytest.mark.parametrize(("size", "in_so_many"), [(199, 1), (200, 2), (2000, 3)])
def test_rare_words_are_left_out_of_large_collections_only(size, in_so_many):
    # word<i> stands in i documents, for i = 1, 2, 3; the rest is made of ten words
    texts = [f"filler{'abcdefghij'[i % 10]} " + " ".join(f"word{n}" for n in (1, 2, 3) if i < n) for i in range(size)]
    found = words_of(texts)
    assert {n for n in (1, 2, 3) if f"word{n}" in found} == set(range(in_so_many, 4))


@pytest.mark.parametrize("texts", [["one lone document"], ["same words"] * 100])
def test_the_same_few_words_everywhere_are_kept_where_there_are_no_others(texts):
    assert words_of(texts)


@pytest.mark.parametrize("texts", [[""], ["", " \n"], ["the and of", "12 3 x"]])
def test_documents_without_words_are_refused_with_the_reason(texts):
    with pytest.raises(DataError, match=r"none of the \d documents has a usable word"):
        fit_vectorizer(texts)


def test_a_vectorizer_of_ones_own_is_used_as_it_is():
    vectorizer = CountVectorizer(ngram_range=(2, 2))
    fitted, X = fit_vectorizer(["the cat sat", "the cat ran"], vectorizer)
    assert fitted is vectorizer
    assert X.shape == (2, 3)


def test_an_error_of_ones_own_vectorizer_is_passed_on():
    with pytest.raises(ValueError, match="n_features"):
        fit_vectorizer(["a b"], CountVectorizer(preprocessor=_raise))


def _raise(text):
    raise ValueError("n_features is wrong")
