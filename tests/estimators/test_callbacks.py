"""scikit-learn's callbacks (1.9 and later): one task for the fit, one for each iteration, and a stop on request."""

import contextlib
import io
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from partwise import NMF, MiniBatchNMF

callback_api = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")

X = np.random.default_rng(0).gamma(1.0, 1.0, (30, 8))


class Recorder:
    """Remembers what it is told, and stops after an iteration on request."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events, self.losses, self.fitted = [], [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.events.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.events.append(f"end {context.task_name}")
        if context.task_name != "iteration":
            return False
        self.losses.append(metadata["loss"])
        if fitted_estimator is not None:
            self.fitted.append(fitted_estimator)
        return self.stop_after is not None and len(self.losses) >= self.stop_after


def listened(model, recorder):
    return clone(model).set_callbacks(recorder)


def test_a_fit_is_a_task_and_each_iteration_is_one_in_it():
    recorder = Recorder()
    model = listened(NMF(3, tol=0, max_iter=7, random_state=0), recorder).fit(X)
    assert model.n_iter_ == 7
    iterations = ["begin iteration", "end iteration"] * 7
    assert recorder.events == ["setup", "begin fit", *iterations, "end fit", "teardown"]


def test_a_callback_that_asks_for_it_stops_the_fit():
    recorder = Recorder(stop_after=4)
    model = listened(NMF(3, tol=0, max_iter=50, random_state=0), recorder).fit(X)
    assert model.n_iter_ == 4
    assert not model.converged_
    assert "callback" in str(model.factorization_.reason)
    assert recorder.events[-2:] == ["end fit", "teardown"]


def test_a_step_of_mini_batches_is_a_task_and_can_be_the_last():
    recorder = Recorder(stop_after=5)
    model = listened(MiniBatchNMF(3, batch_size=10, tol=0, max_iter=50, random_state=0), recorder).fit(X)
    assert model.n_steps_ == 5
    assert recorder.events.count("end iteration") == 5
    assert recorder.events[-2:] == ["end fit", "teardown"]


def test_a_callback_changes_nothing_in_the_result():
    plain = NMF(3, random_state=0).fit(X)
    model = listened(NMF(3, random_state=0), Recorder()).fit(X)
    np.testing.assert_array_equal(model.components_, plain.components_)
    assert model.n_iter_ == plain.n_iter_


@pytest.mark.parametrize("solver", ["hals", "mu", "pivoting"])
def test_losses_told_never_rise(solver):
    recorder = Recorder()
    listened(NMF(3, solver=solver, tol=0, max_iter=20, random_state=0), recorder).fit(X)
    losses = np.array(recorder.losses)
    assert (np.diff(losses[~np.isnan(losses)]) <= 1e-12 * losses[-1]).all()


def test_the_estimator_that_a_callback_is_given_transforms():
    recorder = Recorder()
    listened(NMF(3, tol=0, max_iter=5, random_state=0), recorder).fit(X)
    for fitted in recorder.fitted:
        assert fitted.transform(X).shape == (30, 3)
        assert fitted.components_.shape == (3, 8)


def test_with_weights_the_estimator_that_a_callback_is_given_has_parts_of_the_data_and_their_weights():
    recorder, weight = Recorder(), np.arange(1.0, 9)
    model = listened(NMF(3, tol=0, max_iter=60, random_state=0), recorder).fit(X, feature_weight=weight)
    shown = recorder.fitted[-1]
    np.testing.assert_allclose(
        shown.inverse_transform(shown.transform(X)), model.inverse_transform(model.transform(X)), atol=0.02
    )


def test_several_starts_are_all_told():
    recorder = Recorder()
    listened(NMF(3, init="random", n_init=3, tol=0, max_iter=4, random_state=0), recorder).fit(X)
    assert len(recorder.losses) == 12


def test_a_listened_model_can_be_pickled():
    model = listened(NMF(3, random_state=0), Recorder()).fit(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).components_, model.components_)


def test_an_error_in_a_callback_reaches_the_caller_after_teardown():
    class Broken(Recorder):
        def on_fit_task_end(self, estimator, context, **what):
            raise RuntimeError("out of paper")

    recorder = Broken()
    with pytest.raises(RuntimeError, match="out of paper"):
        listened(NMF(3, random_state=0), recorder).fit(X)
    assert recorder.events == ["setup", "begin fit", "begin iteration", "teardown"]


def test_verbose_prints_a_line_every_ten_iterations_and_silence_is_the_default():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        NMF(3, tol=0, max_iter=35, random_state=0, verbose=1).fit(X)
    lines = out.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["Epoch", "10"], ["Epoch", "20"], ["Epoch", "30"]]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        NMF(3, random_state=0).fit(X)
    assert out.getvalue() == ""
