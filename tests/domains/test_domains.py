"""Every domain: projections are the nearest points, and least squares are solved within it."""

import numpy as np
import pytest

from partwise.domains import Bounded, NonNegative, Simplex, Squares
from partwise.domains.base import Domain, Plan
from partwise.penalties import Penalty
from partwise.threads import Workers

RNG = np.random.default_rng(0)
N, K = 70, 4
RIGHT = RNG.random((30, K))
CROSS = (RNG.random((N, 30)) - 0.2) @ RIGHT
LOWER = np.where(RNG.random((N, K)) < 0.3, 0.2, 0.0)
DOMAINS = [NonNegative(), Bounded(LOWER, LOWER + 0.3), Simplex()]


class Generic(Domain):
    """A domain of which its projection alone is known."""

    what = "anything"

    def __init__(self, domain):
        self.domain = domain

    def of(self, rows):
        return Generic(self.domain.of(rows))

    def project(self, rows):
        return self.domain.project(rows)


def value(x, penalty):
    return 0.5 * np.sum((x @ RIGHT.T) ** 2) - np.sum(CROSS * x) + penalty.of(x)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: type(domain).__name__)
def test_a_projection_lies_in_the_domain_and_no_point_between_is_nearer(domain):
    far = RNG.standard_normal((N, K))
    near, others = domain.project(far), domain.project(RNG.standard_normal((N, K)))
    np.testing.assert_allclose(domain.project(near.copy()), near, atol=1e-12)
    assert (np.einsum("it,it->i", far - near, others - near) <= 1e-12).all()


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: type(domain).__name__)
@pytest.mark.parametrize("penalty", [Penalty(), Penalty(l1=0.3, l2=0.4)], ids=["no penalty", "l1 and l2"])
def test_a_domain_solves_least_squares_as_projected_gradients_alone_do(domain, penalty):
    found = []
    for way in (domain, Generic(domain)):
        left, problem = domain.project(np.ones((N, K))), Squares(CROSS, RIGHT.T @ RIGHT, penalty, [(0, 64), (64, N)])
        with Workers(1) as workers:
            inner = way.solve(left, problem, 6, 0.0, workers)
        assert inner == pytest.approx(float(np.vdot(CROSS, left)), rel=1e-9)
        np.testing.assert_allclose(domain.project(left.copy()), left, atol=1e-12)
        found.append(left)
    assert value(found[0], penalty) == pytest.approx(value(found[1], penalty), rel=1e-8)
    np.testing.assert_allclose(*found, atol=1e-4)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: type(domain).__name__)
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_sweep_returns_the_gram_of_its_point_and_lowers_the_loss(domain, momentum):
    start = domain.project(RNG.random((N, K)))
    iterate, point = start.copy(), np.empty_like(start)
    targets = (iterate if momentum else point), start, point
    with Workers(1) as workers:
        problem = Squares(CROSS, RIGHT.T @ RIGHT, Penalty(), [(0, 64), (64, N)])
        own, inner, moved = domain.sweep(targets, problem, Plan(3, 0.0, momentum), workers)
    np.testing.assert_allclose(own, point.T @ point)
    assert inner == pytest.approx(float(np.vdot(CROSS, point)))
    assert moved > 0
    assert value(targets[0], Penalty()) < value(start, Penalty())
