"""No half-step raises the objective, wherever it starts: zeros and tiny entries included."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import factorize
from partwise.domains import Bounded, Domain, NonNegative, domain_of
from partwise.losses import Huber, get_loss
from partwise.matrix import as_matrix
from partwise.penalties import Penalty
from partwise.solvers import Factor, Fixed, HalfStep, get_solver, solve_rows
from partwise.solvers.descent import Outcome
from partwise.solvers.rows import finish
from partwise.stopping import StopReason
from partwise.threads import Workers

N, M, K = 40, 25, 4
LOSSES = [2, 1, 0, 0.5, 1.5, 3, -1, Huber(0.3)]
PAIRS = [("mu", loss) for loss in LOSSES] + [("ccd", 1), ("hals", 2), ("pivoting", 2)]
PENALTIES = {"none": Penalty(), "l1": Penalty(l1=0.4), "l2": Penalty(l2=0.3), "heavy": Penalty(l1=1e3, l2=1e20)}
ROUNDING = 1e-12
"""Of the size of X: the objective is a difference of terms of that size."""


def data(loss, rng):
    """Data of rank 3 with a wide range, without zeros where the loss has no value for them."""
    X = rng.gamma(0.3, 1.0, (N, 3)) @ rng.gamma(0.3, 1.0, (3, M)) + 1e-7 * rng.random((N, M))
    return X if get_loss(loss).domain.closed is False else X * (rng.random((N, M)) < 0.5)


def stored(X, storage):
    if storage == "some unknown":
        return as_matrix(np.where(np.random.default_rng(5).random(X.shape) < 0.2, np.nan, X), missing_values=np.nan)
    return as_matrix({"dense": np.array, "sparse": sp.csr_array}[storage](X))


def start(shape, rng):
    """A start with every kind of entry: usual, zero, and of 1e-4, 1e-8 and 1e-12 of the usual."""
    factor = rng.random(shape) * rng.choice([1.0, 1e-4, 1e-8, 1e-12, 0.0], shape, p=[0.4, 0.1, 0.1, 0.1, 0.3])
    factor[:3] = 0
    factor[3, 0] = 1
    return factor


@pytest.mark.parametrize("storage", ["dense", "sparse", "some unknown"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize(("solver", "loss"), PAIRS)
def test_no_half_step_raises_the_objective(solver, loss, penalty, storage):
    kind, pays = get_loss(loss), PENALTIES[penalty]
    method = get_solver(solver, kind)
    for seed in range(2):
        for highest in (None, 1.0) if Bounded in method.domains or Domain in method.domains else (None,):
            rng = np.random.default_rng(seed)
            X = stored(data(loss, rng), storage)
            pair = []
            for rows in (N, M):
                box = None if highest is None else (np.zeros((rows, K)), np.full((rows, K), highest))
                pair.append(Factor(start((rows, K), rng), pays, domain_of(box)))
            slack, before = ROUNDING * max(kind.size(X), 1.0), np.inf
            with Workers(1) as workers:
                for step in range(12):
                    turn, data_side = step % 2, X.T if step % 2 else X
                    # the first iteration of 'ccd' may bring the start to the scale of X
                    asked = HalfStep.alone(pair[turn], pair[1 - turn], step // 2 + 2, final=turn == 1)
                    pair[turn] = pair[turn].at(method.update(data_side, kind, asked, workers).point)
                    after = kind.value(X, *(side.point for side in pair)) + sum(
                        side.penalty_value(side.point) for side in pair
                    )
                    assert after <= before + slack + 1e-13 * abs(before)
                    before = after


@pytest.mark.parametrize("storage", ["dense", "sparse", "some unknown"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_last_half_step_of_a_fit_does_not_raise_the_objective(loss, storage):
    kind, rng = get_loss(loss), np.random.default_rng(3)
    X, W, Ht = stored(data(loss, rng), storage), start((N, K), rng), rng.random((M, K))
    with Workers(1) as workers:
        for penalty in (Penalty(), Penalty(l1=0.4, l2=0.3)):
            found = Factor(solve_rows(X, kind, W, Fixed(Ht), penalty, workers), penalty)
            before = kind.value(X, W, Ht) + Factor(W, penalty).penalty_value(Ht)
            assert kind.value(X, found.point, Ht) + found.penalty_value(Ht) <= before * (1 + 1e-12)


@pytest.mark.parametrize(("loss", "error"), [(1, 1e-3), (1.5, 1e-3), (0, 0.02)])  # beta = 0 takes roots of steps
def test_zeros_of_a_start_can_leave(loss, error):
    """Half of the entries of the factors that X is made of are zeros of the start, and are found all the same."""
    rng = np.random.default_rng(2)
    W, H = rng.gamma(1.0, 1.0, (60, 3)) + 0.1, rng.gamma(1.0, 1.0, (3, 30)) + 0.1
    begun = W * (rng.random(W.shape) < 0.5), H * (rng.random(H.shape) < 0.5)
    found = factorize(W @ H, 3, loss=loss, solver="mu", W=begun[0], H=begun[1], tol=0, max_iter=500)
    assert found.relative_error < error


def test_a_spectrogram_with_a_wide_range_is_fitted_as_well_as_by_plain_updates(shared_data):
    """Levels of 80 dB under the mean: multiplicative updates end at 241,000 to 246,000 from random starts."""
    from scipy.io import wavfile
    from scipy.signal import stft

    rate, sound = wavfile.read(shared_data / "audio_vibe_ace" / "vibe_ace_20s_mono_22050.wav")
    power = np.square(np.abs(stft(sound / 32768, rate, nperseg=1024)[2]))
    X = np.maximum(power / power.mean(), 1e-7)
    found = factorize(X, 12, loss="itakura-saito", init="random", random_state=0, tol=0, max_iter=300)
    assert found.loss < 246_000


def test_what_adds_less_than_the_floor_of_the_model_ends_as_zero_and_raises_no_loss():
    """Multiplicative steps come near zero, and never there."""
    W, H = np.kron(np.eye(2), np.ones((4, 1))), np.kron(np.eye(2), np.full((1, 3), 2.0))
    near = np.where(H > 0, H, 1e-26).T
    found = Outcome(W.copy(), near.copy(), 0.0, 1, StopReason.STEADY, np.zeros(1))
    loss, X = get_loss("kullback-leibler"), as_matrix(W @ H)
    with Workers(1) as workers:
        left, value = finish(X, loss, found, Penalty(), NonNegative(), workers)
    np.testing.assert_array_equal(found.Ht, H.T)
    assert not left[W == 0].any()
    assert value <= loss.value(X, W, near)
