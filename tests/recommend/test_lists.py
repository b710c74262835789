"""Lists of many readers: the same bits in any company, the highest scores of each, best first."""

import numpy as np
import pytest

from partwise.exceptions import ParameterError
from partwise.recommend import Recommender
from partwise.recommend.lists import BLOCK, Asked, ranked
from partwise.recommend.ranking import best, best_of_rows, diversified
from partwise.topics.places import unit_rows

WORDS = ["cup", "team", "goal", "coach", "bank", "rates", "shares", "market"]


def make_log(seed=0, readers=3 * BLOCK + 5, articles=90):
    rng = np.random.default_rng(seed)
    reader = np.concatenate([np.arange(readers), rng.integers(0, readers, 6 * readers)])
    article = (reader % 3 * 7 + rng.integers(0, articles // 2, len(reader))) % articles
    return {"reader": reader, "article": article, "strength": 1.0 + reader % 4, "time": 1.7e9 + 3600 * article}


def make_articles(articles=90):
    rng = np.random.default_rng(1)
    return {"article": np.arange(articles), "text": [" ".join(rng.choice(WORDS, 6)) for _ in range(articles)]}


@pytest.fixture(scope="module", params=["reads", "texts", "ratings"])
def model(request):
    feedback = "explicit" if request.param == "ratings" else "implicit"
    articles = make_articles() if request.param == "texts" else None
    return Recommender(5, feedback=feedback, content_weight=0.5).fit(make_log(), articles)


@pytest.mark.parametrize("settings", [{}, {"diversity": 0.4}, {"recency": 1.0, "exclude_seen": False}, {"n": 200}])
def test_a_list_has_the_same_bits_alone_in_company_and_on_threads(model, settings):
    rows = np.array([*range(len(model.reader_ids_)), -1])
    asked = Asked(**settings)
    together = [np.concatenate(found) for found in zip(*ranked(model, rows, asked), strict=True)]
    threads = [np.concatenate(found) for found in zip(*ranked(model, rows, asked, n_jobs=3), strict=True)]
    for one, other in zip(together, threads, strict=True):
        np.testing.assert_array_equal(one, other)
    for row in (0, 1, BLOCK - 1, BLOCK, len(rows) - 2, -1):
        alone = [found[0] for found in next(ranked(model, rows[[row]], asked))]
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, other[row])


def test_a_list_is_the_best_of_the_scores_that_the_model_gives(model):
    rows = np.arange(BLOCK + 3)
    places, scores = (np.concatenate(found) for found in zip(*ranked(model, rows, Asked(7)), strict=True))
    for row in rows:
        expected = model._scores(np.array([row]))[0].copy()
        expected[model._read_by([row]).indices] = -np.inf
        assert places[row].tolist() == best(expected, 7).tolist()
        np.testing.assert_array_equal(scores[row], expected[places[row]])


def test_a_diverse_list_is_chosen_by_marginal_relevance(model):
    vectors, rows = unit_rows(model.article_parts_), np.arange(20)
    places = np.concatenate([found for found, _ in ranked(model, rows, Asked(5, diversity=0.6))])
    for row in rows:
        scores = model._scores(np.array([row]))[0].copy()
        scores[model._read_by([row]).indices] = -np.inf
        assert places[row].tolist() == diversified(scores, vectors, 5, 0.6).tolist()


def test_no_readers_get_no_lists(model):
    assert [*ranked(model, np.zeros(0, dtype=np.int64), Asked())] == []
    assert model.recommendations([]) == []


@pytest.mark.parametrize("m", [1, 7, 300, 5_000])
@pytest.mark.parametrize("n", [1, 3, 40])
def test_the_best_of_a_row_are_those_of_a_sort(m, n):
    rng = np.random.default_rng(m + n)
    scores = np.round(rng.random((5, m + 2)) * 1000) / 1000  # many are equal
    scores[rng.random((5, m + 2)) < 0.3] = -np.inf
    scores[4, :m] = -np.inf
    scores[:, m:] = 9  # beyond those that count
    columns, found = best_of_rows(scores, m, min(n, m))
    for row in range(5):
        expected = best(scores[row, :m], n)
        own = columns[row][columns[row] >= 0]
        assert own.tolist() == expected.tolist()
        np.testing.assert_array_equal(found[row][: len(own)], scores[row, expected])
        assert np.isnan(found[row][len(own) :]).all()


@pytest.mark.parametrize(
    ("setting", "name"), [({"n": 0}, "n"), ({"diversity": 2}, "diversity"), ({"exclude_seen": "no"}, "exclude_seen")]
)
def test_bad_settings_of_lists_are_told(setting, name):
    with pytest.raises(ParameterError, match=name):
        Asked(**setting)
