"""PartFeatures: distances between rows of features are those between rows of the model."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
import sklearn.decomposition
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils import get_tags

import partwise as pw
from partwise import NMF, MiniBatchNMF, PartFeatures
from partwise.exceptions import ModelFileError, ParameterError
from partwise.io import model_file

RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (30, 8))
ESTIMATORS = [
    NMF(3, random_state=0),
    NMF(10, random_state=0, init="random", tol=1e-3),
    NMF(3, random_state=0, loss="kullback-leibler"),
    MiniBatchNMF(3, random_state=0, batch_size=10, max_iter=500),
    sklearn.decomposition.NMF(3, random_state=0, max_iter=2000),
]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=["NMF", "wide", "KL", "batches", "theirs"])


@every_estimator
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
def test_distances_are_those_of_the_model(estimator, make):
    data = make(X)
    model = PartFeatures(estimator)
    F = model.fit_transform(data)
    W = model.estimator_.transform(data)
    np.testing.assert_allclose(pdist(model.transform(data)), pdist(W @ model.estimator_.components_), rtol=1e-6)
    np.testing.assert_allclose(F, model.transform(data), rtol=1e-3, atol=1e-3 * np.abs(F).max())
    assert F.shape == W.shape


def test_parts_that_do_not_overlap_keep_their_own_columns():
    model = PartFeatures(NMF(2, random_state=0))
    model.fit(X)
    model.estimator_.components_ = np.kron(np.diag([3.0, 5.0]), np.ones((1, 4)))
    W = model.estimator_.transform(X)
    np.testing.assert_allclose(model.transform(X), W * [6.0, 10.0])


def test_parts_of_any_sign_are_taken():
    model = PartFeatures(NMF(3, negatives="keep", random_state=0)).fit(X - 1)
    W = model.estimator_.transform(X - 1)
    np.testing.assert_allclose(pdist(model.transform(X - 1)), pdist(W @ model.estimator_.components_))


@pytest.mark.parametrize("unit", [1e-200, 1e-30, 1e30, 1e200])
def test_features_are_in_the_units_of_x(unit):
    model = PartFeatures(NMF(3, random_state=0)).fit(X * unit)
    W = model.estimator_.transform(X * unit)
    expected = pdist(model.estimator_.inverse_transform(W) / unit)
    np.testing.assert_allclose(pdist(model.transform(X * unit) / unit), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_the_data_is_kept(dtype):
    model = PartFeatures(NMF(3, random_state=0))
    assert model.fit_transform(X.astype(dtype)).dtype == dtype
    assert model.transform(X.astype(dtype)).dtype == dtype


def test_parts_of_zero_give_features_of_zero():
    assert not PartFeatures(NMF(2)).fit_transform(np.zeros((4, 3))).any()


def test_it_is_cloned_searched_and_put_in_pipelines():
    model = PartFeatures(NMF(3, random_state=0, tol=1e-3))
    assert clone(model).get_params()["estimator__n_components"] == 3
    y = X[:, 0] > 1
    pipeline = make_pipeline(MaxAbsScaler(), model, KNeighborsClassifier(3))
    search = GridSearchCV(pipeline, {"partfeatures__estimator__n_components": [1, 4]}, cv=3).fit(X, y)
    assert search.predict(X).shape == y.shape
    assert not hasattr(model, "estimator_")
    assert not hasattr(model.estimator, "components_")


def test_columns_have_names_and_come_in_the_container_asked_for():
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    inner = NMF(3, random_state=0).set_output(transform="pandas")
    model = PartFeatures(inner).set_output(transform="pandas")
    found = model.fit_transform(frame)
    names = ["partfeatures0", "partfeatures1", "partfeatures2"]
    assert list(found.columns) == list(model.get_feature_names_out()) == names
    assert list(model.feature_names_in_) == list("abcdefgh")
    assert model.n_features_in_ == 8
    np.testing.assert_array_equal(found, PartFeatures(inner).fit_transform(frame))
    assert not hasattr(PartFeatures(inner).fit(X), "feature_names_in_")


def test_tags_are_those_of_the_estimator():
    tags, own = get_tags(PartFeatures(NMF(3, missing_values=np.nan))), get_tags(NMF(3, missing_values=np.nan))
    assert tags.input_tags == own.input_tags
    assert tags.transformer_tags == own.transformer_tags


def test_before_a_fit_it_says_so():
    with pytest.raises(NotFittedError):
        PartFeatures(NMF(3)).transform(X)
    with pytest.raises(NotFittedError):
        PartFeatures(NMF(3)).get_feature_names_out()


def test_a_fit_that_fails_leaves_the_last_one():
    model = PartFeatures(NMF(3, random_state=0)).fit(X)
    expected = model.transform(X)
    with pytest.raises(ValueError, match="negative"):
        model.fit(-X)
    np.testing.assert_array_equal(model.transform(X), expected)


@pytest.mark.parametrize("estimator", [None, 20, NMF, MaxAbsScaler(), KNeighborsClassifier()])
def test_what_finds_no_parts_is_refused(estimator):
    with pytest.raises(ParameterError, match="estimator must"):
        PartFeatures(estimator).fit(X)


@pytest.mark.parametrize("estimator", ESTIMATORS[:4], ids=["NMF", "wide", "KL", "batches"])
def test_pickling_and_saving_keep_the_bits(estimator, tmp_path):
    model = PartFeatures(estimator).fit(X)
    pw.save(make_pipeline(MaxAbsScaler().fit(X), model), tmp_path / "pipeline.model")
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    for other in (pickle.loads(pickle.dumps(model)), loaded, pw.load(tmp_path / "pipeline.model")[-1]):
        np.testing.assert_array_equal(other.transform(X), model.transform(X))
    assert loaded.estimator.get_params() == model.estimator.get_params()


def test_the_container_that_the_estimator_was_told_is_saved_too(tmp_path):
    inner = NMF(3, random_state=0).set_output(transform="pandas")
    pw.save(PartFeatures(inner).fit(X), tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert isinstance(loaded.transform(X), np.ndarray)
    assert isinstance(loaded.estimator_.transform(X), pd.DataFrame)
    assert isinstance(loaded.estimator.fit_transform(X), pd.DataFrame)
    kind, header, arrays = model_file.read(tmp_path / "a.model")
    model_file.write(tmp_path / "a.model", kind, {**header, "inner": {"output": "none"}}, arrays)
    with pytest.raises(ModelFileError, match="an output of 'none'"):
        pw.load(tmp_path / "a.model")
    del header["inner"]  # as in files of earlier versions
    model_file.write(tmp_path / "a.model", kind, header, arrays)
    assert isinstance(pw.load(tmp_path / "a.model").estimator_.transform(X), np.ndarray)


@pytest.mark.parametrize("routing", [False, True])
def test_parameters_of_a_fit_go_to_the_estimator(routing):
    weights = np.linspace(0.1, 3.0, len(X))
    inner = NMF(3, random_state=0)
    parts = clone(inner).fit(X, sample_weight=weights).components_
    assert not np.allclose(parts, clone(inner).fit(X).components_)
    with sklearn.config_context(enable_metadata_routing=routing):
        if routing:
            with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
                PartFeatures(inner).fit(X, sample_weight=weights)
            inner.set_fit_request(sample_weight=True)
            given = {"sample_weight": weights}
        else:
            given = {"partfeatures__sample_weight": weights}
        alone = PartFeatures(inner).fit(X, sample_weight=weights)
        piped = make_pipeline(PartFeatures(inner), KNeighborsClassifier(3)).fit(X, X[:, 0] > 1, **given)
    np.testing.assert_array_equal(alone.estimator_.components_, parts)
    np.testing.assert_array_equal(piped[0].estimator_.components_, parts)


def test_a_file_holds_features_of_our_estimators_alone(tmp_path):
    for theirs in (sklearn.decomposition.PCA(3), ESTIMATORS[-1]):
        kind = type(theirs)
        with pytest.raises(
            ParameterError, match=rf"PartFeatures of {kind.__module__}\.{kind.__name__} cannot be saved"
        ):
            pw.save(PartFeatures(theirs).fit(X), tmp_path / "a.model")
    pw.save(PartFeatures(NMF(3, random_state=0)).fit(X), tmp_path / "a.model")
    kind, header, arrays = model_file.read(tmp_path / "a.model")
    model_file.write(tmp_path / "a.model", kind, {**header, "estimator": "PartFeatures"}, arrays)
    with pytest.raises(ModelFileError, match="features of a 'PartFeatures'"):
        pw.load(tmp_path / "a.model")
