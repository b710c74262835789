"""Two versions of partwise, by turns: what each needs for the same result.

    python -m benchmarks.versions OTHER_PYTHON [CASE ...]

OTHER_PYTHON is the interpreter of an environment that holds the other version. Each version runs in a process of its
own, with one thread, and both run the cases of this file; a CASE is the beginning of a name. The figures are
milliseconds of processor time, medians of five pairs. "To x" is a whole fit with as many iterations as reach the same
loss: the higher of the two that the versions reach in 300 iterations, or 0.1 % above the lowest that either reached. A
dash stands where a version does not reach it, or where the data are not there.
"""

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

PAIRS = 5
Run = Callable[[], Any]
Case = Callable[[float | None], float | Run | None]
"""What gives a fit for a goal; without a goal, the goal that it would set, or a fit that needs none."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def sound(title: str, level: int) -> Case:
    """Itakura-Saito to the loss of 300 iterations."""

    def case(goal: float | None) -> float | Run | None:
        from benchmarks.beta_losses import sounds, spectrogram

        X = spectrogram(dict(sounds())[title], level)
        if goal is None:
            return float(_curve(X, 12, loss="itakura-saito", max_iter=300)["loss"].min())
        return _reaching(goal, X, 12, loss="itakura-saito", max_iter=300)

    return case


def near_best(name: str, k: int, loss: str = "frobenius", most: int = 150) -> Case:
    """A fit to 0.1 % above the lowest loss of `most` iterations."""

    def case(goal: float | None) -> float | Run | None:
        X = _matrix(name)
        if goal is None:
            return float(_curve(X, k, loss=loss, max_iter=most)["loss"].min()) * 1.001
        return _reaching(goal, X, k, loss=loss, max_iter=most)

    return case


def fit(name: str, k: int, **options: Any) -> Case:
    """A fit as it is called."""

    def case(goal: float | None) -> Run:
        from partwise import factorize

        return partial(factorize, _matrix(name), k, random_state=0, **options)

    return case


def runs(name: str, k: int, **options: Any) -> Case:
    """A consensus of 30 runs."""

    def case(goal: float | None) -> Run:
        from partwise import consensus

        return partial(consensus, _matrix(name), k, n_runs=30, random_state=0, **options)

    return case


def one_pass(name: str, loss: str, batch_size: int) -> Case:
    """One pass of mini-batches."""

    def case(goal: float | None) -> Run:
        from benchmarks.compare.problems import start
        from partwise import MiniBatchNMF

        X = _matrix(name)
        W, H = start(X, 20, 0)
        model = MiniBatchNMF(20, init="custom", beta_loss=loss, tol=0, max_iter=1, batch_size=batch_size)
        return lambda: model.fit_transform(X, W=W.copy(), H=H.copy())

    return case


def process(program: str, *arguments: str) -> Case:
    """A process of its own, of a program beside the interpreter."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return lambda goal: partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)


def _curve(X: Any, k: int, **options: Any) -> Any:
    from partwise import factorize

    return factorize(X, k, init="random", random_state=0, tol=0, **options).curve


def _reaching(goal: float, X: Any, k: int, **options: Any) -> Run | None:
    curve = _curve(X, k, **options)
    within = curve["iteration"][curve["loss"] <= goal]
    return partial(_curve, X, k, **options | {"max_iter": int(within[0])}) if len(within) else None


def _matrix(name: str) -> Any:
    from benchmarks.compare.problems import PROBLEMS, beside
    from benchmarks.small_fits import SIGNATURES, counts, data

    if name in PROBLEMS:
        return PROBLEMS[name].make(np.dtype(PROBLEMS[name].dtypes[0]))
    if name == "clothes":
        return np.load(beside("fashion_mnist/fashion_mnist.npz"))["train_images"][:10_000].reshape(10_000, -1) / 255
    if name == "genomes":
        return counts(*SIGNATURES)
    n, m, k = map(int, name.split(" x "))
    return data(n, m, k)


KL = {"loss": "kullback-leibler"}
BOTH = "to the loss that both reach"
CASES: dict[str, Case] = {
    **{
        f"beta: {title}, {level} dB, {BOTH}": sound(title, level)
        for title in ("music 8 s", "music 20 s", "notes", "drums")
        for level in (-60, -80, -100)
    },
    "dense: planted, to 0.1 %": near_best("planted", 20),
    "dense: planted, random start, 30 iterations": fit("planted", 20, init="random", tol=0, max_iter=30),
    "dense: 10,000 clothes, k = 40, to 0.1 %": near_best("clothes", 40),
    "dense: faces, to 0.1 %": near_best("faces", 20),
    "rows: reuters, to 0.1 %": near_best("reuters", 20),
    "rows: speeches, to 0.1 %": near_best("speeches", 20),
    "kl: speeches, to 0.1 %": near_best("speeches-kl", 20, "kullback-leibler"),
    "kl: speeches, default fit": fit("speeches-kl", 20, **KL),
    "kl: genomes, default fit": fit("genomes", 8, **KL),
    "small: 6 x 2, k = 2": fit("6 x 2 x 2", 2),
    "small: 30 x 20, k = 4": fit("30 x 20 x 4", 4),
    "small: 96 x 21, k = 5": fit("96 x 21 x 5", 5),
    "small: 96 x 21, consensus": runs("96 x 21 x 5", 5),
    "small: genomes, 30 Poisson runs": runs("genomes", 8, resample="poisson", **KL),
    "batches: reuters, one pass": one_pass("reuters", "frobenius", 1024),
    "batches: speeches-kl, one pass": one_pass("speeches-kl", "kullback-leibler", 1024),
    "batches: faces, Kullback-Leibler, one pass": one_pass("faces", "kullback-leibler", 100),
    "start: from partwise import factorize": process("python", "-c", "from partwise import factorize"),
    "start: partwise --help": process("partwise", "--help"),
    "start: partwise topics --help": process("partwise", "topics", "--help"),
    "survey: planted, one multiplicative update": fit("planted", 20, init="random", solver="mu", tol=0, max_iter=1),
}


def worker() -> None:
    """Answer one line of JSON for each line read: [name, goal] makes a case ready, null runs it and says how long."""
    warnings.simplefilter("ignore")
    run: Any = None
    for line in sys.stdin:
        if asked := json.loads(line):
            try:
                run = CASES[asked[0]](asked[1])
            except FileNotFoundError:
                run = None
            answer = run if run is None or isinstance(run, float) else True
        else:
            began = _seconds()
            run()
            answer = _seconds() - began
        print(json.dumps(answer), flush=True)


def _seconds() -> float:
    """Return the processor seconds of this process and its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Version:
    """A process with one version of partwise."""

    def __init__(self, python: str) -> None:
        code = "from benchmarks.versions import worker; worker()"
        self.process = subprocess.Popen(
            [python, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | ONE_THREAD,
        )  # fmt: skip

    def ask(self, question: Any) -> Any:
        """Return the answer to one line."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        return json.loads(self.process.stdout.readline())


def main(other: str, *asked: str) -> None:
    """Print a line a case."""
    versions = [Version(other), Version(sys.executable)]
    print("case | other, ms | this, ms | other / this\n--|--:|--:|--:")
    for name in [name for name in CASES if not asked or name.startswith(asked)]:
        ready = [version.ask([name, None]) for version in versions]
        if all(isinstance(goal, float) for goal in ready):
            goal = max(ready) if name.endswith(BOTH) else min(ready)
            ready = [version.ask([name, goal]) for version in versions]
        times: list[list[float]] = [[], []]
        for number in range(-1, PAIRS):  # the first pair warms up
            for version, own, fits in zip(versions, times, ready, strict=True):
                if fits:
                    own.append(version.ask(None))
                    del own[: number < 0]
        medians = [float(np.median(own)) * 1e3 if own else None for own in times]
        ratio = f"{medians[0] / medians[1]:.2f}" if medians[0] and medians[1] else "-"
        print(name, *("-" if m is None else f"{m:.1f}" for m in medians), ratio, sep=" | ", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
