"""Who runs when: a process for each library and number of threads, and a record of all they say."""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.compare.machine import busy_seconds, machine, processors, versions
from benchmarks.compare.peers import LEFT_OUT, PEERS
from benchmarks.compare.problems import Problem
from benchmarks.compare.targets import Curve
from benchmarks.compare.worker import GROWTH, MEMORY_ITERATIONS

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
Record = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What is raced.

    Parameters
    ----------
    libraries : sequence of str
        Names of peers.
    seeds, threads : sequence of int
        Each is raced with each.
    dtypes : sequence of str or None
        None: each problem's own.
    seconds : float or None
        The longest call of a curve; None: each problem's own.
    memory : bool
        Whether to measure peak memory too.
    patience : float
        Seconds that a process gets to import its library and make its first call, beyond those of the race.
    """

    libraries: Sequence[str] = tuple(PEERS)
    seeds: Sequence[int] = (0, 1)
    threads: Sequence[int] = (1, 2)
    dtypes: Sequence[str] | None = None
    seconds: float | None = None
    memory: bool = True
    patience: float = 60.0


def races(
    problems: Sequence[Problem], settings: Settings, say: Callable[[str], None], save: Callable[[Record], None]
) -> Record:
    """Race the libraries on the problems, and save the record after each problem."""
    record: Record = {
        "format": 1,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "versions": versions(peer.package for peer in PEERS.values()),
        "settings": {**vars(settings), "growth": GROWTH, "memory_iterations": MEMORY_ITERATIONS},
        "left_out": LEFT_OUT,
        "skipped": [],
        "problems": [],
        "runs": [],
        "failures": [],
    }
    began = time.perf_counter()
    counts = [n for n in settings.threads if not processors() or n <= len(processors())]
    if missing := sorted(set(settings.threads) - set(counts)):
        record["skipped"].append({"what": f"{missing[0]} threads", "why": "the machine has fewer processors"})
    for problem in problems:
        for dtype in settings.dtypes or problem.dtypes:
            try:
                X = problem.make(np.dtype(dtype).type)
            except FileNotFoundError as error:
                record["skipped"].append({"what": problem.name, "why": str(error)})
                say(f"{problem.name}: skipped, {error}")
                break
            with stored(X) as folder:
                _one_problem(record, problem, dtype, X, folder, settings, counts, say)
            record["minutes"] = round((time.perf_counter() - began) / 60, 1)
            save(record)
    return record


def _one_problem(
    record: Record, problem: Problem, dtype: str, X: Any, folder: Path, settings: Settings, counts: list[int],
    say: Callable[[str], None],
) -> None:  # fmt: skip
    about: Record = {
        "name": problem.name, "dtype": dtype, "source": problem.source, "loss": problem.loss,
        "n_components": problem.n_components, "shape": list(X.shape), "stored": int(X.nnz) if sp.issparse(X) else None,
        "floor": {}, "floor_others": {}, "absent": {},
    }  # fmt: skip
    record["problems"].append(about)
    say(f"{problem.name}, {dtype}: {X.shape[0]} x {X.shape[1]}, k = {problem.n_components}, {problem.loss}")
    seconds = settings.seconds or problem.seconds
    order: Record = {
        "n_components": problem.n_components,
        "loss": problem.loss,
        "seconds": seconds,
        "seeds": list(settings.seeds),
    }
    racing = []
    for name in settings.libraries:
        absence = PEERS[name].absence(loss=problem.loss, sparse=sp.issparse(X))
        if absence is None:
            racing.append(name)
        else:
            about["absent"][name] = absence
    failed: set[str] = set()
    for threads in counts:
        answer = ask(folder, {**order, "what": "floor", "threads": threads}, settings.patience)
        about["floor"][str(threads)] = answer.get("floor")
        about["floor_others"][str(threads)] = answer.get("others")
        for name in racing:
            if name in failed:  # once is enough to say so
                continue
            task = {**order, "what": "race", "library": name, "threads": threads}
            answer = ask(folder, task, settings.patience + 5 * seconds * len(settings.seeds))
            run = {"problem": problem.name, "dtype": dtype, "library": name, "threads": threads}
            for seed, curve in answer.get("curves", {}).items():
                record["runs"].append({**run, "seed": int(seed), "others": answer.get("others"), "curve": curve})
                say(f"  {name}, {threads} thread(s), seed {seed}: {_brief(curve)}")
            if "error" in answer:
                failed.add(name)
                record["failures"].append({**run, "error": answer["error"]})
                say(f"  {name}, {threads} thread(s): {answer['error']}")
    about["memory"] = {}
    for name in racing if settings.memory else ():
        if name not in failed:
            task = {**order, "what": "memory", "library": name, "threads": counts[0]}
            about["memory"][name] = ask(folder, task, settings.patience + 5 * seconds).get("memory")


@contextmanager
def stored(X: Any) -> Iterator[Path]:
    """Keep X in a folder for the processes to read."""
    with tempfile.TemporaryDirectory() as name:
        if sp.issparse(X):
            sp.save_npz(Path(name) / "X.npz", X, compressed=False)
        else:
            np.save(Path(name) / "X.npy", X)
        yield Path(name)


def ask(folder: Path, order: Record, patience: float) -> Record:
    """Run one process and return its answer.

    `error` in it says what went wrong, and `others` how many processors were busy with other work meanwhile.
    """
    data = next(folder.glob("X.np*"))
    bound = processors()[: order["threads"]]
    path = folder / "order.json"
    path.write_text(json.dumps({**order, "data": str(data), "processors": bound}))
    (folder / "order.answer").unlink(missing_ok=True)
    limited = dict.fromkeys(THREADS, str(order["threads"]))
    command = [sys.executable, "-m", "benchmarks.compare.worker", str(path)]
    error = None
    before, clock = _other_work(), time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | limited, capture_output=True, text=True, timeout=patience, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            error = f"killed by signal {-done.returncode}" if done.returncode < 0 else last
    except subprocess.TimeoutExpired:
        error = f"not done after {patience:.0f} s"
    answer_path = folder / "order.answer"
    answer: Record = json.loads(answer_path.read_text()) if answer_path.exists() else {}
    after, elapsed = _other_work(), time.perf_counter() - clock
    if before is not None and after is not None:
        answer["others"] = round(max(after - before, 0.0) / elapsed, 2)
    if error is not None:
        answer["error"] = error
    if "error" in answer:
        answer["error"] = re.sub(r"(/[^/\s'\"]+)+/", "", answer["error"])[:300]  # files by their names alone
    return answer


def _other_work() -> float | None:
    """Return the processor seconds used so far by what is not ours."""
    busy = busy_seconds()
    if busy is None:
        return None
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return busy - sum(usage.ru_utime + usage.ru_stime for usage in used)


def _brief(curve: Curve) -> str:
    if not curve:
        return "nothing"
    count, seconds, value = curve[-1]
    return f"{count} iterations in {seconds:.2f} s, objective {value:.6g}"
