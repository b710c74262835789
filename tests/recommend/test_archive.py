"""Recommenders in files: the same bits come back."""

import numpy as np
import pandas as pd
import pytest

import partwise as pw
from partwise.exceptions import ModelFileError
from partwise.io import model_file
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


def spoil(what, change):
    def spoiled(header, arrays):
        held = header if what in header else arrays
        held[what] = change(held[what])

    return spoiled


@pytest.mark.parametrize(
    ("feedback", "change"),
    [
        ("implicit", spoil("log.article", lambda places: places + 1000)),
        ("implicit", spoil("log.reader", lambda places: places - 5)),
        ("implicit", spoil("log.reader", lambda places: places[:-1])),
        ("implicit", spoil("log.time", lambda times: times[:-1])),
        ("implicit", spoil("readers", lambda ids: ids[:-1] + ids[:1])),
        ("implicit", spoil("articles", lambda ids: ids[:-1])),
        ("implicit", spoil("parts.H", lambda H: H[:-1])),
        ("implicit", spoil("parts.R", lambda R: R[:, :1])),
        ("implicit", spoil("published", lambda times: times[:2])),
        ("implicit", spoil("units", lambda units: units[:2])),
        ("implicit", spoil("texts", lambda texts: texts[:3])),
        ("implicit", spoil("words", lambda words: words[:1])),
        ("explicit", spoil("rated.W", lambda W: W[:-1])),
        ("explicit", spoil("rated.signs", lambda signs: signs[:1])),
    ],
)
def test_a_file_whose_parts_do_not_fit_each_other_is_told(tmp_path, feedback, change):
    path = tmp_path / "r.partwise"
    pw.save(Recommender(3, feedback=feedback).fit(LOG, ARTICLES), path)
    kind, header, arrays = model_file.read(path)
    change(header, arrays)
    model_file.write(path, kind, header, arrays)
    with pytest.raises(ModelFileError, match="cannot build"):
        pw.load(path)
