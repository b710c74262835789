"""A forked child has one thread, whatever the parent's others held or did: it works, and ends."""

import os
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from partwise import NMF, choose_rank, factorize
from partwise.blas import serial_blas
from partwise.caching import cached_property
from partwise.kernels import Team, gram
from partwise.locks import Lock
from partwise.matrix import as_matrix
from partwise.threads import Workers

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

PATIENCE = 120
"""Seconds after which the system ends a child, however busy it is."""


def in_a_child(work):
    """Return whether work() is true in a forked child that ends in time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12 and later: there are other threads
        pid = os.fork()
    if pid == 0:
        signal.alarm(PATIENCE)
        result = False
        try:
            result = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0 if result else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@contextmanager
def a_thread_inside(context):
    """Another thread is inside the context meanwhile."""
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with context:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    try:
        yield
    finally:
        leave.set()
        thread.join()


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_value_that_another_thread_computes_is_computed_in_the_child():
    begun, go_on = threading.Event(), threading.Event()
    main = threading.get_ident()

    class Slow:
        @cached_property
        def value(self):
            if threading.get_ident() != main:
                begun.set()
                go_on.wait()
            return 3

    slow, other = Slow(), Slow()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    begun.wait()
    assert in_a_child(lambda: slow.value == other.value == 3)
    assert slow.value == other.value == 3  # nor does this thread wait for that one
    go_on.set()
    thread.join()


FIRST_USE = """
import os, signal, sys, threading, time
import partwise

begun = threading.Event()

class Slow:
    def find_spec(name, path, target=None):
        if name == MODULE:
            begun.set()
            time.sleep(0.3)

sys.meta_path.insert(0, Slow)
thread = threading.Thread(target=lambda: getattr(partwise, NAME))
thread.start()
begun.wait()
pid = os.fork()
if pid == 0:
    signal.alarm(30)
    getattr(partwise, NAME)
    os._exit(0)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.parametrize(("name", "module"), [("NMF", "partwise.estimators.nmf"), ("losses", "partwise.losses.huber")])
def test_a_child_forked_while_another_thread_first_uses_a_name_can_use_it(name, module):
    script = f"NAME, MODULE = {name!r}, {module!r}\n{FIRST_USE}"
    assert subprocess.run([sys.executable, "-c", script], timeout=PATIENCE, check=False).returncode == 0


NO_NAMES = """
import partwise
from importlib import import_module
from pkgutil import walk_packages

def refuse(name):
    if name in (*partwise.__all__, "datasets", "exceptions", "losses", "recommend", "topics"):
        raise ImportError(name)
    raise AttributeError(name)

partwise.__getattr__ = refuse
for folder in ("estimators", "topics", "recommend", "selection", "metrics", "report"):
    package = import_module("partwise." + folder)
    for module in walk_packages(package.__path__, package.__name__ + "."):
        import_module(module.name)
"""


def test_no_module_of_the_library_takes_a_name_of_the_package_while_it_is_imported():
    """Two threads would wait for each other: one has the lock of the names, the other Python's of the module."""
    assert subprocess.run([sys.executable, "-c", NO_NAMES], timeout=PATIENCE, check=False).returncode == 0


def test_a_lock_that_another_thread_holds_is_free_in_the_child():
    lock, X = Lock(), as_matrix(sp.csr_array(np.eye(50)))

    def take():
        with lock, serial_blas._lock, X.T._lock:
            return True

    for held in (lock, serial_blas._lock, X.T._lock):
        with a_thread_inside(held):
            assert in_a_child(take)
    with lock:
        assert in_a_child(take)
    assert take()


def test_a_lock_that_the_forking_thread_holds_can_be_left_in_the_child():
    lock = Lock()

    def leave_and_take_again():
        context.__exit__(None, None, None)
        with lock:
            return True

    context = lock
    context.__enter__()
    assert in_a_child(leave_and_take_again)
    context.__exit__(None, None, None)


@pytest.mark.parametrize("way", ["at the source", "by threadpoolctl"])
def test_blas_of_a_child_is_limited_by_the_fits_of_its_own_thread_alone(monkeypatch, way):
    if way == "by threadpoolctl":
        others = ThreadpoolController().select(user_api="blas").lib_controllers
        monkeypatch.setattr(serial_blas, "_libraries", lambda: ([], others))

    def as_it_was():
        free = blas_threads()
        with Workers(1):
            inside = blas_threads()
        return (free, inside, blas_threads(), serial_blas._users) == (before, {1}, before, 0)

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with a_thread_inside(Workers(1)):
            assert in_a_child(as_it_was)
            workers = Workers(1)
            workers.__enter__()

            def leave():
                limited = blas_threads()
                workers.__exit__(None, None, None)
                return limited == {1} and as_it_was()

            assert in_a_child(leave)
            workers.__exit__(None, None, None)
        assert blas_threads() == before


@pytest.mark.parametrize("rested", [False, True])
def test_a_team_with_threads_works_on_in_a_child_and_is_thrown_away_there(rested):
    team, factor = Team(3), np.random.default_rng(0).random((5000, 4))
    expected, kept = np.empty((4, 4)), {"team": team}
    gram(factor, expected, team)
    if rested:
        team.rest()
    del team

    def again():
        for _ in range(3):
            out = np.empty((4, 4))
            gram(factor, out, kept["team"])
            if (out != expected).any():
                return False
            kept["team"].rest()
        kept.clear()
        return True

    for _ in range(5):
        assert in_a_child(again)
    assert in_a_child(lambda: kept.clear() is None)
    out = np.empty((4, 4))
    gram(factor, out, kept["team"])
    np.testing.assert_array_equal(out, expected)


X = np.random.default_rng(0).random((4200, 200))


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_a_child_forked_in_a_callback_can_finish_the_fit(loss):
    """Its threads are those of the parent, and it has none of them."""
    parent, children = os.getpid(), []

    def callback(at):
        if at.iteration == 2 and os.getpid() == parent:
            children.append(os.fork())
            if children[-1] == 0:
                signal.alarm(PATIENCE)

    def fit(callback):
        return factorize(
            X, 4, loss=loss, init="random", random_state=0, tol=0, max_iter=4, n_jobs=2, callback=callback
        ).W.tobytes()

    expected = fit(lambda at: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = fit(callback)
        finally:
            if os.getpid() != parent:
                os._exit(0 if "found" in locals() and found == expected else 1)
    assert found == expected
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0


def test_a_child_forked_while_threads_work_for_the_parent_says_so_where_it_cannot_go_on():
    parent, caller, pids = os.getpid(), threading.current_thread(), []
    barrier, go_on = threading.Barrier(2), threading.Event()

    def work(i):
        barrier.wait()
        if threading.current_thread() is not caller:
            go_on.wait()
        elif os.getpid() == parent:
            pids.append(os.fork())
            if pids[-1] == 0:
                signal.alarm(PATIENCE)
        go_on.set()
        return i

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        status = 1
        try:
            with Workers(2) as workers:
                assert workers.map(work, range(2)) == [0, 1]
        except RuntimeError as error:
            status = 0 if "a forked child cannot finish" in str(error) else 2
        finally:
            if os.getpid() != parent:
                os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]) == 0


def test_children_forked_beside_fits_and_transforms_end_with_the_same_bits():
    small = X[:12, :6]
    model, stop = NMF(2, random_state=0, max_iter=5, tol=0).fit(small), threading.Event()
    expected = model.transform(small).tobytes()

    def work():
        while not stop.is_set():
            model.transform(small)
            factorize(X, 3, init="random", random_state=0, max_iter=2, n_jobs=2)
            choose_rank(small, ranks=[1, 2], folds=2, max_iter=3, random_state=0, n_jobs=2)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert in_a_child(lambda: model.transform(small).tobytes() == expected)
        assert in_a_child(lambda: choose_rank(small, ranks=[1, 2], folds=2, random_state=0, n_jobs=2).records != [])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
