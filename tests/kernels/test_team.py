"""Team: threads that share the rows of a kernel call; its results have the same bits at any number of them."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from partwise.kernels import Team, csr_dot, csr_spread, gram, hals_block, pivoting_block

TASKS = Path("/proc/self/task")
count_threads = pytest.mark.skipif(not TASKS.exists(), reason="counts threads in /proc")


def problem(rows, k, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    right, start = rng.random((3 * k + 2, k)), rng.random((rows, k)) * (rng.random((rows, k)) > 0.3)
    X = sp.random_array((rows, len(right)), density=0.5, rng=rng, format="csr")
    return X.astype(dtype), *(np.ascontiguousarray(a, dtype) for a in (start, right))


def half_step(X, start, right, team):
    """Everything that a half-step finds, in one list."""
    cross, point, own = np.empty_like(start), np.empty_like(start), np.empty_like(right, shape=(right.shape[1],) * 2)
    csr_dot(X.indptr, X.indices, X.data, right, cross, 0, X.shape[0], False, team)
    iterate, whole = start.copy(), np.empty(own.shape)
    gram(right, whole, team)
    report = hals_block(iterate, start, point, cross, whole.astype(start.dtype), 0.0, 0.0, 3, 0.0, 0.5, own, team)
    exact, turned = point.copy(), np.empty_like(right)
    inner = pivoting_block(exact, cross, whole, 0.0, team)
    edges = np.array([0, 1, len(right) // 2, len(right)])
    csr_spread(X.indptr, X.indices, X.data, point, turned, edges, team)
    return [cross, iterate, point, own, whole, exact, turned, np.array([*report, inner])]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "k"), [(1, 1), (63, 5), (65, 3), (3000, 7), (20_000, 20)])
def test_the_number_of_threads_changes_no_bit(rows, k, dtype):
    given = problem(rows, k, dtype)
    alone = half_step(*given, None)
    for size in (1, 2, 3, 7):
        team = Team(size)
        for _ in range(3):
            for expected, found in zip(alone, half_step(*given, team), strict=True):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("pause", [0.0, 0.003])
def test_many_calls_one_after_another_lose_nothing(pause):
    """Threads look out for work, and later sleep: calls come while they do the one, the other, or just change over."""
    factor, team, rng = np.random.default_rng(0).random((5000, 4)), Team(3), np.random.default_rng(1)
    expected, out = np.empty((4, 4)), np.empty((4, 4))
    gram(factor, expected)
    for _ in range(1000):
        out[...] = 0
        gram(factor, out, team)
        assert (out == expected).all()
        time.sleep(pause * rng.random())


@pytest.mark.parametrize("size", [2, 3, 5])
@count_threads
def test_threads_begin_with_the_first_call_and_end_on_request(size, wait_for):
    before, team = {*os.listdir(TASKS)}, Team(size)

    def threads():
        """How many there are more; one that ended is listed for a moment yet."""
        return len({*os.listdir(TASKS)} - before)

    assert threads() == 0
    for _ in range(2):
        half_step(*problem(3000, 5), team)
        assert threads() == size - 1
        team.rest()
        assert wait_for(lambda: threads() == 0)
    half_step(*problem(3000, 5), team)
    del team
    assert wait_for(lambda: threads() == 0)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system tells no thread's processors")
@count_threads
def test_threads_may_run_wherever_their_caller_may():
    allowed, team, others = os.sched_getaffinity(0), Team(3), {*os.listdir(TASKS)}
    for pause in (0, 0.02):  # threads that begin, and threads that are woken
        time.sleep(pause)
        half_step(*problem(3000, 5), team)
        own = {*os.listdir(TASKS)} - others
        assert len(own) == 2
        assert [os.sched_getaffinity(int(task)) for task in own] == [allowed] * 2
    for _ in range(50):  # and threads that are to end
        half_step(*problem(3000, 5), team)
        team.rest()
    assert os.sched_getaffinity(0) == allowed


@count_threads
def test_no_more_threads_are_started_than_there_are_blocks():
    before, team = {*os.listdir(TASKS)}, Team(50)
    gram(np.ones((100, 2)), np.empty((2, 2)), team)  # four blocks
    assert len({*os.listdir(TASKS)} - before) <= 3


@pytest.mark.parametrize("size", [-1, 0, 100_000])
def test_a_team_has_its_caller_at_the_least_and_no_more_than_a_machine(size):
    given = problem(65, 3)
    for expected, found in zip(half_step(*given, None), half_step(*given, Team(size)), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_teams_of_several_callers_do_not_meet():
    given, found = problem(3000, 5), {}
    expected = half_step(*given, None)

    def call(number):
        team = Team(3)
        found[number] = [half_step(*given, team) for _ in range(20)]

    callers = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for results in found.values():
        for result in results:
            for one, other in zip(result, expected, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="sends itself a Ctrl-C")
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.usefixtures("ctrl_c")
def test_a_ctrl_c_ends_a_long_call_early_and_the_team_goes_on(size):
    """A call of 64 blocks, of half a second each."""
    start, coupled = np.ones((20_000, 40)), np.eye(40) + 1
    team, caller = Team(size), threading.get_ident()
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(caller, signal.SIGINT))

    def call():
        timer.start()
        hals_block(start, start, start, np.full_like(start, 30.0), coupled, 0.0, 0.0, 20_000, 0.0, 0.0, None, team)

    with pytest.raises(KeyboardInterrupt):
        call()
    assert (start[-1] == 1).all()  # which nobody has come to
    timer.join()
    given = problem(3000, 5)
    for expected, found in zip(half_step(*given, None), half_step(*given, team), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_gram_is_exact_to_float64(loops, rng, dtype):
    for shape in ((0, 3), (1, 1), (31, 4), (33, 20), (5000, 7)):
        factor, out = rng.random(shape).astype(dtype), np.full((shape[1], shape[1]), np.nan)
        loops.gram(factor, out)
        exact = factor.astype(np.float64)
        np.testing.assert_allclose(out, exact.T @ exact, rtol=1e-13)
        np.testing.assert_array_equal(out, out.T)
    with pytest.raises(ValueError, match="another shape"):
        loops.gram(np.ones((5, 3), dtype), np.empty((3, 2)))


def test_a_gram_of_very_many_rows_keeps_its_digits(loops):
    """Sums of one sign in float32 that are never taken over to float64 would stand still after 16 million."""
    rows = 2_500_000
    point, own = np.empty((rows, 1), np.float32), np.empty((1, 1), np.float32)
    iterate = np.random.default_rng(0).random((rows, 1)).astype(np.float32)
    loops.extrapolate(iterate, iterate, point, 0.5, own)
    assert own[0, 0] == pytest.approx(float(np.vdot(iterate.astype(np.float64), iterate)), rel=3e-7)
