"""How well recommendations predict what readers read later, compared with simple rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array
from partwise.parameters import LARGEST_SEED, check_choice, check_flag, check_integer, check_number
from partwise.recommend.baselines import Rule
from partwise.recommend.baselines import baselines as simple_rules
from partwise.recommend.given import GivenReads
from partwise.recommend.interest import Interest
from partwise.recommend.log import Articles, Log, check_join, read_articles, read_log
from partwise.recommend.measures import ACCURACY, accuracy, calibration, spread
from partwise.recommend.ranking import CELLS, best_of_rows
from partwise.recommend.recommender import Recommender
from partwise.recommend.splits import SPLITS, Split, plain_seed, splits
from partwise.summary import Summary
from partwise.topics.frames import frame
from partwise.topics.places import unit_rows

__all__ = ["Evaluation", "evaluate"]

OURS = "partwise"
SPREAD = ("coverage", "novelty", "diversity", "calibration")
SHOWN = (*ACCURACY, *SPREAD)
APART = ("ndcg, new readers", "recall, new readers", "recall, new articles")
DRAWS = 1000
LEAKY = "leaky: the model knows what other readers read later"


@dataclass(frozen=True, repr=False)
class Evaluation(Summary):
    """The quality of recommendations; ``str()`` is a table.

    Parameters
    ----------
    columns : dict of str to list
        Columns of `table`, for those without pandas.
    facts : dict
        About the test: split, k, readers, hidden (reads to predict), unreachable (the share of these reads whose
        articles no model could know) and untimed (articles whose times of publication are unknown).

    Examples
    --------
    >>> from partwise.recommend import Recommender, evaluate
    >>> log = {"reader": [i % 7 for i in range(60)], "article": [i % 11 for i in range(60)], "time": list(range(60))}
    >>> found = evaluate(Recommender(2), log, k=3, windows=1)
    >>> found.facts["readers"], found.facts["hidden"]
    (7, 12)
    >>> {name: round(found.value(name, "recall"), 2) for name in ("partwise", "random", "most read")}
    {'partwise': 0.86, 'random': 0.64, 'most read': 0.64}
    """

    columns: dict[str, list[Any]]
    facts: dict[str, Any]

    @property
    def table(self) -> Any:
        """DataFrame: model, metric, value, low and high (95 % interval over readers, NaN if there is none), readers."""
        return frame(self.columns, "Evaluation.table", "The columns are in Evaluation.columns.")

    def value(self, model: str, metric: str) -> float:
        """Return one value.

        Parameters
        ----------
        model, metric : str
            Entries of the columns ``model`` and ``metric`` of `table`, such as 'partwise' and 'ndcg'.

        Returns
        -------
        float
            The value; NaN if it could not be measured.
        """
        for name, measure, value in zip(*(self.columns[c] for c in ("model", "metric", "value")), strict=True):
            if name == model and measure == metric:
                return float(value)
        return float("nan")

    def _facts(self) -> dict[str, Any]:
        models = dict.fromkeys(self.columns["model"])
        return {
            "split": f"{self.facts['split']}, lists of {self.facts['k']}",
            "readers": f"{self.facts['readers']:,}, {self.facts['hidden']:,} reads to predict",
            **{f"ndcg, {model}": _cell(self.value(model, "ndcg")) for model in models},
        }

    def __str__(self) -> str:
        models = list(dict.fromkeys(self.columns["model"]))
        metrics = [m for m in (*SHOWN, *APART) if m in self.columns["metric"]]
        width = max(map(len, models))
        rows = zip(*(self.columns[c] for c in ("model", "metric", "low", "high")), strict=True)
        interval = {name: f"{_cell(low)} to {_cell(high)}" for name, metric, low, high in rows if metric == "ndcg"}
        k = self.facts["k"]
        lines = [
            f"split {self.facts['split']}, lists of {k}, {self.facts['readers']:,} readers, "
            f"{self.facts['hidden']:,} reads to predict"
        ]
        if self.facts["split"] == "leave-last-out":
            lines.append(LEAKY)
        if self.facts["unreachable"]:
            lines.append(f"{self.facts['unreachable']:.1%} of these reads are of articles that no model could know")
        if self.facts["untimed"] and self.facts["split"] == "time":
            lines.append(
                f"times of {self.facts['untimed']:,} articles are unknown: each is a candidate from its first read on"
            )
        for block in (ACCURACY, SPREAD, APART):
            named = [metric for metric in block if metric in metrics]
            if not named:
                continue
            widths = [max(len(metric), 6 if block == ACCURACY else 11) for metric in named]
            head = [f"{metric:>{size}}" for metric, size in zip(named, widths, strict=True)]
            cells = {
                model: [f"{_cell(self.value(model, m)):>{size}}" for m, size in zip(named, widths, strict=True)]
                for model in models
            }
            if named[0] == "ndcg":
                head.insert(1, f"{'ndcg, 95 %':>16}")
                for model in models:
                    cells[model].insert(1, f"{interval.get(model, '-'):>16}")
            lines += ["", f"{'':{width}} {' '.join(head)}"]
            lines += [f"{model:{width}} {' '.join(cells[model])}" for model in models]
        return "\n".join(lines)


def evaluate(
    recommender: Recommender,
    interactions: Any,
    articles: Any = None,
    split: str = "time",
    k: int = 10,
    baselines: bool = True,
    random_state: int | None = 0,
    *,
    test_share: float = 0.2,
    windows: int = 4,
    fitted: Mapping[str, Recommender] | None = None,
) -> Evaluation:
    """Measure how well a recommender predicts what readers read next, compared with simple rules.

    A copy of the recommender is fitted to the known reads. It ranks all available articles, without those that the
    reader has already read. The list should hold what the reader then reads for the first time. A value is the mean
    over readers and windows.

    In a split by time an article is available, with its text, if it was published or read no later than the last read
    before the window. An article without a time of publication is available after its first read. No model can predict
    reads of other articles; ``facts["unreachable"]`` is their share.

    Parameters
    ----------
    recommender : Recommender
        Its parameters are used; it is not changed.
    interactions, articles : as in `Recommender.fit`
        The whole log.
    split : {'time', 'leave-last-out', 'random'}, default='time'
        'time': the last part of the log, cut into windows of time, each predicted from all reads before it.
        'leave-last-out': the last read of each reader; leaky, because the model knows later reads of other readers.
        'random': a share of each reader's articles, for logs without times; leaky for the same reason.
        Fits for the last two do not use times.
    k : int, default=10
        Length of the lists.
    baselines : bool, default=True
        Whether to measure simple rules: random, most read, item-item neighbours, and for up to 3,000 articles EASE
        with a ridge of 100; with times also newest and most read lately. If the package implicit is installed, its
        ALS, BPR and BM25 (item-item) are measured too, with its defaults, for logs of up to 300,000 reads.
    random_state : int, default=0
        Seed of the random rule, a random split and the intervals.
    test_share : float, default=0.2
        Share of the log to predict, up to 0.99.
    windows : int, default=4
        Number of windows of time.
    fitted : mapping of str to Recommender, default=None
        Fitted recommenders to measure too, by name, such as the one that is in use. They are not fitted again, and know
        readers by the known reads alone (``reads`` of `Recommender.recommend`). Only if they were fitted to reads
        before the windows can they be compared with the others.

    Returns
    -------
    Evaluation
        For each model: ndcg, recall, map and mrr of known readers; coverage (share of the articles shown to someone),
        novelty (bits: minus log2 of the share of readers who read a shown article), diversity (how unlike the articles
        of a list are) and calibration (how well the parts of a list match those that the reader reads). Separately:
        ndcg and recall of new readers, and recall of new articles (which nobody had read, and whose text was known).

    Raises
    ------
    DataError
        As in `Recommender.fit`, or if the log cannot be split in this way.
    ParameterError
        If a parameter has an invalid value.

    Examples
    --------
    >>> from partwise.recommend import Recommender, evaluate
    >>> log = {"reader": [i % 7 for i in range(60)], "article": [i % 11 for i in range(60)], "time": list(range(60))}
    >>> found = evaluate(Recommender(2), log, k=3, windows=1)
    >>> bool(0 <= found.value("partwise", "ndcg") <= 1)
    True
    """
    if not isinstance(recommender, Recommender):
        raise ParameterError(f"recommender must be a Recommender; got {shown(recommender)}.")
    k, windows, baselines = check_integer("k", k), check_integer("windows", windows), check_flag("baselines", baselines)
    test_share = check_number("test_share", test_share, 0, 0.99, above=True)
    check_choice("split", split, SPLITS)
    random_state = plain_seed("random_state", random_state)
    for name, other in (fitted or {}).items():
        if not isinstance(getattr(other, "_model", None), Interest):
            raise ParameterError(f"fitted[{name!r}] must be a fitted Recommender of implicit feedback.")
    log = read_log(interactions)
    texts = None if articles is None else read_articles(articles)
    if texts is not None:
        check_join(log.articles.names, texts.ids)
    cuts = splits(log, split, share=test_share, windows=windows, random_state=random_state)
    tally = _Tally(k)
    if texts is not None and recommender.feedback == "implicit":
        tally.untimed = len(texts.ids) if texts.time is None else int(np.isnan(texts.time).sum())
    for number, cut in enumerate(cuts):
        seed = None if random_state is None else (random_state + number) % (LARGEST_SEED + 1)
        _measure(recommender, log, texts, cut, split == "time", baselines, seed, fitted or {}, tally)
    return tally.evaluation(split, random_state)


class _Tally:
    """Values of each model and metric, one per reader and window."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.values: dict[tuple[str, str], list[tuple[Any, float]]] = {}
        self.whole: dict[tuple[str, str], list[float]] = {}
        self.readers: set[Any] = set()
        self.hidden = self.unreachable = self.untimed = 0

    def add(self, model: str, metric: str, reader: Any, value: float) -> None:
        if not np.isnan(value):
            self.values.setdefault((model, metric), []).append((reader, value))

    def evaluation(self, split: str, random_state: int | None) -> Evaluation:
        columns: dict[str, list[Any]] = {name: [] for name in ("model", "metric", "value", "low", "high", "readers")}
        models = list(dict.fromkeys(model for model, _ in (*self.values, *self.whole)))
        for model in models:
            for metric in (*SHOWN, *APART):
                if (model, metric) in self.whole:
                    value = float(np.mean(self.whole[model, metric]))
                    row = (model, metric, value, float("nan"), float("nan"), len(self.readers))
                elif (model, metric) in self.values:
                    row = (model, metric, *_interval(self.values[model, metric], random_state))
                else:
                    continue
                for name, cell in zip(columns, row, strict=True):
                    columns[name].append(cell)
        share = self.unreachable / self.hidden if self.hidden else 0.0
        facts = {
            "split": split,
            "k": self.k,
            "readers": len(self.readers),
            "hidden": self.hidden,
            "unreachable": share,
            "untimed": self.untimed,
        }
        return Evaluation(columns, facts)


def _measure(
    recommender: Recommender,
    log: Log,
    texts: Articles | None,
    cut: Split,
    timed: bool,
    with_rules: bool,
    seed: int | None,
    others: Mapping[str, Recommender],
    tally: _Tally,
) -> None:
    known = log.part(cut.known).afresh()
    there = texts if texts is None or not timed else _there(texts, known, cut)
    # In these splits hidden reads are no later than known ones, so the age of a read does not help to predict them.
    fitted = known if timed else replace(known, time=None)
    model: Recommender = clone(recommender)._fit(fitted, there if there is not None and there.ids else None)
    m = len(known.articles)
    read = np.zeros(m, dtype=bool)
    read[known.article] = True
    n = len(known.readers)
    order = np.argsort(known.reader, kind="stable")
    seen = np.split(known.article[order], np.cumsum(np.bincount(known.reader)))
    rules: dict[str, Callable[[int], Array]] = {OURS: lambda reader: model._scores(np.array([reader]))[0]}
    rules |= {name: _rule_of(other, known) for name, other in others.items()}
    if with_rules:
        rules |= simple_rules(known, model._published, cut.now, seed)
    wanted = _wanted(log, cut)
    pairs = np.unique(known.reader * m + known.article)
    share = np.bincount(pairs % m, minlength=m) / n
    vectors, places = unit_rows(model.article_parts_), model.article_parts_
    shown = {name: np.zeros(m, dtype=bool) for name in rules}
    for name, articles in wanted.items():
        place = known.readers.find(name)
        own = np.unique(seen[place]) if place >= 0 else np.zeros(0, dtype=np.int64)
        met = np.array([known.articles.find(article) for article in articles])
        new = np.setdiff1d(met[met >= 0], own)
        lost = int(np.count_nonzero(met < 0))
        tally.hidden += len(new) + lost
        tally.unreachable += lost
        if not len(new):
            continue
        tally.readers.add(name)
        for rule, scores_of in rules.items():
            scores = np.array(scores_of(place), dtype=np.float64)
            scores[own] = -np.inf
            top = best_of_rows(scores[None], m, min(tally.k, m))[0][0]
            top = top[top >= 0]
            shown[rule][top] = True
            found = dict(zip(ACCURACY, accuracy(top, new, tally.k), strict=True))
            if place < 0:
                for metric in ("ndcg", "recall"):
                    tally.add(rule, f"{metric}, new readers", name, found[metric])
                continue
            for metric in ACCURACY:
                tally.add(rule, metric, name, found[metric])
            cold = new[~read[new]]
            if len(cold):
                tally.add(rule, "recall, new articles", name, accuracy(top, cold, tally.k)[1])
            tally.add(rule, "novelty", name, float(-np.log2(np.maximum(share[top], 1 / (2 * n))).mean()))
            tally.add(rule, "diversity", name, spread(vectors[top]))
            tally.add(rule, "calibration", name, calibration(places[own].sum(axis=0), places[top].sum(axis=0)))
    for rule, which in shown.items():
        tally.whole.setdefault((rule, "coverage"), []).append(float(which.mean()))


def _rule_of(fitted: Recommender, known: Log) -> Rule:
    """Return the scores of a fitted recommender for readers of the known reads; articles that it does not know last."""
    own: Any = fitted._model
    places = np.array([own.log.articles.find(name) for name in known.articles.names], dtype=np.int64)
    there = np.flatnonzero(places >= 0)
    reads = known.part(places[known.article] >= 0)
    log = replace(reads, articles=own.log.articles, article=places[reads.article])
    given = GivenReads.of(own, log, fitted.half_life)

    def scores(reader: int) -> Array:
        found = np.full(len(places), -np.inf)
        found[there] = given.scores(np.array([reader]))[0, places[there]]
        return found

    return scores


def _there(texts: Articles, known: Log, cut: Split) -> Articles:
    """Return the articles that were published or read before a window begins."""
    there = np.array([known.articles.find(name) >= 0 for name in texts.ids])
    if texts.time is not None:
        there |= texts.time <= cut.now
    return texts.part(np.flatnonzero(there).tolist())


def _wanted(log: Log, cut: Split) -> dict[Any, list[Any]]:
    """Return the ids of the articles that each reader read in a window, each once."""
    m = len(log.articles)
    pairs = np.unique(log.reader[cut.hidden] * m + log.article[cut.hidden])
    found: dict[Any, list[Any]] = {}
    for pair in pairs.tolist():
        found.setdefault(log.readers.names[pair // m], []).append(log.articles.names[pair % m])
    return found


def _interval(values: list[tuple[Any, float]], random_state: int | None) -> tuple[float, float, float, int]:
    """Return mean, 95 % bootstrap interval and number of readers; a reader is drawn with all of their windows."""
    place: dict[Any, int] = {}
    reader = np.array([place.setdefault(name, len(place)) for name, _ in values])
    value = np.array([number for _, number in values])
    sums, counts = np.bincount(reader, value), np.bincount(reader).astype(np.float64)
    rng = np.random.default_rng(random_state)
    n = len(sums)
    means = np.zeros(DRAWS)
    step = max(1, CELLS // n)
    for first in range(0, DRAWS, step):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=min(step, DRAWS - first))
        means[first : first + step] = (drawn @ sums) / (drawn @ counts)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(value.mean()), float(low), float(high), n


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.4f}"
