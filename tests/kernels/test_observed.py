"""The kernels over known entries: each row from its own entries and weights alone, against a line of NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import xlogy

KS = [1, 3, 4, 5, 8, 10, 16, 20, 24, 33, 40, 70]
EMPTY = [0, 7, 8, 22]
FLOOR = 1e-10
every_k = pytest.mark.parametrize("k", KS)
weighted_or_not = pytest.mark.parametrize("weighted", [False, True], ids=["no weights", "weights"])


@pytest.fixture
def counts(counts):
    """Some of the known entries are zeros."""
    counts.data[::5] = 0
    return counts


@pytest.fixture
def weights(counts, rng, dtype):
    """A weight for each stored entry."""
    return (rng.random(counts.nnz) + 0.25).astype(dtype)


@pytest.fixture
def factors(rng, dtype):
    """A start (23, k) with zeros, and a right factor (19, k) whose last part no column of a few knows of."""

    def make(k):
        left, right = rng.random((23, k)), rng.random((19, k)) + 0.05
        left[rng.random(left.shape) < 0.3] = 0
        if k > 4:
            right[:, 2] *= rng.random(19) < 0.2
        return left.astype(dtype), right.astype(dtype)

    return make


def box_for(rng, left):
    """Bounds of which some fix an entry, some forbid it, and some leave it free; none forbids a whole row."""
    kind = rng.integers(4, size=left.shape)
    kind[kind.min(axis=1) == kind.max(axis=1)] = 2
    lower = np.where(kind == 0, 0.3, np.where(kind == 3, 0.1, 0))
    upper = np.where(kind == 0, 0.3, np.where(kind == 1, 0, np.where(kind == 3, 0.5, np.inf)))
    return lower.astype(left.dtype), upper.astype(left.dtype)


def table(X, weights, right):
    """Return (x, v, right) in float64, x and v whole arrays: a weight of zero is an unknown entry."""
    v = sp.csr_array((np.ones(X.nnz) if weights is None else weights, X.indices, X.indptr), shape=X.shape)
    return X.toarray().astype(np.float64), v.toarray().astype(np.float64), right.astype(np.float64)


def clipped(values, box, t):
    values = np.maximum(values, 0)
    return values if box is None else np.clip(values, box[0][:, t], box[1][:, t])


# hals_observed


def hals(loops, X, weights, start, right, *, box=None, l1=0.0, l2=0.0, sweeps=1, shrink=0.0, momentum=0.0, before=None):
    iterate, point = np.zeros_like(start) if before is None else before.copy(), np.empty_like(start)
    report = loops.hals_observed(
        X.indptr, X.indices, X.data, weights, iterate, start, point, right, l1, l2, sweeps, shrink, momentum, 0, 23,
        *(box or ()),
    )  # fmt: skip
    return iterate, point, report


def numpy_hals(X, weights, start, right, *, box=None, l1=0.0, l2=0.0, sweeps=1):
    """w[t] <- w[t] + (pull[t] - l1 - l2 w[t] - w @ gram[:, t]) / (gram[t, t] + l2), clipped; a gram for each row."""
    x, v, R = table(X, weights, right)
    gram, pull, w = np.einsum("ij,jt,js->its", v, R, R), (v * x) @ R, start.astype(np.float64)
    residual = 0.0
    for sweep in range(sweeps):
        for t in range(w.shape[1]):
            bend, old = gram[:, t, t] + l2, w[:, t].copy()
            step = pull[:, t] - l1 - l2 * old - np.einsum("it,it->i", w, gram[:, t])
            w[:, t] = clipped(np.divide(step, bend, out=-old, where=bend > 0) + old, box, t)
            residual += float(bend @ (w[:, t] - old) ** 2) if sweep == 0 else 0.0
    return w, residual


@every_k
@weighted_or_not
@pytest.mark.parametrize("bounded", [False, True], ids=["free", "bounds"])
def test_a_sweep_is_coordinate_descent_over_the_known_entries(
    loops, counts, weights, factors, rng, dtype, k, weighted, bounded
):
    start, right = factors(k)
    v, box = weights if weighted else None, box_for(rng, start) if bounded else None
    iterate, point, (loss, residual) = hals(loops, counts, v, start, right, box=box, l1=0.1, l2=0.2, sweeps=2)
    expected, moved = numpy_hals(counts, v, start, right, box=box, l1=0.1, l2=0.2, sweeps=2)
    tolerance = {"rtol": 2e-3, "atol": 2e-4} if dtype is np.float32 else {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(iterate, expected, **tolerance)
    np.testing.assert_array_equal(point, iterate)
    x, v, R = table(counts, v, right)
    error, size = 0.5 * np.sum(v * (x - iterate @ R.T) ** 2), np.sum(v * x * x)
    assert loss == pytest.approx(error, rel=tolerance["rtol"], abs=tolerance["rtol"] * size)
    assert residual == pytest.approx(moved, rel=10 * tolerance["rtol"])


@every_k
@weighted_or_not
def test_known_everywhere_a_sweep_is_that_of_hals_block(loops, rng, dtype, k, weighted):
    """With one weight for all, which changes no minimum."""
    X, start, right = (rng.random(shape).astype(dtype) for shape in ((70, 19), (70, k), (19, k)))
    full = (np.arange(0, 70 * 19 + 1, 19), np.tile(np.arange(19), 70), X.ravel())
    v = np.full(X.size, 2, dtype) if weighted else None
    iterate, point = np.zeros_like(start), np.empty_like(start)
    loops.hals_observed(*full, v, iterate, start, point, right, 0.0, 0.0, 2, 0.0, 0.5, 0, 70)
    other = np.zeros_like(start), np.empty_like(start)
    loops.hals_block(other[0], start, other[1], X @ right, right.T @ right, 0.0, 0.0, 2, 0.0, 0.5)
    atol = 2e-3 if dtype is np.float32 else 1e-10
    np.testing.assert_allclose(iterate, other[0], atol=atol)
    np.testing.assert_allclose(point, other[1], atol=atol)


@pytest.mark.parametrize("bounded", [False, True], ids=["free", "bounds"])
def test_momentum_moves_the_point_beyond_the_iterate_and_stays_within_bounds(
    loops, counts, weights, factors, rng, dtype, bounded
):
    start, right = factors(5)
    box = box_for(rng, start) if bounded else (np.zeros_like(start), np.full_like(start, np.inf))
    before = np.clip(rng.random(start.shape).astype(dtype), *box)
    iterate, point, (loss, _) = hals(
        loops, counts, weights, start, right, box=box if bounded else None, momentum=0.7, before=before
    )
    expected = np.clip(np.maximum(iterate + 0.7 * (iterate.astype(np.float64) - before), 0), *box)
    np.testing.assert_allclose(point, expected, rtol=1e-4, atol=1e-5)
    assert (point != iterate).any()
    x, v, R = table(counts, weights, right)
    error = 0.5 * np.sum(v * (x - point @ R.T) ** 2)
    assert loss == pytest.approx(error, rel=1e-3 if dtype is np.float32 else 1e-10)


def test_a_row_stops_when_a_sweep_moves_less_than_its_share_of_the_first(loops, counts, weights, factors):
    """With shrink=1 the second sweep is the last wherever it moves less than the first: from zeros."""
    start, right = factors(6)
    start[:] = 0
    short, _, _ = hals(loops, counts, weights, start, right, sweeps=50, shrink=1.0)
    np.testing.assert_array_equal(short, hals(loops, counts, weights, start, right, sweeps=2)[0])
    assert np.abs(short - hals(loops, counts, weights, start, right, sweeps=50)[0]).max() > 1e-4


def test_what_no_entry_knows_of_goes_to_the_bottom_of_its_box(loops, counts, factors):
    start, right = factors(4)
    right[:, 1] = 0
    assert not hals(loops, counts, None, start, right)[0][:, 1].any()
    assert not hals(loops, counts, None, start, right)[0][EMPTY].any()
    lower, upper = np.full_like(start, 0.25), np.full_like(start, 2)
    bounded = hals(loops, counts, None, start, right, box=(lower, upper))[0]
    np.testing.assert_array_equal(bounded[:, 1], lower[:, 1])
    np.testing.assert_array_equal(bounded[EMPTY], lower[EMPTY])


# pivoting_observed


@every_k
@weighted_or_not
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.3)])
def test_every_row_of_pivoting_is_at_its_minimum(loops, counts, weights, factors, dtype, k, weighted, l1, l2):
    """w >= 0, slope >= 0, and one of the two zero: also where a row knows fewer entries than there are parts."""
    left, right = factors(k)
    v, ridge = weights if weighted else None, 1e-10
    out = left.copy()
    loops.pivoting_observed(counts.indptr, counts.indices, counts.data, v, out, right, l1, l2, ridge, 0, 23)
    assert (out >= 0).all()
    assert np.isfinite(out).all()
    assert not out[EMPTY].any()
    x, v, R = table(counts, v, right)
    slope = (v * (out @ R.T - x)) @ R + l1 + l2 * out
    # a result rounded to float32 is off by that much; the ridge stays under what is asked
    assert np.abs(np.minimum(out, slope)).max() < (2e-3 if dtype is np.float32 else 1e-7)


# poisson_observed


def poisson(loops, X, weights, left, right, *, box=None, l1=0.0, l2=0.0, sweeps=1, shrink=0.0, value=True):
    out, values = left.copy(), X.data if weights is None else X.data * weights
    report = loops.poisson_observed(
        X.indptr, X.indices, values, weights, out, right, np.full(right.shape[1], l1, right.dtype), l2, FLOOR, sweeps,
        shrink, value, 0, 23, *(box or ()),
    )  # fmt: skip
    return out, report


def numpy_poisson(X, weights, left, right, *, box=None, l1=0.0, l2=0.0):
    """The one-variable steps of poisson_csr (see its tests), with masses of each row's own entries, v @ right."""
    x, v, R = table(X, weights, right)
    mass, w, residual = v @ R + l1, left.astype(np.float64), 0.0
    for t in range(w.shape[1]):
        p, old = np.maximum(w @ R.T, FLOOR), w[:, t].copy()
        u = R[:, t] / p
        s, c, a = (v * x * u).sum(axis=1), (v * x * u * u).sum(axis=1), mass[:, t] + l2 * old
        with np.errstate(invalid="ignore", divide="ignore"):
            if l2 > 0:
                b = a * c + l2 * s
                step = 2 * s * (s - a) / (b + np.sqrt(b * b + 4 * l2 * c * s * (s - a)))
            else:
                step = s * (s - a) / (a * c)
        now = np.maximum(old + np.where(c > 0, step, -old), 0)
        rest = np.maximum(p - old[:, None] * R[:, t], FLOOR)
        passes = (now == 0) & (old > 0) & ((v * x * R[:, t] / rest).sum(axis=1) > mass[:, t])
        now = clipped(np.where(passes, np.divide(old * s, a, out=np.zeros_like(s), where=a > 0), now), box, t)
        w[:, t] = np.where((a > 0) | (s > 0), now, old)
        residual += float(a @ np.abs(w[:, t] - old))
    return w, residual


@every_k
@weighted_or_not
@pytest.mark.parametrize(("bounded", "l2"), [(False, 0.0), (True, 0.0), (True, 0.5)], ids=["free", "bounds", "L2"])
def test_a_poisson_sweep_takes_the_steps_of_its_formula(
    loops, counts, weights, factors, rng, dtype, k, weighted, bounded, l2
):
    left, right = factors(k)
    left += dtype(0.05)
    v, box = weights if weighted else None, box_for(rng, left) if bounded else None
    out, (inner, residual) = poisson(loops, counts, v, left, right, box=box, l1=0.2, l2=l2)
    expected, moved = numpy_poisson(counts, v, left, right, box=box, l1=0.2, l2=l2)
    tolerance = 2e-4 if dtype is np.float32 else 1e-10
    np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)
    assert residual == pytest.approx(moved, rel=10 * tolerance)
    x, v, R = table(counts, v, right)
    terms = v * xlogy(x, np.maximum(out @ R.T, FLOOR)) - v * (out @ R.T)
    assert inner == pytest.approx(terms.sum(), abs=tolerance * np.abs(terms).sum())


def test_known_everywhere_a_poisson_sweep_is_that_of_dense_rows(loops, rng, dtype):
    X = rng.poisson(2.0, (23, 19)).astype(dtype)
    left, right = (rng.random((23, 5)) + 0.1).astype(dtype), (rng.random((19, 5)) + 0.1).astype(dtype)
    full = (np.arange(0, 23 * 19 + 1, 19), np.tile(np.arange(19), 23), X.ravel())
    out, dense, transposed = left.copy(), left.copy(), np.zeros((5, 32), dtype)
    transposed[:, :19] = right.T
    found = loops.poisson_observed(*full, None, out, right, np.zeros(5, dtype), 0.0, FLOOR, 3, 0.0, True, 0, 23)
    wanted = loops.poisson_dense(X, dense, transposed, right.sum(axis=0), 0.0, FLOOR, 3, 0.0, True)
    np.testing.assert_allclose(out, dense, rtol=2e-3 if dtype is np.float32 else 1e-10, atol=1e-6)
    # its report has the model's total taken off
    assert found[0] == pytest.approx(wanted[0] - float((out @ right.T).sum()), rel=1e-4)
    assert found[1] == pytest.approx(wanted[1], rel=1e-4)


@weighted_or_not
def test_a_poisson_sweep_without_value_has_the_same_bits_and_no_likelihood(loops, counts, weights, factors, weighted):
    left, right = factors(5)
    v = weights if weighted else None
    out, (inner, residual) = poisson(loops, counts, v, left, right, sweeps=2)
    other, (nothing, moved) = poisson(loops, counts, v, left, right, sweeps=2, value=False)
    np.testing.assert_array_equal(other, out)
    assert inner != nothing == 0
    assert moved == residual


# newton_observed


@pytest.mark.parametrize("k", [k for k in KS if k < 70])
@weighted_or_not
@pytest.mark.parametrize(
    ("beta", "l1", "l2"), [(1.0, 0.0, 0.0), (1.0, 0.3, 0.0), (1.5, 0.0, 0.0), (1.5, 0.3, 0.0), (2.0, 0.0, 0.3)]
)
def test_every_row_of_newton_is_at_its_minimum(loops, counts, weights, factors, dtype, k, weighted, beta, l1, l2):
    left, right = factors(k)
    left += dtype(0.1)
    v = weights if weighted else None
    out, values = left.copy(), counts.data if v is None or beta != 1 else counts.data * v
    X = counts.indptr, counts.indices, values
    loops.newton_observed(*X, v, out, right, np.full(k, l1), l2, FLOOR, beta, 100, 0, 23)
    assert (out >= 0).all()
    assert np.isfinite(out).all()
    x, v, R = table(counts, v, right)
    p = np.maximum(out @ R.T, FLOOR)
    slope = (v * (p ** (beta - 1) - x * p ** (beta - 2))) @ R + l1 + l2 * out
    assert np.abs(np.minimum(out, slope)).max() < (1e-3 if dtype is np.float32 else 1e-6)


@pytest.mark.parametrize("beta", [-1.0, 0.0, 0.5, 3.0])
@weighted_or_not
def test_where_the_problem_is_not_convex_the_objective_still_falls(
    loops, counts, weights, factors, dtype, beta, weighted
):
    left, right = factors(4)
    left += dtype(0.5)
    v, out = weights if weighted else None, left.copy()
    counts.data += dtype(0.5)
    X = counts.indptr, counts.indices, counts.data
    loops.newton_observed(*X, v, out, right, np.zeros(4), 0.0, FLOOR, beta, 100, 0, 23)

    def divergence(x, p):
        if beta == 0:
            return x / p - np.log(x / p) - 1
        return (x**beta + (beta - 1) * p**beta - beta * x * p ** (beta - 1)) / (beta * (beta - 1))

    x, v, R = table(counts, v, right)
    before, after = (
        np.sum(v * divergence(np.where(v > 0, x, 1), np.maximum(w @ R.T, FLOOR)), axis=1) for w in (left, out)
    )
    assert (after <= before + 1e-6).all()
    assert after.sum() < 0.9 * before.sum()


# all of them


def calls(loops, X, weights, left, right, box):
    """Each kernel as a function of the rows; it returns what it wrote."""
    k, csr = right.shape[1], (X.indptr, X.indices, X.data)

    def hals_rows(*rows):
        out = left.copy()
        loops.hals_observed(*csr, weights, out, left, out, right, 0.0, 0.0, 2, 0.0, 0.0, *rows, *box)
        return out

    def in_place(kernel, *options, bounds=()):
        def run(*rows):
            out = left.copy()
            kernel(*csr, weights, out, right, *options, *rows, *bounds)
            return out

        return run

    return {
        "hals": hals_rows,
        "pivoting": in_place(loops.pivoting_observed, 0.0, 0.0, 1e-12),
        "poisson": in_place(loops.poisson_observed, np.zeros(k, left.dtype), 0.0, FLOOR, 2, 0.0, True, bounds=box),
        "newton": in_place(loops.newton_observed, np.zeros(k), 0.0, FLOOR, 1.5, 50),
    }


@pytest.mark.parametrize("kernel", ["hals", "pivoting", "poisson", "newton"])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_a_range_of_rows_has_the_bits_of_the_whole_and_leaves_the_rest(loops, counts, weights, factors, rng, kernel, k):
    left, right = factors(k)
    run = calls(loops, counts, weights, left, right, box_for(rng, left))[kernel]
    whole, part = run(0, 23), run(4, 11)
    np.testing.assert_array_equal(part[4:11], whole[4:11])
    np.testing.assert_array_equal(np.delete(part, slice(4, 11), axis=0), np.delete(left, slice(4, 11), axis=0))
    np.testing.assert_array_equal(run(23, 23), left)


@pytest.mark.parametrize("kernel", ["hals", "pivoting", "poisson", "newton"])
def test_rows_of_right_that_no_entry_reaches_for_do_not_matter(loops, counts, weights, factors, rng, kernel):
    left, right = factors(5)
    keep = counts.indices != 6
    ends = np.concatenate([[0], np.cumsum(keep)])[counts.indptr].astype(counts.indptr.dtype)
    counts.data, counts.indices, counts.indptr = counts.data[keep], counts.indices[keep], ends
    box = box_for(rng, left)
    before = calls(loops, counts, weights[keep], left, right, box)[kernel](0, 23)
    right[6] = np.nan
    np.testing.assert_array_equal(calls(loops, counts, weights[keep], left, right, box)[kernel](0, 23), before)


@pytest.mark.parametrize("kernel", ["hals", "pivoting", "poisson", "newton"])
def test_shapes_that_do_not_fit_are_refused(loops, counts, weights, dtype, kernel):
    left, right = np.ones((23, 4), dtype), np.ones((19, 4), dtype)
    fits = {"X": counts, "weights": weights, "left": left, "right": right, "box": ()}

    def run(*rows, **wrong):
        return calls(loops, **{**fits, **wrong})[kernel](*rows)

    run(0, 23)
    for rows in ((0, 24), (-1, 3), (3, 2)):
        with pytest.raises(ValueError, match="rows"):
            run(*rows)
    wrongs = [{"left": left[:22].copy()}, {"left": left[:, :3].copy()}, {"weights": weights[:-1]}]
    if kernel in ("hals", "poisson"):
        wrongs += [{"box": (left, left[:, :3].copy())}, {"box": (left[:22].copy(), left)}, {"box": (left,)}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"shape|length|rows|components|together"):
            run(0, 23, **wrong)
