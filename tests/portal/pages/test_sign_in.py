"""Editors sign in by a link and a button; without a session no page is shown."""

import pytest

from partwise.portal.events import all_events, history
from partwise.portal.keys import make_key
from partwise.portal.signing import COOKIE, sign_in_path

PAGES = [
    "/", "/articles", "/article?id=a", "/topics/t1", "/upload", "/fits", "/fits/compare", "/readers", "/reader?id=r1",
    "/reader/how?id=r1", "/reader/data?id=r1", "/reader/data.json?id=r1", "/reader/delete?id=r1",
]  # fmt: skip


@pytest.fixture
def closed(serve, tmp_path):
    """Yield a client of a portal with pseudonyms whose pages are for editors only."""
    with serve(tmp_path, filled=False, open=False, demo=False, pseudonyms=True) as client:
        yield client


def sign_in(client):
    """Press the button of a link, and return the token of the link and the page after it."""
    token = sign_in_path(client.app.state.settings.secret).partition("=")[2]
    return token, client.post("/sign-in", data={"token": token})


def test_only_editors_see_pages(closed):
    for address in PAGES:
        answer = closed.get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "partwise portal sign-in" in closed.get("/").text
    assert closed.get("/").url.path == "/sign-in"
    _, page = sign_in(closed)
    assert (page.status_code, page.url.path) == (200, "/")
    assert "Demonstration" not in page.text


def test_a_link_is_used_up_by_its_button_only(closed):
    link = sign_in_path(closed.app.state.settings.secret)
    for _ in range(2):  # as programs do that look at links before their readers
        assert "<button>Sign in</button>" in closed.get(link).text
        assert not closed.cookies
    token = link.partition("=")[2]
    assert closed.post("/sign-in", data={"token": token}).url.path == "/"
    used = closed.post("/sign-in", data={"token": token})
    assert (used.status_code, "used before" in used.text) == (403, True)


def test_signing_out_ends_the_session_for_copies_of_its_cookie_too(closed):
    sign_in(closed)
    copied = {"cookie": f"{COOKIE}={closed.cookies[COOKIE]}"}
    closed.cookies.clear()
    assert closed.get("/", headers=copied).url.path == "/"
    assert closed.post("/sign-out", headers=copied).url.path == "/sign-in"
    assert closed.get("/", headers=copied).url.path == "/sign-in"
    assert closed.get("/api/topics", headers=copied).status_code == 401


def test_a_pseudonym_is_stored_also_in_the_keys_of_reads(closed):
    sign_in(closed)
    closed.post("/reader/read", data={"id": "ann", "article": "a"})
    assert history(closed.db, "ann") == []
    assert len(closed.get("/reader/data.json?id=ann").json()["events"]) == 1
    log = "key,reader,article,time\nann-1,ann,a,2025-01-01\n"
    closed.post("/upload", data={"kind": "events"}, files={"file": ("log.csv", log)})
    sent = [{"key": "ann-1", "reader": "ann", "article": "a", "time": 1.7e9}]
    key = {"authorization": f"Bearer {make_key(closed.db, 'write')}"}
    assert closed.post("/api/events", json=sent, headers=key).json() == {"accepted": 0, "duplicates": 1}
    stored = [*all_events(closed.db)]
    assert len(stored) == 2
    assert not [event for event in stored if "ann" in event.key]
