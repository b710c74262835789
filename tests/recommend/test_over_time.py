"""A model that lives on: reads that overlap earlier ones, and titles that are kept with it."""

import pytest

import partwise as pw
from partwise.exceptions import DataError
from partwise.recommend import Recommender


def test_reads_that_are_known_can_be_left_out_of_an_update():
    log = {"reader": ["a", "a", "b"], "article": ["x", "y", "x"], "time": [1.0, 2.0, 3.0]}
    more = {"reader": ["b", "b", "a", "c"], "article": ["x", "x", "x", "x"], "time": [3.0, 4.0, 1.0, 1.0]}
    model = Recommender(1).fit(log)
    assert model.update(more, skip_known=True).n_reads_ == 5
    assert model.update(more, skip_known=True).n_reads_ == 5
    assert model.update(more).n_reads_ == 9
    untimed = {name: values for name, values in log.items() if name != "time"}
    assert Recommender(1).fit(untimed).update(untimed, skip_known=True).n_reads_ == 6


def test_reasons_name_articles_by_their_titles(tmp_path):
    log = {"reader": [1, 1, 2, 2, 2], "article": [7, 8, 7, 8, 9]}
    articles = {"article": [7, 8, 9], "text": ["cup goal", "cup team", "cup final"], "title": ["Seven", None, "Nine"]}
    model = Recommender(1, random_state=0).fit(log, articles)
    assert model.titles_ == {7: "Seven", 9: "Nine"}
    pw.save(model, tmp_path / "a.model")
    loaded = pw.load(tmp_path / "a.model")
    assert loaded.titles_ == model.titles_
    assert any("Seven" in reason["because"] and "8" in reason["because"] for reason in loaded.reasons(1, 9))
    loaded.add_articles({"article": [10], "text": ["cup"], "title": ["Ten"]})
    assert loaded.titles_ == {7: "Seven", 9: "Nine", 10: "Ten"}
    with pytest.raises(DataError, match="2 titles for 3 ids"):
        Recommender(1).fit(log, articles | {"title": ["a", "b"]})
