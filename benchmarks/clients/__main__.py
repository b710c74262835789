"""Run each program with scikit-learn's NMF and with ours in its place, by turns: ``make clients``.

Prints seconds in the factorization and how good the result is, by a measure of each program's own. Ends with an error
where a program fails, or is over 2 % worse with ours; times decide nothing.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median

CLIENTS = {"cNMF": "cells.py", "LensKit": "readers.py", "turftopic (KeyNMF)": "keywords.py"}
OURS = "import partwise, runpy, sys; partwise.patch_sklearn(); runpy.run_path(sys.argv[1], run_name='__main__')"
TURNS = 3
WORSE = 0.02
"""Share of its quality that a result may lose: two minima of one objective differ by as much."""


def run(path: Path, patched: bool) -> tuple[float, float]:
    """Return (seconds, quality) of a program in a fresh process."""
    command = [sys.executable, *(["-c", OURS] if patched else []), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{path.name} failed{' under patch_sklearn' if patched else ''}:\n{done.stderr[-3000:]}")
    seconds, quality = map(float, done.stdout.split()[-2:])
    return seconds, quality


def main() -> None:
    """Print a line for each client."""
    worse = []
    for client, name in CLIENTS.items():
        path = Path(__file__).parent / name
        turns = [(run(path, False), run(path, True)) for _ in range(TURNS)]
        theirs, ours = ([median(values) for values in zip(*runs, strict=True)] for runs in zip(*turns, strict=True))
        print(
            f"{client}: scikit-learn {theirs[0]:.2f} s, quality {theirs[1]:.3f}; "
            f"partwise {ours[0]:.2f} s, quality {ours[1]:.3f}; {theirs[0] / ours[0]:.1f} times as fast",
            flush=True,
        )
        if ours[1] < theirs[1] - WORSE * abs(theirs[1]):
            worse.append(client)
    if worse:
        sys.exit(f"worse under patch_sklearn: {', '.join(worse)}")


if __name__ == "__main__":
    main()
