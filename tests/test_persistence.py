"""Saving and loading: a loaded model transforms to the same bits."""

import errno
import os

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer

import partwise as pw
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file
from partwise.topics import TopicModel


class Narrower(pw.NMF):
    """A subclass that adds nothing."""


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
    np.testing.assert_allclose(loaded.transform(frame[frame.columns[::-1]]), model.transform(frame), rtol=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(frame.iloc[:, 1:])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "kullback-leibler"},
        {"bigrams": True, "language": "de", "seed_words": [["cup"]]},
        {"keep_texts": False},
        {"vectorizer": TfidfVectorizer(dtype=np.float32, stop_words="english")},
        {"vectorizer": TfidfVectorizer(ngram_range=(1, 2), use_idf=False)},
        {"vectorizer": CountVectorizer()},
    ],
    ids=["default", "counts", "pairs in German", "no texts", "single precision", "pairs", "own counts"],
)
def test_a_loaded_topic_model_answers_as_before(tmp_path, settings):
    dates = ["2021", "", "2022", "2022", ""]
    model = TopicModel(n_topics=2, **settings).fit(TEXTS, list("abcde"), dates).set_labels({1: "One"})
    loaded = saved_and_loaded(model, tmp_path)
    new = ["the team cuts rates", "unknown"]
    assert loaded.transform(new).tobytes() == model.transform(new).tobytes()
    assert loaded.document_topics_.tobytes() == model.document_topics_.tobytes()
    assert loaded.table().equals(model.table())
    assert loaded.similar("a").equals(model.similar("a"))
    assert loaded.documents(0).equals(model.documents(0))
    assert loaded.over_time("year").equals(model.over_time("year"))
    assert loaded.merge([0, 1]).table().equals(model.merge([0, 1]).table())
    for name in ("ids_", "texts_", "dates_", "periods_", "labels_", "language_", "n_iter_", "converged_"):
        assert getattr(loaded, name) == getattr(model, name)
    for name in ("iteration", "loss", "kkt"):
        np.testing.assert_array_equal(loaded.curve_[name], model.curve_[name])
    assert saved_and_loaded(loaded, tmp_path).table().equals(model.table())
    loaded.fit(TEXTS)  # with the same vectorizer as before
    assert list(loaded.words_) == list(model.words_)


def test_a_topic_model_of_a_matrix_is_kept(tmp_path):
    model = TopicModel(n_topics=2).fit(X, words=list("abcdefghijkl"))
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.transform(X).tobytes() == model.transform(X).tobytes()
    assert loaded.table().equals(model.table())


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_loaded_stream_of_texts_goes_on_as_if_it_had_never_stopped(tmp_path, loss):
    model = TopicModel(n_topics=2, loss=loss).partial_fit(TEXTS).partial_fit(["the team buys shares", "a new cup"])
    loaded = saved_and_loaded(model, tmp_path)
    for stream in (model, loaded):
        stream.partial_fit(["another new cup", "rates of the bank"])
    assert loaded.components_.tobytes() == model.components_.tobytes()
    assert loaded.document_topics_.tobytes() == model.document_topics_.tobytes()
    assert list(loaded.words_) == list(model.words_)
    assert loaded.events_ == model.events_
    assert loaded.n_batches_ == model.n_batches_ == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_unknown_entries_weights_and_known_parts_are_kept(tmp_path, loss, dtype):
    data, fixed = X.astype(dtype), np.where(np.arange(12) % 3, 0.5, np.nan)[None]
    data[::3, ::4] = np.nan
    model = pw.NMF(
        3, beta_loss=loss, random_state=0, tol=1e-3, max_iter=2000, missing_values=np.nan, negatives="clip", upper=0.9,
        forbidden=np.arange(36).reshape(3, 12) % 5 == 0, fixed_components=fixed,
    )  # fmt: skip
    model.fit(data, feature_weight=np.arange(1.0, 13))
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.transform(data).tobytes() == model.transform(data).tobytes()
    assert np.isnan(loaded.missing_values)
    for name in ("negatives", "upper", "sum_to_one"):
        assert getattr(loaded, name) == getattr(model, name)
    for name in ("fixed_components", "forbidden"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name), strict=True)
    again = loaded.fit(data, feature_weight=np.arange(1.0, 13)).components_
    np.testing.assert_array_equal(again, model.components_)


def test_weights_that_sum_to_one_and_streams_with_unknown_entries_are_kept(tmp_path):
    shares = pw.NMF(3, sum_to_one=True, random_state=0, tol=1e-3).fit(X)
    loaded = saved_and_loaded(shares, tmp_path)
    assert loaded.transform(X).tobytes() == shares.transform(X).tobytes()
    np.testing.assert_allclose(loaded.transform(X).sum(axis=1), 1)
    ratings = sp.csr_array(np.where(X > 0.4, X, 0))
    model = pw.MiniBatchNMF(3, missing_values=0, random_state=0).partial_fit(ratings[:15])
    loaded = saved_and_loaded(model, tmp_path).partial_fit(ratings[15:])
    assert loaded.components_.tobytes() == model.partial_fit(ratings[15:]).components_.tobytes()
    assert loaded.transform(ratings).tobytes() == model.transform(ratings).tobytes()


def test_the_volume_of_parts_is_kept_and_older_files_have_none(tmp_path):
    model = pw.NMF(3, sum_to_one=True, min_volume=np.float32(0.5), random_state=0, tol=1e-3).fit(X)
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.min_volume == 0.5
    assert loaded.transform(X).tobytes() == model.transform(X).tobytes()
    path = tmp_path / "older.model"
    pw.save(model, path)
    kind, header, arrays = model_file.read(path)
    del header["params"]["min_volume"]
    model_file.write(path, kind, header, arrays)
    assert pw.load(path).min_volume == 0
    assert pw.load(path).transform(X).tobytes() == model.transform(X).tobytes()


def test_numpy_numbers_are_plain_values(tmp_path):
    model = pw.NMF(n_components=np.int64(2), random_state=np.int32(0), max_iter=500).fit(X)
    assert saved_and_loaded(model, tmp_path).n_components == 2


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (CountVectorizer(), "a CountVectorizer cannot be saved"),
        (pw.NMF(2, random_state=np.random.RandomState(np.random.PCG64(0)), max_iter=500).fit(X), "random_state"),
        (Narrower(2, random_state=0, max_iter=500).fit(X), "a Narrower cannot be saved.*subclass"),
        (
            TopicModel(2, vectorizer=HashingVectorizer(n_features=64, alternate_sign=False)).fit(TEXTS),
            "HashingVectorizer",
        ),
        (TopicModel(2, vectorizer=TfidfVectorizer(tokenizer=str.split, token_pattern=None)).fit(TEXTS), "tokenizer"),
    ],
    ids=["class", "generator", "subclass", "vectorizer", "function"],
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


def replaced(parts, where, value):
    *way, last = where
    for name in way:
        parts = parts[name]
    parts[last] = value


@pytest.fixture(scope="module")
def fitted_once(tmp_path_factory):
    """The file of a model of texts, and that of a stream of texts: to be read, and written elsewhere."""
    folder = tmp_path_factory.mktemp("models")
    pw.save(TopicModel(2, vectorizer=TfidfVectorizer()).fit(TEXTS), folder / "texts")
    pw.save(TopicModel(2).partial_fit(TEXTS, dates=["2024"] * 5), folder / "stream")
    return folder


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("vectorizer", "params", "input"), "filename"),
        (("vectorizer", "params", "tokenizer"), "split"),
        (("vectorizer", "params", "preprocessor"), "lower"),
        (("vectorizer", "params", "analyzer"), "eval"),
        (("vectorizer", "params", "token_pattern"), "("),
        (("vectorizer", "params", "ngram_range"), [2, 1]),
        (("vectorizer", "params", "new"), 1),
        (("vectorizer", "dtype"), "O"),
        (("vectorizer", "kind"), "HashingVectorizer"),
        (("params", "vectorizer"), "split"),
        (("params", "loss"), "unknown"),
        (("fitted", "language_"), 5),
        (("fitted", "n_batches_"), "many"),
        (("labels",), {"7": "none"}),
        (("events",), [["a"]]),
        (("curve",), []),
    ],
)
def test_a_topic_model_whose_header_makes_no_sense_is_refused(tmp_path, fitted_once, where, value):
    kind, header, arrays = model_file.read(fitted_once / "texts")
    replaced(header, where, value)
    model_file.write(tmp_path / "a.model", kind, header, arrays)
    with pytest.raises(ModelFileError, match=r"a\.model holds a TopicModel"):
        pw.load(tmp_path / "a.model")


@pytest.mark.parametrize(
    "name",
    [
        "components_", "document_topics_", "shares_", "stability", "words", "ids_", "texts_", "dates_", "periods_",
        "idf", "memory.gram", "memory.cross", "activity", "was_dead", "drift", "held.words", "held.documents", "X_",
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", ["longer", "strings", "numbers"])
def test_a_topic_model_whose_arrays_do_not_fit_is_refused(tmp_path, fitted_once, name, change):
    kind, header, arrays = model_file.read(fitted_once / "stream")
    held = arrays[name]
    if change == "longer":
        arrays[name] = (
            [*held, "more"]
            if isinstance(held, list)
            else sp.vstack([held, held])
            if name == "X_"
            else (np.concatenate([held, held]))
        )
    else:
        arrays[name] = ["a", "b"] if change == "strings" else np.arange(3.0)
    model_file.write(tmp_path / "a.model", kind, header, arrays)
    with pytest.raises(ModelFileError, match=r"a\.model holds a TopicModel"):
        pw.load(tmp_path / "a.model")


def test_a_vectorizer_that_opens_files_is_not_saved(tmp_path):
    path = tmp_path / "text"
    path.write_text("bank cuts rates")
    model = TopicModel(1, vectorizer=CountVectorizer(input="filename")).fit([str(path)])
    with pytest.raises(ParameterError, match="input='filename'"):
        pw.save(model, tmp_path / "a.model")


def test_half_characters_in_ids_texts_labels_and_parameters_are_kept(tmp_path):
    texts = [*TEXTS[:4], "cup \udfff"]
    model = TopicModel(2, seed_words=[["cup", "\ud800"]]).fit(texts, ["\ud800", *"bcde"]).set_labels({0: "\udc00"})
    loaded = saved_and_loaded(model, tmp_path)
    for name in ("ids_", "texts_", "labels_", "seed_words"):
        assert getattr(loaded, name) == getattr(model, name)
