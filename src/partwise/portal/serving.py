"""Serving: the socket, the schedule, and the processes that answer."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from types import FrameType

import click

from partwise.cli.command import Failure, note
from partwise.portal.fits import fit_in_use
from partwise.portal.logs import start_logs
from partwise.portal.metrics import SHARED
from partwise.portal.options import made
from partwise.portal.pseudonyms import keeps_names
from partwise.portal.refitting import Schedule
from partwise.portal.settings import LONGEST, Settings
from partwise.portal.signing import sign_in_path

__all__ = ["serve"]

PAUSE = 1.0
"""Seconds until a process that ended is started again."""
OTHER_NAMES = (
    "the database holds readers under other names: with or without --pseudonyms, or by another secret. "
    "Start the portal as it was started before, or with a new database."
)


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until a signal asks to stop; say where on standard error."""
    with _bound(host, port) as listening, made(settings.database, settings.folder) as db:
        if not keeps_names(db, settings):
            raise Failure(OTHER_NAMES, exit_code=1)
        start_logs()
        if settings.demo:
            from partwise.portal.demo import fill

            fill(db)
        host, port = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        click.echo(f"The portal is at {address}/", err=True)
        if not settings.open:
            click.echo(f"Editors sign in once at {address}{sign_in_path(settings.secret)}", err=True)
        schedule = Schedule(db, settings)
        if settings.demo and fit_in_use(db) is None:
            note("The first fit runs now, and takes about a minute.")
            schedule.refits.start()
        schedule.start()
        try:
            if workers == 1:
                # Only a process that answers needs the models: the parent of several does not.
                from partwise.portal.worker import answer_requests

                answer_requests(db, settings, listening)
            else:
                Workers(settings, listening, workers).run()
        finally:
            schedule.stop()


class Workers:
    """Processes that share a socket: one that ends is started again."""

    def __init__(self, settings: Settings, listening: socket.socket, n: int) -> None:
        self.settings, self.listening, self.n = settings, listening, n
        self.ended = threading.Event()

    def run(self) -> None:
        """Run until a signal asks to stop, then let all of them answer what they have begun."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        with tempfile.TemporaryDirectory(prefix="partwise-metrics-") as shared:
            self._run(shared)

    def _run(self, shared: str) -> None:
        processes = [self._start(shared) for _ in range(self.n)]
        while not self.ended.wait(PAUSE):
            processes = [self._start(shared) if process.poll() is not None else process for process in processes]
        for process in processes:
            process.terminate()
        until = time.monotonic() + LONGEST + PAUSE
        for process in processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, shared: str) -> "subprocess.Popen[bytes]":
        number = self.listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "partwise.portal.worker"],
            stdin=subprocess.PIPE,
            pass_fds=[number],
            env=os.environ | {SHARED: shared},
        )
        told = {**asdict(self.settings), "folder": str(self.settings.folder), "socket": number}
        assert process.stdin is not None
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
        return process

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.ended.set()


def _bound(host: str, port: int) -> socket.socket:
    listening: socket.socket | None = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Named, as asyncio sends small pieces at once (TCP_NODELAY) only where it knows that this is TCP.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.set_inheritable(True)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise Failure(f"cannot listen on {host}, port {port}: {error.strerror}.", exit_code=1) from error
    return listening
