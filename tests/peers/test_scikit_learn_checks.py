"""scikit-learn's own checks of estimators, none of them expected to fail but where we differ on purpose."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from partwise import NMF, MiniBatchNMF, PartFeatures

ESTIMATORS = [
    NMF(),
    NMF(solver="mu"),
    NMF(solver="pivoting"),
    NMF(solver="mu", beta_loss="kullback-leibler"),
    NMF(beta_loss="kullback-leibler"),
    NMF(beta_loss=1.5),
    NMF(init="random", n_jobs=2),
    NMF(missing_values=np.nan),
    NMF(missing_values=np.nan, beta_loss="kullback-leibler"),
    MiniBatchNMF(),
    MiniBatchNMF(beta_loss="kullback-leibler", fresh_restarts=True),
    PartFeatures(NMF()),
]


DIFFERENT = {
    f"check_sample_weight_equivalence_on_{kind}_data": "rows given twice are two rows to a start: the fit of a problem "
    "with many minima begins elsewhere. From one start it takes the same way: tests/test_weighting.py"
    for kind in ("dense", "sparse")
}
"""Checks that fail on purpose, and why."""


def different(estimator):
    return DIFFERENT if isinstance(estimator, NMF) else {}


def listed(mark):
    """Return the same parametrization of a list: older scikit-learn gives a generator, which pytest 10 refuses."""
    names, values = mark.args
    return pytest.mark.parametrize(names, list(values), **mark.kwargs)


# some checks fit a few random points to the last digit that max_iter allows; scikit-learn ignores the warning there too
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@listed(parametrize_with_checks(ESTIMATORS, expected_failed_checks=different))
def test_scikit_learn_s_check_passes(estimator, check):
    check(estimator)
