"""What the parameters of an ``NMF`` ask for: a way to fit, bounds of H, a search for the number of parts."""

from collections.abc import Callable
from functools import partial
from typing import Any

from partwise.checkpoints import Checkpoints
from partwise.matrix import Array, Matrix
from partwise.matrix.names import like_columns
from partwise.penalties import Bounds
from partwise.plan import Plan
from partwise.selection.choice import RankChoice
from partwise.selection.rank import choose_rank


def plan_for(model: Any, max_time: float | None, **more: Any) -> Plan:
    """Return how a fit goes, within `max_time`; `more` is what the data of a fit adds."""
    return Plan(
        model._loss_function, model.solver, tol=model.tol, max_iter=model.max_iter, max_time=max_time, init=model.init,
        n_init=model.n_init, random_state=model.random_state, n_jobs=model.n_jobs,
        checkpoints=Checkpoints.of(model.checkpoint_dir, model.checkpoint_every, model.resume), **more,
    )  # fmt: skip


def bounds_for(model: Any, k: int, n_features: int, names: Array | None) -> Bounds | None:
    """Return the bounds of H that fixed, forbidden and bounded entries make together, by the names of columns."""
    makers: dict[str, Callable[[Any], Bounds]] = {
        "upper": partial(Bounds, 0.0), "forbidden": Bounds.zero_where, "fixed_components": Bounds.fixed,
    }  # fmt: skip
    given = {name: like_columns(getattr(model, name), names, name) for name in makers}
    bounds = [makers[name](value) for name, value in given.items() if value is not None]
    return Bounds.together(bounds, (n_features, k), "H") if bounds else None


def choice_for(model: Any, X: Matrix, sample_weight: Any, feature_weight: Any) -> RankChoice:
    """Return the number of parts that hold-out chooses for X (n, m), and why."""
    return choose_rank(
        X, sample_weight=sample_weight, feature_weight=feature_weight, loss=model._loss_function, solver=model.solver,
        tol=model.tol, max_iter=model.max_iter, max_time=model.max_time, random_state=model.random_state,
        n_jobs=model.n_jobs,
    )  # fmt: skip
