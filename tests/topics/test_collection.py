"""What a topic model is given: every value works, or is refused with its place and the way out."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from partwise.exceptions import DataError, ParameterError, PartwiseError
from partwise.topics import TopicModel

TEXTS = ["the bank cuts rates", "rates and inflation rise", "a cup final at home", "the cup goes to the home team"] * 2
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


@pytest.fixture(scope="module")
def model():
    return TopicModel(2, stability_runs=0).fit(TEXTS, dates=["2024", "2025"] * 4)


@pytest.mark.parametrize(
    ("method", "given", "names"),
    [
        ("records", {}, ["n_words"]),
        ("top_words", {"topic": 0}, ["topic", "n", "relevance"]),
        ("typical", {"topic": 0}, ["topic", "n"]),
        ("set_labels", {"labels": {}}, ["labels"]),
        ("find", {"query": "rates"}, ["query", "n"]),
        ("similar", {"id_or_text": "0"}, ["id_or_text", "n", "word_weight", "duplicates"]),
        ("merge", {"topics": [0, 1]}, ["topics"]),
        ("split", {"topic": 0}, ["topic", "n"]),
        ("over_time", {"bins": "year"}, ["bins", "n_words"]),
        ("per_class", {"labels": list("ab") * 4}, ["labels", "n_words"]),
        ("diff", {"other": None}, ["other"]),
        ("transform", {"texts": TEXTS}, ["texts"]),
        ("partial_fit", {"texts": TEXTS, "dates": ["2024"] * 8}, ["texts", "ids", "dates"]),
        ("fit", {"texts": TEXTS}, ["texts", "ids", "dates", "words"]),
    ],
)
def test_what_a_method_cannot_use_is_refused_in_our_own_words(model, method, given, names):
    told = []
    for name in names:
        for value in ODD:
            one = TopicModel().set_params(**model.get_params())
            one.__dict__.update(vars(model))
            try:
                getattr(one, method)(**given | {name: value})
            except PartwiseError as error:
                told.append(str(error))
    assert told
    assert max(map(len, told)) < 500


@pytest.mark.parametrize("name", [name for name in TopicModel().get_params() if name != "n_jobs"])
def test_a_parameter_that_says_nothing_is_refused_by_name(name):
    good = {"n_topics": 2, "stability_runs": 0}
    empty = [] if name == "stop_words" else [[]]  # an empty list of stop words adds none
    for value in (object(), np.zeros((2, 2)), pd.NA, 1j, *empty):
        with pytest.raises(DataError if name == "embeddings" else ParameterError, match=name):
            TopicModel(**good | {name: value}).fit(TEXTS)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3", None, float("nan"), 10**30, np.array(2)])
def test_how_many_is_a_positive_integer_everywhere(model, n):
    calls = [
        lambda: model.records(n),
        lambda: model.table(n),
        lambda: model.top_words(0, n),
        lambda: model.typical(0, n),
        lambda: model.documents(0, n),
        lambda: model.find("rates", n),
        lambda: model.neighbours("0", n),
        lambda: model.similar("0", n),
        lambda: model.over_time("year", n),
        lambda: model.per_class(["a"] * 8, n),
        lambda: TopicModel(n).fit(TEXTS),
        lambda: TopicModel(n).partial_fit(TEXTS),
    ]
    for call in calls:
        with pytest.raises(ParameterError, match="must be a positive integer"):
            call()


@pytest.mark.parametrize(
    "texts",
    [
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
        pl.Series(TEXTS),
        tuple(TEXTS),
    ],
    ids=lambda texts: type(texts).__module__.partition(".")[0],
)
def test_texts_of_any_library_give_the_same(model, texts):
    found = TopicModel(2, stability_runs=0).fit(texts, dates=["2024", "2025"] * 4)
    np.testing.assert_array_equal(found.components_, model.components_)


@pytest.mark.parametrize(
    "make", [np.asarray, pd.DataFrame, pl.DataFrame, sp.csr_array, sp.coo_matrix, lambda X: X.astype(int)]
)
def test_counts_of_any_library_give_the_same(make):
    counts = np.random.default_rng(0).poisson(1, (9, 5)).astype(float)
    found, expected = (TopicModel(2, stability_runs=0).fit(X) for X in (make(counts), counts))
    np.testing.assert_array_equal(found.components_, expected.components_)
    np.testing.assert_array_equal(found.transform(make(counts)), expected.transform(counts))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ([[1, -1]], r"texts\[0, 1\] = -1"),
        ([[1, np.nan]], r"texts\[0, 1\]"),
        ([[1, np.inf]], r"texts\[0, 1\] = inf"),
        ([[1, 1e200]], r"1e\+200"),
        ([[1, 1j]], "texts"),
        ([["a", "b"]], "texts"),
        (np.zeros((0, 3)), r"0 sample\(s\)"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]]), r"texts\[0, 0\]"),
    ],
)
def test_a_matrix_that_holds_no_counts_is_refused_by_fit_and_transform(values, part):
    values = values if isinstance(values, np.ndarray) else np.array(values)
    fitted = TopicModel(1).fit(np.ones((2, 2)))
    for call in (TopicModel(1).fit, fitted.transform):
        with pytest.raises(DataError, match=part):
            call(values)


@pytest.mark.parametrize(
    "ids", [[None, *"abcdefg"], [float("nan"), *"abcdefg"], [pd.NA, *"abcdefg"], [[1], *"abcdefg"]]
)
def test_an_id_that_is_none_is_named(ids):
    with pytest.raises(DataError, match=r"ids\[0\] is"):
        TopicModel(2).fit(TEXTS, ids=ids)


@pytest.mark.parametrize("none", [None, float("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), ""])
def test_dates_and_classes_may_be_missing_in_any_way(none):
    model = TopicModel(2, stability_runs=0).fit(TEXTS, dates=[none, *["2024"] * 7])
    assert model.dates_ == ["", *["2024"] * 7]
    assert set(model.per_class([none, *"a" * 7])["class"]) == {"a"}


@pytest.mark.parametrize("dates", [["0001-01-01", "9999-12-31"] * 4, ["0001"] * 8, ["9999-12-31"] * 8])
def test_dates_at_the_ends_of_the_calendar_are_dates(tmp_path, dates):
    model = TopicModel(2, stability_runs=0).fit(TEXTS, dates=dates)
    model.report(tmp_path / "report.html")
    assert model.over_time("decade")["documents"].sum() == 16
