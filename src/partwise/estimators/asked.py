"""What the parameters of an ``NMF`` ask for: how to fit, bounds of H, or a search for the number of parts."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from partwise.checkpoints import Checkpoints
from partwise.exceptions import ParameterError
from partwise.losses import Frobenius
from partwise.matrix import Array, Matrix
from partwise.matrix.names import like_columns
from partwise.parameters import draw_seed
from partwise.penalties import Bounds
from partwise.plan import Plan
from partwise.problem import Problem

if TYPE_CHECKING:  # searches are imported when one is asked for: they would be a quarter of the import of NMF
    from partwise.selection.choice import RankChoice
    from partwise.selection.shrinkage import Joined


def plan_for(model: Any, max_time: float | None, parts: "Joined | None" = None, **more: Any) -> Plan:
    """Return how a fit is done, within `max_time`; `more` holds what depends on its data.

    With the `parts` of a search, which stay as they are, the fit is one iteration, and its last step on W is exact.
    """
    own: dict[str, Any] = {
        "tol": model.tol, "max_iter": model.max_iter, "max_time": max_time, "init": model.init, "n_init": model.n_init,
        "checkpoints": Checkpoints.of(model.checkpoint_dir, model.checkpoint_every, model.resume), **more,
    }  # fmt: skip
    if parts is not None:
        own |= {"tol": 0.0, "max_iter": 1, "init": None, "n_init": 1, "H": parts.H}
    return Plan(model._loss_function, model.solver, random_state=model.random_state, n_jobs=model.n_jobs, **own)


def bounds_for(
    model: Any, k: int, n_features: int, names: Array | None, parts: "Joined | None" = None
) -> Bounds | None:
    """Return the bounds of H: fixed, forbidden and bounded entries together. Names of columns match them.

    With the `parts` of a search, the bounds fix H at these.
    """
    if parts is not None:
        return Bounds.fixed(parts.H)
    makers: dict[str, Callable[[Any], Bounds]] = {
        "upper": partial(Bounds, 0.0), "forbidden": Bounds.zero_where, "fixed_components": Bounds.fixed,
    }  # fmt: skip
    given = {name: like_columns(getattr(model, name), names, name) for name in makers}
    bounds = [makers[name](value) for name, value in given.items() if value is not None]
    return Bounds.together(bounds, (n_features, k), "H") if bounds else None


def choice_for(model: Any, X: Matrix, sample_weight: Any, feature_weight: Any) -> "RankChoice":
    """Return the number of parts that hold-out chooses for X (n, m), and why."""
    from partwise.selection.rank import choose_rank

    return choose_rank(
        X, sample_weight=sample_weight, feature_weight=feature_weight, loss=model._loss_function, solver=model.solver,
        tol=model.tol, max_iter=model.max_iter, max_time=model.max_time, random_state=model.random_state,
        n_jobs=model.n_jobs,
    )  # fmt: skip


def penalty_is_asked(model: Any, X: Matrix, weighted: bool) -> bool:
    """Return whether the fit of a model to X (n, m) chooses its penalty: if it is asked to, or in order to fill X in.

    The second case is n_components='choose' with unknown entries, if all parameters that touch the penalty are
    defaults.

    Parameters
    ----------
    model : NMF
        The model.
    X : Matrix
        Its data.
    weighted : bool
        Whether weights of rows or columns, or fixed weights of parts, are given with the data.
    """
    asked = isinstance(model.alpha_W, str)
    given = ("fixed_components", "seed_components", "forbidden", "upper", "checkpoint_dir")
    plain = (
        not weighted and isinstance(model._loss_function, Frobenius) and model.alpha_H == "same"
        and model.l1_ratio == 0 and model.init != "custom" and not (model.sum_to_one or model.terms_W or model.terms_H)
        and all(getattr(model, name) is None for name in given) and X.can("columns") and not X.is_signed
    )  # fmt: skip
    if asked and not plain:
        raise ParameterError(
            "alpha_W='choose' takes squared errors, X >= 0 in memory, alpha_H='same' and l1_ratio=0, and no weights of "
            "rows or columns, bounds, sums, terms, start or checkpoints. Give alpha_W as a number, or leave those out."
        )
    filling = model.n_components == "choose" and model.alpha_W == 0 and not X.can("complete")
    return asked or (plain and filling)


def parts_for(model: Any, X: Matrix) -> "Joined":
    """Return the penalty that hold-out chooses for X (n, m), how many parts if that is asked for, and the parts."""
    from partwise.selection.shrinkage import search

    problem = Problem.of(X, model._loss_function)
    problem.check_data()
    k = model.n_components
    ranks = None if k == "choose" else [X.shape[1] if k in ("auto", None) else k]
    return search(
        problem, ranks, "choose", solver=model.solver, max_time=model.max_time,
        seed=draw_seed("random_state", model.random_state), n_jobs=model.n_jobs,
    )  # fmt: skip


def searched_for(
    model: Any, X: Matrix, sample_weight: Any, feature_weight: Any, fixed_weights: Any
) -> "tuple[Any, dict[str, Any], Joined | None, float | None]":
    """Return the result of a search for the number of parts or the penalty, if one is asked for.

    Returns
    -------
    n_components : int, str or None
        The number found, or that of the model.
    attributes : dict
        What the search adds to the fitted model.
    parts : Joined or None
        The parts of a search for a penalty.
    left : float or None
        The rest of max_time, in seconds.
    """
    k, left, began = model.n_components, model.max_time, time.perf_counter()
    weighted = any(given is not None for given in (sample_weight, feature_weight, fixed_weights))
    parts, found = None, {}
    if penalty_is_asked(model, X, weighted):
        parts = parts_for(model, X)
        choice: RankChoice = parts.choice
        of_W, of_H = parts.choice.penalties
        found = {"alpha_W_": of_W.l2 / X.shape[1], "alpha_H_": of_H.l2 / X.shape[0]}
    elif isinstance(k, str) and k == "choose":
        choice = choice_for(model, X, sample_weight, feature_weight)
    else:
        return k, {}, None, left
    if left is not None:  # less the time of the search
        left = max(left - (time.perf_counter() - began), 1e-3)
    return choice.n_components, {**found, "rank_choice_": choice}, parts, left
