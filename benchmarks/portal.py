"""The portal under load, from a second process on the same machine.

    python -m benchmarks.portal [--articles 100000] [--reads 1000000] [--readers 50000] [--minutes 10]
        [--database ADDRESS] [--kills 50] [--lists 100] [--events 500]

It fills a new database through the interface with generated articles and reads, fits, and then asks for lists and
sends reads at fixed rates: quietly, and while a refit runs and its models are taken in. Then the server is killed by
SIGKILL while reads and names of topics are sent, and what it acknowledged is looked for. A latency is measured from
when a request was due, so that a server that stalls is not spared the requests that wait.
"""

import argparse
import http.client
import itertools
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

COMMAND = str(Path(sys.executable).with_name("partwise"))
TOPICS, WORDS, LENGTH = 30, 20_000, 60
BATCH = {"articles": 1_000, "events": 10_000}
IN_FLIGHT = 16
DAY = 86_400


class Server:
    """A server on a free port, with a key."""

    def __init__(self, database: str, folder: Path, *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.where = ["--database", database, "--data", str(folder)]
        self.key = ""
        self.more, self.log, self.own = more, folder.with_suffix(".log"), threading.local()
        self.start()
        command = [COMMAND, "portal", "key", "--database", database, "--scope", "admin"]
        self.key = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        with self.log.open("ab") as log:
            command = [COMMAND, "serve", *self.where, "--port", str(self.port), *self.more]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(1200):
            with suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/health")[0] == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the server does not answer; see {self.log}")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and answer; each thread keeps one connection."""
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"content-type": "application/json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        try:
            self.own.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.own.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException):
            self.own.connection.close()
            raise

    def refit(self) -> "subprocess.Popen[bytes]":
        """Start a refit."""
        return subprocess.Popen([COMMAND, "portal", "refit", *self.where], stdout=subprocess.DEVNULL)

    def memory(self) -> float:
        """Return the MB that the process holds."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        return 0.0


def articles(count: int) -> Iterator[dict[str, Any]]:
    """Yield articles of thirty subjects, each with words of its own beside common ones."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i:05}" for i in range(WORDS)])
    of = [rng.permutation(WORDS)[:300] for _ in range(TOPICS)]
    for i in range(count):
        own = words[rng.choice(of[i % TOPICS], LENGTH // 2)]
        other = words[(WORDS ** rng.random(LENGTH // 2)).astype(int) - 1]
        yield {"id": f"a{i}", "title": f"Article {i}", "text": " ".join([*own, *other]), "time": 1.7e9 + i * DAY / 100}


def reads(count: int, n_readers: int, n_articles: int) -> Iterator[dict[str, Any]]:
    """Yield reads; each reader prefers two subjects, and articles near the time of the read."""
    rng = np.random.default_rng(1)
    for i in range(count):
        reader = int(rng.integers(n_readers))
        when = int(n_articles * rng.random())
        article = min(n_articles - 1, max(0, when - int(rng.exponential(300))))
        if rng.random() < 0.8:
            article = article - article % TOPICS + (reader * 7 + int(rng.integers(2))) % TOPICS
        article = min(article, n_articles - 1)
        yield {
            "reader": f"r{reader}", "article": f"a{article}", "time": 1.7e9 + when * DAY / 100 + 60, "key": f"k{i}"
        }  # fmt: skip


def fill(server: Server, path: str, rows: Iterator[dict[str, Any]]) -> float:
    """Send rows in batches; return rows a second."""
    batch: list[dict[str, Any]] = []
    sent, taken = 0, 0.0

    def send() -> None:
        nonlocal sent, taken
        began = time.perf_counter()
        status, said = server.ask("POST", f"/api/{path}", batch)
        taken += time.perf_counter() - began
        assert status < 300, said
        sent += len(batch)
        batch.clear()

    for row in rows:
        batch.append(row)
        if len(batch) == BATCH[path]:
            send()
    if batch:
        send()
    return sent / taken


def at_rate(rate: float, seconds: float, act: Callable[[int], int]) -> tuple[list[float], list[Any]]:
    """Do something so often a second; return seconds from when each was due, and what failed."""
    due: queue.SimpleQueue[tuple[int, float] | None] = queue.SimpleQueue()
    taken: list[float] = []
    failed: list[Any] = []

    def client() -> None:
        while (item := due.get()) is not None:
            try:
                status: Any = act(item[0])
            except (OSError, http.client.HTTPException) as error:
                status = repr(error)
            taken.append(time.perf_counter() - item[1])
            if status != 200:
                failed.append(status)

    threads = [threading.Thread(target=client) for _ in range(IN_FLIGHT)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    for n in range(int(rate * seconds)):
        time.sleep(max(0.0, began + n / rate - time.perf_counter()))
        due.put((n, began + n / rate))
    for _ in threads:
        due.put(None)
    for thread in threads:
        thread.join()
    return taken, failed


def load(server: Server, asked: argparse.Namespace, seconds: float, tag: str) -> dict[str, list[float]]:
    """Ask for lists and send reads at once, print how it went, and return the seconds that each took."""
    rng = random.Random(tag)

    def one_list(number: int) -> int:
        return server.ask("GET", f"/api/recommendations/r{rng.randrange(asked.readers)}?n=10")[0]

    def some_events(number: int) -> int:
        batch = [
            {
                "reader": f"r{rng.randrange(asked.readers)}", "article": f"a{rng.randrange(asked.articles)}",
                "time": time.time(), "key": f"{tag}-{number}-{i}",
            }
            for i in range(10)
        ]  # fmt: skip
        return server.ask("POST", "/api/events", batch)[0]

    before, results = server.memory(), {}
    writer = threading.Thread(target=lambda: results.update(events=at_rate(asked.events / 10, seconds, some_events)))
    writer.start()
    results["lists"] = at_rate(asked.lists, seconds, one_list)
    writer.join()
    for name, (taken, failed) in results.items():
        print(f"{tag}: {spread(name, taken)}, {len(failed)} failed {failed[:3]}")
    print(f"{tag}: memory {before:.0f} to {server.memory():.0f} MB", flush=True)
    return {name: taken for name, (taken, _) in results.items()}


def spread(name: str, taken: list[float]) -> str:
    """Say how long requests took."""
    low, high = np.quantile(taken, [0.5, 0.99]) * 1e3
    return f"{len(taken)} requests of {name}: median {low:.1f} ms, 99th percentile {high:.1f} ms"


def by_minutes(server: Server, asked: argparse.Namespace, tag: str, goes_on: Callable[[int], bool]) -> None:
    """Load for a minute, and another as long as it `goes_on`; print how it went by minutes, and in all."""
    whole: dict[str, list[float]] = {"lists": [], "events": []}
    for minute in itertools.count(1):
        for name, taken in load(server, asked, 60, f"{tag}, minute {minute}").items():
            whole[name] += taken
        if not goes_on(minute):
            break
    for name, taken in whole.items():
        print(f"{tag}, in all: {spread(name, taken)}", flush=True)


def counts_at_once(server: Server) -> None:
    """Print how long it takes until a read counts in its reader's list."""
    worst = 0.0
    for number in range(20):
        reader = f"/api/recommendations/r{number}?n=1"
        first = server.ask("GET", reader)[1]["items"][0]["article"]
        event = {"reader": f"r{number}", "article": first, "time": time.time(), "key": f"once-{number}"}
        server.ask("POST", "/api/events", [event])
        began = time.perf_counter()
        while server.ask("GET", reader)[1]["items"][0]["article"] == first:
            time.sleep(0.01)
        worst = max(worst, time.perf_counter() - began)
    print(f"a read counts within {worst:.3f} s of its acknowledgement (worst of 20)", flush=True)


def killed(server: Server, kills: int) -> None:
    """Kill the server while reads and names of topics are sent; print what is missing of what was acknowledged."""
    acknowledged: list[str] = []
    names: list[str] = []
    server.own = threading.local()  # the server has closed the connection that nobody used meanwhile
    topic = server.ask("GET", "/api/topics")[1]["topics"][0]["topic"]
    number = 0
    for _ in range(kills):
        stop = threading.Event()

        def write(stop: threading.Event = stop) -> None:
            nonlocal number
            while not stop.is_set():
                number += 1
                event = {"reader": "storm", "article": "a1", "time": time.time(), "key": f"storm-{number}"}
                with suppress(OSError, http.client.HTTPException, ValueError):
                    if server.ask("POST", "/api/events", [event])[0] == 200:
                        acknowledged.append(event["key"])
                if number % 10 == 0:
                    with suppress(OSError, http.client.HTTPException, ValueError):
                        if server.ask("PATCH", f"/api/topics/{topic}", {"label": f"name {number}"})[0] == 200:
                            names.append(f"name {number}")

        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(random.Random(number).uniform(0.2, 1.0))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        stop.set()
        thread.join()
        server.start()
    kept = [event["key"] for event in server.ask("GET", "/api/readers/storm")[1]["events"]]
    undone = 0
    while names and server.ask("POST", "/api/topics/undo")[0] == 200:
        undone += 1
    print(
        f"{kills} kills: {len(acknowledged)} reads acknowledged, {len(set(acknowledged) - set(kept))} missing, "
        f"{len(kept) - len(set(kept))} twice; {len(names)} names acknowledged, {undone} could be undone",
        flush=True,
    )


def main() -> None:
    """Print a line a result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name, default in (("articles", 100_000), ("reads", 1_000_000), ("readers", 50_000), ("kills", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, number in (("minutes", 10), ("lists", 100), ("events", 500)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "data")
        folder.mkdir()
        server = Server(asked.database or f"sqlite:///{name}/portal.db", folder)
        try:
            print(f"{fill(server, 'articles', articles(asked.articles)):,.0f} articles a second")
            rows = reads(asked.reads, asked.readers, asked.articles)
            print(f"{fill(server, 'events', rows):,.0f} reads a second", flush=True)
            began = time.perf_counter()
            assert server.refit().wait() == 0
            print(f"the first fit took {time.perf_counter() - began:.0f} s", flush=True)
            server.own = threading.local()  # the server has closed the connection that nobody used meanwhile
            while server.ask("GET", "/health")[1]["fit"] is None:
                time.sleep(0.5)
            counts_at_once(server)
            by_minutes(server, asked, "quiet", lambda minute: minute < asked.minutes)
            fit, late = server.refit(), 0

            def until_taken_in(minute: int) -> bool:
                nonlocal late
                late += fit.poll() is not None
                return late < 2

            by_minutes(server, asked, "refit", until_taken_in)
            print(f"refit ended with {fit.wait()}", flush=True)
            killed(server, asked.kills)
        finally:
            server.process.terminate()
            print(f"exit status {server.process.wait(60)}; processors {os.cpu_count()}")


if __name__ == "__main__":
    main()
