"""One timed process: `python -m benchmarks.compare.worker ORDER`, an order as `race.py` writes it."""

import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

FAST, REPEATS = 0.02, 3
"""Calls under so many seconds are repeated, and the fastest counts."""
GROWTH = 1.5
"""By how much the iterations grow from call to call."""
MEMORY_ITERATIONS = 5


def main(order: Path) -> None:
    """Do as an order says, and write the answer anew after each call: a process cut short has told something."""
    asked = json.loads(order.read_text())
    if asked["processors"]:
        os.sched_setaffinity(0, asked["processors"])  # before BLAS counts them
    answer: dict[str, Any] = {}
    try:
        with warnings.catch_warnings(action="ignore"):
            work(asked, answer, order.with_suffix(".answer"))
    except BaseException as error:
        first, *_ = str(error).splitlines() or [""]
        answer["error"] = f"{type(error).__name__}: {first}"
    save(answer, order.with_suffix(".answer"))


def work(asked: dict[str, Any], answer: dict[str, Any], path: Path) -> None:
    """Race, weigh, or measure the floor."""
    from benchmarks.compare.peers import PEERS, Task
    from benchmarks.compare.problems import start

    X = load(Path(asked["data"]))
    k, loss, threads = asked["n_components"], asked["loss"], asked["threads"]
    tasks = [Task(k, loss, *start(X, k, seed), seed, threads) for seed in asked["seeds"]]
    if asked["what"] == "floor":
        from benchmarks.compare.floor import floor

        answer["floor"] = floor(X, tasks[0].W, tasks[0].H, threads)
        return
    peer = PEERS[asked["library"]]
    if asked["what"] == "memory":
        from benchmarks.compare.memory import added_by

        task = tasks[0]
        few = X[: max(2 * k, 64)]  # imports and compiles what is needed, in little memory
        peer.fit(few, replace(task, W=task.W[: few.shape[0]]), 1)
        answer["memory"] = added_by(lambda: peer.fit(X, task, MEMORY_ITERATIONS))
        return
    answer["curves"] = {}
    peer.fit(X, tasks[0], 1)
    for task in tasks:
        curve = answer["curves"][str(task.seed)] = []
        for point in race(peer, X, task, asked["seconds"]):
            curve.append(point)
            save(answer, path)


def race(peer: Any, X: Any, task: Any, allowed: float) -> Iterator[tuple[int, float, float]]:
    """Yield a curve of whole calls, until one takes as long as allowed or more iterations bring nothing."""
    from benchmarks.compare.judge import objective
    from benchmarks.compare.targets import is_flat

    curve: list[tuple[int, float, float]] = []
    n = 1
    while True:
        seconds, W, H = timed(peer, X, task, n)
        curve.append((n, seconds, objective(X, W, H, task.loss)))
        yield curve[-1]
        if seconds >= allowed or is_flat(curve):
            return
        n = max(n + 1, int(n * GROWTH))
        if n * seconds / curve[-1][0] > 1.2 * allowed:  # the last call fills the time, and not much more
            n = max(curve[-1][0] + 1, int(curve[-1][0] * allowed / seconds * 1.02))


def timed(peer: Any, X: Any, task: Any, iterations: int) -> tuple[float, Any, Any]:
    """Return the seconds of a call, and its W and H."""
    best = float("inf")
    for _ in range(REPEATS):
        clock = time.perf_counter()
        W, H = peer.fit(X, task, iterations)
        best = min(best, time.perf_counter() - clock)
        if best > FAST:
            break
    return best, W, H


def load(path: Path) -> Any:
    """Read X as `race.py` saved it."""
    if path.suffix == ".npy":
        import numpy as np

        return np.load(path)
    import scipy.sparse as sp

    return sp.csr_matrix(sp.load_npz(path))


def save(answer: dict[str, Any], path: Path) -> None:
    """Write the answer so that a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(answer))
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
