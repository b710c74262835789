"""Threads: results in order, errors passed on."""

import contextlib
import gc
import signal
import threading
import time
import weakref

import joblib
import numpy as np
import pytest

from partwise.threads import Workers


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 3, 20, -1])
def test_results_come_in_the_order_of_the_items(n_jobs):
    def slow_square(i):
        time.sleep(0.002 * (5 - i))
        return i * i

    with Workers(n_jobs) as workers:
        assert workers.map(slow_square, range(5)) == [0, 1, 4, 9, 16]
        assert workers.map(slow_square, iter([3])) == [9]
        assert workers.map(slow_square, []) == []


def test_two_jobs_use_two_threads_of_which_one_is_the_caller_s():
    def thread(barrier):
        barrier.wait(timeout=10)
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
    before = threading.active_count()
    with Workers(n_jobs) as workers:
        running = workers.map(lambda _: threading.active_count(), range(4))
        assert max(running) <= before + min(n_jobs, 4) - 1


def test_a_caller_that_did_it_all_does_not_wait_for_a_thread_that_never_began(monkeypatch):
    """As after a Ctrl-C that came before the thread was asked."""
    monkeypatch.setattr(Workers, "_hand_over", lambda *given: None)
    with Workers(3) as workers:
        assert workers.map(lambda i: i, range(4)) == [0, 1, 2, 3]


def test_a_thread_that_is_done_takes_over_what_is_left():
    """The first item waits for all others: no item is bound to a thread beforehand."""
    done = [threading.Event() for _ in range(10)]

    def work(i):
        if i == 0:
            return all(event.wait(10) for event in done[1:])
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
    before = threading.active_count()
    with Workers(3) as workers:
        workers.map(lambda i: i, range(6))
    assert threading.active_count() == before


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_no_thread_outlives_a_context_in_which_starting_one_failed(monkeypatch, error, started):
    """A Ctrl-C can come when the thread runs already, and nobody has listed it."""
    start, before, count = threading.Thread.start, threading.active_count(), 0

    def fail_once(thread):
        nonlocal count
        count += 1
        if count != 2 or started:
            start(thread)
        if count == 2:
            raise error

    monkeypatch.setattr(threading.Thread, "start", fail_once)
    barrier = threading.Barrier(3)
    with Workers(3) as workers:
        with pytest.raises(error):
            workers.map(lambda i: i, range(6))
        assert sorted(workers.map(lambda i: barrier.wait(timeout=10), range(3))) == [0, 1, 2]
    for _ in range(500):
        if threading.active_count() == before:
            break
        time.sleep(0.01)
    assert threading.active_count() == before


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
def test_an_error_reaches_the_caller_from_its_own_thread_and_from_another(failing, error):
    caller, barrier = threading.current_thread(), threading.Barrier(2)

    def work(i):
        barrier.wait(timeout=10)
        if (threading.current_thread() is caller) == (failing == "caller"):
            raise error
        return i

    with Workers(2) as workers:
        with pytest.raises(error):
            workers.map(work, range(2))
        assert workers.map(lambda i: i, range(2)) == [0, 1]


@pytest.mark.parametrize("failing", ["caller", "other"])
def test_after_an_error_no_item_is_begun_and_those_that_run_are_waited_for(failing):
    caller, barrier, begun, ended = threading.current_thread(), threading.Barrier(2), [], []

    def work(i):
        begun.append(i)
        if i < 2:
            barrier.wait(timeout=10)
        if (threading.current_thread() is caller) == (failing == "caller"):
            raise RuntimeError
        time.sleep(0.05)
        ended.append(i)

    with Workers(2) as workers:
        with pytest.raises(RuntimeError):
            workers.map(work, range(40))
        assert 2 <= len(begun) < 40
        assert len(ended) == len(begun) - 1
        time.sleep(0.1)
        assert len(ended) == len(begun) - 1


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="sends the caller a Ctrl-C")
def test_a_ctrl_c_reaches_a_caller_that_waits_for_another_thread():
    caller, barrier, go_on = threading.current_thread(), threading.Barrier(2), threading.Event()

    def work(i):
        barrier.wait(timeout=10)
        if threading.current_thread() is not caller:
            # until the caller waits, on a busy machine too: inside its own item it would wait for this one
            time.sleep(0.5)
            signal.pthread_kill(caller.ident, signal.SIGINT)
            assert go_on.wait(30)
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


def test_minus_one_means_all_cores():
    assert Workers(-1).n_jobs == joblib.cpu_count()


def test_zero_jobs_are_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        Workers(0)
