"""A Ctrl-C waits until what is being done is kept; a second one does not."""

import signal
import threading

import numpy as np
import pytest

from partwise import NMF, factorize
from partwise.checkpoints import NAME
from partwise.interrupts import DelayedInterrupt
from partwise.io import model_file

pytestmark = pytest.mark.usefixtures("ctrl_c")
X = np.random.default_rng(0).gamma(0.5, 1.0, (60, 20))
OPTIONS = {"init": "random", "random_state": 0, "tol": 0, "max_iter": 40}


def interrupting(at_iteration, times=1, seen=None):
    def callback(at):
        (seen if seen is not None else []).append(at.iteration)
        if at.iteration == at_iteration:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    return callback


def test_an_interrupt_is_raised_when_it_is_delivered_and_the_handler_is_back():
    with DelayedInterrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.came
        with pytest.raises(KeyboardInterrupt):
            interrupt.deliver()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        interrupt.deliver()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_is_raised_at_once():
    with DelayedInterrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_interrupt_that_nobody_asked_for_is_raised_at_the_end():
    with pytest.raises(KeyboardInterrupt), DelayedInterrupt():
        signal.raise_signal(signal.SIGINT)


def test_an_error_goes_before_an_interrupt():
    def fails():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), DelayedInterrupt():
        fails()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_where_python_has_no_handler_there_is_none(handler):
    signal.signal(signal.SIGINT, handler)
    with DelayedInterrupt():
        assert signal.getsignal(signal.SIGINT) is handler
    assert signal.getsignal(signal.SIGINT) is handler


def test_another_thread_leaves_the_handler_alone():
    found = []

    def work():
        with DelayedInterrupt():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_ctrl_c_ends_the_iteration_and_the_fit_goes_on_there(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        factorize(X, 3, **OPTIONS, checkpoint_dir=tmp_path, callback=interrupting(13))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert model_file.read(tmp_path / NAME)[1]["state"]["iteration"] == 13
    seen = []
    found = factorize(X, 3, **OPTIONS, checkpoint_dir=tmp_path, resume=True, callback=interrupting(0, seen=seen))
    assert seen == [*range(14, 41)]
    assert np.array_equal(found.H, factorize(X, 3, **OPTIONS).H)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_two_of_them_stop_a_fit_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        factorize(X, 3, **OPTIONS, checkpoint_dir=tmp_path, callback=interrupting(13, times=2))
    assert model_file.read(tmp_path / NAME)[1]["state"]["iteration"] == 10


def test_an_estimator_stays_as_it_was(tmp_path, monkeypatch):
    step = model_file.write

    def write(*args):
        signal.raise_signal(signal.SIGINT)
        step(*args)

    monkeypatch.setattr(model_file, "write", write)
    model = NMF(3, **OPTIONS, checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert not hasattr(model, "components_")
    assert (tmp_path / NAME).exists()


def test_a_handler_of_the_users_own_hears_of_it_after_the_checkpoint(tmp_path):
    heard = []
    signal.signal(signal.SIGINT, lambda *of: heard.append(model_file.read(tmp_path / NAME)[1]["state"]["iteration"]))
    found = factorize(X, 3, **OPTIONS, checkpoint_dir=tmp_path, callback=interrupting(13))
    assert (heard, found.n_iter) == ([13], 40)
