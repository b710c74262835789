"""Write src/partwise/kernels/__init__.pyi, the types of the compiled functions; --check only compares."""

import subprocess
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

from partwise import kernels

TARGET = Path(__file__).parents[1] / "src/partwise/kernels/__init__.pyi"


def stub() -> str:
    """Return the stub, formatted as the rest of the code."""
    generator = StubGen(kernels._build, include_docstrings=False)
    generator.put(kernels._build)
    text = f"# Written by `make stubs`.\n{generator.get()}\nISA: str\n"
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if "--check" not in sys.argv:
    TARGET.write_text(stub())
elif not TARGET.exists() or TARGET.read_text() != stub():
    sys.exit(f"{TARGET} is behind native/module.cpp: run `make stubs`")
