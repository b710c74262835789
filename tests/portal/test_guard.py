"""The door of the portal, around an application of a few lines."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from partwise.portal import guard
from partwise.portal.answers import of_http
from partwise.portal.database import Database
from partwise.portal.guard import Guard
from partwise.portal.keys import make_key, revoke_key
from partwise.portal.metrics import Metrics
from partwise.portal.settings import Settings
from partwise.portal.watching import Watch


@pytest.fixture
def database(tmp_path):
    """Yield a database on SQLite: another would not change what is tested here."""
    made = Database(f"sqlite:///{tmp_path}/portal.db")
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def door(database):
    """Return a function that makes a client of an application behind the guard."""

    async def echo(request):
        body = await request.body()
        return JSONResponse({"path": request.scope["path"], "may": request.state.may, "length": len(body)})

    async def fault(request):
        raise RuntimeError("reader ann failed")

    def make(**settings):
        methods = ["GET", "POST"]
        routes = [Route("/api/fault", fault), Route("/{rest:path}", echo, methods=methods)]
        app = Starlette(routes=routes, exception_handlers={HTTPException: of_http})
        app.state.settings = chosen = Settings("", Path(), **{"secret": "a secret of a test", **settings})
        app.state.metrics = Metrics()
        app.add_middleware(Guard, db=database, settings=chosen)
        app.add_middleware(Watch, metrics=app.state.metrics)
        return TestClient(app, base_url="http://portal")

    return make


def bearer(key):
    return {"authorization": f"Bearer {key}"}


def test_a_key_opens_the_interface_with_its_scope(door, database):
    client = door()
    for scope in ("read", "admin"):
        assert client.get("/api/x", headers=bearer(make_key(database, scope))).json()["may"] == scope
    refused = client.get("/api/x")
    assert refused.status_code == 401
    assert refused.json()["ok"] is False
    assert refused.headers["www-authenticate"] == "Bearer"
    for key in ("", "pw_nothing", "é" * 10, "\x7f"):
        assert client.get("/api/x", headers={"authorization": f"Bearer {key}".encode()}).status_code == 401
    expired = make_key(database, "admin", days=0)
    assert client.get("/api/x", headers=bearer(expired)).status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/api/openapi.json").status_code == 200
    assert client.get("/page").json()["may"] is None
    assert door(open=True).get("/api/x").json()["may"] == "admin"


def test_a_key_that_is_revoked_is_refused_within_seconds(door, database, monkeypatch):
    client, key = door(), make_key(database, "read")
    assert client.get("/api/x", headers=bearer(key)).status_code == 200
    revoke_key(database, 1)
    assert client.get("/api/x", headers=bearer(key)).status_code == 200  # it was good a moment ago
    began = guard.time.monotonic()
    monkeypatch.setattr(guard.time, "monotonic", lambda: began + guard.KEPT + 1)
    assert client.get("/api/x", headers=bearer(key)).status_code == 401


def test_kept_keys_are_few(door, database, monkeypatch):
    monkeypatch.setattr(guard, "MOST_KEPT", 3)
    client = door()
    for _ in range(8):
        assert client.get("/api/x", headers=bearer(make_key(database, "read"))).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://portal"}, 200),
        ({"origin": "http://elsewhere"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[::1"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://portal"}, 403),
        ({"origin": "http://elsewhere", "authorization": "Basic x"}, 200),
        ({"origin": "http://elsewhere", "authorization": "Basic x", "cookie": "a=b"}, 403),
    ],
)
def test_changes_from_pages_of_other_sites_are_refused(door, headers, status):
    client = door(open=True)
    assert client.post("/page", headers=headers).status_code == status
    assert client.get("/page", headers=headers).status_code == 200


def test_every_answer_has_the_policy(door):
    client = door()
    for answer in (client.get("/page"), client.get("/api/x"), client.post("/", headers={"origin": "http://other"})):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert client.get("/static/portal.css").headers["cache-control"] == "no-cache"


def test_a_body_too_long_is_refused_with_and_without_its_length(door):
    client = door(open=True, body_limit=100, upload_limit=200)
    assert client.post("/page", content=b"x" * 100).json()["length"] == 100
    assert client.post("/page", content=b"x" * 101).status_code == 413
    assert client.post("/page", content=iter([b"x" * 60] * 2)).status_code == 413
    assert client.post("/page", content=iter([b"x" * 50] * 2)).json()["length"] == 100
    assert client.post("/upload", content=b"x" * 200).status_code == 200
    assert client.post("/upload", content=b"x" * 201).status_code == 413
    assert client.post("/page", headers={"content-length": "many"}).status_code == 422
    assert client.post("/page", headers={"content-length": "9" * 5_000}).status_code == 413


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/upload", "/topics/merge", "/reader/delete", "/sign-in/", "/health/", "/"])
def test_strangers_are_sent_to_the_sign_in_before_their_body_is_read(door, path, method):
    def body():
        yield b"x"
        read.append(path)

    read = []
    answer = door().request(method, path, content=body(), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/sign-in", b"")
    assert answer.headers["cache-control"] == "no-store"
    assert read == []


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_strangers_can_sign_in_and_out(door, path):
    assert door().post(path, content=b"token").json() == {"path": path, "may": None, "length": 5}


def test_too_many_requests_wait(door, database):
    client = door(visits_a_minute=3, requests_a_minute=2, sign_ins_a_minute=1)
    headers = bearer(make_key(database, "read"))
    assert [client.get("/api/x", headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/api/x", headers=bearer(make_key(database, "read"))).status_code == 200
    assert [client.get("/sign-in").status_code for _ in range(2)] == [200, 429]
    assert [client.get("/page").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/api/x", headers=bearer("unknown"))
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert client.get("/health").status_code == 200


def test_who_tried_too_many_keys_is_refused_before_the_database_is_asked(door, database, monkeypatch):
    client = door(visits_a_minute=3)
    good = bearer(make_key(database, "read"))
    assert client.get("/api/x", headers=good).status_code == 200
    asked = []
    monkeypatch.setattr(guard, "scope_of", lambda db, key: asked.append(key))
    tried = [client.get("/api/x", headers=bearer(f"bad-{i}")).status_code for i in range(5)]
    assert tried == [401, 401, 401, 429, 429]
    assert asked == ["bad-0", "bad-1", "bad-2"]
    assert client.get("/api/x", headers=good).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("portal", 200), ("portal:8000", 200), ("evil", 421), ("[::1]:80", 421), ("[::1", 421), ("", 421)],
)
def test_names_that_are_not_ours_are_refused(door, host, status):
    assert door(hosts=("portal",)).get("/page", headers={"host": host}).status_code == status
    assert door().get("/page", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/api/a%2Fb", "/api/a%2Fb"),
        ("/api/a%2fb%25", "/api/a%2Fb%25"),
        ("/api/%C3%A9%20?q=%2F", "/api/é "),
        ("/a%2Fb", "/a/b"),
    ],
)
def test_a_slash_in_an_id_stays_encoded_until_the_route_is_found(door, asked, seen):
    assert door(open=True).get(asked).json()["path"] == seen


def test_an_error_is_answered_and_logged_without_its_text(door, caplog):
    answer = door(open=True).get("/api/fault?reader=ann")
    assert answer.status_code == 500
    assert answer.json()["ok"] is False
    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    fault, request = logged
    assert fault["error"] == "RuntimeError"
    assert "test_guard.py" in fault["at"][-1]
    assert request == {"event": "request", "method": "GET", "route": "/api/fault", "status": 500, "ms": request["ms"]}
    assert "ann" not in json.dumps(logged)


def test_a_page_is_refused_with_a_page(door):
    client = door(body_limit=1)
    refused = client.post("/page", content=b"xx", headers={"accept": "text/html"})
    assert refused.headers["content-type"].startswith("text/html")
    refused = client.post("/api/x", content=b"xx", headers={"accept": "text/html"})
    assert refused.headers["content-type"] == "application/json"
