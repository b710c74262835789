"""Writes that are asked for at the same time share a transaction, and nothing else."""

import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from partwise.portal import commits
from partwise.portal.commits import Commits
from partwise.portal.events import Event, add_events, all_events

WAITING = 5


class Store:
    """Transactions on a list; the first one waits until it may go on."""

    def __init__(self):
        self.kept, self.sizes = [], []
        self.entered, self.go_on = threading.Event(), threading.Event()

    @contextmanager
    def begin(self):
        written = []
        yield written
        if not self.entered.is_set():
            self.entered.set()
            self.go_on.wait(60)
        self.kept += written
        self.sizes.append(len(written))


def together(store, writes, waits=lambda joined: len(joined._waiting) == WAITING):
    """Run writes of which all but the first wait for the same transaction; return results and errors."""
    joined, told = Commits(store.begin), {}

    def run(name, write):
        try:
            told[name] = joined.run(write)
        except Exception as error:
            told[name] = error

    threads = [threading.Thread(target=run, args=pair) for pair in writes.items()]
    threads[0].start()
    assert store.entered.wait(60)
    for thread in threads[1:]:
        thread.start()
    while not waits(joined):
        pass
    store.go_on.set()
    for thread in threads:
        thread.join(60)
    return told


def keeps(value):
    return lambda written: written.append(value) or value


def test_writes_that_wait_share_the_next_transaction():
    store = Store()
    told = together(store, {i: keeps(i) for i in range(WAITING + 1)})
    assert told == {i: i for i in range(WAITING + 1)}
    assert sorted(store.kept) == list(range(WAITING + 1))
    assert store.sizes == [1, WAITING]


def test_the_fault_of_one_is_not_that_of_the_others():
    store = Store()

    def fails(written):
        written.append("half")
        raise ValueError("this one")

    told = together(store, {i: keeps(i) for i in range(WAITING)} | {"bad": fails})
    assert isinstance(told.pop("bad"), ValueError)
    assert told == {i: i for i in range(WAITING)}
    assert sorted(store.kept) == list(range(WAITING))


def test_a_transaction_has_a_limit(monkeypatch):
    monkeypatch.setattr(commits, "MOST", 2)
    store = Store()
    together(store, {i: keeps(i) for i in range(WAITING + 1)})
    assert store.sizes == [1, 2, 2, 1]


def test_a_commit_that_fails_is_told_to_all():
    class Full(Store):
        @contextmanager
        def begin(self):
            with super().begin() as written:
                yield written
            self.kept.clear()
            raise OSError("disk full")

    told = together(Full(), {i: keeps(i) for i in range(WAITING + 1)})
    assert all(isinstance(error, OSError) for error in told.values())


def test_a_database_that_is_away_is_asked_once_for_all_that_wait():
    class Away(Store):
        tried = 0

        @contextmanager
        def begin(self):
            self.tried += 1
            with super().begin() as written:
                yield written
                if self.tried > 1:
                    raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))

    store = Away()
    told = together(store, {i: keeps(i) for i in range(WAITING + 1)})
    assert store.tried == 2
    assert sum(isinstance(error, sa.exc.OperationalError) for error in told.values()) == WAITING


@pytest.mark.parametrize("threads", [8])
def test_events_of_many_threads_are_there_once(database, threads):
    told = []

    def send(number):
        for i in range(10):
            shared = Event(f"shared-{i}", "r", "a", 1.0)
            told.append(add_events(database, [shared, Event(f"{number}-{i}", "r", "a", 1.0)]))

    started = [threading.Thread(target=send, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    keys = [event.key for event in all_events(database)]
    assert len(keys) == len(set(keys)) == 10 * threads + 10
    assert sum(added.accepted for added in told) == len(keys)
