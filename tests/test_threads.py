"""Threads: results in order, errors passed on."""

import contextlib
import gc
import itertools
import multiprocessing
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref

import joblib
import numpy as np
import pytest

from partwise import NMF, MiniBatchNMF, choose_rank, consensus, factorize, non_negative_factorization
from partwise.exceptions import ParameterError
from partwise.recommend import Recommender
from partwise.threads import Workers, count_threads
from partwise.topics import TopicModel


def own_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("partwise")]


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 3, 20, -1])
def test_results_come_in_the_order_of_the_items(n_jobs):
    def slow_square(i):
        time.sleep(0.002 * (5 - i))
        return i * i

    with Workers(n_jobs) as workers:
        assert workers.map(slow_square, range(5)) == [0, 1, 4, 9, 16]
        assert workers.map(slow_square, iter([3])) == [9]
        assert workers.map(slow_square, []) == []


def test_two_jobs_use_two_threads_of_which_one_is_the_caller_s(patience):
    def thread(barrier):
        barrier.wait(patience)
        return threading.current_thread()

    with Workers(2) as workers:
        barrier = threading.Barrier(2)
        threads = set(workers.map(thread, [barrier, barrier]))
        assert len(threads) == 2
        assert threading.current_thread() in threads


def test_one_job_or_one_item_uses_the_caller_s_thread_alone():
    def threads(workers, count):
        return set(workers.map(lambda _: threading.current_thread(), range(count)))

    with Workers(1) as alone, Workers(3) as together:
        assert threads(alone, 3) == threads(together, 1) == {threading.current_thread()}


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_no_more_threads_are_started_than_jobs_or_items(n_jobs):
    with Workers(n_jobs) as workers:
        running = workers.map(lambda _: len(own_threads()), range(4))
        assert max(running) <= min(n_jobs, 4) - 1


def test_a_caller_that_did_it_all_does_not_wait_for_a_thread_that_never_began(monkeypatch):
    """As after a Ctrl-C that came before the thread was asked."""
    monkeypatch.setattr(Workers, "_hand_over", lambda *given: None)
    with Workers(3) as workers:
        assert workers.map(lambda i: i, range(4)) == [0, 1, 2, 3]


def test_a_thread_that_is_done_takes_over_what_is_left(patience):
    """The first item waits for all others: no item is bound to a thread beforehand."""
    done = [threading.Event() for _ in range(10)]

    def work(i):
        if i == 0:
            return all(event.wait(patience) for event in done[1:])
        done[i].set()
        return True

    with Workers(2) as workers:
        assert all(workers.map(work, range(10)))


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 20])
def test_sums_over_blocks_have_the_same_bits_at_any_number_of_jobs(n_jobs):
    X = np.random.default_rng(0).random((700, 9)).astype(np.float32)

    def gram(workers):
        return sum(workers.map(lambda i: X[64 * i : 64 * i + 64].T @ X[64 * i : 64 * i + 64], range(11)))

    with Workers(1) as one:
        expected = gram(one)
    with Workers(n_jobs) as workers:
        for _ in range(5):
            np.testing.assert_array_equal(gram(workers), expected)


def test_no_thread_outlives_the_context():
    with Workers(3) as workers:
        workers.map(lambda i: i, range(6))
    assert own_threads() == []


@pytest.mark.parametrize("started", [False, True])
def test_no_thread_outlives_a_context_in_which_a_ctrl_c_came_as_one_was_started(
    monkeypatch, started, patience, wait_for
):
    """It can come when the thread runs already, and nobody has listed it."""
    start, counted = threading.Thread.start, itertools.count(1)

    def interrupted(thread):
        number = next(counted)
        if number != 2 or started:
            start(thread)
        if number == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    barrier = threading.Barrier(3)
    with Workers(3) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.map(lambda i: i, range(6))
        assert sorted(workers.map(lambda i: barrier.wait(patience), range(3))) == [0, 1, 2]
    assert wait_for(lambda: own_threads() == [])


@pytest.mark.parametrize("had", [0, 1])
def test_where_no_more_threads_are_to_be_had_fewer_do_the_work(monkeypatch, had):
    """The system has a limit, and Python from 3.12 on starts none once it is ending."""
    start, counted = threading.Thread.start, itertools.count()

    def refuse(thread):
        if next(counted) >= had:
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Workers(4) as workers:
        for _ in range(3):
            assert workers.map(lambda i: i * i, range(6)) == [0, 1, 4, 9, 16, 25]
    assert own_threads() == []


def test_the_items_of_a_map_that_failed_are_let_go_at_once():
    class Item:
        def check(self):
            raise ZeroDivisionError

    items = [Item() for _ in range(4)]
    held = [weakref.ref(item) for item in items]
    gc.disable()
    try:
        with Workers(2) as workers:
            with contextlib.suppress(ZeroDivisionError):
                workers.map(Item.check, items)
            del items
            assert [ref() for ref in held] == [None] * 4
    finally:
        gc.enable()


@pytest.mark.parametrize("error", [ZeroDivisionError, IndexError, StopIteration])
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("place", range(4))
def test_an_error_in_a_block_reaches_the_caller_and_the_next_map_works(n_jobs, place, error):
    def work(i):
        if i == place:
            raise error(f"item {i}")
        return i

    with Workers(n_jobs) as workers:
        for _ in range(3):
            with pytest.raises(error, match=f"item {place}"):
                workers.map(work, range(4))
            assert workers.map(lambda i: i + 1, range(4)) == [1, 2, 3, 4]


@pytest.mark.parametrize("failing", ["caller", "other"])
@pytest.mark.parametrize("error", [ZeroDivisionError, IndexError, KeyboardInterrupt])
def test_an_error_reaches_the_caller_from_its_own_thread_and_from_another(failing, error, patience):
    caller, barrier = threading.current_thread(), threading.Barrier(2)

    def work(i):
        barrier.wait(patience)
        if (threading.current_thread() is caller) == (failing == "caller"):
            raise error
        return i

    with Workers(2) as workers:
        with pytest.raises(error):
            workers.map(work, range(2))
        assert workers.map(lambda i: i, range(2)) == [0, 1]


@pytest.mark.parametrize("failing", ["caller", "other"])
def test_after_an_error_no_item_is_begun_and_those_that_run_are_waited_for(failing, patience):
    """One thread fails; the other goes on for as long as that takes to be known, and not to the end."""
    caller, barrier, begun, ended = threading.current_thread(), threading.Barrier(2), [], []

    def work(i):
        begun.append(i)
        if i < 2:
            barrier.wait(patience)
        if (threading.current_thread() is caller) == (failing == "caller"):
            raise RuntimeError
        time.sleep(0.01)
        ended.append(i)

    items = range(1_000)  # ten seconds of work
    with Workers(2) as workers:
        with pytest.raises(RuntimeError):
            workers.map(work, items)
        assert 2 <= len(begun) < len(items)
        assert len(ended) == len(begun) - 1
        time.sleep(0.1)
        assert len(ended) == len(begun) - 1


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="sends the caller a Ctrl-C")
@pytest.mark.usefixtures("ctrl_c")
def test_a_ctrl_c_reaches_a_caller_that_waits_for_another_thread(patience):
    caller, barrier, go_on, heard = threading.current_thread(), threading.Barrier(2), threading.Event(), []

    def interrupt(number, frame):
        if not heard and frame.f_code.co_filename == sys.modules["partwise.threads"].__file__:
            heard.append(number)
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)

    def work(i):
        barrier.wait(patience)
        if threading.current_thread() is not caller:
            while not go_on.wait(0.05):  # again and again: the caller may not wait yet
                signal.pthread_kill(caller.ident, signal.SIGINT)
        return i

    with Workers(2) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.map(work, range(2))
        go_on.set()
        assert workers.map(lambda i: i, range(2)) == [0, 1]


def test_without_a_number_joblib_s_context_decides():
    assert Workers().n_jobs == 1
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert Workers().n_jobs == 2
        assert Workers(3).n_jobs == 3
    with joblib.parallel_config(backend="threading", n_jobs=-1):
        assert Workers().n_jobs == joblib.cpu_count()
    with joblib.parallel_config(backend="threading"):
        assert Workers(None).n_jobs == 1


def test_negative_numbers_count_back_from_all_cores(monkeypatch):
    assert Workers(-1).n_jobs == joblib.cpu_count()
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    assert [count_threads(n) for n in (-1, -2, -3, -4, -5, -100)] == [4, 3, 2, 1, 1, 1]


def test_a_number_may_be_numpy_s_and_is_limited_to_what_a_machine_may_have():
    assert count_threads(np.int8(3)) == count_threads(np.uint64(3)) == 3
    assert count_threads(10**30) == Workers(10**30).n_jobs == 256


NO_NUMBERS = [0, True, False, np.True_, "2", 2.0, 2.5, np.nan, np.float64(2), [2], np.array([1, 2]), {}, ()]


@pytest.mark.parametrize("n_jobs", NO_NUMBERS, ids=repr)
def test_what_is_no_number_of_threads_is_refused_with_what_is_taken(n_jobs):
    for take in (count_threads, Workers):
        with pytest.raises(ParameterError, match=r"n_jobs must be None, a positive integer .*; got "):
            take(n_jobs)


X = np.random.default_rng(0).poisson(3, (30, 12)).astype(float)
TAKERS = {
    "factorize": lambda n: factorize(X, 2, n_jobs=n),
    "Factorization.transform": lambda n: factorize(X, 2).transform(X, n_jobs=n),
    "NMF": lambda n: NMF(2, n_jobs=n).fit(X),
    "NMF, as many parts as the data shows": lambda n: NMF("choose", n_jobs=n).fit(X),
    "NMF.transform": lambda n: NMF(2).fit(X).set_params(n_jobs=n).transform(X),
    "MiniBatchNMF": lambda n: MiniBatchNMF(2, n_jobs=n).fit(X),
    "MiniBatchNMF.partial_fit": lambda n: MiniBatchNMF(2, n_jobs=n).partial_fit(X),
    "non_negative_factorization": lambda n: non_negative_factorization(X, n_components=2, n_jobs=n),
    "choose_rank": lambda n: choose_rank(X, n_jobs=n),
    "consensus": lambda n: consensus(X, 2, n_jobs=n),
    "TopicModel": lambda n: TopicModel(2, n_jobs=n).fit(["one apple and two pears", "red pears, green apples"] * 9),
    "Recommender": lambda n: Recommender(n_jobs=n).fit(
        {"reader": list("aabbccdd" * 4), "article": list("xyzwxxyy" * 4)}
    ),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("n_jobs", [0, "2", 2.5, True])
def test_all_that_take_a_number_of_threads_refuse_the_same(taker, n_jobs):
    with pytest.raises(ParameterError, match="n_jobs must be None"):
        TAKERS[taker](n_jobs)


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_workers_of_a_pool_of_processes_have_as_many_threads_as_they_are_asked_for(how):
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"the system does not {how}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12 and later: there may be other threads
        pool = multiprocessing.get_context(how).Pool(1)
    with pool:
        assert pool.map(count_threads, [None, 1, 2, 3]) == [1, 1, 2, 3]


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_of_joblib_have_as_many_threads_as_they_are_asked_for(backend):
    counts = joblib.Parallel(2, backend=backend)(joblib.delayed(count_threads)(n) for n in (None, 1, 2, 3))
    assert counts == [1, 1, 2, 3]


def test_a_joblib_that_is_just_being_imported_elsewhere_is_waited_for():
    """A thread asks for the number of threads while the main one imports joblib."""
    program = (
        "import sys, threading; sys.setswitchinterval(1e-5)\n"
        "from partwise.threads import count_threads\n"
        "stop, found = [], []\n"
        "def ask():\n"
        "    try:\n"
        "        while not stop: found.append(count_threads(None))\n"
        "    except BaseException as error: found.append(repr(error))\n"
        "thread = threading.Thread(target=ask); thread.start()\n"
        "import joblib\n"
        "stop.append(1); thread.join(); print(set(found))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{1}"
