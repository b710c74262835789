"""A recommender without readers: the same lists and reasons, and no reads of one person together."""

from collections import Counter

import numpy as np
import pytest

import partwise
from partwise.exceptions import DataError
from partwise.recommend import Recommender
from partwise.recommend.anonymous import without_readers

WORDS = ["cup team goal coach", "bank rates shares market", "doctor vaccine nurse clinic"]


def make_log(timed, n=400):
    rng = np.random.default_rng(0)
    reader = rng.integers(40, size=n)
    article = (3 * rng.integers(20, size=n) + reader % 3).tolist()
    log = {"reader": [f"person {one}" for one in reader], "article": [f"a{one}" for one in article]}
    return log | ({"time": 1.7e9 + 3600 * rng.integers(200, size=n)} if timed else {})


def make_articles():
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS[i % 3].split(), 6)) for i in range(60)]
    return {"article": [f"a{i}" for i in range(60)], "text": texts}


@pytest.fixture(scope="module", params=["times", "no times", "half-life", "no texts"])
def model(request):
    log = make_log(request.param != "no times")
    half_life = 3.0 if request.param == "half-life" else None
    return Recommender(3, half_life=half_life).fit(log, None if request.param == "no texts" else make_articles())


def told(model, articles=60):
    reads = {"reader": ["new"] * 3, "article": ["a1", "a4", "a5"]}
    unknown = model.recommendations("nobody", articles, reads={"reader": [], "article": []})
    reasons = model.reasons("new", "a7", reads=reads)
    return model.recommendations(["new"], articles, reads=reads, recency=0.5), unknown, reasons


def check_same(one, other):
    for mine, yours in zip(one, other, strict=True):
        assert [row.get("article", row.get("because")) for row in mine] == [
            row.get("article", row.get("because")) for row in yours
        ]
        assert [row["score"] for row in mine] == pytest.approx([row["score"] for row in yours], rel=1e-6)


def test_lists_and_reasons_of_given_reads_stay_the_same_also_from_a_file(model, tmp_path):
    bare = without_readers(model)
    check_same(told(bare), told(model))
    partwise.save(bare, tmp_path / "bare.partwise")
    check_same(told(partwise.load(tmp_path / "bare.partwise")), told(model))
    assert model.reader_ids_[0].startswith("person")


def test_articles_join_as_before(model):
    if model._texts is None:
        pytest.skip("without texts no article can join")
    more = {"article": ["new one"], "text": ["doctor nurse cup"]}
    known, bare = model.__class__.__new__(Recommender), without_readers(model)
    known.__dict__.update(vars(model))
    check_same(told(bare.add_articles(more), 61), told(known.add_articles(more), 61))


def test_no_name_is_left_and_no_reads_of_one_person_are_together(model):
    bare, before = without_readers(model)._model.log, model._model.log
    assert set(bare.readers.names) == {str(i) for i in range(len(bare.readers))}
    pairs = [Counter(zip(log.reader.tolist(), log.article.tolist(), strict=True)) for log in (bare, before)]
    assert Counter(article for _, article in pairs[0]) == Counter(article for _, article in pairs[1])
    together = [
        {frozenset(a for r, a in of if r == reader) for reader in range(len(log.readers))}
        for of, log in zip(pairs, (bare, before), strict=True)
    ]
    assert not together[0] & together[1]
    assert without_readers(model)._model.parts.R.size == 0


def test_ratings_need_their_readers():
    rated = {"reader": ["a", "a", "b", "b"], "article": ["x", "y", "x", "z"], "rating": [1.0, 5, 3, 4]}
    with pytest.raises(DataError, match="needs its readers"):
        without_readers(Recommender(1, feedback="explicit").fit(rated))
