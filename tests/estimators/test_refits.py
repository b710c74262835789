"""A fit replaces all that an earlier one found, or nothing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from partwise import NMF, MiniBatchNMF
from partwise.estimators.base import FOUND
from partwise.solvers import HALS
from partwise.solvers.online import Online
from partwise.solvers.past import Products

FRAME = pd.DataFrame(np.random.default_rng(0).gamma(1.0, 1.0, (40, 8)), columns=list("abcdefgh"))
OTHER = np.random.default_rng(1).gamma(1.0, 1.0, (30, 5))
ESTIMATORS = [NMF(3, random_state=0), MiniBatchNMF(3, batch_size=10, tol=0.01, random_state=0)]


def state(model):
    """All that a model knows, without what it keeps to be quick."""
    return {name: value for name, value in vars(model).items() if name != "_kept"}


def same(first, second):
    return first.keys() == second.keys() and all(first[name] is second[name] for name in first)


def interrupt(monkeypatch, owner, method, after):
    """Raise KeyboardInterrupt in a later call of a method."""
    original, calls = getattr(owner, method), []

    def called(*args, **options):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return original(*args, **options)

    monkeypatch.setattr(owner, method, called)


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_an_interrupted_refit_leaves_the_model_as_it_was(model, after, monkeypatch):
    model = model.fit(FRAME)
    before, weights = state(model), model.transform(FRAME)
    with monkeypatch.context() as patched:
        interrupt(
            patched,
            HALS if isinstance(model, NMF) else Online,
            "update_all" if isinstance(model, NMF) else "step",
            after,
        )
        with pytest.raises(KeyboardInterrupt):
            model.fit(OTHER)
    assert same(state(model), before)
    np.testing.assert_array_equal(model.transform(FRAME), weights)


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(
    ("data", "options"),
    [
        (-OTHER, {}),
        (np.where(OTHER.max() == OTHER, np.nan, OTHER), {}),
        (OTHER, {"n_components": 9, "init": "nndsvd"}),
        (OTHER, {"init": "custom"}),
        (OTHER[0], {}),
    ],
    ids=["negative", "NaN", "too many parts", "no start", "one dimension"],
)
def test_a_refit_that_fails_leaves_the_model_as_it_was(model, data, options):
    model = model.fit(FRAME)
    before = state(model)
    params = model.get_params()
    with pytest.raises(ValueError):  # noqa: PT011
        model.set_params(**options).fit(data)
    assert same(state(model.set_params(**params)), before)


def test_a_warning_that_is_an_error_leaves_the_model_as_it_was():
    model = NMF(3, random_state=0).fit(FRAME)
    before, params = state(model), model.get_params()
    with pytest.raises(ConvergenceWarning):
        model.set_params(max_iter=1, tol=1e-9).fit(OTHER)
    assert same(state(model.set_params(**params)), before)


@pytest.mark.parametrize("after", [0, 1])
def test_a_batch_that_fails_leaves_the_stream_as_it_was(after, monkeypatch):
    model = MiniBatchNMF(3, random_state=0).partial_fit(FRAME[:20]).partial_fit(FRAME[20:])
    online = model._online
    before, sums = state(model), [array.copy() for array in (online.Ht, online.past.cross, online.past.gram)]
    with monkeypatch.context() as patched:
        interrupt(patched, *((Online, "step") if after == 0 else (Products, "learned")), 0)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(FRAME)
    with pytest.raises(ValueError, match="Negative"):
        model.partial_fit(-FRAME)
    assert same(state(model), before)
    for array, kept in zip((online.Ht, online.past.cross, online.past.gram), sums, strict=True):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_a_refit_forgets_what_only_the_last_fit_had(model):
    model = model.fit(FRAME)
    assert hasattr(model, "feature_names_in_")
    assert not hasattr(model.fit(OTHER), "feature_names_in_")
    assert model.n_features_in_ == model.components_.shape[1] == 5


def test_the_choice_of_a_number_goes_with_its_fit():
    model = NMF("choose", random_state=0, max_time=20).fit(FRAME)
    assert model.rank_choice_.n_components == model.n_components_
    assert {name for name in vars(model) if name.endswith("_")} == set(FOUND) - {"n_steps_", "alpha_W_", "alpha_H_"}
    assert not hasattr(model.set_params(n_components=2).fit(FRAME), "rank_choice_")


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_a_refit_keeps_what_the_user_noted_on_the_model_and_drops_all_that_is_its_own(model):
    model = model.fit(FRAME)
    assert {name for name in vars(model) if name.endswith("_")} <= set(FOUND)
    model.note_ = "mine"
    assert model.fit(OTHER).note_ == "mine"
