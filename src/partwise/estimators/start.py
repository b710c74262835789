"""initialize: a start without a fit, for code that improves it with other methods."""

from typing import Any

from partwise.init import INITS
from partwise.init import initialize as start
from partwise.losses import Frobenius
from partwise.matrix import Array
from partwise.parameters import check_choice, check_count, check_seed
from partwise.problem import Problem
from partwise.threads import Workers


def initialize(
    X: Any, n_components: int, init: str | None = None, *, random_state: Any = None, n_jobs: int | None = None
) -> tuple[Array, Array]:
    """Return a start: W and H from which a factorization of X can be improved.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data, at least 0; zeros of a sparse X count.
    n_components : int
        Number of parts.
    init : {'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'separable'} or None, default=None
        The kind of start; see NMF. None is 'nndsvda' if n_components <= min(n_samples, n_features), else 'random'.
    random_state : int, RandomState, Generator or None, default=None
        Seed. 'random' gives scikit-learn's numbers for the same seed.
    n_jobs : int or None, default=None
        Threads; None means 1, -1 all cores.

    Returns
    -------
    W : ndarray of shape (n_samples, n_components)
        Weights, at least 0; X's dtype.
    H : ndarray of shape (n_components, n_features)
        Parts, at least 0; X's dtype.

    Raises
    ------
    DataError
        If X cannot be factorized.
    ParameterError
        If a parameter has an invalid value.

    References
    ----------
    C. Boutsidis and E. Gallopoulos, "SVD based initialization: a head start for nonnegative matrix factorization",
    Pattern Recognition 41, 2008, doi:10.1016/j.patcog.2007.09.010.

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> X = np.array([[1, 2], [2, 2], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> W, H = pw.initialize(X, 2, "nndsvda", random_state=0)
    >>> W.shape, H.shape
    ((6, 2), (2, 2))
    """
    n_components = check_count("n_components", n_components)
    check_choice("init", init, INITS, also=(None,))
    rng = check_seed("random_state", random_state)
    problem = Problem.of(X, Frobenius(), n_components, widen=False)
    with Workers(n_jobs, alone=problem.X.is_small) as workers:
        W, Ht = start(problem.X, n_components, init, rng, workers)
    return problem.W(W), problem.H(Ht)
