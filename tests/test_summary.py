"""Results are shown in a few lines, as text and as HTML, whatever they hold."""

import dataclasses
from html.parser import HTMLParser

import numpy as np
import pytest

import partwise as pw
from partwise.summary import Summary, size, spread
from partwise.weighting import Weighting

X = np.random.default_rng(0).gamma(1.0, 1.0, (60, 40))
TEXTS = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup for the home team"]
LOG = {
    "reader": [f"r{i % 12}" for i in range(240)],
    "article": [f"a{number}" for number in np.random.default_rng(0).integers(0, 30, 240)],
    "time": [*range(240)],
}


def iteration():
    seen = []
    pw.factorize(X, 3, random_state=0, max_iter=2, callback=seen.append)
    return seen[-1]


RESULTS = {
    "Factorization": lambda: pw.factorize(X, 3, random_state=0),
    "Iteration": iteration,
    "Consensus": lambda: pw.consensus(X, 3, n_runs=4, random_state=0),
    "RankChoice": lambda: pw.choose_rank(X, [1, 2, 3], folds=2, random_state=0),
    "Match": lambda: pw.match(X[:3], X[3:7]),
    "Diagnostics": lambda: pw.diagnose(X, pw.factorize(X, 3, random_state=0)),
    "Comparison": lambda: pw.compare_with_svd(X, 3),
    "Bounds": lambda: pw.Bounds(0.0, X),
    "Evaluation": lambda: pw.recommend.evaluate(pw.recommend.Recommender(3), LOG),
    "Tuning": lambda: pw.recommend.tune(LOG, grid={"n_components": [2, 3]}),
    "TopicDiff": lambda: pw.TopicModel(2).fit(TEXTS).diff(pw.TopicModel(3).fit(TEXTS)),
    "StateOfTheUnion": pw.datasets.load_state_of_the_union,
    "Weighting": lambda: Weighting(rows=X[:, :1]),
}


class Told(Summary):
    def __init__(self, **facts):
        self.facts = facts

    def _facts(self):
        return self.facts


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(page)

    def handle_data(self, data):
        self.found.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_a_few_short_lines(name):
    result = RESULTS[name]()
    lines = repr(result).splitlines()
    assert lines[0] == type(result).__name__ == name
    assert 2 <= len(lines) <= 12
    assert max(map(len, lines)) < 80
    assert "array(" not in repr(result)
    printed = f"{result}".splitlines()
    assert printed[0]
    assert max(map(len, printed)) < 80


@pytest.mark.parametrize("name", RESULTS)
def test_a_notebook_shows_the_same_facts(name):
    result = RESULTS[name]()
    page = result._repr_html_()
    assert len(page) < 3000
    texts = Texts(page)
    assert texts.found[0] == name
    assert set(texts.tags) == {"table", "caption", "tr", "th", "td"}
    words = " ".join(repr(result).split())
    for text in texts.found:
        assert " ".join(text.split()) in words


def test_facts_with_markup_are_shown_and_not_obeyed():
    page = Told(**{"<b>name</b>": "<script>alert(1)</script> & 'more'"})._repr_html_()
    assert Texts(page).found[1:] == ["<b>name</b>", "<script>alert(1)</script> & 'more'"]
    assert "<script" not in page


def test_a_long_fact_is_wrapped_and_then_cut():
    told = Told(reason="a long word or two " * 100)
    lines = repr(told).splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) < 80
    assert lines[-1].endswith("...")
    assert len(told._repr_html_()) < 700


def test_no_public_dataclass_prints_an_array():
    held = {}
    for name in pw.__all__:
        found = getattr(pw, name)
        fields = dataclasses.fields(found) if dataclasses.is_dataclass(found) else ()
        held[name] = any(word in str(field.type) for field in fields for word in ("ndarray", "Any", "list"))
        assert not held[name] or issubclass(found, Summary), name
    assert {name for name, holds in held.items() if holds} == {
        "Bounds", "Consensus", "Diagnostics", "Factorization", "Match", "RankChoice",
    }  # fmt: skip


def test_ranges_and_sizes_are_told_briefly():
    assert (spread([0.25, 1.0, 0.5]), spread([2, 2], ".0f"), spread([])) == ("0.25 to 1.00", "2", "none")
    assert (size(X), size(None), size(1.5), size(np.inf)) == ("60 x 40", "none", "1.5", "inf")
