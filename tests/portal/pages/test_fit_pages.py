"""The page of fits stays small however many there are, and two fits are compared by what they hold themselves."""

import re

import pytest
import sqlalchemy as sa

from partwise.portal import fits, schema
from partwise.portal.fits import Fit, begin_fit, end_fit

TOPICS = [
    {"key": f"t{i}", "label": f"label of {i}", "share": 0.01, "words": [f"word{j}" for j in range(10)]}
    for i in range(30)
]
MEASURED = {
    "reads": 9,
    "ndcg": [{"name": name, "value": 0.1, "low": 0.0, "high": 0.2} for name in ("partwise", "rule")],
}
USUAL = {
    "topics": TOPICS,
    "measured": MEASURED,
    "articles": 9,
    "reads": 9,
    "readers": 9,
    "born": ["t1"],
    "died": ["t0"],
}


def add_fits(db, *rows):
    """Add fits that have ended; each row is a state and facts."""
    made = [
        {"state": state, "started": 1.7e9 + i, "beat": 1.7e9, "ended": 1.7e9 + i + 60, "facts": facts}
        | {"used": 1.7e9 + i if state == "ready" else None}
        for i, (state, facts) in enumerate(rows)
    ]
    with db.write() as connection:
        connection.execute(sa.insert(schema.fits), made)


@pytest.fixture
def client(serve, tmp_path):
    """Yield a client of a portal with nothing."""
    with serve(tmp_path, filled=False) as client:
        yield client


def numbers(answer):
    """Return the numbers of the fits in the table of a page."""
    return [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', answer.text)]


def test_the_last_50_fits_are_shown_and_older_ones_on_further_pages(client):
    hostile = {"reason": "<" * 10_000}
    add_fits(client.db, *[("ready", USUAL)] * 2, *[("removed", USUAL)] * 60, *[("failed", hostile)] * 58)
    for page, first, last in ((1, 120, 71), (2, 70, 21), (3, 20, 1), (4, 20, 1)):
        answer = client.get(f"/fits?page={page}")
        assert answer.status_code == 200
        assert len(answer.content) < 100_000
        assert numbers(answer) == [*range(first, last - 1, -1)]
        assert f'<a href="/fits?page={min(page, 3)}" aria-current="true">' in answer.text
        assert "Fit 120 failed" in answer.text
        assert re.findall(r'<option value="(\d+)"', answer.text) == ["2", "1"] * 2
    assert numbers(client.get("/fits")) == [*range(120, 70, -1)]
    assert client.get("/fits?page=0").status_code == 422


def test_50_fits_are_on_one_page(client):
    add_fits(client.db, *[("removed", USUAL)] * 50)
    assert "?page=" not in client.get("/fits").text


def test_every_page_of_fits_tells_of_the_one_that_runs(client):
    add_fits(client.db, *[("removed", USUAL)] * 60)
    number = begin_fit(client.db)
    for page in (1, 2):
        shown = client.get(f"/fits?page={page}").text
        assert f"Fit {number} is running" in shown
        assert f'hx-get="/fits?page={page}"' in shown
        assert 'action="/fits"' not in shown
    end_fit(client.db, number, "ready", USUAL, use=True)
    assert 'action="/fits"' in client.get("/fits?page=2").text


def test_pages_read_only_the_fits_that_they_show(client, monkeypatch):
    add_fits(client.db, *[("removed", USUAL)] * 119, ("removed", USUAL | {"before": 7}))
    read = []
    monkeypatch.setattr(fits, "Fit", lambda *row: read.append(row[0]) or Fit(*row))
    for address, most in (("/", 1), ("/fits", 51), ("/fits?page=3", 21), ("/fits/compare?a=1&b=120", 3)):
        read.clear()
        assert client.get(address).status_code == 200
        assert len(read) == most, address


def test_topics_that_came_and_went_are_named_by_the_fits_themselves(client):
    before = USUAL | {"topics": [topic | {"label": f"once {topic['key']}"} for topic in TOPICS]}
    after = USUAL | {"topics": TOPICS[1:], "before": 1, "died": ["t0", "t99"]}
    add_fits(client.db, ("ready", before), ("ready", before), ("ready", after))
    shown = client.get("/fits/compare?a=2&b=3").text
    assert "<bdi>label of 1</bdi>" in shown
    assert "<bdi>once t0</bdi>; <bdi>t99</bdi>" in shown
    for other in (4, 2**31 - 1):
        assert client.get(f"/fits/compare?a=1&b={other}").status_code == 404
    for wrong in ("0", "2147483648", "x"):
        assert client.get(f"/fits/compare?a=1&b={wrong}").status_code == 422
