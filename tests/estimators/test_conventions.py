"""scikit-learn's conventions: parameters, cloning, names, output containers, tags, pictures, pipelines."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn.decomposition
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils import get_tags

import partwise
from partwise import NMF, MiniBatchNMF, non_negative_factorization
from partwise.exceptions import DataError, ParameterError, PartwiseError

X = np.random.default_rng(0).gamma(1.0, 1.0, (30, 8))
MODELS = [NMF(3, random_state=0), MiniBatchNMF(3, random_state=0, batch_size=10, max_iter=500)]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


def parameters(function):
    return list(inspect.signature(function).parameters.values())


@pytest.mark.parametrize("name", ["NMF", "MiniBatchNMF", "non_negative_factorization"])
def test_parameters_come_in_scikit_learn_s_order_and_ours_after_them(name):
    ours, theirs = parameters(getattr(partwise, name)), parameters(getattr(sklearn.decomposition, name))
    assert [(p.name, p.kind) for p in ours[: len(theirs)]] == [(p.name, p.kind) for p in theirs]
    assert all(p.kind is p.KEYWORD_ONLY for p in ours[len(theirs) :])
    differing = {p.name for p, q in zip(ours, theirs, strict=False) if p.default != q.default}
    assert differing <= {"solver"}, "defaults are scikit-learn's, but for the solver"


@pytest.mark.parametrize("name", ["fit", "fit_transform", "transform", "inverse_transform", "partial_fit"])
def test_methods_take_what_scikit_learn_s_take_and_ours_by_name_after_it(name):
    for ours, theirs in ((NMF, sklearn.decomposition.NMF), (MiniBatchNMF, sklearn.decomposition.MiniBatchNMF)):
        if not hasattr(theirs, name):
            continue
        own, given = parameters(getattr(ours, name)), parameters(getattr(theirs, name))
        if name == "fit":  # its **params are W and H, named here, because routing asks for names
            assert [p.kind for p in given].count(given[-1].VAR_KEYWORD) == 1
            given = parameters(theirs.fit_transform)
        assert [p.name for p in own[: len(given)]] == [p.name for p in given]
        assert all(p.kind is p.KEYWORD_ONLY for p in own[len(given) :])
        assert ours is NMF or len(own) == len(given)


@every_model
def test_every_parameter_survives_get_set_and_clone(model):
    given = {name: object() for name in model.get_params()}
    twin = type(model)().set_params(**given)
    assert twin.get_params() == given
    assert clone(model).get_params() == model.get_params()
    assert list(model.get_params()) == sorted(p.name for p in parameters(type(model)))


@every_model
def test_the_docstring_describes_every_parameter_in_order(model):
    text = inspect.getdoc(type(model)).split("Attributes\n")[0]
    places = [text.find(f"\n{p.name} : ") for p in parameters(type(model))]
    assert -1 not in places
    assert places == sorted(places)


@every_model
def test_a_fitted_model_survives_pickling_with_the_same_bits(model):
    fitted = clone(model).fit(X)
    fitted.transform(X)
    twin = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(twin.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(twin.components_, fitted.components_)


@every_model
def test_fit_transform_equals_transform_after_fit(model):
    fitted = clone(model)
    W = fitted.fit_transform(X)
    np.testing.assert_allclose(fitted.transform(X), W, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(clone(model).fit(X).transform(X), W, rtol=1e-6, atol=1e-9)


@every_model
def test_inverse_transform_is_the_model_of_the_data(model):
    fitted = clone(model)
    W = fitted.fit_transform(X)
    np.testing.assert_array_equal(fitted.inverse_transform(W), W @ fitted.components_)
    np.testing.assert_allclose(fitted.inverse_transform(sp.csr_matrix(W)), W @ fitted.components_)


@every_model
@pytest.mark.parametrize(("container", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_output_comes_in_the_container_asked_for_with_named_columns(model, container, kind):
    fitted = clone(model).set_output(transform=container)
    for W in (fitted.fit_transform(X), fitted.transform(X)):
        assert isinstance(W, kind)
        assert list(W.columns) == list(fitted.get_feature_names_out())


@every_model
def test_features_out_are_numbered_parts_and_features_in_keep_their_names(model):
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    fitted = clone(model).fit(frame)
    prefix = type(model).__name__.lower()
    assert list(fitted.get_feature_names_out()) == [f"{prefix}{t}" for t in range(3)]
    assert list(fitted.feature_names_in_) == list("abcdefgh")
    assert fitted.n_features_in_ == 8
    with pytest.raises(ValueError, match=r"7 features, but .* is expecting 8 features"):
        clone(model).fit(X).transform(X[:, :7])


@every_model
def test_columns_of_new_rows_are_matched_by_name_and_others_refused(model):
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    fitted = clone(model).fit(frame)
    np.testing.assert_allclose(fitted.transform(frame[list("hgfedcba")]), fitted.transform(frame), rtol=1e-12)
    for other, message in (
        (frame.iloc[:, :7], r"feature names should match.*lacks 1 of the 8 columns .*\('h'\)\. Add them"),
        (frame.assign(i=1.0), r"has 1 more than .*\('i'\)\. Leave them out: X\[model\.feature_names_in_\]"),
        (frame.rename(columns={"b": "x"}), r"lacks 1 .*\('b'\), and has 1 .*\('x'\)\. Rename them"),
    ):
        with pytest.raises(DataError, match=message):
            fitted.transform(other)


def test_a_stream_takes_batches_with_columns_in_any_order():
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    streams = [MiniBatchNMF(3, random_state=0).partial_fit(frame[:6]) for _ in range(2)]
    streams[0].partial_fit(frame[6:])
    streams[1].partial_fit(frame[6:][list("hgfedcba")])
    np.testing.assert_allclose(streams[1].components_, streams[0].components_, rtol=1e-12)
    assert list(streams[1].feature_names_in_) == list("abcdefgh")
    with pytest.raises(DataError, match="lacks 1 of the 8 columns"):
        streams[0].partial_fit(frame.iloc[:, :7])


@every_model
def test_new_rows_are_checked_against_what_the_model_was_fitted_on(model):
    frame, fitted = pd.DataFrame(X, columns=list("abcdefgh")), clone(model).fit(X)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        fitted.transform(frame)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clone(model).fit(frame).transform(X)
    with pytest.raises(ValueError, match="Expected 2D"):
        fitted.transform(sp.coo_array(X[0]))
    bare = clone(model)
    bare.components_ = fitted.components_.copy()
    np.testing.assert_array_equal(bare.transform(X), fitted.transform(X))


@every_model
def test_tags_say_positive_sparse_and_type_keeping(model):
    tags = get_tags(model)
    assert tags.input_tags.positive_only
    assert tags.input_tags.sparse
    assert set(tags.transformer_tags.preserves_dtype) == {"float32", "float64"}
    assert not tags.target_tags.required


@every_model
def test_the_picture_links_to_no_page_that_is_not_there(model):
    html = model._repr_html_()
    assert type(model).__name__ in html
    assert re.findall(r'href="([^"]*)"', html) == []
    assert repr(model).startswith(type(model).__name__)


@every_model
def test_methods_before_fit_say_that_it_is_not_fitted(model):
    for method in ("transform", "inverse_transform"):
        with pytest.raises(NotFittedError, match="not fitted"):
            getattr(clone(model), method)(X[:, :3])


@every_model
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_the_data_is_kept(model, dtype):
    fitted = clone(model)
    assert fitted.fit_transform(X.astype(dtype)).dtype == dtype
    assert fitted.components_.dtype == dtype
    assert fitted.transform(X.astype(dtype)).dtype == dtype


@every_model
def test_fitting_again_starts_anew(model):
    once, twice = clone(model).fit(X), clone(model).fit(X[:, :5]).fit(X)
    np.testing.assert_array_equal(once.components_, twice.components_)
    np.testing.assert_array_equal(once.transform(X), twice.transform(X))


@every_model
def test_components_set_by_hand_are_used(model):
    fitted = clone(model).fit(X)
    fitted.transform(X)
    other = clone(model).set_params(random_state=1).fit(X[::-1] + 1)
    fitted.components_ = other.components_
    np.testing.assert_allclose(fitted.transform(X), other.transform(X))


@every_model
def test_it_works_in_a_pipeline_and_a_grid_search(model):
    model = clone(model).set_params(tol=0, max_iter=50)
    pipeline = make_pipeline(MaxAbsScaler(), clone(model))
    assert pipeline.fit_transform(X).shape == (30, 3)
    assert list(pipeline.get_feature_names_out()) == list(pipeline[-1].get_feature_names_out())

    def score(fitted, data, y=None):
        return -np.linalg.norm(data - fitted.inverse_transform(fitted.transform(data)))

    search = GridSearchCV(clone(model), {"n_components": [1, 4]}, scoring=score, cv=3).fit(X)
    assert search.best_params_ == {"n_components": 4}


def test_the_reconstruction_error_is_the_norm_of_the_difference():
    for data in (X, sp.csr_array(X)):
        model = NMF(3, random_state=0)
        W = model.fit_transform(data)
        assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(X - W @ model.components_), rel=1e-9)


def test_reaching_max_iter_warns_and_convergence_does_not():
    message = r"Maximum number of iterations 2 reached\. Increase it to improve convergence\."
    with pytest.warns(ConvergenceWarning, match=message):
        model = NMF(3, max_iter=2, random_state=0).fit(X)
    assert (model.n_iter_, model.converged_) == (2, False)
    with pytest.warns(ConvergenceWarning, match=message):
        MiniBatchNMF(3, max_iter=2, random_state=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert NMF(3, random_state=0).fit(X).converged_
        NMF(3, max_iter=2, tol=0, random_state=0).fit(X)


def test_the_time_limit_is_told_by_the_factorization():
    model = NMF(3, tol=0, max_iter=10**7, max_time=0.05, random_state=0).fit(X)
    assert "time limit" in str(model.factorization_.reason)
    assert not model.converged_


def test_n_init_keeps_the_best():
    options = {"init": "random", "max_iter": 3, "tol": 0, "random_state": 0}
    one, many = (NMF(3, **options, n_init=n).fit(X).reconstruction_err_ for n in (1, 10))
    assert many < one


def test_the_penalties_are_scaled_as_scikit_learn_scales_them():
    options = {"n_components": 3, "alpha_W": 0.02, "alpha_H": 0.03, "l1_ratio": 0.4, "tol": 1e-10, "max_iter": 20000}
    start = {"W": np.random.default_rng(1).random((30, 3)), "H": np.random.default_rng(2).random((3, 8))}

    def objective(model):
        W = model.fit_transform(X, W=start["W"].copy(), H=start["H"].copy())
        H = model.components_
        weights = (8 * 0.02, W), (30 * 0.03, H)
        penalty = sum(a * (0.4 * f.sum() + 0.3 * (f * f).sum()) for a, f in weights)
        return 0.5 * ((X - W @ H) ** 2).sum() + penalty

    theirs = objective(sklearn.decomposition.NMF(init="custom", **options))
    assert objective(NMF(init="custom", **options)) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_n_jobs_leaves_no_trace(loss):
    fits = [NMF(3, beta_loss=loss, random_state=0, n_jobs=n).fit_transform(X) for n in (1, 2, -1)]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0], other)


def test_the_function_is_the_estimator():
    W, H, n_iter = non_negative_factorization(X, n_components=3, random_state=0)
    model = NMF(3, random_state=0)
    np.testing.assert_array_equal(W, model.fit_transform(X))
    np.testing.assert_array_equal(H, model.components_)
    assert n_iter == model.n_iter_


def test_the_function_with_fixed_parts_is_transform():
    model = NMF(3, random_state=0).fit(X)
    W, H, n_iter = non_negative_factorization(X, H=model.components_, update_H=False)
    np.testing.assert_array_equal(H, model.components_)
    np.testing.assert_allclose(W, model.transform(X))
    assert n_iter == 1
    with pytest.raises(ValueError, match="update_H=False needs the parts"):
        non_negative_factorization(X, update_H=False)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_warning_names_the_line_of_the_caller(method):
    with pytest.warns(ConvergenceWarning) as caught:
        getattr(NMF(2, max_iter=1), method)(np.random.default_rng(0).random((8, 5)))
    assert caught[0].filename == __file__


@every_model
@pytest.mark.parametrize(
    ("name", "value"), [("alpha_W", "x"), ("l1_ratio", 7), ("tol", None), ("verbose", "yes"), ("beta_loss", "frobenus")]
)
def test_a_parameter_that_was_changed_after_the_fit_is_checked_before_it_is_used(model, name, value):
    fitted = clone(model).fit(X)
    fitted.set_params(**{name: value})
    with pytest.raises(ParameterError, match=name):
        fitted.transform(X)
    if hasattr(fitted, "partial_fit"):
        with pytest.raises(ParameterError, match=name):
            fitted.partial_fit(X)


def test_parameters_of_one_model_alone_are_checked_too():
    with pytest.raises(ParameterError, match="sum_to_one"):
        NMF(3).fit(X).set_params(sum_to_one="yes").transform(X)
    with pytest.raises(ParameterError, match="transform_max_iter"):
        MiniBatchNMF(3, tol=0.1).fit(X).set_params(transform_max_iter="x").transform(X)


READS = [
    lambda model, k: model.transform(X),
    lambda model, k: model.inverse_transform(np.ones((2, k))),
    lambda model, k: model.get_feature_names_out(),
]


@every_model
@pytest.mark.parametrize("read", READS, ids=["transform", "inverse_transform", "get_feature_names_out"])
def test_components_set_by_hand_are_read_in_one_way_or_refused_in_plain_words(model, read):
    fitted = clone(model).fit(X)
    k, m = fitted.components_.shape
    fitted.components_ = np.ones((k + 1, m))
    expected = read(fitted, k + 1)
    fitted.components_ = [[1] * m] * (k + 1)
    np.testing.assert_array_equal(read(fitted, k + 1), expected)
    for given, words in (
        (np.ma.array(np.ones((k, m)), mask=np.eye(k, m, dtype=bool)), r"components_\[0, 0\] is unknown"),
        (sp.csr_array(np.ones((k, m))), "components_ is a sparse matrix"),
        (np.ones((k, m + 1)), "components_ has shape"),
        (np.ones(m), "components_ has shape"),
        (-np.ones((k, m)), r"components_\[0, 0\] = -1 is negative"),
    ):
        fitted.components_ = given
        with pytest.raises(PartwiseError, match=words):
            read(fitted, k)


def test_the_function_has_no_number_to_choose_where_the_parts_are_given():
    with pytest.raises(ParameterError, match="does not work with update_H=False"):
        non_negative_factorization(X, H=X[:2], update_H=False, n_components="choose")
