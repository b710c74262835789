"""scikit-learn's own checks of estimators, none of them expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from partwise import NMF, MiniBatchNMF

ESTIMATORS = [
    NMF(),
    NMF(solver="mu"),
    NMF(solver="pivoting"),
    NMF(solver="mu", beta_loss="kullback-leibler"),
    NMF(beta_loss="kullback-leibler"),
    NMF(beta_loss=1.5),
    NMF(init="random", n_jobs=2),
    MiniBatchNMF(),
    MiniBatchNMF(beta_loss="kullback-leibler", fresh_restarts=True),
]


# some checks fit a few random points to the last digit that max_iter allows; scikit-learn ignores the warning there too
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_s_check_passes(estimator, check):
    check(estimator)
