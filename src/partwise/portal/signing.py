"""Editors sign in with a link, and a signed cookie says so until they sign out."""

import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from partwise.portal.database import Database, now
from partwise.portal.links import first_use, was_used
from partwise.portal.settings import Settings

__all__ = ["COOKIE", "editor", "end_session", "redeem", "sign_in_path", "start_session"]

COOKIE = "partwise_session"
SESSION = 7 * 86_400
"""Seconds after which an editor has to sign in again."""
LINK = 3_600
"""Seconds in which a link has to be used."""


def sign_in_path(secret: str) -> str:
    """Return the path of a new link that signs an editor in, once."""
    return f"/sign-in?token={_signer(secret, 'link').dumps(secrets.token_urlsafe(16))}"


def redeem(db: Database, settings: Settings, token: str) -> bool:
    """Tell whether the token of a link is good, and use it up."""
    name = _held(settings, "link", token, LINK)
    return name is not None and first_use(db, name, now() + LINK)


def start_session(request: HTTPConnection, response: Response) -> None:
    """Sign an editor in."""
    cookie = _signer(request.app.state.settings.secret, "session").dumps(secrets.token_urlsafe(16))
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, max_age=SESSION, httponly=True, samesite="lax", secure=secure)


def end_session(request: HTTPConnection, response: Response) -> None:
    """Sign an editor out: from then on no copy of the cookie is good."""
    name = _session(request)
    if name is not None:
        first_use(request.app.state.db, name, now() + SESSION)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def editor(request: HTTPConnection) -> bool:
    """Tell whether a request comes from an editor; this asks the database whether the session was ended."""
    if request.app.state.settings.open:
        return True
    name = _session(request)
    return name is not None and not was_used(request.app.state.db, name)


def _session(request: HTTPConnection) -> str | None:
    """Return the name of the session of a request, which may be ended; None if it has none."""
    cookie = request.cookies.get(COOKIE)
    return None if cookie is None else _held(request.app.state.settings, "session", cookie, SESSION)


def _signer(secret: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"partwise {purpose}", signer_kwargs={"digest_method": hashlib.sha256})


def _held(settings: Settings, purpose: str, token: str, seconds: int) -> str | None:
    """Return what a token holds; None if it is not ours or too old."""
    try:
        return str(_signer(settings.secret, purpose).loads(token, max_age=seconds))
    except BadSignature:
        return None
