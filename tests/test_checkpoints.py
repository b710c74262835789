"""A fit that is killed goes on from its checkpoint, and ends with the bits of one that never stopped."""

import os
import re
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import NMF, Bounds, Penalty, factorize
from partwise.checkpoints import NAME, Course
from partwise.exceptions import CheckpointError
from partwise.extend import ByBlocks
from partwise.losses import Huber
from partwise.stopping import StopReason
from partwise.terms import GraphSmoothness

RNG = np.random.default_rng(0)
DENSE = RNG.gamma(0.5, 1.0, (300, 5)) @ RNG.gamma(0.5, 1.0, (5, 40)) + 0.1 * RNG.random((300, 40))
SPARSE = sp.csr_array(np.where(DENSE > 1, DENSE, 0))
HOLES = np.where(RNG.random(DENSE.shape) < 0.2, np.nan, DENSE)
MIXTURES = RNG.dirichlet(np.ones(4), 300) @ DENSE[:4] + 0.01 * RNG.random((300, 40))
TALL = np.vstack([DENSE] * 5)
CHAIN = sp.diags_array([np.ones(39), np.ones(39)], offsets=[-1, 1])


class Rows(ByBlocks):
    """An array that is read a block of rows at a time."""

    def __init__(self, array, edges=(0, 64, 128, 300)):
        self.array, self.shape, self.dtype, self.blocks = array, array.shape, array.dtype, tuple(pairwise(edges))

    def block(self, first, last):
        return self.array[first:last]


CASES = {
    "hals": (DENSE, {}),
    "hals, a start by SVD": (DENSE, {"init": "nndsvdar"}),
    "hals, a given start": (DENSE, {"init": "custom", "W": DENSE[:, :4], "H": DENSE[:4]}),
    "hals, a sample first": (TALL, {}),
    "hals, float32": (np.hstack([DENSE] * 6).astype(np.float32), {}),
    "hals, sparse": (SPARSE, {}),
    "hals, sparse, two parts": (SPARSE, {"k": 2}),
    "hals, by blocks": (Rows(DENSE), {}),
    "hals, unknown entries": (HOLES, {"missing_values": np.nan}),
    "hals, signs": (DENSE - 1, {"negatives": "keep"}),
    "hals, seeds": (DENSE, {"seed_components": DENSE[:2]}),
    "hals, bounds": (DENSE, {"bounds_H": Bounds(0.0, 1.0)}),
    "hals, a term": (DENSE, {"terms_H": [GraphSmoothness(CHAIN, 0.1)], "penalty_W": Penalty(l2=1.0)}),
    "hals, a volume": (MIXTURES, {"sum_to_one": True, "min_volume": 0.3}),
    "hals, several starts and a volume": (MIXTURES, {"sum_to_one": True, "min_volume": 0.3, "n_init": 2}),
    "hals, several starts": (DENSE, {"n_init": 3}),
    "hals, weights": (DENSE, {"sample_weight": np.arange(300.0), "feature_weight": np.arange(1.0, 41.0)}),
    "pivoting": (DENSE, {"solver": "pivoting"}),
    "mu": (DENSE, {"solver": "mu", "loss": "kullback-leibler"}),
    "mu, Itakura-Saito": (DENSE, {"loss": "itakura-saito"}),
    "mu, Huber": (DENSE, {"loss": Huber(0.5)}),
    "mu, sparse": (SPARSE, {"solver": "mu", "loss": "kullback-leibler"}),
    "mu, by blocks": (Rows(DENSE), {"loss": "kullback-leibler", "n_init": 2}),
    "ccd": (DENSE, {"loss": "kullback-leibler"}),
    "ccd, sparse": (SPARSE, {"loss": "kullback-leibler", "n_init": 2}),
    "ccd, unknown entries": (SPARSE, {"loss": "kullback-leibler", "missing_values": 0}),
}


class Killed(BaseException):
    """In place of the end of a process."""


def fit(case, **more):
    X, options = CASES[case] if isinstance(case, str) else case
    options = {"init": None if "W" in options else "random", "random_state": 0, "max_iter": 40, "tol": 0, **options}
    return factorize(X, options.pop("k", 4), **options | more)


def calm(case, **more):
    """A fit that is let be; starts go one after another, as with checkpoints."""
    return fit(case, callback=lambda at: None, **more)


def assert_same(found, calm):
    """All that is found has the same bits, but for the seconds."""
    assert np.array_equal(found.W, calm.W)
    assert np.array_equal(found.H, calm.H)
    assert (found.loss, found.n_iter, found.reason) == (calm.loss, calm.n_iter, calm.reason)
    for name in ("iteration", "loss", "kkt"):
        assert np.array_equal(found.curve[name], calm.curve[name])
    assert (np.diff(found.curve["seconds"]) >= 0).all()


@pytest.fixture
def kill(monkeypatch):
    """Let the next fits end after so many iterations, of whatever stage, as a kill would end them; 0: let them be."""
    keep = Course.keep

    def kill(after):
        left = [after]

        def counted(course, *args, **options):
            keep(course, *args, **options)
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        monkeypatch.setattr(Course, "keep", counted)

    return kill


@pytest.mark.parametrize("case", CASES)
def test_a_fit_that_is_killed_again_and_again_ends_with_the_bits_of_a_calm_one(tmp_path, kill, case):
    kills, found = 0, None
    while found is None:
        kill(after=7)
        try:
            found = fit(case, checkpoint_dir=tmp_path, checkpoint_every=3, resume=True)
        except Killed:
            kills += 1
            assert kills < 60
    assert kills > 4
    assert_same(found, calm(case))
    assert os.listdir(tmp_path) == [NAME]


def test_a_fit_of_a_dask_array_goes_on_too(tmp_path, kill):
    chunks = pytest.importorskip("dask.array").from_array(DENSE, chunks=(64, 40))
    options = {"init": "random", "random_state": 0, "tol": 0, "max_iter": 30}
    kill(after=13)
    with pytest.raises(Killed):
        NMF(4, **options, checkpoint_dir=tmp_path).fit(chunks)
    kill(after=0)
    found = NMF(4, **options, checkpoint_dir=tmp_path, resume=True).fit(chunks)
    assert np.array_equal(found.components_, NMF(4, **options).fit(chunks).components_)


@pytest.mark.parametrize("stop", [1, 12, 39])
def test_a_fit_that_converges_ends_alike_too(tmp_path, kill, stop):
    kill(after=stop)
    options = {"tol": 1e-3, "max_iter": 200, "n_init": 3}
    with pytest.raises(Killed):
        fit("hals", checkpoint_dir=tmp_path, checkpoint_every=1, **options)
    kill(after=0)
    found = fit("hals", checkpoint_dir=tmp_path, resume=True, **options)
    assert found.converged
    assert_same(found, calm("hals", **options))


def test_an_estimator_goes_on_and_a_finished_fit_is_found_again(tmp_path, kill):
    options = {"init": "random", "random_state": 0, "tol": 0, "max_iter": 30}
    kept = {"checkpoint_dir": tmp_path / "new" / "run", "checkpoint_every": 4, "resume": True}
    kill(after=9)
    with pytest.raises(Killed):
        NMF(4, **options, **kept).fit(DENSE)
    kill(after=0)
    seen = []
    factorize(DENSE, 4, **options, **kept, callback=lambda at: seen.append(at.iteration))
    assert seen == [*range(9, 31)]  # iterations 1 to 8 were in the checkpoint
    expected = NMF(4, **options).fit(DENSE)
    assert np.array_equal(NMF(4, **options, **kept).fit(DENSE).components_, expected.components_)
    assert np.array_equal(NMF(4, **options, **kept).fit_transform(DENSE), expected.factorization_.W)


def test_more_iterations_go_on_where_fewer_ended(tmp_path):
    fit("hals", checkpoint_dir=tmp_path, max_iter=13)
    seen = []
    found = fit("hals", checkpoint_dir=tmp_path, resume=True, callback=lambda at: seen.append(at.iteration))
    assert seen == [*range(14, 41)]
    assert_same(found, calm("hals"))


def test_the_time_before_counts(tmp_path):
    def slow(at):
        time.sleep(0.03)
        return at.iteration == 10

    before = fit("hals", checkpoint_dir=tmp_path, callback=slow)
    assert before.reason is StopReason.CALLBACK
    found = fit("hals", checkpoint_dir=tmp_path, resume=True, max_iter=11)
    assert found.curve["seconds"][10] > before.curve["seconds"][9] > 0.2
    stopped = fit("hals", checkpoint_dir=tmp_path, resume=True, max_time=0.2)
    assert (stopped.reason, stopped.n_iter) == (StopReason.MAX_TIME, 11)


def test_without_resume_a_fit_begins_anew(tmp_path):
    fit("hals", checkpoint_dir=tmp_path)
    seen = []
    fit("hals", checkpoint_dir=tmp_path, callback=lambda at: seen.append(at.iteration))
    assert seen == [*range(1, 41)]


def test_without_a_seed_a_fit_takes_up_the_random_numbers_that_it_had(tmp_path, kill):
    np.random.mtrand._rand.seed(3)
    expected = calm("hals", random_state=None, n_init=3)
    np.random.mtrand._rand.seed(3)
    kill(after=60)
    with pytest.raises(Killed):
        fit("hals", random_state=None, n_init=3, checkpoint_dir=tmp_path)
    kill(after=0)
    np.random.mtrand._rand.seed(4)
    assert_same(fit("hals", random_state=None, n_init=3, checkpoint_dir=tmp_path, resume=True), expected)
    assert np.random.mtrand._rand.random_sample() == np.random.RandomState(4).random_sample()


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_random_numbers_of_the_users_own_go_on_if_they_begin_where_they_began(tmp_path, kill, make):
    numbers = make(3)
    expected = calm("hals", random_state=numbers, n_init=3)
    kill(after=60)
    with pytest.raises(Killed):
        fit("hals", random_state=make(3), n_init=3, checkpoint_dir=tmp_path)
    kill(after=0)
    again = make(3)
    assert_same(fit("hals", random_state=again, n_init=3, checkpoint_dir=tmp_path, resume=True), expected)
    assert again.uniform() == numbers.uniform()
    with pytest.raises(CheckpointError, match=r"random_state is (RandomState|Generator) \[\w+\] there and "):
        fit("hals", random_state=again, n_init=3, checkpoint_dir=tmp_path, resume=True)


def test_a_step_beyond_all_numbers_leaves_the_checkpoint_before(tmp_path):
    X = np.full((20, 10), 1e300)
    X[0, 0] = 1e-300
    expected = factorize(X, 2, loss=3.0, random_state=0, init="random", max_iter=20, tol=0)
    found = factorize(
        X, 2, loss=3.0, random_state=0, init="random", max_iter=20, tol=0, checkpoint_dir=tmp_path, checkpoint_every=1
    )
    assert np.array_equal(found.H, expected.H)


KILLS = """
import os, signal, sys, time
import numpy as np
from partwise import factorize
from partwise.checkpoints import NAME
from partwise.io import model_file

X = np.random.default_rng(0).gamma(0.3, 1.0, (200, 30))
options = {"init": "random", "random_state": 0, "n_init": 2, "tol": 0, "max_iter": 100}

def fit(folder, every):
    return factorize(X, 3, **options, checkpoint_dir=folder, checkpoint_every=every, resume=True)

folder, kills = sys.argv[1], int(sys.argv[2])
calm, began = factorize(X, 3, **options, callback=lambda at: None), time.perf_counter()
fit(f"{folder}/calm", 1)
whole, rng, killed, trial, wrong, states = time.perf_counter() - began, np.random.default_rng(0), 0, 0, 0, set()
while killed < kills:
    trial += 1
    run = f"{folder}/{trial}"
    child = os.fork()
    if child == 0:
        fit(run, 1)
        os._exit(0)
    time.sleep(rng.uniform(0, whole))
    os.kill(child, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    if os.path.exists(f"{run}/{NAME}"):
        header = model_file.read(f"{run}/{NAME}")[1]
        states.add((header["done"], header["state"] and header["state"]["iteration"]))
    found = fit(run, 50)
    wrong += not (found.loss == calm.loss and all(np.array_equal(*pair) for pair in (
        (found.W, calm.W), (found.H, calm.H), (found.curve["loss"], calm.curve["loss"]))))
    wrong += os.listdir(run) != [NAME]
print(f"{killed} killed, found in {len(states)} states, {wrong} wrong")
"""


def test_a_fit_whose_process_is_killed_at_any_moment_goes_on(tmp_path):
    """It writes most of the time. PARTWISE_KILLS=100 kills it so often."""
    kills = os.environ.get("PARTWISE_KILLS", "5")
    program = [sys.executable, "-c", KILLS, tmp_path, kills]
    said = subprocess.run(program, capture_output=True, text=True, check=False)
    print(said.stdout)  # noqa: T201
    assert said.stderr == ""
    assert re.fullmatch(rf"{kills} killed, found in [1-9]\d* states, 0 wrong\n", said.stdout)
