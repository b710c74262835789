"""What is refused is told in plain words."""

import pytest
from starlette.testclient import TestClient

from partwise.portal.app import make_app
from partwise.portal.database import Database
from partwise.portal.models import Models
from partwise.portal.settings import Settings

EVENT = {"key": "k", "reader": "r", "article": "a", "time": 1.7e9}


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """Yield a client of a portal on SQLite where everybody is an editor: what is tested here changes nothing."""
    folder = tmp_path_factory.mktemp("standing")
    db = Database(f"sqlite:///{folder}/portal.db")
    db.prepare()
    app = make_app(db, Models(db, folder), Settings("", folder, "a secret of a test", open=True))
    with TestClient(app, base_url="http://portal") as client:
        yield client
    db.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/api/events", None, "The body is empty. Send JSON."),
        ("POST", "/api/events", {}, "This is not a list."),
        ("POST", "/api/events", [[]], "row 0 (the first is 0): this is not an object."),
        ("POST", "/api/events", [{**EVENT, "reader": ""}], "row 0 (the first is 0), reader: it is empty."),
        ("POST", "/api/events", [{**EVENT, "reader": 5}], "row 0 (the first is 0), reader: this is not a text."),
        ("POST", "/api/events", [{**EVENT, "strength": "x"}],
         "row 0 (the first is 0), strength: this is not a number."),
        ("POST", "/api/events", [{**EVENT, "strength": 2e6}],
         "row 0 (the first is 0), strength: it must be at most 1,000,000."),
        ("POST", "/api/events", [{"key": "k", "reader": "r", "article": "a"}],
         "row 0 (the first is 0), time: it is missing."),
        ("POST", "/api/topics/find", {"query": "x", "n": 0}, "n: it must be at least 1."),
        ("GET", "/api/recommendations/r?n=many", None, "n: this is not a whole number."),
        ("GET", "/api/recommendations/r?why=perhaps", None, "why: this is neither true nor false."),
        ("PATCH", "/api/topics/t1", {"label": "\u00a0"}, "label: it is blank."),
    ],
)  # fmt: skip
def test_a_value_is_refused_in_words_that_are_not_about_python(standing, method, path, body, said):
    answer = standing.request(method, path, json=body) if body is not None else standing.request(method, path)
    assert answer.status_code == 422
    assert answer.json()["error"] == said
