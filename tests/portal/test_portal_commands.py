"""The commands that look after a portal, and what they refuse."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from partwise.cli.command import Failure
from partwise.cli.main import group
from partwise.portal import commands, options, serve, serving, worker
from partwise.portal.commands import command
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events
from partwise.portal.fits import begin_fit, end_fit
from partwise.portal.keys import list_keys, scope_of
from partwise.portal.options import kept_secret
from partwise.portal.readers import Preferences, delete_reader, set_preferences


@pytest.mark.parametrize("left", ["", "half", " " * 40])
def test_a_secret_that_is_not_whole_is_refused(tmp_path, left):
    (tmp_path / "secret").write_text(left)
    with pytest.raises(Failure, match="secret holds no secret"):
        kept_secret(tmp_path)


def test_a_secret_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(file):
        raise OSError("disk full")

    monkeypatch.setattr(options.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        kept_secret(tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    with ThreadPoolExecutor(8) as together:
        assert len(set(together.map(kept_secret, [tmp_path] * 8))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs the program in an empty folder, in this process, which does not give way."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("partwise.portal.commands._give_way", lambda: None)

    def run(*words, code=0, env=None):
        done = CliRunner().invoke(group, words, env=env)
        assert done.exit_code == code, done.output
        return done

    return run


def test_keys_are_made_listed_and_revoked(run, database, address):
    where = ("--database", address)
    key = run("portal", "key", "--scope", "write", "--days", "3", "--name", "my\x1b[1m site", *where).stdout.strip()
    assert scope_of(database, key) == "write"
    shown = run("portal", "keys", *where).stdout
    assert re.fullmatch(r"1  write, until \d{4}-\d\d-\d\d  my.+ site\n", shown)
    assert "\x1b" not in shown
    told = json.loads(run("portal", "keys", "--json", *where).stdout)
    assert told[0]["name"] == "my\x1b[1m site"
    assert key not in str(told)
    run("portal", "revoke", "1", *where)
    assert list_keys(database) == []
    assert "no key 1" in run("portal", "revoke", "1", *where, code=2).stderr


def test_by_default_everything_is_in_one_folder(run):
    with served(run) as told:
        pass
    assert told[0].database == "sqlite:///portal/portal.db"
    assert Path("portal").stat().st_mode & 0o077 == 0
    run("portal", "upgrade")
    run("portal", "key", "--scope", "read")
    assert Path("portal/portal.db").is_file()
    run("portal", "upgrade", env={"PARTWISE_DATABASE": "sqlite:///other.db"})
    run("portal", "key", "--scope", "read", env={"PARTWISE_DATABASE": "sqlite:///other.db"})
    assert Path("other.db").is_file()


@contextmanager
def served(run, *words):
    """Run ``partwise serve`` up to the server itself, and yield a list with what this was told."""
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "serve", lambda settings, *others: told.append(settings))
        run("serve", *words)
    yield told


@pytest.mark.parametrize(
    ("words", "names", "everybody"),
    [
        ((), {"127.0.0.1", "localhost", "::1"}, False),
        (("--demo",), {"127.0.0.1", "localhost", "::1"}, True),
        (("--demo", "--allow-host", "A.example"), {"127.0.0.1", "localhost", "::1", "a.example"}, False),
        (("--host", "0.0.0.0"), set(), False),
        (("--host", "0.0.0.0", "--demo"), set(), False),
        (("--host", "0.0.0.0", "--allow-host", "a.example"),
         {"127.0.0.1", "localhost", "::1", "0.0.0.0", "a.example"}, False),
    ],
)  # fmt: skip
def test_names_of_a_proxy_close_the_demonstration_and_leave_those_of_this_computer(run, words, names, everybody):
    with served(run, "--secret", "x" * 16, *words) as told:
        assert set(told[0].hosts) == names
        assert told[0].open is everybody


@pytest.mark.parametrize(
    "words",
    [
        ("key", "--scope", "read"),
        ("keys",),
        ("revoke", "1"),
        ("refit",),
        ("sign-in",),
        ("key", "--scope", "read", "--database", "sqlite:///wrong.db"),
        ("refit", "--database", "sqlite:///wrong.db"),
    ],
)
def test_a_command_in_a_wrong_folder_makes_no_portal(run, words):
    said = run("portal", *words, code=1).stderr
    assert said.startswith("Error: there is no ")
    assert "--data" in said
    assert said.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_a_database_without_tables_is_no_portal(run, address):
    assert "there is no portal in" in run("portal", "keys", "--database", address, code=1).stderr


def test_a_folder_can_have_any_name(run):
    names = {"wh?at", "50% #1"}
    if sa.__version__ < "2.1":
        names.remove("wh?at")
        assert "without a question mark" in run("portal", "upgrade", "--data", "wh?at", code=2).stderr
    for name in names:
        Path(name).mkdir()
        run("portal", "upgrade", "--data", name)
        run("portal", "key", "--scope", "read", "--data", name)
        assert Path(name, "portal.db").is_file()
    assert {path.name for path in Path().iterdir()} == names


def test_the_days_of_a_key_end_before_the_calendar_does(run, database, address):
    where = ("--database", address)
    assert "36500" in run("portal", "key", "--scope", "read", "--days", "100000000", *where, code=2).stderr
    run("portal", "key", "--scope", "read", "--days", "36500", *where)
    assert "until 2" in run("portal", "keys", *where).stdout


def test_readers_cannot_be_stored_under_two_names(run, database, address, monkeypatch):
    monkeypatch.setattr(worker, "answer_requests", lambda *_: None)
    plain = ("serve", "--port", "0", "--database", address)
    hidden = (*plain, "--pseudonyms")
    run(*plain)
    run(*hidden)  # nobody is stored yet
    add_events(database, [Event("k", "r", "a", 1.0)])
    assert "under other names" in run(*plain, code=1).stderr
    run(*hidden)
    assert "by another secret" in run(*hidden, "--secret", "another one of a test", code=1).stderr
    delete_reader(database, "r")
    run(*plain)
    set_preferences(database, "r", Preferences(muted=("t1",)))
    assert "under other names" in run(*hidden, code=1).stderr
    run(*plain)


def test_the_secret_of_a_folder_is_kept_and_belongs_to_its_user(run):
    Path("portal").mkdir()
    secret = kept_secret(Path("portal"))
    first = run("portal", "sign-in").stdout
    assert first.startswith("http://127.0.0.1:8000/sign-in?token=")
    assert Path("portal/secret").stat().st_mode & 0o077 == 0
    assert len(secret) >= 32
    assert kept_secret(Path("portal")) == secret
    link = run("portal", "sign-in", "--address", "https://a.example/", env={"PARTWISE_SECRET": "x" * 16}).stdout
    assert link.startswith("https://a.example/sign-in?token=")


SAYS_HOW = """
import os, sys
from partwise.cli.main import group
before = "numpy" in sys.modules
try:
    group(sys.argv[1:])
finally:
    print(before, os.sched_getscheduler(0) == os.SCHED_IDLE, os.nice(0))
"""


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system has no SCHED_IDLE")
def test_a_fit_leaves_the_processor_to_servers(tmp_path):
    def said(word):
        words = [sys.executable, "-c", SAYS_HOW, "portal", word, "--database", f"sqlite:///{tmp_path}/portal.db"]
        return subprocess.run(words, capture_output=True, text=True, cwd=tmp_path).stdout.splitlines()[-1]

    usual = os.nice(0)
    assert said("upgrade") == f"False False {usual}"
    assert said("refit") == f"False False {usual}"  # everybody waits for the first
    db = Database(f"sqlite:///{tmp_path}/portal.db")
    end_fit(db, begin_fit(db), "ready", {}, use=True)
    db.close()
    assert said("refit") == f"False True {usual}"


def test_a_fit_is_nice_where_it_cannot_wait_for_all(monkeypatch):
    def refused(*words):
        raise PermissionError

    added = []
    monkeypatch.setattr("os.nice", added.append)
    monkeypatch.setattr("os.sched_setscheduler", refused, raising=False)
    commands._give_way()
    monkeypatch.delattr("os.SCHED_IDLE", raising=False)
    commands._give_way()
    assert added == [19, 19]


def test_a_fit_without_articles_fails_in_one_line(run, address):
    run("portal", "upgrade", "--database", address)
    said = run("portal", "refit", "--database", address, code=1).stderr
    assert said.startswith("Error: fit 1 failed")
    assert said.count("\n") == 1


def test_tables_of_an_older_version_are_named_with_the_command_that_upgrades_them(run, database, address, monkeypatch):
    monkeypatch.setattr("partwise.portal.database._versions", lambda: ["0002", "0001"])
    for words in (["portal", "keys"], ["serve", "--port", "0"]):
        assert "partwise portal upgrade" in run(*words, "--database", address, code=2).stderr


def test_tables_of_a_newer_version_are_told_in_one_line_that_names_no_command_that_fails(run, database, address):
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for words in (["portal", "keys"], ["portal", "upgrade"], ["serve", "--port", "0"]):
        said = run(*words, "--database", address, code=2).stderr
        assert "a newer partwise made" in said
        assert "portal upgrade" not in said
        assert said.count("\n") == 1


def test_upgrade_makes_the_tables(run, address):
    assert "version None is now" in run("portal", "upgrade", "--database", address).stderr
    db = Database(address)
    db.check()
    db.close()


@pytest.mark.parametrize("address", ["sqlite:////dev", "postgresql+psycopg://nobody:topsecret@127.0.0.1:1/x"])
def test_a_database_that_is_away_is_told_in_one_line_without_its_password(run, address):
    said = run("portal", "keys", "--database", address, code=1).stderr
    assert "cannot be used" in said
    assert said.count("\n") == 1
    assert "topsecret" not in said


def test_other_addresses_need_a_secret_and_one_is_suggested(run):
    said = run("serve", "--host", "0.0.0.0", code=2).stderr
    assert re.search(r"PARTWISE_SECRET=\S{40,} partwise serve --host 0.0.0.0", said)
    said = run("serve", "--host", "0.0.0.0", "--secret", "short", code=2).stderr
    assert "at least 16 bytes" in said
    assert not Path("portal").exists()


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("portal.example", False), ("127.0.0.1.example", False)],
)  # fmt: skip
def test_only_addresses_of_this_computer_are_local(host, local):
    assert serve.is_local(host) is local


def test_a_port_that_is_taken_is_told_in_one_line(run):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run("serve", "--port", f"{taken.getsockname()[1]}", code=1).stderr
    assert "Error: cannot listen on 127.0.0.1" in said


@pytest.mark.parametrize("words", [["serve"], ["portal", "keys"]])
def test_without_the_extra_a_command_says_which_to_install(words, tmp_path):
    code = "import sys; sys.modules |= dict.fromkeys(['fastapi', 'sqlalchemy', 'uvicorn']); sys.argv[1:] = {}; "
    code += "from partwise.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code.format(words)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "Install it with: pip install 'partwise[serve]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", list(command.commands))
def test_help_of_each_command_fits_80_columns_and_shows_an_example(run, name):
    text = run("portal", name, "--help").stdout
    assert f"Example: partwise portal {name}" in text
    assert max(map(len, text.splitlines())) <= 80
    for option in command.commands[name].params:
        if isinstance(option, click.Option) and not option.is_flag:
            assert option.help
            assert option.show_default or option.required, option.name
