"""Recommenders in files: the same bits come back."""

import numpy as np
import pandas as pd
import pytest

import partwise as pw
from partwise.exceptions import ModelFileError
from partwise.io import model_file
from partwise.recommend import Recommender
from partwise.recommend.coread import co_reads
from partwise.recommend.interest import Blend

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
        ("implicit", spoil("pairs", lambda pairs: pairs[:-1])),
        ("implicit", spoil("pairs", lambda pairs: pairs * np.float32(np.nan))),
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


def test_of_a_file_without_co_reads_they_are_learned_from_its_log(tmp_path):
    """Files of earlier versions have none, and a tilt in place of the ridge."""
    path = tmp_path / "r.partwise"
    model = Recommender(3).fit(LOG, ARTICLES)
    pw.save(model, path)
    kind, header, arrays = model_file.read(path)
    del arrays["pairs"], header["blend"]["ridge"], header["params"]["co_reads"]
    texts = arrays["texts"]
    texts.indices, texts.indptr = texts.indices.astype(np.int64), texts.indptr.astype(np.int64)
    header["blend"] |= {"tilt": 0.2, "weights": [0.0, 1.0, 0.0, 0.0]}
    model_file.write(path, kind, header, arrays)
    again = pw.load(path)
    learned = co_reads(model._model.read, [Blend.ridge])[0]
    np.testing.assert_array_equal(again._model.pairs.toarray(), learned.toarray())
    assert len(again.recommend(["r0"], n=3)) == 3
    assert again._texts.indices.dtype == again._model.read.indices.dtype == np.int32


def test_positive_co_reads_of_a_file_have_to_be_positive(tmp_path):
    path = tmp_path / "r.partwise"
    pw.save(Recommender(3).fit(LOG, ARTICLES), path)
    kind, header, arrays = model_file.read(path)
    header["params"]["co_reads"] = "positive"
    arrays["pairs"].data[:] = -1
    model_file.write(path, kind, header, arrays)
    with pytest.raises(ModelFileError, match="pairs holds -1"):
        pw.load(path)


def test_an_update_learns_co_reads_of_the_articles_that_were_read():
    model = Recommender(3).fit(LOG)
    before = model._model.pairs.toarray()
    more = {"reader": ["r0", "r0"], "article": [3, "late"], "strength": [5.0, 2.0], "time": [2e9, 2e9]}
    held = model.update(more)._model
    after, anew = held.pairs.toarray(), co_reads(held.read, [held.blend.ridge])[0].toarray()
    ids = model.article_ids_
    touched = [ids.index(3), ids.index("late")]
    np.testing.assert_array_equal(after[:, touched], anew[:, touched])
    others = np.setdiff1d(np.arange(len(before)), touched)
    np.testing.assert_array_equal(after[: len(before), others], before[:, others])
