"""Lines of JSON on standard error: what was asked and answered, without readers, ids or words of a query."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

__all__ = ["start_logs", "write_fault", "write_fit", "write_request"]

KNOWN = ("partwise.", "uvicorn")
"""Loggers whose words name no reader."""
LOG = logging.getLogger("partwise.portal")


class JSONLines(logging.Formatter):
    """Writes a record as one line; of an error only its kind and place, as its text may hold a reader's id."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower()}
        # What other libraries say can be about a reader.
        known = record.name.startswith(KNOWN)
        said = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        line |= said if known else {"event": "library", "name": record.name}
        if record.exc_info and record.exc_info[1]:
            line |= _place(record.exc_info[1])
        return json.dumps(line)


def start_logs() -> None:
    """Send the lines of the portal and of the server to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    LOG.setLevel(logging.INFO)


def write_request(method: str, route: str, status: int, seconds: float) -> None:
    """Write that a request was answered; `route` is a pattern such as /api/topics/{key}."""
    level = logging.ERROR if status >= 500 else logging.INFO
    told = {"event": "request", "method": method, "route": route, "status": status, "ms": round(1e3 * seconds, 1)}
    LOG.log(level, told)


def write_fault(event: str, error: BaseException, said: str = "") -> None:
    """Write that something failed, and where; what was said only if it cannot be about a reader."""
    LOG.error({"event": event, **_place(error), **({"said": said} if said else {})})


def write_fit(status: int, said: list[str]) -> None:
    """Write how the process of a fit ended, and what it said of itself; negative is the number of a signal."""
    told = {"event": "fit", "status": status, **({"said": " ".join(said)} if said else {})}
    LOG.log(logging.ERROR if status > 0 else logging.INFO, told)


def _place(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
