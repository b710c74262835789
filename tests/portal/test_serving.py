"""The server as a process: it says where it is, answers what it has begun, and ends well."""

import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from partwise.portal import serving, worker
from partwise.portal.events import history
from partwise.portal.keys import make_key
from partwise.portal.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the portal runs on POSIX systems")
SLOW = 60
"""Seconds in which a server has to start on a busy computer."""


@pytest.fixture
def address(tmp_path):
    """Return the address of a database on SQLite: another would not change what is tested here."""
    return f"sqlite:///{tmp_path}/portal.db"


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server and returns the process and its port."""
    started = []

    def start(*words):
        command = [sys.executable, "-m", "partwise", "serve", "--port", "0", "--data", str(tmp_path / "data"), *words]
        with open(tmp_path / "log", "w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})
        started.append(process)
        for _ in range(SLOW * 10):
            found = re.search(r"http://127.0.0.1:(\d+)/", (tmp_path / "log").read_text())
            if found and answers(int(found[1])):
                return process, int(found[1])
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError((tmp_path / "log").read_text())

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return json.load(answer)["ok"]
    except OSError:
        return False


def half_sent(port, key, reader):
    """Send half of a request, and return the connection and the other half."""
    event = {"key": reader, "reader": reader, "article": "a", "time": 1.7e9}
    body = json.dumps([event]).encode()
    head = f"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", port), timeout=SLOW)
    connection.sendall(head.encode() + body[:10])
    return connection, body[10:]


def test_answers_are_sent_at_once():
    """Without its protocol asyncio does not know the socket as TCP, and each answer waits 40 ms for the next packet."""
    with serving._bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_models_are_kept_out_of_collections_and_those_before_are_let_go(monkeypatch):
    called = []
    steps = {name: lambda name=name: called.append(name) for name in ("freeze", "collect", "unfreeze")}
    monkeypatch.setattr(worker, "gc", SimpleNamespace(**steps))
    worker._set_apart()
    assert called == ["unfreeze", "collect", "freeze"]


GIVES_BACK = """
from partwise.portal.worker import _set_apart

def held():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))

pieces = [bytes(50_000) for _ in range(4_000)]
left = pieces[::100]
del pieces
before = held()
_set_apart()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no malloc_trim")
def test_memory_that_is_free_is_given_back():
    done = subprocess.run([sys.executable, "-c", GIVES_BACK], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100_000  # kB


def test_a_head_that_does_not_end_is_refused(serve, address):
    process, port = serve("--database", address)
    with socket.create_connection(("127.0.0.1", port), timeout=SLOW) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-long: " + b"a" * 100_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    process.terminate()
    assert process.wait(SLOW) == 0


def test_a_request_in_flight_is_answered_after_sigterm_and_the_exit_status_is_0(serve, database, address):
    process, port = serve("--database", address)
    ends_well(process, port, database)


def test_a_worker_that_is_killed_is_started_again_and_all_end_well(serve, database, address):
    process, port = serve("--database", address, "--workers", "2")
    before = children(process)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(children(process) - before) == 1)
    assert answers(port)
    ends_well(process, port, database)


def test_servers_on_one_folder_share_no_numbers(tmp_path, monkeypatch):
    shared = []

    class Started(serving.Workers):
        def _start(self, folder):
            shared.append(Path(folder))
            assert Path(folder).is_dir()
            self.ended.set()
            return SimpleNamespace(terminate=lambda: None, wait=lambda seconds: 0)

    monkeypatch.setattr(serving.signal, "signal", lambda *_: None)
    for _ in range(2):
        Started(Settings("", tmp_path, "secret"), None, 2).run()
    assert shared[0] == shared[1] != shared[2] == shared[3]
    assert not any(folder.exists() for folder in shared)
    assert list(tmp_path.iterdir()) == []


def test_workers_end_with_their_parent(serve, address):
    process, _ = serve("--database", address, "--workers", "2")
    left = children(process)
    process.kill()
    process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))


def ends_well(process, port, database):
    """Check that a server which is told to stop answers what has begun, and that all of it is stored."""
    key = make_key(database, "write")
    sent = [half_sent(port, key, f"r{i}") for i in range(4)]
    assert answers(port)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    for connection, rest in sent:
        connection.sendall(rest)
        assert b"200 OK" in connection.recv(4096)
        connection.close()
    assert process.wait(SLOW) == 0
    assert [len(history(database, f"r{i}")) for i in range(4)] == [1] * 4


def children(process):
    if not Path("/proc/self/task").is_dir():
        pytest.skip("finds processes in /proc")
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return {int(word) for word in path.read_text().split()}


def until(true):
    for _ in range(SLOW * 10):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it took too long")
