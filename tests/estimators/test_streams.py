"""A stream of batches has one number type, one scale and one loss, whatever its batches come in."""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import MiniBatchNMF, relative_error
from partwise.estimators import minibatch
from partwise.exceptions import DataError, ParameterError

COUNTS = np.random.default_rng(0).poisson(3, (60, 12)) + 1
STORES = {
    "dense": np.asarray,
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "unknown": lambda X: np.where(X == 2, np.nan, X),
}
TYPES = [np.float32, np.float64, np.int32]
LOSSES = ["frobenius", "kullback-leibler", "itakura-saito", "huber", 1.5]


def stream(loss="frobenius", **given):
    return MiniBatchNMF(3, loss=loss, random_state=0, **given)


@pytest.mark.pairwise("begin", "then")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("first", STORES)
@pytest.mark.parametrize("second", STORES)
@pytest.mark.parametrize("begin", TYPES)
@pytest.mark.parametrize("then", TYPES)
def test_batches_of_any_number_type_go_into_one_stream(loss, first, second, begin, then):
    missing = np.nan if "unknown" in (first, second) else None
    model = stream(loss, missing_values=missing).partial_fit(STORES[first](COUNTS[:30].astype(begin)))
    dtype = model.components_.dtype
    assert dtype == (np.float32 if begin == np.float32 else np.float64)
    model.partial_fit(STORES[second](COUNTS[30:].astype(then)))
    assert model.components_.dtype == dtype
    assert np.isfinite(model.components_).all()
    for kind in (np.float32, np.float64):
        assert model.transform(STORES[second](COUNTS.astype(kind))).dtype == kind


@pytest.mark.parametrize("loss", LOSSES)
def test_a_batch_in_a_wider_type_counts_as_it_would_in_the_stream_s(loss):
    narrow, wide = (
        stream(loss).partial_fit(COUNTS[:30].astype(np.float32)).partial_fit(COUNTS[30:].astype(dtype)).components_
        for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(narrow, wide)


@pytest.mark.parametrize("unit", [2.0**-400, 2.0**400])
def test_a_stream_in_units_whose_squares_no_number_holds_fits_as_well(unit):
    errors = []
    for scaled in (COUNTS, COUNTS * unit):
        model = stream().partial_fit(scaled[:30]).partial_fit(scaled[30:])
        errors.append(relative_error(scaled, model.transform(scaled), model.components_))
    assert errors[1] < 1.05 * errors[0]  # the first sums weigh as much as one unit squared, so that it is not the same


@pytest.mark.parametrize(("first", "then"), [(1e-200, 1.0), (1.0, 1e200)])
def test_a_batch_beyond_the_scale_of_a_stream_is_refused_and_leaves_it_as_it_was(first, then):
    model = stream().partial_fit(COUNTS[:30] * first)
    before = model.components_.copy()
    with pytest.raises(DataError, match=r"X has an entry of .*This stream holds at most"):
        model.partial_fit(COUNTS[30:] * then)
    np.testing.assert_array_equal(model.components_, before)
    assert model.n_steps_ == 1
    model.partial_fit(COUNTS[30:] * first)


def test_a_float32_stream_refuses_what_float32_cannot_hold():
    model = stream().partial_fit(COUNTS[:30].astype(np.float32))
    with pytest.raises(DataError, match="float32"):
        model.partial_fit(COUNTS[30:] * 1e60)


def test_every_batch_has_to_lie_in_the_domain_of_the_loss():
    model = stream("itakura-saito").partial_fit(COUNTS[:30].astype(float))
    with pytest.raises(ValueError, match="contains zeros"):
        model.partial_fit(np.where(COUNTS == 1, 0.0, COUNTS)[30:])


def test_a_stream_keeps_its_loss():
    model = stream().partial_fit(COUNTS[:30])
    with pytest.raises(ParameterError, match="the loss was 'frobenius' when this stream began"):
        model.set_params(loss="kullback-leibler").partial_fit(COUNTS[30:])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_stream_goes_on_from_parts_that_were_changed(loss):
    model, other = (stream(loss).partial_fit(COUNTS[:30]) for _ in range(2))
    other.components_ = other.components_.copy()  # the same numbers change nothing
    assert np.array_equal(*(each.partial_fit(COUNTS[30:]).components_ for each in (model, other)))
    model.components_[2, :6] = 0
    model.partial_fit(COUNTS[30:])
    other.partial_fit(COUNTS[30:])
    assert not np.array_equal(model.components_, other.components_)
    assert model.components_[2, :6].sum() < 0.5 * other.components_[2, :6].sum()


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda H: H[:2], "components_.*Expected 3, but got 2"), (lambda H: -H, r"components_\[0, 0\] = -")],
)
def test_a_stream_refuses_parts_that_it_cannot_go_on_from(change, words):
    model = stream().partial_fit(COUNTS[:30])
    model.components_ = change(model.components_)
    with pytest.raises(ValueError, match=words):
        model.partial_fit(COUNTS[30:])


def test_after_a_fit_a_stream_goes_on_in_its_units_and_type():
    model = stream(tol=0.1).fit((COUNTS * 1e-30).astype(np.float32))
    model.partial_fit(COUNTS * 1e-30)
    assert model.components_.dtype == np.float32
    assert not hasattr(model, "reconstruction_err_"), "it was that of the fit"


@pytest.mark.parametrize(("batch_size", "forget"), [(60, 0.49), (30, 0.7), (15, 0.49**0.25), (1000, 0.49)])
def test_a_pass_over_the_data_forgets_the_same_in_batches_of_any_size(monkeypatch, batch_size, forget):
    made, online = [], minibatch.Online
    monkeypatch.setattr(minibatch, "Online", lambda *given: made.append(online(*given)) or made[-1])
    stream(batch_size=batch_size, forget_factor=0.49, tol=0.9).fit(COUNTS)
    assert [one.forget for one in made] == [pytest.approx(forget)]
