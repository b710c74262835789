"""What a recommender is given: tables of any library work, and what says nothing is refused with its place."""

import copy
import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from partwise.exceptions import DataError, ParameterError, PartwiseError
from partwise.recommend import Recommender, evaluate, tune

PAIRS = [(r, a) for r in range(8) for a in range(6) if (r + a) % 2 == 0]
TIMES = [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=i) for i in range(len(PAIRS))]
LOG = pd.DataFrame(
    {
        "reader": [f"r{r}" for r, _ in PAIRS],
        "article": [a for _, a in PAIRS],
        "strength": [1.0 + i % 3 for i in range(len(PAIRS))],
        "time": [time.timestamp() for time in TIMES],
    }
)
AWARE = pd.Series(TIMES)
ARTICLES = {"article": [0, 1, 2], "text": ["the bank cuts rates", "a cup final", "the festival shows a film"]}
ODD = [
    0,
    -1,
    2.5,
    True,
    "3",
    None,
    float("nan"),
    float("inf"),
    10**30,
    [],
    [1],
    {},
    b"x",
    object(),
    np.zeros((2, 2)),
    pd.NA,
]
ODD += [pd.DataFrame(), np.array(2), iter([1]), int, 1j]


def answers(log, **settings):
    return Recommender(2, half_life=5, **settings).fit(log).recommend(["r0", "r1", "new"])


@pytest.mark.parametrize(
    "log",
    [
        LOG.convert_dtypes(),
        LOG.astype({"reader": "category", "article": "category"}),
        LOG.assign(time=AWARE),
        LOG.assign(time=AWARE.dt.tz_convert("Asia/Tokyo")),
        LOG.assign(time=AWARE.dt.tz_localize(None)),
        LOG.assign(time=AWARE.astype("datetime64[ms, UTC]")),
        LOG.assign(time=AWARE.dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
        LOG.assign(time=pd.Series([time.date() for time in TIMES], dtype=object)),
        LOG.assign(strength=LOG["strength"].astype(str)),
        pl.DataFrame(LOG.to_dict("list")),
        pl.DataFrame(LOG.to_dict("list")).with_columns(pl.Series("time", TIMES), pl.col("reader").cast(pl.Categorical)),
        {name: np.ma.masked_array(LOG[name].to_numpy(), mask=False) for name in LOG},
        {name: tuple(LOG[name]) for name in LOG},
    ],
    ids=[
        "nullable", "categorical", "zone", "other zone", "naive", "milliseconds", "text", "dates", "strings", "polars",
        "polars kinds", "masked", "tuples",
    ],
)  # fmt: skip
def test_tables_of_any_kind_give_the_same(log):
    pd.testing.assert_frame_equal(answers(log), answers(LOG))


@pytest.mark.parametrize("feedback", ["implicit", "explicit"])
@pytest.mark.parametrize("column", ["reader", "article", "strength", "time"])
def test_one_value_that_says_nothing_is_refused_with_its_row(feedback, column):
    values = LOG[column].tolist()
    for odd in (None, float("nan"), pd.NA, pd.NaT, [1], {}, b"x", object(), 1j, np.zeros(2), np.datetime64("NaT")):
        log = {**LOG, column: [*values[:3], odd, *values[4:]]}
        with pytest.raises(DataError, match=f"{column} of row 3"):
            Recommender(2, feedback=feedback).fit(log)
    masked = np.ma.masked_array(np.arange(len(LOG)), mask=np.arange(len(LOG)) == 3)
    with pytest.raises(DataError, match=f"{column} of row 3"):
        Recommender(2, feedback=feedback).fit({**LOG, column: masked})


@pytest.mark.parametrize(
    "column", [3, None, "abc", {}, b"abc", np.zeros((2, 2)), pd.DataFrame(), LOG[["reader", "reader"]]]
)
def test_a_column_that_is_none_is_refused_by_name(column):
    for name in LOG:
        with pytest.raises(DataError, match=name):
            Recommender(2).fit({**LOG, name: column})
    with pytest.raises(DataError, match="text"):
        Recommender(2).fit(LOG, {**ARTICLES, "text": column})


def test_a_lazy_table_says_how_to_get_its_values():
    with pytest.raises(DataError, match="collect"):
        Recommender(2).fit(pl.DataFrame(LOG.to_dict("list")).lazy())


@pytest.mark.parametrize("feedback", ["implicit", "explicit"])
@pytest.mark.parametrize(
    ("method", "given", "names"),
    [
        (
            "recommend",
            {"readers": ["r0"]},
            ["readers", "n", "exclude_seen", "articles", "filter", "diversity", "recency"],
        ),
        ("predict", {"reader": "r0", "article": 1}, ["reader", "article"]),
        ("explain", {"reader": "r0", "article": 2}, ["reader", "article", "recency"]),
        ("similar_articles", {"article": 0}, ["article", "n"]),
        ("similar_readers", {"reader": "r0"}, ["reader", "n"]),
        ("update", {}, ["interactions"]),
        ("add_articles", {}, ["articles"]),
        ("fit", {"interactions": LOG}, ["interactions", "articles"]),
    ],
)
def test_what_a_method_cannot_use_is_refused_in_our_own_words(feedback, method, given, names):
    model = Recommender(2, feedback=feedback).fit(LOG, ARTICLES)
    told = []
    for name in names:
        for value in ODD:
            try:
                getattr(copy.copy(model), method)(**given | {name: value})
            except PartwiseError as error:
                told.append(str(error))
    assert told
    assert max(map(len, told)) < 500


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3", None, float("nan"), 10**30, np.array(2)])
def test_how_many_is_a_positive_integer_everywhere(n):
    model = Recommender(2).fit(LOG)
    calls = [
        lambda: model.recommend(["r0"], n),
        lambda: model.similar_articles(0, n),
        lambda: model.similar_readers("r0", n),
        lambda: Recommender(n).fit(LOG),
        lambda: evaluate(Recommender(2), LOG, k=n),
        lambda: evaluate(Recommender(2), LOG, windows=n),
    ]
    for call in calls:
        with pytest.raises(ParameterError, match="must be a positive integer"):
            call()


@pytest.mark.parametrize(
    "given",
    [
        {"recommender": 3},
        {"split": 3},
        {"split": "tomorrow"},
        {"k": True},
        {"baselines": 1},
        {"random_state": -1},
        {"random_state": "0"},
        {"test_share": 0},
        {"test_share": 1},
        {"test_share": float("nan")},
        {"windows": 0},
    ],
    ids=str,
)
def test_an_evaluation_that_says_nothing_is_refused_by_name(given):
    with pytest.raises(ParameterError, match=next(iter(given))):
        evaluate(**{"recommender": Recommender(2), "interactions": LOG} | given)


@pytest.mark.parametrize("grid", [3, [], {}, {"n_components": 3}, {"n_components": "12"}, {"n_parts": [1]}, {3: [1]}])
def test_a_grid_that_says_nothing_is_refused(grid):
    with pytest.raises((ParameterError, DataError), match="grid"):
        tune(LOG, grid=grid)


def test_any_seed_of_numpy_gives_an_evaluation():
    for seed in (None, np.int64(3), np.random.RandomState(3), np.random.default_rng(3)):
        assert evaluate(Recommender(1), LOG, windows=1, random_state=seed).facts["readers"] > 0
        assert Recommender(1, random_state=seed).fit(LOG).reader_parts_.shape == (8, 1)


def test_true_is_no_reader():
    model = Recommender(2).fit({"reader": [0, 1, 1], "article": [1, 0, 1]})
    for call in (lambda: model.similar_articles(True), lambda: model.similar_readers(True)):
        with pytest.raises(DataError, match=r"no .* True in the log"):
            call()


def test_names_of_columns_in_an_error_hold_nothing_that_a_terminal_obeys():
    with pytest.raises(DataError, match="has no column") as caught:
        Recommender(2).fit({"\x1b[2J": [1], "a\u202eb": [2]})
    assert str(caught.value).isprintable()
