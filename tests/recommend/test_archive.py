"""Recommenders in files: the same bits come back."""

import numpy as np
import pandas as pd
import pytest

import partwise as pw
from partwise.recommend import Recommender

LOG = {
    "reader": [f"r{i % 9}" for i in range(120)],
    "article": [(i * i) % 17 for i in range(120)],
    "strength": [1.0 + i % 5 for i in range(120)],
    "time": [1e9 + 5000.0 * i for i in range(120)],
}
ARTICLES = {"article": list(range(18)), "text": [["cup goal team", "bank rates profit"][i % 2] for i in range(18)]}


@pytest.mark.parametrize("feedback", ["implicit", "explicit"])
@pytest.mark.parametrize("articles", [None, ARTICLES])
@pytest.mark.parametrize("half_life", [None, 2.0])
def test_a_loaded_recommender_gives_the_same_bits(tmp_path, feedback, articles, half_life):
    model = Recommender(3, feedback=feedback, half_life=half_life).fit(LOG, articles)
    pw.save(model, tmp_path / "r.partwise")
    again = pw.load(tmp_path / "r.partwise")
    asked = ["r0", "r5", "nobody"]
    pd.testing.assert_frame_equal(again.recommend(asked), model.recommend(asked), check_exact=True)
    assert again.get_params() == model.get_params()
    assert again.labels_ == model.labels_
    more = {"reader": ["new", "new"], "article": [3, "late"], "strength": [5.0, 2.0], "time": [2e9, 2e9]}
    pd.testing.assert_frame_equal(again.update(more).recommend(["new"]), model.update(more).recommend(["new"]))
    if articles is not None and feedback == "implicit":
        text = {"article": ["x"], "text": ["cup team"]}
        assert np.array_equal(again.add_articles(text).article_parts_, model.add_articles(text).article_parts_)
