"""Data that comes with partwise."""

from dataclasses import astuple
from importlib.resources import files

from partwise.datasets import load_state_of_the_union


def test_every_passage_has_a_text_an_id_of_its_own_and_a_year():
    passages = load_state_of_the_union()
    assert {len(column) for column in astuple(passages)} == {5360}
    assert len(set(passages.ids)) == 5360
    assert all(passages.texts)
    assert all(name.startswith(str(year)) for name, year in zip(passages.ids, passages.years, strict=True))
    assert (min(passages.years), max(passages.years)) == (1900, 2021)


def test_the_notice_lies_beside_the_data():
    notice = files("partwise.datasets").joinpath("data", "state_of_the_union", "NOTICE.txt").read_text("utf-8")
    assert "no copyright protection" in notice
