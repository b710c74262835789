"""Install what the benchmarks need: the `bench` extra, package by package, so that one that fails stops no other.

A library that could not be installed takes part all the same, and its row says what went wrong.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Install each package of the extra in its pinned version, and say which failed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "-c", "constraints.txt"]
    for package in project["optional-dependencies"]["bench"]:
        done = subprocess.run([*pip, package], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            sys.stderr.write(f"{package} could not be installed: {last}\n")


if __name__ == "__main__":
    main()
