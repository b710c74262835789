"""Parameters of a recommender, chosen by predicting the end of the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError, shown, unknown_name
from partwise.parameters import check_choice, check_kind
from partwise.recommend.evaluation import OURS, SHOWN, evaluate
from partwise.recommend.recommender import Recommender
from partwise.recommend.splits import plain_seed
from partwise.summary import Summary
from partwise.tables.cells import listed
from partwise.topics.frames import frame

__all__ = ["Tuning", "tune"]

GRID: Mapping[str, Sequence[Any]] = {"n_components": (16, 32, 64), "half_life": (None, 7, 30)}


@dataclass(frozen=True, repr=False)
class Tuning(Summary):
    """The result of `tune`.

    Parameters
    ----------
    columns : dict of str to list
        Columns of `table`, for those without pandas.
    params : dict
        The best parameters.
    recommender : Recommender
        A recommender with the best parameters, fitted to the whole log.

    Examples
    --------
    >>> from partwise.recommend import tune
    >>> log = {"reader": [i % 7 for i in range(60)], "article": [i % 11 for i in range(60)], "time": list(range(60))}
    >>> found = tune(log, grid={"n_components": [1, 2]})
    >>> found.params, [round(value, 2) for value in found.columns["value"]]
    ({'n_components': 2}, [0.51, 0.49])
    >>> found.recommender.recommend([0], n=2)["article"].tolist()
    [4, 8]
    """

    columns: dict[str, list[Any]]
    params: dict[str, Any]
    recommender: Recommender

    @property
    def table(self) -> Any:
        """DataFrame: a column for each parameter, then value, low and high of the metric; best first."""
        return frame(self.columns, "Tuning.table", "The columns are in Tuning.columns.")

    def _facts(self) -> dict[str, Any]:
        best = {name: f"{self.columns[name][0]:.4f}" for name in ("value", "low", "high")}
        return {
            "tried": f"{len(self.columns['value'])} combinations",
            "best": ", ".join(f"{name}={value!r}" for name, value in self.params.items()),
            "value": f"{best['value']} ({best['low']} to {best['high']})",
        }


def tune(
    interactions: Any,
    articles: Any = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    *,
    recommender: Recommender | None = None,
    metric: str = "ndcg",
    split: str = "time",
    k: int = 10,
    test_share: float = 0.1,
    windows: int = 2,
    random_state: int | None = 0,
) -> Tuning:
    """Choose parameters by how well they predict the end of a log.

    To judge the result, use reads that are not in `interactions`: the value that chose the parameters is too high.

    Parameters
    ----------
    interactions, articles : as in `Recommender.fit`
        The log to fit and choose by.
    grid : mapping of str to sequence, default=None
        Values to try for each parameter, in all combinations; by default for n_components and half_life.
    recommender : Recommender, default=None
        A recommender with the other parameters.
    metric : str, default='ndcg'
        The metric of `evaluate` to choose by; a higher value must be better.
    split, k, test_share, windows, random_state : as in `evaluate`
        How each combination is measured.

    Returns
    -------
    Tuning
        The best parameters, all values, and a recommender fitted to the whole log.

    Raises
    ------
    ParameterError
        If the grid is empty or names an unknown parameter, or the metric is unknown.
    DataError
        As in `evaluate`.

    Examples
    --------
    >>> log = {"reader": [i % 7 for i in range(60)], "article": [i % 11 for i in range(60)], "time": list(range(60))}
    >>> tune(log, grid={"n_components": [1, 2]}).params["n_components"] in (1, 2)
    True
    """
    if not isinstance(grid, Mapping | None):
        raise ParameterError(f"grid must be a dict of parameter to values, or None; got {shown(grid)}.")
    check_kind("recommender", recommender, Recommender)
    random_state = plain_seed("random_state", random_state)
    base = Recommender(random_state=random_state) if recommender is None else recommender
    values_of = {name: listed(values, f"grid[{name!r}]") for name, values in (GRID if grid is None else grid).items()}
    for name in values_of:
        if name not in base.get_params():
            raise unknown_name("grid parameter", name, base.get_params())
    tried = [dict(zip(values_of, values, strict=True)) for values in product(*values_of.values())]
    if not tried or not values_of:
        raise ParameterError("grid has nothing to try. Give at least one parameter with at least one value.")
    check_choice("metric", metric, SHOWN)
    rows = []
    for params in tried:
        model = type(base)(**{**base.get_params(), **params})
        found = evaluate(
            model, interactions, articles, split, k, False, random_state, test_share=test_share, windows=windows
        )
        at = [
            i for i, name in enumerate(found.columns["metric"]) if (name, found.columns["model"][i]) == (metric, OURS)
        ]
        cells = [found.columns[c][at[0]] if at else float("nan") for c in ("value", "low", "high")]
        rows.append((*params.values(), *cells))
    values = np.array([row[-3] for row in rows])
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    columns = {name: [rows[i][t] for i in order] for t, name in enumerate([*values_of, "value", "low", "high"])}
    params = tried[order[0]]
    fitted = type(base)(**{**base.get_params(), **params}).fit(interactions, articles)
    return Tuning(columns, params, fitted)
