"""A pytest plugin that puts the kernels of tools/sanitize.py in the place of the installed ones."""

import importlib.util
import os
import sys
from pathlib import Path

path = Path(os.environ["PARTWISE_SANITIZED"])
build = path.name.partition(".")[0].removeprefix("_")
spec = importlib.util.spec_from_file_location(f"partwise.kernels._{build}", path)
assert spec is not None
assert spec.loader is not None
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
vars(module)["supported"] = lambda: [build]  # none but these
os.environ["PARTWISE_KERNELS"] = build

from partwise import kernels  # noqa: E402

if kernels._build is not module:
    sys.exit(f"the tests would run on {kernels._build}, not on {path}")


def pytest_report_header():
    """Say what the tests run on."""
    return f"kernels: {path}"
