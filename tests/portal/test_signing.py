"""Editors sign in by a link that works once; readers have keyed names if asked."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from itsdangerous import TimestampSigner
from starlette.requests import Request
from starlette.responses import Response

from partwise.portal import links, signing
from partwise.portal.pseudonyms import stored_name
from partwise.portal.settings import Settings

SECRET = "a secret of a test"


def settings(**others):
    return Settings("sqlite://", Path("."), **{"secret": SECRET, **others})


def token(secret=SECRET):
    return parse_qs(urlsplit(signing.sign_in_path(secret)).query)["token"][0]


def request(cookie=None, scheme="http", db=None, **others):
    headers = [(b"host", b"portal"), *([(b"cookie", cookie.encode())] if cookie else [])]
    app = SimpleNamespace(state=SimpleNamespace(settings=settings(**others), db=db))
    scope = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": headers, "app": app}
    return Request(scope)


def cookie_of(response):
    return response.headers["set-cookie"].partition(";")[0]


def test_a_link_works_once(database):
    one, other = token(), token()
    assert signing.redeem(database, settings(), one)
    assert not signing.redeem(database, settings(), one)
    assert signing.redeem(database, settings(), other)


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "\x00", "é.é.é"])
def test_a_token_that_is_not_ours_signs_nobody_in(database, bad):
    assert not signing.redeem(database, settings(), bad)
    assert not signing.redeem(database, settings(), token("another secret"))


def test_a_link_is_too_old_after_an_hour(database, monkeypatch):
    old = token()
    later = TimestampSigner("x").get_timestamp() + signing.LINK
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: later)
    fresh = token()
    assert signing.redeem(database, settings(), old)  # in its last second
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: later + signing.LINK + 1)
    assert not signing.redeem(database, settings(), fresh)


def test_used_links_are_forgotten_once_they_are_too_old(database, monkeypatch):
    assert links.first_use(database, "a", until=links.now() - 1)
    assert links.first_use(database, "b", until=links.now() + 60)
    assert links.first_use(database, "a", until=links.now() + 60)
    assert not links.first_use(database, "a", until=links.now() + 60)


def test_a_session_is_a_cookie_that_only_the_secret_makes(database):
    response = Response()
    signing.start_session(request(), response)
    assert {"HttpOnly", "SameSite=lax"} <= set(response.headers["set-cookie"].split("; "))
    assert signing.editor(request(cookie_of(response), db=database))
    assert not signing.editor(request(cookie_of(response), secret="another secret"))
    assert not signing.editor(request())
    assert not signing.editor(request(f"{signing.COOKIE}={token()}"))
    assert signing.editor(request(open=True))


def test_a_session_that_began_over_https_stays_there():
    response = Response()
    signing.start_session(request(scheme="https"), response)
    assert "Secure" in response.headers["set-cookie"]


def test_signing_out_removes_the_cookie_and_ends_its_session_only(database):
    cookies = []
    for _ in range(2):
        response = Response()
        signing.start_session(request(), response)
        cookies.append(cookie_of(response))
    response = Response()
    signing.end_session(request(cookies[0], db=database), response)
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert [signing.editor(request(cookie, db=database)) for cookie in cookies] == [False, True]
    assert links.first_use(database, "other", until=links.now() + 60)  # which forgets what is over
    assert not signing.editor(request(cookies[0], db=database))


def test_a_pseudonym_depends_on_the_reader_and_the_secret():
    assert stored_name(settings(), "ann") == "ann"
    hidden = settings(pseudonyms=True)
    names = {
        stored_name(hidden, "ann"),
        stored_name(hidden, "bob"),
        stored_name(settings(pseudonyms=True, secret="other"), "ann"),
    }
    assert len(names) == 3
    assert "ann" not in names
    assert stored_name(hidden, "ann") in names


def test_the_secret_is_not_shown():
    assert SECRET not in repr(settings())
