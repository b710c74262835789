"""Answers in JSON, and refusals: each is one sentence, with the rows and fields that it is about."""

import errno
import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response

from partwise.portal.away import is_away
from partwise.portal.faults import said_of
from partwise.portal.logs import write_fault

__all__ = [
    "DATABASE_AWAY",
    "RETRY",
    "answer",
    "log_away",
    "of_database",
    "of_disk",
    "of_http",
    "of_validation",
    "refuse",
]

MOST = 20
"""Faults of a body that are told one by one."""
DATABASE_AWAY = "The database is away. Try again in a few seconds."
RETRY = {"Retry-After": "5"}
DISK_FULL = "The disk of the portal is full. Try again later."
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of the errors of a full disk, and of a used quota."""
USUAL = {
    "Not Found": "There is nothing here.",
    "Method Not Allowed": "This address does not take that method.",
    "There was an error parsing the body": "The body cannot be read as JSON or as a form.",
}
"""The framework's own refusals, in our words."""
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>partwise</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="stylesheet" href="/static/portal.css"></head><body><main>'
)
NAME = re.compile(r"\{\w+\}")
"""What stands for an id in the pattern of a path."""
JSON_PATHS = ("/api", "/health", "/metrics")


def answer(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return plain values as JSON."""
    # With every character beyond ASCII escaped, half a surrogate pair can be written too.
    text = json.dumps(told, allow_nan=False, separators=(",", ":"))
    return Response(text, status, headers, media_type="application/json")


def refuse(
    request: HTTPConnection,
    status: int,
    error: str,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a refusal: JSON for programs, and a page for those who ask for one outside of the interface."""
    if 300 <= status < 400:
        return Response(status_code=status, headers=headers)
    page = "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith(JSON_PATHS)
    if page:
        text = f"{HEAD}<h1>{status}</h1><p>{html.escape(error)}</p>"
        text += '<p><a href="/">All topics</a></p></main></body></html>'
        return HTMLResponse(text, status, headers)
    return answer({"ok": False, "error": error, "errors": list(errors)}, status, headers)


def log_away(error: Exception) -> None:
    """Write why the database cannot be used: what its driver says of connections and disks names no reader."""
    write_fault("database", error, str(getattr(error, "orig", error)).strip())


def of_database(request: Request, error: Exception) -> Response:
    """Answer when the database failed."""
    if not is_away(error):
        raise error
    log_away(error)
    return refuse(request, 503, DATABASE_AWAY, headers=RETRY)


def of_disk(request: Request, error: Exception) -> Response:
    """Answer when the disk is full; another error of the system is a fault."""
    assert isinstance(error, OSError)
    if error.errno not in FULL:
        raise error
    write_fault("disk", error, os.strerror(error.errno))
    return refuse(request, 503, DISK_FULL)


def of_http(request: Request, error: Exception) -> Response:
    """Answer what the framework, or a page, refuses."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OSError):  # a large form is kept on the disk while it comes
        return of_disk(request, error.__cause__)
    # The framework's own 400: JSON that is nested too deep, or a form that breaks off.
    status = 422 if error.status_code == 400 else error.status_code
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request))) or headers.get("Allow", "")
    return refuse(request, status, _begun(USUAL.get(error.detail, error.detail)), headers=headers)


def of_validation(request: Request, error: Exception) -> Response:
    """Answer a request whose body, path or query is refused."""
    assert isinstance(error, RequestValidationError)
    faults = [_fault(one) for one in error.errors()]
    more = f" ({len(faults)} faults)" if len(faults) > 1 else ""
    return refuse(request, 422, f"{_sentence(faults[0])}{more}", faults[:MOST])


def _methods(request: Request) -> set[str]:
    """Return the methods of an address of the interface; the framework knows only those of one of its routes."""
    path = request.scope["path"]
    paths = request.app.openapi()["paths"] if path.startswith(JSON_PATHS) else {}
    fits = [path] if path in paths else [one for one in paths if re.fullmatch(NAME.sub("[^/]+", one), path)]
    return {method.upper() for one in fits for method in paths[one]}


def _fault(one: Mapping[str, Any]) -> dict[str, Any]:
    place = list(one["loc"])[1:]
    fault: dict[str, Any] = {}
    if one["type"] == "json_invalid":
        return {"error": f"the body is not JSON, at character {place[0] if place else 0}"}
    if place and isinstance(place[0], int):
        fault["row"] = place.pop(0)
    if place:
        fault["field"] = ".".join(map(str, place))
    if not place and not fault and one["type"] == "missing":
        return {"error": "the body is empty. Send JSON"}
    return fault | {"error": said_of(one)}


def _sentence(fault: Mapping[str, Any]) -> str:
    row = f"row {fault['row']} (the first is 0)" if "row" in fault else ""
    where = ", ".join(filter(None, [row, fault.get("field", "")]))
    return f"{where}: {fault['error']}." if where else f"{_begun(fault['error'])}."


def _begun(text: str) -> str:
    """Return a sentence that begins with a capital letter: messages of the library do not."""
    return text[:1].upper() + text[1:]
