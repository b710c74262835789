"""Ids of readers and articles, of any kind."""

import pytest

from partwise.exceptions import DataError
from partwise.recommend import Recommender, evaluate


@pytest.mark.parametrize("ids", [["1", "2"], [1, "2"]])
def test_ids_of_another_kind_in_articles_are_told(ids):
    log = {"reader": ["a", "b", "a"], "article": [1, 1, 2]}
    articles = {"article": ids, "text": ["cup goal team", "bank rates profit"]}
    for work in (Recommender(1).fit, lambda *given: evaluate(Recommender(1), *given, split="random")):
        with pytest.raises(DataError, match=r"'[12]' \(str\) in articles is [12] \(int\)"):
            work(log, articles)
    model = Recommender(1).fit(log, {**articles, "article": [1, 2]}).add_articles({"article": [3], "text": ["cup"]})
    with pytest.raises(DataError, match="different types"):
        model.add_articles({"article": ["2"], "text": ["cup"]})


def test_ids_may_be_floats_and_one_is_not_taken_for_several():
    model = Recommender(1).fit({"reader": [1.0, 2.0, 1.0], "article": ["x", "x", "y"]})
    assert model.recommend(2.0)["article"].tolist() == ["y"]
    for pair in ((1.0, ["x"]), ([1.0], "x")):
        with pytest.raises(DataError, match="one id with several"):
            model.predict(*pair)
