"""The door: headers of every answer, limits of requests, and who asks.

Everything here happens before a body is read, and without the framework: it also guards pages and static files.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partwise.portal.answers import DATABASE_AWAY, RETRY, log_away, refuse
from partwise.portal.away import is_away
from partwise.portal.database import Database
from partwise.portal.keys import scope_of
from partwise.portal.settings import Settings
from partwise.portal.signing import editor

__all__ = ["POLICY", "Guard", "Needs"]

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
READING = ("GET", "HEAD", "OPTIONS")
FREE = ("/health", "/static/")
"""Paths without a limit of their requests."""
PUBLIC = ("/api/openapi.json", "/health", "/sign-in", "/sign-out")
"""Paths that take requests of every method from those who are not signed in and have no key."""
DIGITS = 15
"""Most digits of a length: Python does not read thousands of them."""
KEPT = 5.0
"""Seconds for which a key that was found good is not looked up again."""
MOST_KEPT = 1_000
Result = TypeVar("Result")


class Refusal(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.headers = status, headers


class Guard:
    """Middleware that lets requests in, or refuses them."""

    def __init__(self, app: ASGIApp, db: Database, settings: Settings) -> None:
        self.app, self.db, self.settings = app, db, settings
        self.kept: dict[str, tuple[str, float]] = {}
        self.rates = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            self._check_host(connection.headers)
            self._check_origin(scope["method"], connection.headers)
            limit = self._check_length(scope["path"], connection.headers)
            scope.setdefault("state", {})["may"] = await self._check_asker(connection)
        except Refusal as refusal:
            response: Response = refuse(connection, refusal.status, str(refusal), headers=refusal.headers)
            await response(scope, receive, _with_headers(send, "no-store"))
            return
        # Answers can be about a reader; files of style and scripts are asked for again only if they changed.
        cached = "no-cache" if scope["path"].startswith("/static/") else "no-store"
        if scope["path"].startswith("/api/"):
            # An id may hold a slash: it stays encoded until the route is found (see `Encoded` in api.py).
            scope["path"] = _path(scope)
        await self.app(scope, _limited(receive, limit), _with_headers(send, cached))

    def _check_host(self, headers: Headers) -> None:
        """Refuse names that are not ours, by which a page elsewhere could reach a server on this computer."""
        if self.settings.hosts and _parts(f"//{headers.get('host', '')}").hostname not in self.settings.hosts:
            raise Refusal(421, "The portal is not served under this name. Add it with --allow-host.")

    def _check_origin(self, method: str, headers: Headers) -> None:
        """Refuse changes that a page of another site asks for, with the cookie of an editor."""
        if method in READING or ("authorization" in headers and "cookie" not in headers):
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        own = site in ("same-origin", "none") if site else not origin or _parts(origin).netloc == headers.get("host")
        if not own:
            raise Refusal(403, "A page of another site cannot change anything here.")

    def _check_length(self, path: str, headers: Headers) -> int:
        """Refuse a body that says that it is too long; return how long it may become."""
        limit = self.settings.upload_limit if path == "/upload" else self.settings.body_limit
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise Refusal(422, "Content-Length is not a number.")
        if len(length) > DIGITS or int(length) > limit:
            raise Refusal(413, _too_long(limit))
        return limit

    async def _check_asker(self, connection: HTTPConnection) -> str | None:
        """Return the scope of who asks, after the limits of requests are checked."""
        path, address = connection.scope["path"], connection.client.host if connection.client else ""
        kind, _, key = connection.headers.get("authorization", "").partition(" ")
        guarded = path.startswith("/api/") or path == "/metrics"
        keyed = guarded or path == "/health"
        if path == "/sign-in":
            self._count(self.settings.sign_ins_a_minute, "sign in", address)
        if not (keyed and kind.lower() == "bearer"):
            if not path.startswith(FREE):
                self._count(self.settings.visits_a_minute, "visit", address)
            if not path.startswith("/static/") and await _asked(editor, connection):
                return "admin"
            if guarded and path not in PUBLIC:
                raise Refusal(
                    401, "This needs a key: send it as Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
                )
            if connection.scope["method"] not in READING and path not in PUBLIC:
                # `signed_in` in pages.py refuses them too, but the framework reads the whole form before it asks.
                raise Refusal(303, "Sign in first.", {"Location": "/sign-in"})
            return None
        key = key.strip()
        if key not in self.kept:
            # Tested before the database is asked; a good key is not refused because others try bad ones.
            self._count(self.settings.visits_a_minute, "visit", address, counts=False)
        may = await self._scope_of(key)
        if may is None:
            self._count(self.settings.visits_a_minute, "visit", address)
            raise Refusal(401, "The key is unknown, or it has expired.", {"WWW-Authenticate": "Bearer"})
        self._count(self.settings.requests_a_minute, "key", key)
        return may

    async def _scope_of(self, key: str) -> str | None:
        kept = self.kept.get(key)
        if kept and kept[1] > time.monotonic():
            return kept[0]
        found = await _asked(scope_of, self.db, key)
        if found is None:
            self.kept.pop(key, None)
        else:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = found, time.monotonic() + KEPT
        return found

    def _count(self, limit: int, what: str, who: str, counts: bool = True) -> None:
        """Refuse a request if there were too many; it counts as one, or only the next does."""
        item: RateLimitItem = RateLimitItemPerMinute(limit)
        if not (self.rates.hit if counts else self.rates.test)(item, what, who):
            wait = max(1, round(self.rates.get_window_stats(item, what, who).reset_time - time.time()))
            raise Refusal(429, "Too many requests. Wait, then go on.", {"Retry-After": str(wait)})


class Needs:
    """A dependency of routes: who asks has this scope, or may do everything."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))],
    ) -> None:
        """Refuse others."""
        if request.state.may not in ("admin", self.scope):
            raise HTTPException(403, f"The key lacks the scope {self.scope!r}.")


async def _asked(query: Callable[..., Result], *words: Any) -> Result:
    """Return what the database answers."""
    try:
        return await run_in_threadpool(query, *words)
    except Exception as error:
        if not is_away(error):
            raise
        log_away(error)
        raise Refusal(503, DATABASE_AWAY, RETRY) from error


def _parts(address: str) -> SplitResult:
    """Return the parts of an address; none of one that is not well formed."""
    try:
        parts = urlsplit(address)
        parts.hostname  # noqa: B018  # it is checked only when it is asked for
    except ValueError:
        return urlsplit("")
    return parts


def _path(scope: Scope) -> str:
    raw = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")
    kept = raw.replace("%25", "%2525").replace("%2F", "%252F").replace("%2f", "%252F")
    return unquote(kept) if raw else str(scope["path"])


def _too_long(limit: int) -> str:
    return f"The body is too long: at most {limit:,} bytes are taken. Send it in pieces."


def _limited(receive: Receive, limit: int) -> Receive:
    """Return a source that refuses a body once it is too long: one without a length is counted as it comes."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, _too_long(limit))
        return message

    return counted


def _with_headers(send: Send, cached: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, "Cache-Control": cached}.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
