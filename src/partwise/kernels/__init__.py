"""The compiled loops, in the newest build that this processor runs.

``native/`` is compiled once for each instruction set: x86-64 ``v2``, ``v3`` (AVX2) and ``v4``
(AVX-512), or a single ``base`` on other processors. ``ISA`` names the build in use. The
environment variable ``PARTWISE_KERNELS`` picks another, to compare their speed or their results.
"""

import os
from importlib import import_module
from types import ModuleType


def _load() -> tuple[str, ModuleType]:
    try:
        lowest = import_module("._v2", __name__)
    except ModuleNotFoundError:
        lowest = import_module("._base", __name__)
    builds = lowest.supported()
    name = os.environ.get("PARTWISE_KERNELS") or builds[-1]
    if name not in builds:
        raise ImportError(
            f"PARTWISE_KERNELS={name!r} is not a build that this processor runs. "
            f"Set it to one of {', '.join(builds)}, or leave it unset for {builds[-1]}."
        )
    return name, import_module(f"._{name}", __name__)


ISA, _build = _load()
globals().update((name, loop) for name, loop in vars(_build).items() if not name.startswith("_"))
