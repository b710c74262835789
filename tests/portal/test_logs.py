"""The lines of the log: JSON, and nothing about a reader."""

import json
import logging
import subprocess
import sys

import pytest

from partwise.portal import logs


@pytest.fixture
def lines(caplog):
    """Return a function that returns the lines of what was logged."""
    caplog.set_level(logging.INFO)
    return lambda: [json.loads(logs.JSONLines().format(record)) for record in caplog.records]


def test_a_request_is_one_line(lines):
    logs.write_request("GET", "/api/recommendations/{reader}", 200, 0.01234)
    logs.write_request("GET", "/api/topics", 503, 0.01234)
    told, failed = lines()
    assert told.pop("time").endswith("+00:00")
    asked = {"event": "request", "method": "GET", "route": "/api/recommendations/{reader}", "status": 200, "ms": 12.3}
    assert told == {"level": "info", **asked}
    assert failed["level"] == "error"


def test_an_error_is_its_kind_and_place(lines):
    try:
        raise ValueError("ann reads\na17")
    except ValueError as error:
        logs.write_fault("fault", error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    ours, servers = lines()
    for line in (ours, servers):
        assert line["error"] == "ValueError"
        assert "test_logs.py" in line["at"][-1]
        assert "ann" not in json.dumps(line)


def test_of_other_libraries_only_the_name_is_logged(lines):
    logging.getLogger("elsewhere").warning("reader ann")
    (told,) = lines()
    assert told == {"time": told["time"], "level": "warning", "event": "library", "name": "elsewhere"}


def test_every_line_on_standard_error_is_one_of_json():
    code = "import logging; from partwise.portal import logs; logs.start_logs(); "
    code += "logs.write_request('GET', '/health', 200, 1.0); logging.getLogger('elsewhere').warning('x'); "
    code += "logging.getLogger('elsewhere').info('x'); logging.getLogger('uvicorn.error').info('Started')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["request", "library"]
