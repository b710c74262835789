"""Fixtures that tests of several modules share."""

import os
import signal
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the data sets that are too large for the repository."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("PARTWISE_SHARED_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the shared data sets: set PARTWISE_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def patience():
    """Seconds that a test waits for what will come: far more than a busy machine takes."""
    return 300


@pytest.fixture(scope="session")
def wait_for(patience):
    """Return a function that waits until something is true; false if that never comes."""

    def wait_for(condition):
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    return wait_for


@pytest.fixture
def without(monkeypatch):
    """Return a function that makes a package one that is not installed, until the test ends."""

    def without(package):
        # Taken out, not None: scikit-learn uses sys.modules["pandas"] if there is one.
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        find = PathFinder.find_spec
        monkeypatch.setattr(PathFinder, "find_spec", lambda name, *at: None if name == package else find(name, *at))

    return without


@pytest.fixture
def ctrl_c():
    """SIGINT raises, also in a process that a shell has started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
