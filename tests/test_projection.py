"""A model answers by the parts that it has now, however they came to be changed."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp

import partwise as pw
from partwise.exceptions import FactorTypeError, ParameterError
from partwise.losses import get_loss
from partwise.matrix import as_matrix
from partwise.penalties import Penalty
from partwise.projection import KeptProjection, Projection

X = np.random.default_rng(0).gamma(1.0, 1.0, (30, 12))


def scaled(H):
    H /= H.sum(axis=1, keepdims=True)
    return H


def trimmed(H):
    H[np.median(H) > H] = 0
    return H


def swapped(H):
    H[:] = H[::-1].copy()
    return H


def one_entry(H):
    H[0, 0] = np.nextafter(H[0, 0], np.inf)
    return H


CHANGES = {
    "scaled": scaled,
    "trimmed": trimmed,
    "swapped": swapped,
    "one entry": one_entry,
    "another array": lambda H: 2 * H,
    "fewer parts": lambda H: H[:2].copy(),
    "Fortran order": np.asfortranarray,
    "float32": lambda H: H.astype(np.float32),
    "big-endian": lambda H: H.astype(">f8"),
    "integers": lambda H: np.ceil(5 * H).astype(int),
    "booleans": lambda H: np.median(H) < H,
    "lists": lambda H: H.tolist(),
    "read-only": lambda H: np.broadcast_to(H.mean(axis=0), H.shape),
}
MODELS = {
    "NMF": lambda **given: pw.NMF(3, random_state=0, **given).fit(X),
    "Kullback-Leibler": lambda **given: pw.NMF(3, beta_loss=1, random_state=0, **given).fit(X),
    "sums of one": lambda **given: pw.NMF(3, sum_to_one=True, random_state=0, **given).fit(X),
    "MiniBatchNMF": lambda **given: pw.MiniBatchNMF(3, batch_size=10, tol=0.1, random_state=0, **given).fit(X),
    "a stream": lambda **given: pw.MiniBatchNMF(3, random_state=0, **given).partial_fit(X[:15]).partial_fit(X[15:]),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_transform_uses_the_parts_that_a_model_has_now(make, change):
    model = make()
    model.transform(X)
    model.components_ = change(model.components_)
    H = np.array(model.components_)
    H = H if H.dtype == np.float32 else H.astype(float)
    limits = (model.sum_to_one,) if isinstance(model, pw.NMF) else ()
    expected = Projection(H, get_loss(model.beta_loss), Penalty(), *limits)
    for rows in (X, X[:1], sp.csr_array(X)):
        np.testing.assert_array_equal(model.transform(rows), expected(as_matrix(rows)))


@pytest.mark.parametrize("change", [scaled, trimmed, swapped, one_entry])
def test_a_factorization_answers_by_its_h_as_it_is_now(change):
    found = pw.factorize(X, 3, random_state=0)
    before = found.transform(X)
    change(found.H)
    after = found.transform(X)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, Projection(found.H.copy(), found.loss_function, Penalty())(as_matrix(X)))


def test_changed_parts_leave_what_a_fit_found_as_it_was():
    model = pw.NMF(3, random_state=0).fit(X)
    kept = model.factorization_.H.copy()
    model.components_ *= 7
    np.testing.assert_array_equal(model.factorization_.H, kept)


@pytest.mark.parametrize("loss", [2, 1])
@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_the_unit_of_the_parts_does_not_matter_to_a_penalty_on_the_weights(loss, unit):
    H = np.random.default_rng(1).random((3, 12))
    plain = Projection(H, get_loss(loss), Penalty(0.4, 0.3))(as_matrix(X))
    other = Projection(H * unit, get_loss(loss), Penalty(0.4 * unit, 0.3 * unit**2))(as_matrix(X))
    np.testing.assert_allclose(other * unit, plain, rtol=1e-9)


def test_a_projection_is_made_once_while_nothing_changes():
    model = MODELS["NMF"]()
    first = model._projection()
    model.transform(X)
    model.components_ = model.components_.copy()
    assert model._projection() is first
    model.components_[0] *= 2
    assert model._projection() is not first
    second = model._projection()
    model.set_params(alpha_W=0.1)
    assert model._projection() is not second


def test_models_with_a_kept_projection_are_pickled_without_it():
    model = MODELS["NMF"]()
    size = len(pickle.dumps(model))
    model.transform(X)
    assert len(pickle.dumps(model)) == size
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X), model.transform(X))


BAD = {
    "negative": (lambda H: -H, r"components_\[0, 0\] = -.* is negative"),
    "NaN": (lambda H: np.where(H.max() == H, np.nan, H), r"components_ contains NaN: components_\[\d, \d+\]"),
    "infinite": (lambda H: np.where(H.max() == H, np.inf, H), "components_ contains infinity"),
    "too few columns": (lambda H: H[:, :-1], r"components_ has shape \(3, 11\).*fitted to 12 features"),
    "no parts": (lambda H: H[:0], r"components_ has shape \(0, 12\)"),
    "one dimension": (lambda H: H[0], r"components_ has shape \(12,\)"),
    "a number": (lambda H: 3.0, r"components_ has shape \(\)"),
    "None": (lambda H: None, "components_ is of type NoneType"),
    "words": (lambda H: H.astype(str), "components_ has dtype"),
    "complex": (lambda H: H * 1j, "components_ has dtype"),
}


@pytest.mark.parametrize("make", [MODELS["NMF"], MODELS["MiniBatchNMF"]])
@pytest.mark.parametrize("case", BAD)
def test_parts_that_no_model_has_are_refused_by_name_and_place(make, case):
    model, (change, words) = make(), BAD[case]
    model.components_ = change(model.components_)
    with pytest.raises((ValueError, TypeError), match=words):
        model.transform(X)


def test_a_change_in_place_is_checked_too():
    model = MODELS["NMF"]()
    model.transform(X)
    model.components_[1, 2] = -1
    with pytest.raises(ValueError, match=r"components_\[1, 2\] = -1 is negative"):
        model.transform(X)


def test_a_kept_projection_is_empty_when_copied():
    kept = KeptProjection()
    kept.onto(X[:2], 12, "H", get_loss(2), Penalty())
    assert pickle.loads(pickle.dumps(kept))._made is None


def test_fixed_parts_must_have_shape_and_type_of_the_data():
    with pytest.raises(ParameterError, match="Expected 12, but got 11"):
        pw.non_negative_factorization(X, H=X[:3, :-1], update_H=False)
    with pytest.raises(FactorTypeError, match="should have the same dtype as X"):
        pw.non_negative_factorization(X, H=X[:3].astype(np.float32), update_H=False)
