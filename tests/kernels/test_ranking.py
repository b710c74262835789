"""panel_dot, csr_chain and best_of_rows: scores and the highest of them, against NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp


def panels_of(loops, right):
    m, k = right.shape
    padded = np.zeros((-(-m // loops.PANEL) * loops.PANEL, k))
    padded[:m] = right
    return np.ascontiguousarray(padded.reshape(-1, loops.PANEL, k).transpose(0, 2, 1))


def panel_dot(loops, left, right):
    panels = panels_of(loops, right)
    out = np.full((len(left), len(panels) * loops.PANEL), np.nan)
    loops.panel_dot(left, panels, out)
    return out


@pytest.mark.parametrize("k", [1, 7, 33])
@pytest.mark.parametrize("m", [1, 16, 200, 301])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 33])
def test_panel_dot_is_a_product_with_zeros_behind(loops, k, m, rows):
    rng = np.random.default_rng(0)
    left, right = rng.random((rows, k)), rng.random((m, k))
    out = panel_dot(loops, left, right)
    np.testing.assert_allclose(out[:, :m], left @ right.T, rtol=1e-13)
    assert (out[:, m:] == 0).all()


def test_panel_dot_gives_a_row_the_same_bits_in_any_company(loops):
    rng = np.random.default_rng(0)
    left, right = rng.random((9, 33)), rng.random((301, 33))
    together = panel_dot(loops, left, right)
    for row in range(9):
        np.testing.assert_array_equal(panel_dot(loops, left[[row]], right)[0], together[row])
        np.testing.assert_array_equal(panel_dot(loops, left[row:], right)[0], together[row])


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("other", [np.int32, np.int64])
def test_csr_chain_adds_a_product_of_some_rows(loops, index, other):
    X, Y = (sp.csr_array(sp.random(*shape, 0.2, format="csr", random_state=0)) for shape in ((23, 19), (19, 40)))
    rng = np.random.default_rng(0)
    rows, by, out = np.array([3, 0, 22, 3]), rng.random(4), rng.random((4, 48))
    expected = out.copy()
    expected[:, :40] += by[:, None] * (X[rows] @ Y).toarray()
    loops.csr_chain(
        X.indptr.astype(index), X.indices.astype(index), X.data, rows, by,
        Y.indptr.astype(other), Y.indices.astype(other), Y.data, out,
    )  # fmt: skip
    np.testing.assert_allclose(out, expected, rtol=1e-13)


@pytest.mark.parametrize("row", [-1, 23])
def test_csr_chain_refuses_rows_outside_the_matrix(loops, row):
    X = sp.csr_array((23, 19))
    parts = X.indptr, X.indices, X.data
    with pytest.raises(ValueError, match="rows lie outside X"):
        loops.csr_chain(*parts, np.array([row]), np.ones(1), *parts, np.zeros((1, 19)))


@pytest.mark.parametrize("most", [1, 4, 50])
def test_best_of_rows_is_the_beginning_of_a_stable_sort(loops, most):
    rng = np.random.default_rng(0)
    scores = np.floor(rng.random((6, 60)) * 20)
    scores[rng.random((6, 60)) < 0.2] = -np.inf
    places, values = np.full((6, most), -7), np.zeros((6, most))
    loops.best_of_rows(scores, 57, places, values)
    for row in range(6):
        order = np.argsort(-scores[row, :57], kind="stable")
        order = order[scores[row, order] > -np.inf][:most]
        assert places[row].tolist() == [*order, *[-1] * (most - len(order))]
        np.testing.assert_array_equal(values[row, : len(order)], scores[row, order])
        assert np.isnan(values[row, len(order) :]).all()


def test_shapes_that_do_not_fit_are_refused(loops):
    with pytest.raises(ValueError, match="panels have another shape"):
        loops.panel_dot(np.ones((2, 3)), np.ones((1, 4, loops.PANEL)), np.ones((2, loops.PANEL)))
    with pytest.raises(ValueError, match="places are none"):
        loops.best_of_rows(np.ones((2, 3)), 3, np.zeros((2, 0), np.int64), np.zeros((2, 0)))
    with pytest.raises(ValueError, match="fewer scores"):
        loops.best_of_rows(np.ones((2, 3)), 4, np.zeros((2, 1), np.int64), np.zeros((2, 1)))
