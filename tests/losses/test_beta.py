"""Beta-divergences near the limits of their formula."""

from decimal import Decimal, getcontext

import numpy as np
import pytest

from partwise.losses import get_loss
from partwise.matrix import as_matrix


@pytest.mark.parametrize("beta", [1e-9, -1e-9, 1e-5, -0.003, 1 + 1e-9, 1 - 1e-9, 1.003, 0.5, 3.0])
def test_a_divergence_has_its_digits_however_near_its_beta_is_to_a_limit(beta):
    getcontext().prec = 60
    x, p = np.array([0.7, 1.0, 2.5, 1e-3]), np.array([0.9, 1.0 + 1e-3, 0.3, 2e-3])
    b = Decimal(beta)

    def divergence(x, p):
        x, p = Decimal(float(x)), Decimal(float(p))
        return (x**b + (b - 1) * p**b - b * x * p ** (b - 1)) / (b * (b - 1))

    expected = float(sum(divergence(*pair) for pair in zip(x, p, strict=True)))
    found = get_loss(beta).value(as_matrix(x[:, None]), np.ascontiguousarray(p[:, None]), np.ones((1, 1)))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("beta", [1e-9, 0.003, 1 - 1e-9, 1 + 1e-9])
def test_a_zero_of_the_data_costs_its_model_to_the_beta_over_beta(beta):
    zeros, model = as_matrix(np.zeros((3, 1))), np.array([[0.5], [1.0], [2.0]])
    assert get_loss(beta).value(zeros, model, np.ones((1, 1))) == pytest.approx((model**beta).sum() / beta)
