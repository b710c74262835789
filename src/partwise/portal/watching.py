"""Every request is counted and written to the log, and an error that nothing else answers is answered."""

import time

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partwise.portal.answers import refuse
from partwise.portal.logs import write_fault, write_request
from partwise.portal.metrics import Metrics

__all__ = ["Watch"]

LEFT = 499
"""What logs say where who asked left before there was an answer, as nginx does."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Watch:
    """Middleware around everything."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except Exception as error:
            write_fault("fault", error)
            if not status:
                fault = refuse(HTTPConnection(scope), 500, "The portal failed here. Its log says where.")
                await fault(scope, receive, sent)
        finally:
            # The pattern of the route, as the path itself can hold the id of a reader.
            route = getattr(scope.get("route"), "path_format", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            seconds = time.perf_counter() - began
            self.metrics.observe(method, route, status or LEFT, seconds)
            write_request(method, route, status or LEFT, seconds)
