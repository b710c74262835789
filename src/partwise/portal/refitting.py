"""Fits in processes of their own, when asked for and on a schedule; old reads are removed on it too."""

import os
import re
import subprocess
import sys
import threading
from contextlib import suppress

import sqlalchemy as sa

from partwise.portal.database import Database, now
from partwise.portal.events import remove_events_before
from partwise.portal.fits import begin_fit, end_fit, find_fit, newest_fit
from partwise.portal.logs import write_fault, write_fit
from partwise.portal.options import DATABASE
from partwise.portal.settings import Settings

__all__ = ["Refits", "Schedule"]

REASON = re.compile(r"^(fit \d+ failed): .*")
"""Why a fit failed, which the table of fits tells."""
HOUR, DAY = 3_600.0, 86_400.0
CHECKED = 60.0
"""Seconds between two looks at what is due."""
PATIENCE = 10.0
"""Seconds that a fit which is told to stop has for it."""


class Refits:
    """Starts fits, one at a time."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db, self.settings = db, settings
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.number: int | None = None

    def start(self) -> bool:
        """Start a fit; False if one is running, here or on another server."""
        with self.lock:
            if self.process is not None and self.process.poll() is None:
                return False
            self._note_end()
            self.number = begin_fit(self.db)
            if self.number is None:
                return False
            words = [
                sys.executable,
                "-m",
                "partwise",
                "portal",
                "refit",
                "--quiet",
                "--data",
                str(self.settings.folder),
                "--fit",
                str(self.number),
            ]
            # Not as an option: every user of the computer sees those, and the address can hold a password.
            environment = os.environ | {DATABASE: self.settings.database}
            nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
            try:
                self.process = subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=pipe, env=environment)
            except BaseException:
                self._note_end()
                raise
            threading.Thread(target=_follow, args=(self.process,), name="fit", daemon=True).start()
            return True

    def stop(self) -> None:
        """Stop a fit that this process started."""
        with self.lock:
            if self.process is not None and self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            with suppress(sa.exc.SQLAlchemyError):  # the database is away: without a beat the fit counts as killed
                self._note_end()

    def _note_end(self) -> None:
        """Note that a fit whose process has ended has failed, if the process could not note it itself."""
        fit = None if self.number is None else find_fit(self.db, self.number)
        if fit is not None and fit.state == "running":
            end_fit(self.db, fit.number, "failed", {"reason": "its process ended before the fit did"}, use=False)


def _follow(process: "subprocess.Popen[bytes]") -> None:
    """Write to the log how a fit ends: its own lines are not JSON, and why it failed can be about a reader."""
    assert process.stderr is not None
    with process.stderr as pipe:
        lines = pipe.read().decode(errors="replace").splitlines()
    said = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    write_fit(process.wait(), [REASON.sub(r"\1", line) for line in said])


class Schedule:
    """A thread that starts fits and removes old reads when it is time."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db, self.settings, self.refits = db, settings, Refits(db, settings)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Start the thread, if there is anything to do."""
        if self.settings.refit_every is not None or self.settings.keep_days is not None:
            self.thread.start()

    def stop(self) -> None:
        """Stop the thread and the fit that it started."""
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join(PATIENCE)
        self.refits.stop()

    def look(self) -> None:
        """Do what is due now."""
        if self.settings.keep_days is not None:
            remove_events_before(self.db, now() - self.settings.keep_days * DAY)
        if self.settings.refit_every is not None:
            newest = newest_fit(self.db)
            last = 0.0 if newest is None else newest.started
            with self.db.read() as connection:
                at = self.db.time(connection)
            if at - last >= self.settings.refit_every * HOUR:
                self.refits.start()

    def _run(self) -> None:
        while not self.ended.wait(CHECKED):
            try:
                self.look()
            except Exception as error:  # the database may be away: the next look may find it
                write_fault("schedule", error)
