"""A stranger's loss with a coordinate step of its own, in NumPy."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from partwise import Penalty, factorize
from partwise.extend import Loss


@dataclass(frozen=True)
class Entrywise(Loss):
    r"""Half the squared error, by steps on one column of all rows at a time."""

    name: ClassVar[str] = "entrywise"
    has_half_step: ClassVar[bool] = True
    degree = 2.0

    def gradient_split(self, x, p, floor, value):
        return x.copy(), np.maximum(p, floor), 0.5 * float(np.square(x - p, dtype=np.float64).sum()) if value else 0.0

    def half_step(self, rows, left, side, *, l1, l2, box, sweeps, shrink=0.0, value=True):
        X, right, moves = rows.cells(slice(0, len(left))), side.right, []
        cross, gram = X @ right, right.T @ right
        for _ in range(sweeps):
            moves.append(0.0)
            for t, bend in enumerate(np.diagonal(gram) + l2):
                slope = left @ gram[:, t] + l2 * left[:, t] + l1 - cross[:, t]
                new = np.maximum(left[:, t] - slope / max(bend, side.floor), 0)
                if len(box):
                    new = np.clip(new, box[0][:, t], box[1][:, t])
                moves[-1] += float(np.abs(new - left[:, t]) @ np.abs(cross[:, t]))
                left[:, t] = new
            if moves[-1] <= shrink * moves[0]:
                break
        return (0.5 * float(np.square(X - left @ right.T).sum()) if value else 0.0), moves[0]


RNG = np.random.default_rng(0)
X = RNG.gamma(1.0, 1.0, (15, 3)) @ RNG.gamma(1.0, 1.0, (3, 10)) + 0.5 * RNG.random((15, 10))


@pytest.mark.parametrize("store", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("penalty", [Penalty(), Penalty(0.3, 0.2)], ids=["no penalty", "l1 and l2"])
def test_a_fit_ends_where_a_direct_minimisation_cannot_improve_on_it(store, penalty):
    options = {"init": "random", "random_state": 0, "tol": 1e-10, "max_iter": 5000}
    found = factorize(store(X), 3, loss=Entrywise(), penalty_W=penalty, penalty_H=penalty, **options)

    def objective(z):
        W, H = z[:45].reshape(15, 3), z[45:].reshape(3, 10)
        return 0.5 * np.square(X - W @ H).sum() + penalty.of(W) + penalty.of(H)

    start = np.concatenate([found.W.ravel(), found.H.ravel()])
    direct = minimize(objective, start, bounds=[(0, None)] * len(start), method="L-BFGS-B")
    assert direct.fun > objective(start) * (1 - 1e-5)
    assert (np.diff(found.curve["loss"]) <= 0).all()


def test_it_is_found_by_the_automatic_choice_and_has_a_transform():
    found = factorize(X, 3, loss=Entrywise(), init="random", random_state=0, max_iter=500)
    expected = factorize(X, 3, loss="frobenius", init="random", random_state=0, max_iter=500)
    assert found.loss == pytest.approx(expected.loss, rel=1e-2)
    np.testing.assert_allclose(found.transform(X), found.W, atol=1e-4)
