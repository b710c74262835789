"""Fits in processes of their own: one at a time, on a schedule, and old reads are removed."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from partwise.portal import fits, refitting
from partwise.portal.articles import add_articles
from partwise.portal.events import Event, add_events, all_events
from partwise.portal.refit import refit
from partwise.portal.refitting import Refits, Schedule
from partwise.portal.settings import Settings


@pytest.fixture
def started(monkeypatch):
    """Return what was started: each is a process that waits instead of a fit."""
    started = []
    popen = subprocess.Popen

    def start(words, **settings):
        started.append((words, settings["env"]))
        return popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=settings["stderr"])

    monkeypatch.setattr(refitting.subprocess, "Popen", start)
    return started


def settings(**others):
    return Settings("sqlite:///a:b@c", Path("folder"), "a secret of a test", **others)


def test_one_fit_runs_at_a_time_and_ends_with_the_server(database, started):
    refits = Refits(database, settings())
    assert refits.start()
    assert not refits.start()
    words, environment = started[0]
    assert words[1:] == ["-m", "partwise", "portal", "refit", "--quiet", "--data", "folder", "--fit", "1"]
    assert environment["PARTWISE_DATABASE"] == "sqlite:///a:b@c"
    process = refits.process
    refits.stop()
    assert process.poll() is not None
    assert refits.start()
    refits.stop()
    for pipe in (process.stdin, refits.process.stdin):
        pipe.close()


def test_of_two_servers_that_start_a_fit_at_once_one_does(database, started):
    servers = [Refits(database, settings()) for _ in range(2)]
    assert [server.start() for server in servers] == [True, False]
    assert len(started) == 1
    assert [fit.state for fit in fits.list_fits(database)] == ["running"]
    for server in servers:
        server.stop()
    servers[0].process.stdin.close()
    assert [(fit.state, fit.facts["reason"]) for fit in fits.list_fits(database)] == [
        ("failed", "its process ended before the fit did")
    ]


def test_a_process_that_cannot_start_leaves_no_fit_that_runs(database, monkeypatch):
    def full(words, **settings):
        raise OSError("too many processes")

    monkeypatch.setattr(refitting.subprocess, "Popen", full)
    with pytest.raises(OSError, match="too many"):
        Refits(database, settings()).start()
    assert [fit.state for fit in fits.list_fits(database)] == ["failed"]


def test_after_a_process_that_ended_at_once_another_fit_can_start(database, started):
    refits = Refits(database, settings())
    for runs in (1, 2):
        assert refits.start()
        assert [fit.state for fit in fits.list_fits(database)] == ["running"] + ["failed"] * (runs - 1)
        refits.process.kill()
        refits.process.wait()
        refits.process.stdin.close()
    refits.stop()
    assert [fit.state for fit in fits.list_fits(database)] == ["failed", "failed"]


def test_a_fit_that_has_begun_is_gone_on_with(database, news, tmp_path):
    add_articles(database, news.articles(12))
    number = fits.begin_fit(database)
    assert refit(database, tmp_path, 2, number).number == number
    assert [fit.state for fit in fits.list_fits(database)] == ["ready"]
    with pytest.raises(fits.FitRunningError):
        refit(database, tmp_path, 2, number)


def test_a_fit_that_runs_elsewhere_counts_until_it_is_silent(database, started, monkeypatch):
    number = fits.begin_fit(database)
    refits = Refits(database, settings())
    assert not refits.start()
    later = fits.find_fit(database, number).started + fits.SILENT + 1
    monkeypatch.setattr(database, "time", lambda connection: later)
    assert refits.start()
    refits.stop()
    refits.process.stdin.close()
    assert fits.find_fit(database, number).state == "failed"


def test_the_schedule_starts_a_fit_when_the_last_began_long_ago(database, started, monkeypatch):
    schedule = Schedule(database, settings(refit_every=2.0))
    number = fits.begin_fit(database)
    began = fits.find_fit(database, number).started
    fits.end_fit(database, number, "failed", {}, use=False)
    monkeypatch.setattr(database, "time", lambda connection: began + 1.9 * 3600)
    schedule.look()
    assert started == []
    monkeypatch.setattr(database, "time", lambda connection: began + 2.1 * 3600)
    schedule.look()
    assert len(started) == 1
    schedule.stop()
    schedule.refits.process.stdin.close()


def test_the_schedule_removes_old_reads(database):
    today = refitting.now()
    add_events(database, [Event(f"{days}", "r", "a", today - days * 86_400) for days in (1, 29, 31, 400)])
    Schedule(database, settings(keep_days=30.0)).look()
    assert [event.key for event in all_events(database)] == ["1", "29"]


def test_a_schedule_goes_on_after_a_look_that_failed(database, monkeypatch, caplog):
    monkeypatch.setattr(refitting, "CHECKED", 0.01)
    schedule = Schedule(database, settings(keep_days=30.0))
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 3:
            schedule.ended.set()
        raise RuntimeError("the database is away")

    monkeypatch.setattr(schedule, "look", look)
    schedule.start()
    schedule.thread.join(60)
    assert len(looks) == 3
    assert caplog.records[0].msg["event"] == "schedule"
    schedule.stop()


def test_a_schedule_with_nothing_to_do_starts_no_thread(database):
    schedule = Schedule(database, settings())
    schedule.start()
    assert not schedule.thread.is_alive()
    schedule.stop()


def test_what_a_fit_says_is_a_line_of_the_log(tmp_path, capfd, caplog):
    """A fit that fails writes plain lines; on the standard error of a server each line is JSON."""
    caplog.set_level("INFO")
    refits = Refits(None, Settings(f"sqlite:///{tmp_path}/none.db", tmp_path, "a secret of a test"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refitting, "begin_fit", lambda db: 1)
        assert refits.start()
    followed = next(thread for thread in threading.enumerate() if thread.name == "fit")
    followed.join(60)
    told = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [(line["event"], line["status"]) for line in told] == [("fit", 1)]
    assert told[0]["said"].startswith("there is no portal in")
    assert capfd.readouterr().err == ""


def test_why_a_fit_failed_is_not_in_the_log(caplog):
    code = "import sys; sys.exit('Traceback of ann\\nError: fit 3 failed: KeyError: ann')"
    refitting._follow(subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE))
    (told,) = [record.msg for record in caplog.records]
    assert told == {"event": "fit", "status": 1, "said": "fit 3 failed"}
