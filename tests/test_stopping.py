"""When a fit stops, and what it says of that."""

import numpy as np
import pytest

from partwise import factorize
from partwise.solvers import HALS, Multiplicative, Step
from partwise.stopping import Stopping, StopReason

X = np.random.default_rng(0).gamma(1.0, 1.0, (30, 20))


@pytest.mark.parametrize("reason", StopReason, ids=lambda reason: reason.name)
def test_every_reason_is_a_sentence_that_says_whether_the_fit_is_done(reason):
    text = str(reason)
    assert text[0].isupper()
    assert text.endswith(".")
    assert text.startswith("Converged") == reason.converged


def test_a_residual_under_tol_is_stationary():
    assert Stopping(tol=1e-3).check(1, 0.0, 5.0, 0.9e-3, 100.0) is StopReason.STATIONARY
    assert Stopping(tol=1e-3).check(1, 0.0, 5.0, 1.1e-3, 100.0) is None


def test_a_loss_that_no_longer_falls_is_steady_after_five_iterations():
    stopping = Stopping(tol=1e-3)
    reasons = [stopping.check(i, 0.0, 5.0, 1.0, 100.0) for i in range(1, 7)]
    assert reasons == [None] * 5 + [StopReason.STEADY]


def test_a_loss_that_falls_is_not_steady():
    stopping = Stopping(tol=1e-3, max_iter=100)
    assert all(stopping.check(i, 0.0, 5.0 * 0.99**i, 1.0, 100.0) is None for i in range(1, 50))


def test_the_fall_of_the_loss_is_held_against_a_fifth_of_tol():
    """The loss above its minimum goes with the square of the error of the parts."""
    for fall, reason in ((2.2e-4, None), (1.8e-4, StopReason.STEADY)):
        stopping = Stopping(tol=1e-3, max_iter=100)
        assert [stopping.check(i, 0.0, 5.0 - fall * i, 1.0, 100.0) for i in range(1, 7)][-1] is reason


def test_a_loss_of_zero_is_exact():
    assert Stopping(tol=0).check(1, 0.0, 0.0, 1.0, 100.0) is StopReason.EXACT


def test_limits_are_told_from_convergence():
    assert Stopping(max_iter=3).check(3, 0.0, 5.0, 1.0, 100.0) is StopReason.MAX_ITER
    assert Stopping(max_seconds=1.0).check(2, 1.5, 5.0, 1.0, 100.0) is StopReason.MAX_TIME
    assert Stopping(max_iter=3).check(3, 0.0, 5.0, 1e-9, 100.0) is StopReason.STATIONARY


def test_a_tolerance_of_zero_runs_to_the_limit():
    found = factorize(X, 3, tol=0, max_iter=57, random_state=0)
    assert (found.n_iter, found.reason, found.converged) == (57, StopReason.MAX_ITER, False)


def test_a_smaller_tolerance_goes_further():
    fits = [factorize(X, 3, tol=tol, max_iter=5000, random_state=0) for tol in (1e-2, 1e-4, 1e-6)]
    assert all(found.converged for found in fits)
    assert fits[0].n_iter < fits[1].n_iter < fits[2].n_iter
    assert fits[0].loss >= fits[1].loss >= fits[2].loss


def test_the_units_of_the_data_do_not_change_when_it_stops():
    """Powers of four, whose roots are exact, so that every number of the fit is the same but for its exponent."""
    W, H = np.random.default_rng(1).random((30, 3)), np.random.default_rng(2).random((3, 20))
    fits = [factorize(X * 4.0**e, 3, W=W * 2.0**e, H=H * 2.0**e) for e in (-30, -5, 0, 5, 30)]
    assert len({found.n_iter for found in fits}) == 1
    assert len({found.reason for found in fits}) == 1


@pytest.mark.parametrize("solver", ["hals", "mu", "ccd", "pivoting"])
def test_the_time_limit_stops_the_fit_and_says_so(solver):
    loss = "kullback-leibler" if solver == "ccd" else "frobenius"
    found = factorize(X, 3, loss=loss, solver=solver, tol=0, max_iter=10**9, max_time=0.1, random_state=0)
    assert found.reason is StopReason.MAX_TIME
    assert "time limit" in str(found.reason)
    assert not found.converged
    assert found.curve["seconds"][-1] >= 0.1


def test_the_time_limit_holds_for_all_starts_together():
    found = factorize(X, 3, init="random", n_init=10**6, tol=0, max_iter=10**6, max_time=0.1, random_state=0)
    assert found.reason is StopReason.MAX_TIME


def test_the_curve_tells_what_each_iteration_saw():
    found = factorize(X, 3, random_state=0)
    assert found.curve.dtype.names == ("iteration", "seconds", "loss", "kkt")
    np.testing.assert_array_equal(found.curve["iteration"], np.arange(1, found.n_iter + 1))
    assert (np.diff(found.curve["seconds"]) >= 0).all()
    assert (found.curve["kkt"] >= 0).all()
    assert found.reason is not StopReason.STATIONARY or found.curve["kkt"][-1] < 1e-4


def test_any_finite_tol_stops_a_fit():
    assert Stopping(tol=1e300).check(1, 0.0, 5.0, 1.0, 4.0) is StopReason.EXACT


def test_the_data_are_reproduced_where_the_relative_error_is_a_fifth_of_tol():
    size, tol = 100.0, 1e-2
    at = 0.5 * (0.1 * tol) ** 2 * size
    assert Stopping(tol=tol).check(1, 0.0, 0.99 * at, 1.0, size) is StopReason.EXACT
    assert Stopping(tol=tol).check(1, 0.0, 1.01 * at, 1.0, size) is None


@pytest.mark.parametrize("tol", [0.0, 1e-4, 1e300])
def test_a_residual_or_loss_that_is_no_number_is_never_within_tol(tol):
    stopping = Stopping(tol=tol, max_iter=8)
    reasons = [stopping.check(i, 0.0, np.nan, np.nan, 100.0) for i in range(1, 9)]
    assert reasons == [None] * 7 + [StopReason.MAX_ITER]


@pytest.mark.parametrize("residuals", [(0.0, np.nan), (np.nan, 0.0), (np.inf, 1.0)])
def test_the_residual_of_an_iteration_is_no_number_where_one_of_its_half_steps_has_none(residuals):
    steps = tuple(Step(residual) for residual in residuals)
    for solver in (HALS(), Multiplicative()):
        assert not np.isfinite(solver.residual(steps, 100.0))
