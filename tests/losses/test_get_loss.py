"""get_loss: names, betas and objects; and the beta-divergences among themselves."""

import numpy as np
import pytest
from registry import gradient

from partwise.exceptions import DomainError, ParameterError
from partwise.losses import (
    LOSSES,
    BetaDivergence,
    Frobenius,
    Interval,
    ItakuraSaito,
    KullbackLeibler,
    get_loss,
)
from partwise.matrix import as_matrix

NAMED = [Frobenius(), KullbackLeibler(), ItakuraSaito()]


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    return as_matrix(rng.random((9, 6)) + 0.1), rng.random((9, 2)) + 0.1, rng.random((6, 2)) + 0.1


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_name_stands_for_its_loss(name):
    assert get_loss(name) == LOSSES[name]()
    assert get_loss(name).name == name


@pytest.mark.parametrize("loss", NAMED, ids=lambda loss: loss.name)
def test_a_beta_stands_for_the_loss_that_has_a_name(loss):
    for beta in (loss.beta, int(loss.beta), np.float32(loss.beta)):
        assert get_loss(beta) == loss


@pytest.mark.parametrize("loss", [*NAMED, BetaDivergence(0.5)], ids=lambda loss: loss.name)
def test_an_object_stands_for_itself(loss):
    assert get_loss(loss) is loss


@pytest.mark.parametrize(
    ("given", "near"),
    [("frobenus", "'frobenius'"), ("kullback_leibler", "'kullback-leibler'"), ("Itakura-Saito", "'itakura-saito'")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(given, near):
    with pytest.raises(ParameterError, match=f"Did you mean {near}"):
        get_loss(given)


@pytest.mark.parametrize("given", [None, True, [2], "", object()])
def test_anything_else_is_refused(given):
    with pytest.raises(ParameterError, match="loss"):
        get_loss(given)


@pytest.mark.parametrize("beta", [np.nan, np.inf, -np.inf])
def test_beta_must_be_finite(beta):
    with pytest.raises(ParameterError, match="finite"):
        get_loss(beta)


@pytest.mark.parametrize("loss", NAMED, ids=lambda loss: loss.name)
def test_a_named_loss_is_the_beta_divergence_of_its_beta(loss, problem):
    general = BetaDivergence(loss.beta)
    assert loss.value(*problem) == pytest.approx(general.value(*problem), rel=1e-12)
    for mine, theirs in zip(
        gradient(loss, *problem, 0, 9, value=True), gradient(general, *problem, 0, 9, value=True), strict=True
    ):
        np.testing.assert_allclose(np.broadcast_to(mine, np.shape(theirs)), theirs, rtol=1e-12)  # one row for all rows


@pytest.mark.parametrize("loss", NAMED[1:], ids=lambda loss: loss.name)
def test_beta_leads_to_the_named_losses_without_a_jump(loss, problem):
    for nearby in (loss.beta - 1e-5, loss.beta + 1e-5):
        # the formula divides by beta (beta - 1) = 1e-5, which costs five digits
        assert BetaDivergence(nearby).value(*problem) == pytest.approx(loss.value(*problem), rel=1e-4)


def test_frobenius_is_half_the_squared_error():
    X = as_matrix(np.array([[3.0, 0.0], [0.0, 4.0]]))
    zero = np.zeros((2, 1))
    assert Frobenius().value(X, zero, zero) == 12.5


def test_kullback_leibler_of_a_zero_is_its_model():
    X = as_matrix(np.array([[0.0, 1.0]]))
    assert KullbackLeibler().value(X, np.ones((1, 1)), np.array([[0.5], [1.0]])) == pytest.approx(0.5)


def test_kullback_leibler_of_a_zero_model_is_finite():
    X = as_matrix(np.ones((2, 3)))
    assert np.isfinite(KullbackLeibler().value(X, np.zeros((2, 1)), np.zeros((3, 1))))


@pytest.mark.parametrize("loss", [ItakuraSaito(), BetaDivergence(-0.5)], ids=lambda loss: str(loss.beta))
def test_zeros_are_refused_where_the_divergence_is_infinite_with_a_way_out(loss):
    with pytest.raises(DomainError, match=r"small values to X, or use a positive beta_loss.*X > 0"):
        loss.check(as_matrix(np.eye(2)))


def test_an_interval_reads_as_a_condition():
    assert (str(Interval()), str(Interval(0.0, closed=False))) == ("X >= 0", "X > 0")


@pytest.mark.parametrize(
    ("beta", "exponent", "convex"), [(-1, 1 / 3, False), (0, 0.5, False), (1, 1, True), (2, 1, True), (3, 0.5, False)]
)
def test_exponent_and_convexity_are_those_of_fevotte_and_idier(beta, exponent, convex):
    loss = BetaDivergence(beta)
    assert (loss.exponent, loss.convex, loss.degree) == (exponent, convex, beta)
