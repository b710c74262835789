"""Threads: results in order, errors passed on, BLAS held to one thread meanwhile and released after."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from partwise.threads import Workers


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 3, -1])
def test_results_come_in_the_order_of_the_items(n_jobs):
    def slow_square(i):
        time.sleep(0.002 * (5 - i))
        return i * i

    with Workers(n_jobs) as workers:
        assert workers.map(slow_square, range(5)) == [0, 1, 4, 9, 16]
        assert workers.map(slow_square, iter([3])) == [9]
        assert workers.map(slow_square, []) == []


def test_two_jobs_use_two_threads_and_one_job_the_caller_s():
    def thread(barrier):
        barrier.wait(timeout=10)
        return threading.current_thread().name

    with Workers(2) as workers:
        barrier = threading.Barrier(2)
        assert len(set(workers.map(thread, [barrier, barrier]))) == 2
    with Workers(1) as workers:
        names = workers.map(lambda _: threading.current_thread(), range(3))
    assert set(names) == {threading.current_thread()}


def test_no_thread_outlives_the_context():
    before = threading.active_count()
    with Workers(3) as workers:
        workers.map(lambda i: i, range(6))
    assert threading.active_count() == before


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_in_a_block_reaches_the_caller(n_jobs):
    with pytest.raises(ZeroDivisionError), Workers(n_jobs) as workers:
        workers.map(lambda i: 1 // i, [1, 0, 2])
    with Workers(n_jobs) as workers:
        assert workers.map(lambda i: i, [1, 2]) == [1, 2]


def test_without_a_number_joblib_s_context_decides():
    assert Workers().n_jobs == 1
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert Workers().n_jobs == 2


def test_minus_one_means_all_cores():
    assert Workers(-1).n_jobs == joblib.cpu_count()


def test_zero_jobs_are_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        Workers(0)


def test_blas_runs_on_one_thread_inside_and_as_before_outside():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with Workers(2) as workers:
            assert blas_threads() == {1}
            np.ones((300, 300)) @ np.ones((300, 300))
            with Workers(1):
                assert blas_threads() == {1}
            assert blas_threads() == {1}, "an inner fit releases BLAS for the outer one"
            workers.map(lambda i: i, range(2))
        assert blas_threads() == before


def in_a_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_a_fit_in_another_thread_holds_blas_to_one_thread_too():
    """threadpoolctl lets one thread at a time set OpenBLAS's number: a fit that is over must have let go of it."""

    def during_a_fit():
        with Workers(1):
            return blas_threads()

    assert during_a_fit() == {1}
    assert in_a_thread(during_a_fit) == {1}


def test_fits_that_overlap_in_two_threads_leave_blas_as_it_was():
    before = blas_threads()
    first_in, second_in, first_out, second_out = (threading.Event() for _ in range(4))

    def first():
        with Workers(1):
            first_in.set()
            second_in.wait(10)
        first_out.set()
        second_out.wait(10)

    def second():
        first_in.wait(10)
        with Workers(1):
            second_in.set()
            first_out.wait(10)
            inside = blas_threads()
        second_out.set()
        return inside

    with ThreadPoolExecutor(2) as pool:
        waits, inside = pool.submit(first), pool.submit(second)
        waits.result()
        assert inside.result() == {1}
    try:
        assert in_a_thread(blas_threads) == before
    finally:
        threadpool_limits(dict.fromkeys(["blas"], max(before)))


def test_blas_is_released_after_an_error():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(RuntimeError), Workers(2):
            raise RuntimeError
        assert blas_threads() == before
