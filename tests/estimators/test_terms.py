"""NMF(terms_W=..., terms_H=...): the estimator's side of terms, and an elastic net as one of them."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

import partwise as pw
from partwise import NMF, Penalty, factorize
from partwise.exceptions import IncompatibleSolverError, ModelFileError, ParameterError
from partwise.io import model_file
from partwise.terms import GraphSmoothness, Orthogonality, SymmetricCoupling, Volume

N, M, K = 14, 10, 3
RNG = np.random.default_rng(0)
X = RNG.gamma(0.5, 1.0, (N, K)) @ RNG.gamma(0.5, 1.0, (K, M)) + 0.01
CHAIN = sp.diags_array([np.ones(M - 1)] * 2, offsets=[-1, 1])
SMOOTH, NET = GraphSmoothness(CHAIN, 0.3), Penalty(l1=0.2, l2=0.4)
OPTIONS = {"init": "random", "random_state": 0, "max_iter": 2000}


def net_of(model, alpha):
    """The factorization with alpha_W, counted as scikit-learn does, and NET on W."""
    asked = Penalty(NET.l1, alpha * M + NET.l2)
    return factorize(X, K, **{**OPTIONS, **model}, penalty_W=asked, penalty_H=Penalty(l2=alpha * N))


def test_an_estimator_with_terms_finds_what_factorize_finds():
    model = NMF(K, terms_W=(Orthogonality(0.2),), terms_H=[SMOOTH, NET], **OPTIONS)
    W = model.fit_transform(X)
    found = factorize(X, K, terms_W=(Orthogonality(0.2),), terms_H=[SMOOTH], penalty_H=NET, **OPTIONS)
    np.testing.assert_array_equal(W, found.W)
    np.testing.assert_array_equal(model.components_, found.H)
    plain = NMF(K, terms_H=[NET], **OPTIONS).fit(X).components_
    roughness = [float(np.square(np.diff(H, axis=1)).sum() / np.square(H).sum()) for H in (model.components_, plain)]
    assert roughness[0] < roughness[1]


@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler", "huber"])
def test_an_elastic_net_among_terms_is_added_to_that_of_alpha_in_transform_too(loss):
    options = {"loss": loss, **OPTIONS}
    model = NMF(K, alpha_W=0.01, terms_W=[NET], **options)
    W = model.fit_transform(X)
    found = net_of({"loss": loss}, 0.01)
    np.testing.assert_array_equal(W, found.W)
    assert model.factorization_.penalty_W == found.penalty_W == Penalty(NET.l1, 0.01 * M + NET.l2)
    if loss != "huber":  # whose last step is not exact
        np.testing.assert_allclose(model.transform(X), W, rtol=1e-5, atol=1e-12)
    assert not np.allclose(model.set_params(terms_W=()).transform(X), W, rtol=1e-3)


def test_an_elastic_net_among_terms_goes_with_unknown_entries():
    gaps = np.where(RNG.random(X.shape) < 0.2, np.nan, X)
    W = NMF(K, missing_values=np.nan, terms_W=[NET], **OPTIONS).fit_transform(gaps)
    np.testing.assert_array_equal(W, factorize(gaps, K, missing_values=np.nan, penalty_W=NET, **OPTIONS).W)


def test_nets_of_several_terms_add_up_and_no_terms_change_nothing():
    halves = [Penalty(l1=0.1), Penalty(l1=0.1, l2=0.2), Penalty(l2=0.2)]
    found, expected = (factorize(X, K, terms_W=terms, **OPTIONS) for terms in (halves, [NET]))
    np.testing.assert_array_equal(found.W, expected.W)
    np.testing.assert_array_equal(NMF(K, **OPTIONS).fit(X).components_, factorize(X, K, **OPTIONS).H)


def test_a_clone_and_a_kept_model_have_the_terms(tmp_path):
    terms = {"terms_W": (Orthogonality(0.2), NET, SymmetricCoupling(0.1)), "terms_H": (SMOOTH, Volume(0.1, 0.5))}
    square = X[:M]
    model = NMF(K, **terms, **OPTIONS).fit(square)
    again = clone(model).fit(square)
    np.testing.assert_array_equal(again.components_, model.components_)
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert loaded.terms_W == model.terms_W
    assert loaded.terms_H[1:] == model.terms_H[1:]
    assert loaded.terms_H[0].weight == SMOOTH.weight
    assert (loaded.terms_H[0].adjacency != SMOOTH.adjacency).nnz == 0
    assert loaded.transform(square).tobytes() == model.transform(square).tobytes()
    np.testing.assert_array_equal(clone(loaded).fit(square).components_, model.components_)
    pw.save(loaded, tmp_path / "b.model")
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()


@dataclass(frozen=True)
class OwnTerm(Orthogonality):
    """A term that no file can hold."""


def test_a_term_of_another_kind_is_not_saved(tmp_path):
    model = NMF(K, terms_W=[OwnTerm(0.1)], **OPTIONS).fit(X)
    with pytest.raises(ParameterError, match="terms_W has a OwnTerm, which cannot be saved"):
        pw.save(model, tmp_path / "a.model")


@pytest.mark.parametrize(
    "terms",
    [
        {"terms_W": [["eval", {}]]},
        {"terms_W": [["Orthogonality", {"weight": -1}]]},
        {"terms_H": [["Volume", {"weight": 1.0, "floor": 0}]]},
        {"terms_H": [["GraphSmoothness", {"weight": 1.0}]]},
        {"fit": [["Penalty", {"l1": 1.0}]]},
    ],
)
def test_a_file_with_terms_that_cannot_be_is_refused(tmp_path, terms):
    path = tmp_path / "a.model"
    pw.save(NMF(K, **OPTIONS).fit(X), path)
    kind, header, arrays = model_file.read(path)
    model_file.write(path, kind, {**header, "terms": terms}, arrays)
    with pytest.raises(ModelFileError, match=r"a\.model holds a NMF"):
        pw.load(path)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"terms_W": Orthogonality(0.1)}, ParameterError, "terms_W must be a list of terms"),
        ({"terms_H": [0.1]}, ParameterError, "terms_H must be a list of terms"),
        ({"terms_W": None}, ParameterError, "terms_W must be a list of terms"),
        ({"terms_W": [SMOOTH]}, ParameterError, "GraphSmoothness on W needs X with 10 rows; it has 14"),
        ({"terms_H": [SMOOTH], "solver": "mu"}, IncompatibleSolverError, "takes no terms"),
    ],
)
def test_terms_that_cannot_be_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        NMF(K, **{**OPTIONS, **options}).fit(X)


def test_terms_that_were_changed_after_the_fit_are_checked_before_transform():
    model = NMF(K, **OPTIONS).fit(X).set_params(terms_W=[3])
    with pytest.raises(ParameterError, match="terms_W must be a list of terms"):
        model.transform(X)
