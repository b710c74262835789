"""Serving: the socket, the schedule, and the processes that answer."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import click

from partwise.cli.command import Failure, note
from partwise.portal.fits import fit_in_use
from partwise.portal.logs import start_logs
from partwise.portal.metrics import SHARED
from partwise.portal.options import opened
from partwise.portal.refitting import Schedule
from partwise.portal.settings import LONGEST, Settings
from partwise.portal.signing import sign_in_path

__all__ = ["serve"]

PAUSE = 1.0
"""Seconds until a process that ended is started again."""


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until a signal asks to stop; say where on standard error."""
    with _bound(host, port) as listening, opened(settings.database, settings.folder) as db:
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
        self.shared = Path(settings.folder, "metrics")

    def run(self) -> None:
        """Run until a signal asks to stop, then let all of them answer what they have begun."""
        shutil.rmtree(self.shared, ignore_errors=True)
        self.shared.mkdir(parents=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        processes = [self._start() for _ in range(self.n)]
        while not self.ended.wait(PAUSE):
            processes = [self._start() if process.poll() is not None else process for process in processes]
        for process in processes:
            process.terminate()
        until = time.monotonic() + LONGEST + PAUSE
        for process in processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self) -> "subprocess.Popen[bytes]":
        number = self.listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "partwise.portal.worker"],
            stdin=subprocess.PIPE,
            pass_fds=[number],
            env=os.environ | {SHARED: str(self.shared)},
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
