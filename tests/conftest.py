"""Fixtures that tests of several modules share."""

import heapq
import os
import random
import shutil
import signal
import sys
import time
from collections import defaultdict
from importlib.machinery import PathFinder
from itertools import combinations
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--every-case", action="store_true", help="run all cases of the tests marked `pairwise`")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep, of the cases of each test marked `pairwise`, enough that every pair of values of two parameters occurs."""
    if config.getoption("--every-case"):
        return
    tests = defaultdict(list)
    for item in items:
        if (mark := item.get_closest_marker("pairwise")) and hasattr(item, "callspec"):
            tests[item.nodeid.partition("[")[0], mark.args].append(item)
    dropped = set()
    for (_, together), cases in tests.items():
        kept = pairwise([pairs(item.callspec.params, together) for item in cases])
        dropped.update(item for i, item in enumerate(cases) if i not in kept)
    if dropped:
        config.hook.pytest_deselected(items=[item for item in items if item in dropped])
        items[:] = [item for item in items if item not in dropped]


def pairs(case, together):
    """Return the pairs of values in a case, given as {parameter: value}; values are told apart as objects.

    The parameters named in `together` count as one: all combinations of their values occur with those of any other.
    """
    values = [(name, id(case[name])) for name in sorted(case) if name not in together]
    values.append((together, tuple(id(case[name]) for name in together if name in case)))
    return {*values, *combinations(values, 2)}


def pairwise(cases):
    """Return the numbers of some of the cases, few, in which every pair of all cases occurs.

    Greedy: the next case is the one with the most new pairs. A case never gains pairs while others are taken, so a
    heap of what each would have brought when it was last looked at gives it.
    """
    order = random.Random(0).sample(range(len(cases)), len(cases))
    heap = [(-len(cases[i]), place, i) for place, i in enumerate(order)]
    heapq.heapify(heap)
    seen, kept = set(), set()
    while heap:
        _, place, i = heapq.heappop(heap)
        new = len(cases[i] - seen)
        if new and heap and new < -heap[0][0]:
            heapq.heappush(heap, (-new, place, i))
        elif new:
            kept.add(i)
            seen |= cases[i]
    return kept


@pytest.fixture(autouse=True)
def closed_figures():
    """Close the figures that a test has left to pyplot, which keeps them and warns of many."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the data sets that are too large for the repository."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("PARTWISE_SHARED_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the shared data sets: set PARTWISE_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window, for tests of pages."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'partwise[browser]'")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


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


@pytest.fixture(scope="session")
def nested_environment():
    """The environment of a pytest that a test starts: without the options and the workers of the one that runs it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


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
