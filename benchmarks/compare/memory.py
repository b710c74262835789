"""Peak memory of one call, beyond what the process held before it."""

import ctypes
import gc
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def added_by(call: Callable[[], Any]) -> int:
    """Return by how many bytes a call raised the process's peak of resident memory, its results included.

    On Linux the peak is set back to what is resident now. Elsewhere it is that of the whole process so far, so that
    what was freed before the call can hide a part of it.
    """
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc alone has it: what was freed is not to hide what is taken
        ctypes.CDLL(None).malloc_trim(0)
    try:
        RESET.write_text("5")
        before = _kilobytes("VmRSS")
    except OSError:
        before = None
    if before is None:
        unit = 1 if sys.platform == "darwin" else 1024
        high = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kept = call()
        added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - high) * unit
    else:
        kept = call()
        added = (_kilobytes("VmHWM") - before) * 1024
    del kept
    return max(added, 0)


def _kilobytes(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1])
