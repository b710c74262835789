"""csr_predict: the model at the stored entries, in float64."""

import numpy as np
import pytest


@pytest.mark.parametrize("k", [1, 3, 8, 17, 50])
@pytest.mark.parametrize("rows", [(0, 23), (0, 0), (6, 9), (20, 23)])
def test_the_prediction_is_the_model_at_the_stored_entries(loops, counts, rng, dtype, k, rows):
    left, right = rng.random((23, k)).astype(dtype), rng.random((19, k)).astype(dtype)
    first, last = rows
    model = np.full(counts.indptr[last] - counts.indptr[first], np.nan)
    loops.csr_predict(counts.indptr, counts.indices, counts.data, left, right, model, first, last)
    i, j = counts[first:last].nonzero()
    expected = (left.astype(np.float64)[first:last] @ right.astype(np.float64).T)[i, j]
    np.testing.assert_allclose(model, expected, rtol=1e-14)


@pytest.mark.parametrize("short", ["left", "model", "components"])
def test_shapes_that_do_not_fit_are_refused(loops, counts, dtype, short):
    left = np.ones((22 if short == "left" else 23, 3 if short == "components" else 4), dtype)
    model = np.empty(counts.nnz - (short == "model"))
    with pytest.raises(ValueError, match="model" if short == "model" else "left"):
        loops.csr_predict(counts.indptr, counts.indices, counts.data, left, np.ones((19, 4), dtype), model, 0, 23)
