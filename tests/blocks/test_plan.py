"""Blocks fit into the memory allowed, begin at multiples of 64 rows, and depend on nothing but X and this limit."""

import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from partwise import NMF, choose_rank, consensus, factorize, open_blocks
from partwise.blocks.plan import WIDER, factor_bytes, plan_dense, plan_sparse
from partwise.exceptions import ParameterError
from partwise.init import INITS
from partwise.losses import get_loss
from partwise.matrix import as_matrix
from partwise.parameters import check_memory
from partwise.solvers import copies_of_factors, get_solver
from partwise.threads import ALONE

F8 = np.dtype(np.float64)


def cover(blocks, n):
    return [first for first, _ in blocks] == [0, *(last for _, last in blocks[:-1])] and blocks[-1][1] == n


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000, 100_001])
@pytest.mark.parametrize("m", [1, 7, 4000])
@pytest.mark.parametrize("max_memory", [16 << 20, 1 << 30])
def test_dense_blocks_cover_the_rows_and_take_a_share_of_the_memory(n, m, max_memory):
    plan = plan_dense((n, m), F8, max_memory)
    assert cover(plan.blocks, n)
    assert all(first % 64 == 0 for first, _ in plan.blocks)
    assert plan.block_bytes == plan.rows_a_block * m * 8
    assert plan.block_bytes <= max(max_memory // 16, 64 * m * 8)
    assert plan.block_bytes <= max_memory // 4
    assert plan.peak(5, 2) >= 2 * min(2, len(plan.blocks)) * plan.block_bytes // 2


def test_blocks_hold_whole_chunks_of_a_file_where_these_are_small():
    assert plan_dense((10_000, 10), F8, 4 << 20, chunk=100).rows_a_block == 3200  # 64 and 100 both go into it
    assert plan_dense((10_000, 10), F8, 1 << 20, chunk=5000).rows_a_block % 64 == 0


def test_sparse_blocks_take_about_the_same_bytes():
    counts = np.random.default_rng(0).poisson(20, 50_000)
    counts[1000:1100] = 5000
    indptr = np.concatenate(([0], np.cumsum(counts)))
    plan = plan_sparse((50_000, 10_000), F8, indptr, 64 << 20)
    assert cover(plan.blocks, 50_000)
    assert all(first % 64 == 0 for first, _ in plan.blocks)
    assert plan.block_bytes <= 4 << 20
    assert len(plan.blocks) <= 2 * (12 * indptr[-1] // (4 << 20) + 8)
    assert cover(plan_sparse((5, 3), F8, np.zeros(6, np.int64), 1 << 20).blocks, 5)


def test_what_cannot_be_held_is_refused_with_figures():
    with pytest.raises(ParameterError, match=r"'1MiB' is too little for X: 64 of its rows.* 48\.8 MiB.*'196MiB'"):
        plan_dense((1000, 100_000), F8, 1 << 20)
    with pytest.raises(ParameterError, match=r"'1MiB' is too little"):
        plan_sparse((1000, 100_000), F8, np.arange(1001) * 50_000, 1 << 20)
    with pytest.raises(ParameterError, match=r"where the 1,000,000 rows of X begin.* at least max_memory='16MiB'"):
        plan_sparse((1_000_000, 10), F8, np.zeros(1_000_001, np.int64), 1 << 20)
    plan = plan_dense((1_000_000, 100), F8, 64 << 20)
    with pytest.raises(
        ParameterError,
        match=r"20 parts of 1,000,000 x 100 .* 1.3 GiB for W, H .* 7\.9 MiB for blocks in flight on 1 thread",
    ):
        plan.check(20)
    plan_dense((1000, 100), F8, 64 << 20).check(20, n_jobs=4)


def test_the_plan_is_shown_in_a_few_lines(dense):
    shown = str(open_blocks(dense, "1MiB"))
    assert "1,000 x 40, float64" in shown
    assert "of up to 192 rows" in shown
    assert "1.0 MiB" in shown


def test_a_fit_that_does_not_fit_is_refused_with_figures(dense):
    with pytest.raises(ParameterError, match=r"'1MiB' does not hold a fit of 40 parts of 1,000 x 40 .* at least max_m"):
        NMF(40, init="random", random_state=0, max_iter=2).fit(open_blocks(dense, "1MiB"))


@pytest.mark.parametrize("storage", ["dense", "sparse"])
@pytest.mark.parametrize(
    "search",
    [
        lambda X: choose_rank(X, [1, 2], folds=2, random_state=0, n_jobs=2, max_iter=5),
        lambda X: consensus(X, 2, n_runs=2, random_state=0, max_iter=5),
        lambda X: consensus(X, 2, n_runs=2, random_state=0, max_iter=5, resample="bootstrap"),
        lambda X: NMF("choose", random_state=0, max_iter=5, tol=0.1).fit(X).rank_choice_,
    ],
)
def test_what_reads_all_of_a_matrix_is_refused_where_that_does_not_fit(request, storage, search):
    X = request.getfixturevalue(storage)
    with pytest.raises(
        ParameterError, match=r"'200KiB' does not hold all of X, .* entries take .* a sample of its rows"
    ):
        search(open_blocks(X, "200KiB"))
    with warnings.catch_warnings(category=ConvergenceWarning, action="ignore"):
        assert str(search(open_blocks(X, "64MiB"))) == str(search(X))


def test_a_verbose_fit_shows_the_plan(dense, capsys):
    NMF(3, init="random", random_state=0, max_iter=10, tol=0, verbose=1).fit(open_blocks(dense, "1MiB"))
    assert capsys.readouterr().out.startswith("BlockPlan\n  X ")


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [("400MiB", 400 << 20), ("2 GB", 2 * 10**9), ("1.5gib", 3 << 29), ("100k", 10**5), (5, 5), (np.int64(7), 7)],
)
def test_memory_is_given_in_bytes_or_with_a_unit(given, bytes_):
    assert check_memory("max_memory", given) == bytes_


@pytest.mark.parametrize("given", ["", "much", "-1MiB", "0", 0, -5, 1.5, None, True, "1PiB", "12 MiB of it"])
def test_other_amounts_are_refused(given):
    with pytest.raises(ParameterError, match="max_memory must be a number of bytes, or one with a unit"):
        check_memory("max_memory", given)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [2, 30])
def test_a_start_takes_no_more_than_is_planned(dtype, k):
    X = as_matrix(np.random.default_rng(0).random((20_000, 60)).astype(dtype))
    tracemalloc.start()
    INITS["nndsvda"](X, k, np.random.RandomState(0), ALONE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    planned = factor_bytes(X.shape, k, X.dtype)
    assert peak + 2 * sum(X.shape) * (k + WIDER) * 8 <= planned + 2**20  # LAPACK's own arrays, and what Python holds
    assert planned < 2 * peak


@pytest.mark.parametrize(
    ("loss", "solver", "k", "n_init"),
    [
        ("frobenius", "auto", 20, 1),
        ("frobenius", "hals", 20, 2),
        ("frobenius", "auto", 10, 2),  # the starts go in step
        ("frobenius", "pivoting", 20, 1),
        ("frobenius", "mu", 20, 1),
        ("kullback-leibler", "auto", 20, 1),
        ("kullback-leibler", "mu", 20, 1),
        ("kullback-leibler", "auto", 20, 2),
        ("itakura-saito", "auto", 20, 1),
        ("itakura-saito", "mu", 20, 1),
    ],
)
def test_a_fit_takes_no_more_than_is_planned_for_its_solver(tmp_path, loss, solver, k, n_init):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.random((40_000, 3)) @ rng.random((3, 60)) + 0.1 * rng.random((40_000, 60)) + 0.1)
    X = open_blocks(tmp_path / "x.npy", "64MiB")  # six blocks
    copies = copies_of_factors(X, k, get_solver(solver, get_loss(loss), X), n_init)
    tracemalloc.start()
    options = {"init": "random", "random_state": 0, "tol": 0, "max_iter": 8}
    factorize(X, k, loss=loss, solver=solver, n_init=n_init, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    planned = X.plan.peak(k, init="random", copies=copies)
    assert peak <= planned + 2**20  # what Python holds
    assert planned < 1.5 * peak


def test_a_fit_is_refused_by_what_its_solver_holds(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((20_000, 20)))
    plan = open_blocks(tmp_path / "x.npy").plan
    X = open_blocks(tmp_path / "x.npy", (plan.peak(30, init="random") + plan.peak(30, init="random", copies=4)) // 2)
    options = {"loss": "kullback-leibler", "init": "random", "random_state": 0, "max_iter": 1}
    factorize(X, 30, solver="mu", **options)
    for more in {}, {"solver": "mu", "n_init": 3}:
        with pytest.raises(ParameterError, match="does not hold a fit of 30 parts"):
            factorize(X, 30, **options, **more)


def test_checkpoints_take_memory_of_their_own():
    plan = plan_dense((100_000, 20), F8, 280 << 20)
    assert plan.peak(30, checkpoints=True) > plan.peak(30) + 4 * 100_000 * 30 * 8
    assert (plan.threads(30, 4), plan.threads(30, 4, checkpoints=True)) == (4, 1)
    with pytest.raises(ParameterError, match="makes and writes"):
        plan.check(30, checkpoints=True)
    plan.check(30)


def test_a_fit_with_checkpoints_is_refused_before_it_begins(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((20_000, 40)))
    X = open_blocks(tmp_path / "x.npy", "40MiB")
    X.check_room(30, 1, init="random", checkpoints=False)
    with pytest.raises(ParameterError, match="makes and writes"):
        factorize(X, 30, init="random", random_state=0, checkpoint_dir=tmp_path / "run")


def test_a_random_start_needs_no_room_for_singular_vectors():
    X = np.ones((20_000, 10))
    X[3, 4] = np.nan
    wanted = plan_dense(X.shape, F8, 1 << 30).peak(2, init="random")
    assert plan_dense(X.shape, F8, 1 << 30).peak(2) > 4 * wanted // 3
    allowed = 4 * wanted // 3
    with pytest.raises(ParameterError, match="does not hold a fit"):
        factorize(open_blocks(np.nan_to_num(X), allowed), 2, max_iter=1)
    for options in {"init": "random"}, {"H": np.ones((2, 10))}:
        factorize(open_blocks(np.nan_to_num(X), allowed), 2, max_iter=1, **options)
    factorize(open_blocks(X, allowed), 2, max_iter=1, missing_values=np.nan)  # its start is random
