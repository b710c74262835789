"""Saving and loading: a loaded model transforms to the same bits."""

import errno
import os

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

import partwise as pw
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file
from partwise.topics import TopicModel

TEXTS = ["bank cuts rates", "rates and shares rise", "cup goes to the team", "team wins the cup", ""]
X = np.random.default_rng(0).random((30, 12))


def saved_and_loaded(model, folder):
    pw.save(model, folder / "a.model")
    return pw.load(folder / "a.model")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", 0.5])
@pytest.mark.parametrize("kind", ["NMF", "MiniBatchNMF"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_loaded_factorization_transforms_to_the_same_bits(tmp_path, kind, loss, dtype):
    data = X.astype(dtype)
    model = getattr(pw, kind)(n_components=3, beta_loss=loss, random_state=0, max_iter=50).fit(data)
    loaded = saved_and_loaded(model, tmp_path)
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    assert loaded.transform(data).tobytes() == model.transform(data).tobytes()
    assert loaded.transform(sp.csr_matrix(data)).tobytes() == model.transform(sp.csr_matrix(data)).tobytes()
    for name in ("n_components_", "n_iter_", "reconstruction_err_", "n_features_in_"):
        assert getattr(loaded, name) == getattr(model, name)
    np.testing.assert_array_equal(loaded.components_, model.components_, strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1, 1e-30])
def test_a_loaded_stream_goes_on_as_if_it_had_never_stopped(tmp_path, dtype, scale):
    first, second = (scale * X[:15]).astype(dtype), (scale * X[15:]).astype(dtype)
    model = pw.MiniBatchNMF(n_components=3, random_state=0).partial_fit(first)
    loaded = saved_and_loaded(model, tmp_path).partial_fit(second)
    model.partial_fit(second)
    assert loaded.n_steps_ == model.n_steps_ == 2
    assert loaded.components_.tobytes() == model.components_.tobytes()
    assert loaded.components_.dtype == dtype


def test_names_of_columns_are_kept(tmp_path):
    frame = pd.DataFrame(X, columns=[f"gene{j}" for j in range(12)])
    model = pw.NMF(n_components=2, random_state=0, max_iter=500).fit(frame)
    loaded = saved_and_loaded(model, tmp_path)
    assert list(loaded.feature_names_in_) == list(frame.columns)
    assert loaded.transform(frame).tobytes() == model.transform(frame).tobytes()
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(frame[frame.columns[::-1]])


@pytest.mark.parametrize(
    "vectorizer",
    [
        None,
        TfidfVectorizer(dtype=np.float32, stop_words="english"),
        TfidfVectorizer(ngram_range=(1, 2), use_idf=False),
    ],
    ids=["default", "single precision", "bigrams"],
)
def test_a_loaded_topic_model_answers_as_before(tmp_path, vectorizer):
    model = TopicModel(n_topics=2, vectorizer=vectorizer).fit(TEXTS, list("abcde"), ["2021", "", "2022", "2022", ""])
    loaded = saved_and_loaded(model, tmp_path)
    new = ["the team cuts rates", "unknown"]
    assert loaded.transform(new).tobytes() == model.transform(new).tobytes()
    assert loaded.document_topics_.tobytes() == model.document_topics_.tobytes()
    assert loaded.table() == model.table()
    assert loaded.similar("a") == model.similar("a")
    assert loaded.documents(0) == model.documents(0)
    assert (loaded.ids_, loaded.periods_, loaded.labels_) == (model.ids_, model.periods_, model.labels_)
    assert saved_and_loaded(loaded, tmp_path).table() == model.table()
    loaded.fit(TEXTS)  # with the same vectorizer as before
    assert list(loaded.words_) == list(model.words_)


def test_numpy_numbers_are_plain_values(tmp_path):
    model = pw.NMF(n_components=np.int64(2), random_state=np.int32(0), max_iter=500).fit(X)
    assert saved_and_loaded(model, tmp_path).n_components == 2


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (CountVectorizer(), "a CountVectorizer cannot be saved"),
        (pw.NMF(2, random_state=np.random.RandomState(0), max_iter=500).fit(X), "random_state"),
        (TopicModel(2, vectorizer=CountVectorizer()).fit(TEXTS), "CountVectorizer"),
        (TopicModel(2, vectorizer=TfidfVectorizer(tokenizer=str.split, token_pattern=None)).fit(TEXTS), "tokenizer"),
    ],
    ids=["class", "generator", "vectorizer", "function"],
)
def test_what_cannot_be_kept_as_plain_values_is_refused_by_name(tmp_path, model, part):
    with pytest.raises(ParameterError, match=part):
        pw.save(model, tmp_path / "a.model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", [pw.NMF(), TopicModel()])
def test_an_unfitted_model_is_not_saved(tmp_path, model):
    with pytest.raises(NotFittedError):
        pw.save(model, tmp_path / "a.model")


def test_a_full_disk_keeps_the_model_there_was(tmp_path, monkeypatch):
    model = pw.NMF(n_components=2, random_state=0, max_iter=500).fit(X)
    pw.save(model, tmp_path / "a.model")

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            pw.save(pw.NMF(n_components=3, random_state=0, max_iter=500).fit(X), tmp_path / "a.model")
    assert pw.load(tmp_path / "a.model").transform(X).tobytes() == model.transform(X).tobytes()


@pytest.mark.parametrize(
    ("kind", "header"),
    [("Oracle", {}), ("NMF", {}), ("NMF", {"params": {"parts": 2}, "fitted": {}}), ("TopicModel", {})],
)
def test_a_model_that_this_version_cannot_build_is_refused_by_its_file(tmp_path, kind, header):
    model_file.write(tmp_path / "a.model", kind, header, {})
    with pytest.raises(ModelFileError, match=f"a.model holds a '?{kind}"):
        pw.load(tmp_path / "a.model")
