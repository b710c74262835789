"""A process that answers requests; ``python -m partwise.portal.worker`` is one of several."""

import ctypes
import gc
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from partwise.cli.command import Failure
from partwise.portal.app import make_app
from partwise.portal.database import Database
from partwise.portal.logs import start_logs
from partwise.portal.models import Models
from partwise.portal.settings import LONGEST, Settings

__all__ = ["answer_requests"]

SWITCH = 0.0005
"""Seconds after which a thread that computes lets another go on: each request changes threads many times, and waits so
long each time while a thread takes in another fit. Python's own 0.005 is for few threads."""


class Server(uvicorn.Server):
    """A server that ends well when it is told to: the original ends by the signal itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Note signals that ask to stop, and no more."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def answer_requests(db: Database, settings: Settings, listening: socket.socket, parent: int | None = None) -> None:
    """Answer requests in this process; with a `parent` only as long as that pipe stays open."""
    sys.setswitchinterval(SWITCH)
    app = make_app(db, Models(db, settings.folder, _set_apart), settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",  # the other one takes headers of any length
        ws="none",
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=LONGEST,
    )
    server = Server(config)
    if parent is not None:

        def watch() -> None:
            os.read(parent, 1)
            server.should_exit = True

        threading.Thread(target=watch, name="parent", daemon=True).start()
    server.run(sockets=[listening])
    if not server.started:
        raise Failure("the portal could not start.", exit_code=1)


def _set_apart() -> None:
    """Keep models out of later collections of garbage, in which requests would wait; they wait for this one.

    The C library keeps the memory of the models before, in pieces that do not fit the next: it is given back.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # it is glibc's
        ctypes.CDLL(None).malloc_trim(0)


def _work() -> None:
    """Run one of several processes: settings come from the process that started it, on standard input."""
    told = json.loads(sys.stdin.buffer.readline())
    listening = socket.socket(fileno=told.pop("socket"))
    settings = Settings(**told | {"folder": Path(told["folder"]), "hosts": tuple(told["hosts"])})
    start_logs()
    db = Database(settings.database)
    answer_requests(db, settings, listening, parent=0)
    db.close()


if __name__ == "__main__":
    _work()
