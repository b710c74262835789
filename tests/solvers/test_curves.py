"""The loss of small fits, iteration by iteration: a change of momentum, tolerances or restarts shows here first.

The numbers were written down from these fits. Where a solver is changed on purpose, they are written down anew.
"""

import numpy as np
import pytest
import scipy.sparse as sp

from partwise import factorize

RNG = np.random.default_rng(0)
DENSE = RNG.gamma(1.0, 1.0, (40, 4)) @ RNG.gamma(1.0, 1.0, (4, 25)) + 0.1 * RNG.random((40, 25))
COUNTS = sp.csr_array(RNG.poisson(0.3 * RNG.gamma(1.0, 1.0, (60, 3)) @ RNG.gamma(1.0, 1.0, (3, 30))).astype(float))
CURVES = {
    "dense": [
        1546.98367,
        442.612471,
        247.104153,
        209.723056,
        205.548119,
        205.548119,
        205.548119,
        205.084507,
        204.967986,
        204.943622,
    ],
    "sparse": [
        789.356613,
        602.080165,
        543.220664,
        521.205108,
        504.223864,
        495.447465,
        493.963575,
        493.344437,
        493.080024,
        492.914969,
    ],
    "counts": [
        822.883607,
        749.693728,
        718.507775,
        704.053999,
        696.187787,
        691.966826,
        689.589356,
        687.577452,
        685.744682,
        683.444874,
    ],
}


@pytest.mark.parametrize(
    ("name", "X", "settings"),
    [
        ("dense", DENSE, {"solver": "hals"}),
        ("sparse", COUNTS, {"solver": "hals"}),
        ("counts", COUNTS, {"loss": "kullback-leibler", "solver": "ccd"}),
    ],
    ids=list(CURVES),
)
def test_a_small_fit_takes_the_course_that_it_took(name, X, settings):
    found = factorize(X, 3, init="random", random_state=0, max_iter=10, tol=0, **settings)
    # processors add in different orders, which ten iterations do not amplify to more than this
    np.testing.assert_allclose(found.curve["loss"], CURVES[name], rtol=1e-6)
