"""The benchmarks are no part of the package: they are imported from the repository's root."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))
pytest.importorskip("benchmarks", reason="needs the repository: a source distribution holds no benchmarks")
