"""What a number was measured on: processor, memory, system, versions."""

import importlib.metadata
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import threadpoolctl


def machine() -> dict[str, Any]:
    """Return what the speed of this machine depends on, and how busy it is."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(processors()) or os.cpu_count(),
        "memory_GB": round(int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1) or None,
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
        "pinned": bool(processors()),
    }


def processors() -> list[int]:
    """Return the processors that this process may run on, or none where it cannot be bound to some."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


def busy_seconds() -> float | None:
    """Return the processor seconds that all processes have used since the machine started; None where not known."""
    found = _field("/proc/stat", "cpu ", separator=" ")
    if found is None:
        return None
    user, nice, system, _, _, irq, softirq, *_ = map(int, found.split())
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python, of BLAS, and of those packages that are installed."""
    found = {"Python": platform.python_version()}
    for package in ("numpy", "scipy", *packages):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] == "blas":
            found[f"{pool['internal_api']} of numpy"] = str(pool["version"])
            break
    from partwise import kernels

    found["partwise kernels"] = kernels.ISA
    return found


def _field(path: str, name: str, separator: str = ":") -> str | None:
    if not Path(path).exists():
        return None
    lines = (line for line in Path(path).read_text().splitlines() if line.startswith(name))
    return next((line.partition(separator)[2].strip() for line in lines), None)
