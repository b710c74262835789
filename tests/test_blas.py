"""BLAS: one thread while a fit runs, and as it was before and after."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from partwise.blas import PLAIN, SWITCH, _libraries, serial_blas
from partwise.threads import Workers


@pytest.fixture
def two_threads():
    """BLAS has two threads, in whatever environment the tests run."""
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS has one thread alone")
        yield


@pytest.fixture(params=["at the source", "by threadpoolctl"])
def either_way(request, monkeypatch, two_threads):
    """How BLAS is limited: the second is for what is no OpenBLAS with threads of its own, and by the switch."""
    if request.param == "by threadpoolctl":
        monkeypatch.setenv(SWITCH, PLAIN)
        monkeypatch.setattr(serial_blas, "_found", _libraries())
        assert serial_blas._found[0] == []


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.usefixtures("either_way")
def test_blas_runs_on_one_thread_inside_and_as_before_outside():
    assert blas_threads() == {2}
    with Workers(2) as workers:
        assert blas_threads() == {1}
        np.ones((300, 300)) @ np.ones((300, 300))
        with Workers(1):
            assert blas_threads() == {1}
        assert blas_threads() == {1}, "an inner fit releases BLAS for the outer one"
        workers.map(lambda i: i, range(2))
    assert blas_threads() == {2}


def in_a_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.mark.usefixtures("either_way")
def test_a_fit_in_another_thread_holds_blas_to_one_thread_too():
    """threadpoolctl lets one thread at a time set OpenBLAS's number: a fit that is over must have let go of it."""

    def during_a_fit():
        with Workers(1):
            return blas_threads()

    assert during_a_fit() == {1}
    assert in_a_thread(during_a_fit) == {1}


@pytest.mark.usefixtures("either_way")
def test_fits_that_overlap_in_two_threads_leave_blas_as_it_was(patience):
    first_in, second_in, first_out, second_out = (threading.Event() for _ in range(4))

    def first():
        with Workers(1):
            first_in.set()
            second_in.wait(patience)
        first_out.set()
        second_out.wait(patience)

    def second():
        first_in.wait(patience)
        with Workers(1):
            second_in.set()
            first_out.wait(patience)
            inside = blas_threads()
        second_out.set()
        return inside

    with ThreadPoolExecutor(2) as pool:
        waits, inside = pool.submit(first), pool.submit(second)
        waits.result()
        assert inside.result() == {1}
    assert in_a_thread(blas_threads) == {2}


@pytest.mark.usefixtures("either_way")
def test_blas_is_released_after_an_error():
    with pytest.raises(RuntimeError), Workers(2):
        raise RuntimeError
    assert blas_threads() == {2}


@pytest.mark.usefixtures("either_way")
def test_a_limit_that_ends_during_a_fit_stays_ended():
    workers = Workers(1)
    with threadpool_limits(1, user_api="blas"):
        workers.__enter__()
    workers.__exit__(None, None, None)
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_threads")
def test_the_next_fit_releases_blas_after_a_ctrl_c_while_it_was_limited(monkeypatch):
    class Interrupted:
        def get_num_threads(self):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(serial_blas, "_libraries", lambda: (_libraries()[0], [Interrupted()]))
        with pytest.raises(KeyboardInterrupt):
            Workers(1).__enter__()
    with Workers(1):
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_a_blas_that_is_loaded_after_a_fit_is_limited_by_the_next(monkeypatch):
    class Late:
        internal_api, threads = "blis", 7

        def get_num_threads(self):
            return self.threads

        def set_num_threads(self, threads):
            self.threads = threads

    class Controller(ThreadpoolController):
        def select(self, **api):
            found = super().select(**api)
            found.lib_controllers.append(late)
            return found

    late = Late()
    with Workers(1):
        pass
    monkeypatch.setattr(threadpoolctl, "ThreadpoolController", Controller)
    monkeypatch.setitem(sys.modules, "one_that_brings_a_blas", late)
    with Workers(1):
        assert late.threads == 1
    assert late.threads == 7


def in_a_process(code):
    """Run code in a fresh interpreter whose BLAS has two threads, after the lines that it needs."""
    before = """
import os, threading, time
import numpy as np
from threadpoolctl import threadpool_info
from partwise.threads import Workers

A = np.random.default_rng(0).random((600, 600))

def limits():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

def running(expected):
    # of threads that were joined the system may still list some for a moment
    end = time.monotonic() + 300
    while (count := len(os.listdir("/proc/self/task"))) != expected and time.monotonic() < end:
        time.sleep(0.01)
    return count
"""
    run = subprocess.run(
        [sys.executable, "-c", before + code],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr


needs_blas_threads = pytest.mark.skipif(
    joblib.cpu_count() < 2 or not os.path.isdir("/proc/self/task") or bool(_libraries()[1]),
    reason="counts the threads that OpenBLAS has of its own in what Linux lists, on two cores",
)


@needs_blas_threads
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_blas_threads_are_stopped_in_a_fit_with_threads_of_its_own_and_start_again_after_it(n_jobs):
    in_a_process(f"""
before = A @ A
idle = len(os.listdir("/proc/self/task"))
assert idle > 1
assert limits() == {{2}}
for _ in range(3):
    with Workers({n_jobs}) as workers:
        assert limits() == {{1}}
        blocks = workers.map(lambda i: A[100 * i : 100 * i + 100] @ A, range(6))
        np.testing.assert_allclose(np.concatenate(blocks), before, rtol=1e-12)
        beside = 1 if {n_jobs} > 1 else idle - 1
        assert running(1 + beside) == 1 + beside
    assert running(1 + beside - ({n_jobs} - 1)) == 1 + beside - ({n_jobs} - 1)  # nothing spins
    assert limits() == {{2}}
    np.testing.assert_array_equal(A @ A, before)
    assert running(idle) == idle
""")


@needs_blas_threads
def test_blas_threads_are_left_alone_where_another_thread_may_be_in_blas():
    in_a_process("""
stop, found = threading.Event(), []

def multiply():
    while not stop.is_set():
        found.append(A @ A)
        del found[1:-1]

beside = threading.Thread(target=multiply)
beside.start()
for _ in range(200):
    with Workers(2) as workers:
        workers.map(lambda i: A[:50] @ A, range(2))
stop.set()
beside.join()
np.testing.assert_allclose(found[-1], found[0], rtol=1e-12)
""")


@needs_blas_threads
def test_a_process_can_fork_after_blas_threads_were_stopped():
    in_a_process("""
before = A @ A
with Workers(2) as workers:
    workers.map(lambda i: i, range(2))
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(A @ A, before) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
np.testing.assert_array_equal(A @ A, before)
""")


@needs_blas_threads
def test_blas_is_limited_without_the_function_that_starts_its_threads_again():
    in_a_process("""
import threadpoolctl

def refuse(*_):
    raise AssertionError("starts threads")

threadpoolctl.OpenBLASController.set_num_threads = refuse
A @ A
for _ in range(2):
    with Workers(2):
        assert limits() == {1}
    assert limits() == {2}
assert running(1) == 1
""")
