"""The benchmarks are no part of the package: they are imported from the repository's root."""

import sys
from pathlib import Path

# First, as older wheels of pyarrow bring a package of this name.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
