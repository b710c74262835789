"""Models are kept by the tools that people have: pickle, joblib, cloudpickle, skops, and copies."""

import copy
import io
import pickle
import subprocess
import sys
from functools import cache

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

import partwise as pw
from partwise.losses import Huber
from partwise.stopping import StopReason
from partwise.terms import GraphSmoothness, Orthogonality
from partwise.topics import TopicModel

X = np.random.default_rng(0).random((40, 12))
TEXTS = [
    "cats and dogs",
    "the market falls",
    "dogs chase cats",
    "banks and the market",
    "rates rise",
    "banks and rates",
]
VECTORIZER = CountVectorizer().fit(TEXTS)
COUNTS = VECTORIZER.transform(TEXTS)


def recommender(feedback):
    rng = np.random.default_rng(0)
    log = {"reader": rng.integers(0, 9, 90).tolist(), "article": rng.integers(0, 12, 90).tolist()}
    log["strength"] = rng.integers(1, 6, 90).tolist()
    return pw.recommend.Recommender(2, feedback=feedback, random_state=0).fit(log)


MAKE = {
    "NMF": lambda: pw.NMF(2, random_state=0).fit(X),
    "NMF of float32": lambda: pw.NMF(2, random_state=0).fit(X.astype(np.float32)),
    "NMF, Kullback-Leibler": lambda: pw.NMF(2, beta_loss="kullback-leibler", solver="ccd", random_state=0).fit(X),
    "NMF, a loss object": lambda: pw.NMF(2, loss=Huber(0.3), solver="mu", max_iter=1000, random_state=0).fit(X),
    "NMF, sum to one": lambda: pw.NMF(2, sum_to_one=True, random_state=0).fit(X),
    "NMF, terms": lambda: pw.NMF(2, terms_H=[Orthogonality(0.1), GraphSmoothness(np.ones((12, 12)), 0.1)]).fit(X),
    "NMF, 'choose'": lambda: pw.NMF("choose", random_state=0).fit(X),
    "NMF, a seed object": lambda: pw.NMF(2, init="random", random_state=np.random.RandomState(1)).fit(X),
    "MiniBatchNMF": lambda: pw.MiniBatchNMF(2, random_state=0, batch_size=9, max_iter=1000).fit(X),
    "MiniBatchNMF, in a stream": lambda: pw.MiniBatchNMF(2, random_state=0).partial_fit(X),
    "Factorization": lambda: pw.factorize(X, 2, feature_weight=np.arange(1.0, 13)),
    "Consensus": lambda: pw.consensus(X, 2, n_runs=3, random_state=0),
    "TopicModel": lambda: TopicModel(2).fit(TEXTS, dates=["2020"] * 6),
    "TopicModel, in a stream": lambda: TopicModel(2).partial_fit(TEXTS),
    "TopicModel, Kullback-Leibler": lambda: TopicModel(2, loss="kullback-leibler").fit(TEXTS),
    "TopicModel, a vectorizer": lambda: TopicModel(2, vectorizer=CountVectorizer()).fit(TEXTS),
    "TopicModel, a matrix": lambda: TopicModel(2).fit(COUNTS, words=VECTORIZER.get_feature_names_out()),
    "Recommender": lambda: recommender("implicit"),
    "Recommender, ratings": lambda: recommender("explicit"),
}
model_of_each_kind = pytest.mark.parametrize("kind", MAKE)


@cache
def fitted(kind):
    """A model that was asked."""
    model = MAKE[kind]()
    answers(model)
    return model


def answers(model):
    """What a model says, as arrays; asking also makes it hold what it derives from its state."""
    if isinstance(model, pw.recommend.Recommender):
        found = model.recommend([0, 1, 2], n=3), model.similar_articles(0, n=3)
        return [table[name].to_numpy() for table in found for name in ("article", "score")]
    if isinstance(model, TopicModel):
        places = model.transform(COUNTS if model.vectorizer_ is None else TEXTS)
        return [
            places,
            model.stability_,
            model.similar("0", n=2)["score"].to_numpy(),
            model.find("cats")["score"].to_numpy(),
        ]
    return [model.transform(X), model.transform(X[:1])] if hasattr(model, "transform") else [model.components_, model.W]


def assert_same(model, other):
    assert type(model) is type(other)
    for found, expected in zip(answers(other), answers(model), strict=True):
        np.testing.assert_array_equal(found, expected)


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_cloudpickle(model):
    cloudpickle = pytest.importorskip("cloudpickle")
    return pickle.loads(cloudpickle.dumps(model))


WAYS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "the oldest pickle": lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
    "joblib": through_joblib,
    "cloudpickle": through_cloudpickle,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("way", WAYS)
@model_of_each_kind
def test_a_fitted_model_that_was_asked_says_the_same_after(way, kind):
    model = fitted(kind)
    assert_same(model, WAYS[way](model))


@model_of_each_kind
def test_skops_keeps_a_fitted_model_and_meets_no_types_to_trust_but_ours(kind):
    skops = pytest.importorskip("skops.io", reason="needs skops")
    model = fitted(kind)
    kept = skops.dumps(model)
    unknown = skops.get_untrusted_types(data=kept)
    assert [name for name in unknown if not name.startswith("partwise.")] == []
    assert_same(model, skops.loads(kept, trusted=unknown))


def test_a_model_is_read_in_another_process_and_from_a_mapped_file(tmp_path):
    model = pw.NMF(2, random_state=0).fit(X)
    joblib.dump((model, X), tmp_path / "model")
    program = (
        "import joblib, sys\n"
        "model, X = joblib.load(sys.argv[1], mmap_mode='r')\n"
        "joblib.dump((model.transform(X), str(model.factorization_.reason)), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "model", tmp_path / "answer"], check=True)
    W, reason = joblib.load(tmp_path / "answer")
    np.testing.assert_array_equal(W, model.transform(X))
    assert reason == str(model.factorization_.reason)


@pytest.mark.parametrize("kind", [name for name in MAKE if name not in ("Factorization", "Consensus")])
def test_a_clone_has_the_parameters_and_nothing_that_was_learnt(kind):
    model = fitted(kind)
    fresh = clone(model)
    assert fresh.get_params().keys() == model.get_params().keys()
    assert vars(fresh).keys() == model.get_params(deep=False).keys()


@pytest.mark.parametrize("reason", StopReason, ids=lambda reason: reason.name)
def test_a_reason_stays_the_one_it_is(reason):
    for copied in (pickle.loads(pickle.dumps(reason)), copy.copy(reason), copy.deepcopy(reason)):
        assert copied is reason


def test_a_pickle_holds_no_more_after_a_model_was_asked():
    model = TopicModel(2, stability_runs=0).fit(TEXTS)
    before = len(pickle.dumps(model))
    answers(model)
    assert len(pickle.dumps(model)) <= before + 100  # the stability of two topics
    found = pw.factorize(X, 2)
    before = len(pickle.dumps(found))
    found.transform(X)
    assert len(pickle.dumps(found)) == before


def test_a_factorization_that_an_earlier_version_pickled_has_its_loss():
    found = fitted("Factorization")
    state = {"objective" if name == "loss_function" else name: value for name, value in found.__getstate__().items()}
    older = object.__new__(pw.Factorization)
    older.__setstate__(state)
    assert older.loss_function == older.objective == found.loss_function
    assert_same(found, older)
