"""What a model file may hold: parameters that are objects, pipelines, and nothing that no model has."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler

import partwise as pw
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file
from partwise.losses import BetaDivergence, Frobenius, Huber
from partwise.recommend import Recommender
from partwise.topics import TopicModel

X = np.random.default_rng(0).random((30, 12))
TEXTS = ["bank cuts rates", "rates and shares rise", "cup goes to the team", "team wins the cup", "cup and rates"]
LOG = {"reader": [f"r{i % 9}" for i in range(90)], "article": [(i * i) % 17 for i in range(90)]}
LOG |= {"strength": [1.0 + i % 5 for i in range(90)], "time": [1e9 + 5000.0 * i for i in range(90)]}
ARTICLES = {"article": list(range(18)), "text": [["cup goal team", "bank rates profit"][i % 2] for i in range(18)]}


def fitted(**settings):
    return pw.NMF(3, random_state=0, tol=1e-3, max_iter=2000).set_params(**settings).fit(X)


MODELS = {
    "NMF": fitted,
    "weighted": lambda: pw.NMF(3, random_state=0, tol=1e-3).fit(X, feature_weight=np.arange(1.0, 13)),
    "named": lambda: pw.NMF(3, random_state=0, tol=1e-3).fit(pd.DataFrame(X, columns=list("abcdefghijkl"))),
    "stream": lambda: pw.MiniBatchNMF(3, random_state=0).partial_fit(X[:15]).partial_fit(X[15:]),
    "topics": lambda: TopicModel(2).fit(TEXTS, dates=["2021", "", "2022", "2022", "2023"]).set_labels({1: "b", 0: "a"}),
    "stream of topics": lambda: TopicModel(2).partial_fit(TEXTS).partial_fit(["a new cup", "rates of the bank"]),
    "interest": lambda: Recommender(3).fit(LOG, ARTICLES),
    "ratings": lambda: Recommender(3, feedback="explicit").fit(LOG),
    "pipeline": lambda: make_pipeline(MaxAbsScaler(), pw.NMF(3, random_state=0, tol=1e-3)).fit(X),
}


def saved_and_loaded(model, folder):
    pw.save(model, folder / "a.model")
    return pw.load(folder / "a.model")


@pytest.mark.parametrize("loss", [Huber(0.3), BetaDivergence(1.5), Frobenius(), Huber(np.float32(0.5))])
@pytest.mark.parametrize("name", ["loss", "beta_loss"])
def test_a_loss_with_parameters_is_kept(tmp_path, name, loss):
    model = fitted(**{name: loss})
    loaded = saved_and_loaded(model, tmp_path)
    assert getattr(loaded, name) == loss
    assert loaded.transform(X).tobytes() == model.transform(X).tobytes()


def test_a_topic_model_keeps_its_loss_object(tmp_path):
    model = TopicModel(2, loss=BetaDivergence(1.5)).fit(TEXTS)
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.loss == model.loss
    assert loaded.transform(TEXTS).tobytes() == model.transform(TEXTS).tobytes()


def test_a_random_state_goes_on_where_it_was(tmp_path):
    rng = np.random.RandomState(3)
    rng.standard_normal(5)  # leaves a second normal number for the next call
    model = fitted(random_state=rng)
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.random_state is not rng
    assert loaded.random_state.standard_normal(2000).tobytes() == rng.standard_normal(2000).tobytes()


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_model_gives_the_same_bytes_also_after_loading(tmp_path, kind):
    contents = []
    for model in (MODELS[kind](), MODELS[kind]()):
        pw.save(model, tmp_path / "a")
        contents.append((tmp_path / "a").read_bytes())
    pw.save(pw.load(tmp_path / "a"), tmp_path / "b")
    contents.append((tmp_path / "b").read_bytes())
    assert len(set(contents)) == 1


FIT = """
import sys
import partwise as pw
from partwise.topics import TopicModel
pw.save(TopicModel(2).partial_fit(sys.argv[2:], dates=["2021"] * 5), sys.argv[1])
"""


def test_other_processes_with_other_hashes_write_the_same_bytes(tmp_path):
    found = set()
    for seed in ("0", "77"):
        path = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", FIT, str(path), *TEXTS], env=environment, check=True)
        found.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(found) == 1


COUNTS = np.random.default_rng(0).integers(0, 5, (20, 6)).astype(float)


@pytest.mark.parametrize(
    ("pipeline", "data"),
    [
        (make_pipeline(TfidfVectorizer(ngram_range=(1, 2), stop_words="english"), pw.NMF(2, tol=1e-2)), TEXTS),
        (make_pipeline(CountVectorizer(dtype=np.float32), TfidfTransformer(), pw.NMF(2, tol=1e-2)), TEXTS),
        (make_pipeline(TfidfTransformer(use_idf=False), pw.NMF(2, tol=1e-2)), sp.csr_array(COUNTS)),
        (make_pipeline(StandardScaler(with_mean=False), Normalizer("l1"), pw.NMF(2, tol=1e-2)), COUNTS),
        (make_pipeline(StandardScaler(), MinMaxScaler((0, 2)), pw.MiniBatchNMF(2)), COUNTS),
        (make_pipeline("passthrough", make_pipeline(MaxAbsScaler(), pw.NMF(2, tol=1e-2))), COUNTS),
        (make_pipeline(StandardScaler(with_mean=False), pw.NMF(2, tol=1e-2)), pd.DataFrame(COUNTS).add_prefix("c")),
        (Pipeline([("topics", TopicModel(2))]), TEXTS),
    ],
    ids=["tf-idf", "counts", "no idf", "scaled", "in a range", "nested", "named", "topics"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_loaded_pipeline_transforms_to_the_same_bits(tmp_path, pipeline, data):
    pipeline.fit(data)
    loaded = saved_and_loaded(pipeline, tmp_path)
    assert np.asarray(loaded.transform(data)).tobytes() == np.asarray(pipeline.transform(data)).tobytes()
    assert [name for name, _ in loaded.steps] == [name for name, _ in pipeline.steps]
    assert str(loaded.steps[0][1]) == str(pipeline.steps[0][1])


UNKNOWN = np.where(COUNTS == 4, np.nan, COUNTS)


@pytest.mark.parametrize(
    ("step", "data"),
    [
        (StandardScaler(), UNKNOWN),
        (StandardScaler(with_std=False), UNKNOWN),
        (StandardScaler(with_mean=False), sp.csr_array(COUNTS)),
        (MaxAbsScaler().set_output(transform="pandas"), COUNTS),
        (MinMaxScaler((np.float64(0), np.int64(2))), COUNTS.astype(np.float32)),
        (Normalizer(), COUNTS),
        (TfidfTransformer(use_idf=False), COUNTS),
        (CountVectorizer(min_df=np.int64(1), max_df=np.float64(1)), TEXTS),
        (CountVectorizer(vocabulary=["rates", "cup"]), TEXTS),
        (TfidfVectorizer(vocabulary={"rates": 1, "cup": 0}), TEXTS),
        (TfidfVectorizer(vocabulary={"rates", "cup"}), TEXTS),
        (pw.NMF(2, tol=1e-2).set_output(transform="pandas"), COUNTS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_attributes_parameters_and_clones_of_a_step_are_as_before(tmp_path, step, data):
    step.fit(data)
    loaded = saved_and_loaded(Pipeline([("a", step)]), tmp_path).steps[0][1]
    assert step.get_params() == loaded.get_params()
    assert clone(loaded).get_params() == clone(step).get_params()
    before, after = ({n: v for n, v in vars(one).items() if n != "_stop_words_id"} for one in (step, loaded))
    public = {n for n in before if not n.startswith("_") and n != "factorization_"} | {"_sklearn_output_config"}
    for name in public & {*before}:
        np.testing.assert_equal(after[name], before[name], err_msg=name)
    found, expected = loaded.transform(data), step.transform(data)
    assert type(found) is type(expected)
    found, expected = (one.toarray() if sp.issparse(one) else np.asarray(one) for one in (found, expected))
    np.testing.assert_array_equal(found, expected)


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    step = MinMaxScaler().fit(COUNTS.astype(np.float16))
    with pytest.raises(ParameterError, match="scale_ is not an array of float type"):
        pw.save(Pipeline([("scale", step)]), tmp_path / "a.model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("step", "part"),
    [
        (FunctionTransformer(), "step 'odd' of the pipeline is a FunctionTransformer"),
        (type("MaxAbsScaler", (MaxAbsScaler,), {})(), "step 'odd' of the pipeline is a MaxAbsScaler"),
        (MinMaxScaler(clip=np.ones(1)), "a MinMaxScaler with clip=.* cannot be saved"),
    ],
    ids=["other class", "subclass of the same name", "parameter"],
)
def test_a_step_that_cannot_be_kept_is_named(tmp_path, step, part):
    if not isinstance(step, MinMaxScaler):
        step.fit(X)
    pipeline = Pipeline([("odd", step), ("parts", fitted())])
    with pytest.raises(ParameterError, match=part):
        pw.save(pipeline, tmp_path / "a.model")
    assert not list(tmp_path.iterdir())


def forged(path, kind, change):
    """Save a model with its file's content changed and sealed anew."""
    pw.save(MODELS[kind](), path)
    kind, header, arrays = model_file.read(path)
    change(header, arrays)
    model_file.write(path, kind, header, arrays)
    return path


def put(value, *where):
    def change(header, arrays):
        held = header if where[0] in header else arrays
        for name in where[:-1]:
            held = held[name]
        held[where[-1]] = value

    return change


def times(factor, name):
    def change(header, arrays):
        arrays[name] = arrays[name] * factor

    return change


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *[("NMF", times(factor, "components_")) for factor in (np.nan, np.inf, -1)],
        ("NMF", put(X[0], "components_")),
        ("NMF", put(np.zeros((0, 12)), "components_")),
        ("NMF", put(np.ones((3, 12), dtype=int), "components_")),
        ("NMF", put(["a", "b"], "components_")),
        ("NMF", put(sp.eye_array(3, 12), "components_")),
        ("NMF", put(5, "fitted", "n_features_in_")),
        ("NMF", put("x", "fitted", "n_iter_")),
        ("NMF", put(1, "fitted", "_kept")),
        ("NMF", put([1], "params", "tol")),
        ("NMF", put("x", "params", "beta_loss")),
        ("NMF", put({"loss": {"huber": {"delta": -1}}}, "params", "loss")),
        ("NMF", put({"loss": {"eval": {}}}, "params", "loss")),
        ("NMF", put({"random_state": [[1, 2], 700, 0, 0.0]}, "params", "random_state")),
        ("NMF", lambda header, arrays: arrays.pop("components_")),
        ("NMF", lambda header, arrays: header.pop("params")),
        ("weighted", times(-1, "weighting.columns")),
        ("weighted", put(np.ones((5, 1)), "weighting.columns")),
        ("named", put(["a"], "feature_names_in_")),
        ("named", put(["a"] * 12, "feature_names_in_")),
        ("stream", times(np.nan, "stream.Ht")),
        ("stream", times(np.nan, "stream.cross")),
        ("stream", put(np.ones((12, 2)), "stream.gram")),
        ("stream", put(0, "stream", "unit")),
        ("stream", put(2, "stream", "forget")),
        *[("topics", times(np.nan, name)) for name in ("document_topics_", "shares_", "X_", "idf")],
        *[("topics", times(-1, name)) for name in ("document_topics_", "shares_", "X_", "idf")],
        ("topics", put(0, "params", "n_topics")),
        ("stream of topics", times(np.nan, "memory.cross")),
        ("stream of topics", times(-1, "held.documents")),
        *[("interest", times(np.nan, f"parts.{name}")) for name in ("H", "R", "V", "reader_scale", "article_scale")],
        *[("interest", times(-1, f"parts.{name}")) for name in ("H", "R", "V", "reader_scale", "article_scale")],
        *[("interest", times(np.inf, name)) for name in ("log.strength", "log.time", "units", "idf", "texts")],
        ("interest", times(0, "units")),
        ("interest", put(float("nan"), "text_weight")),
        ("interest", put([1, 2, 3, "x"], "blend", "weights")),
        ("interest", put(-1, "blend", "lately")),
        ("interest", put([["a"]], "readers")),
        ("interest", put("odd", "params", "feedback")),
        *[("ratings", times(np.nan, f"rated.{name}")) for name in ("of_reader", "of_article", "W", "H", "signs")],
        *[("ratings", times(-1, f"rated.{name}")) for name in ("W", "H")],
        ("ratings", times(0.5, "rated.signs")),
        ("ratings", put(float("inf"), "rated", "mean")),
        ("pipeline", times(np.nan, "0.scale_")),
        ("pipeline", put(np.ones((2, 2)), "0.scale_")),
        ("pipeline", times(-1, "1.components_")),
        ("pipeline", times(0, "0.scale_")),
        ("pipeline", lambda header, arrays: arrays.pop("0.scale_")),
        ("pipeline", lambda header, arrays: header["steps"][0][2]["fitted"].update(n_features_in_=5)),
        ("pipeline", lambda header, arrays: header["steps"][0][2]["fitted"].pop("n_features_in_")),
        ("pipeline", lambda header, arrays: header["steps"][0][2].update(output="eval")),
        ("pipeline", lambda header, arrays: header["steps"].clear()),
        ("pipeline", lambda header, arrays: header["steps"][0].__setitem__(0, header["steps"][1][0])),
        ("NMF", put(float("nan"), "fitted", "reconstruction_err_")),
        *[("NMF", lambda header, arrays, n=n: header["fitted"].pop(n)) for n in ("n_components_", "n_features_in_")],
        *[("topics", lambda header, arrays, n=n: header["fitted"].pop(n)) for n in ("relative_error_", "language_")],
        ("topics", put("xx", "fitted", "language_")),
        ("topics", put(np.array([5.0, 7.0]), "shares_")),
        ("topics", put([[1, "born", 9, "a"]], "events")),
        ("topics", lambda header, arrays: arrays.pop("idf")),
        ("pipeline", lambda header, arrays: header["steps"].__setitem__(0, ["a", "FunctionTransformer", {}])),
        ("pipeline", lambda header, arrays: header["steps"].__setitem__(0, ["a", "Pipeline", {"steps": 3}])),
        ("pipeline", lambda header, arrays: header["steps"].append(["a"])),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*invalid value:RuntimeWarning")
def test_a_file_that_is_whole_but_holds_what_no_model_does_is_refused(tmp_path, kind, change):
    with pytest.raises(ModelFileError, match=r"a\.model holds a"):
        pw.load(forged(tmp_path / "a.model", kind, change))
