"""``partwise doctor``."""

import os
import platform
from importlib.metadata import version
from typing import Any

import click

import partwise
from partwise.cli.command import Command, json_option
from partwise.cli.render import print_json
from partwise.io.escapes import escaped

__all__ = ["command"]

LIBRARIES = ("numpy", "scipy", "scikit-learn", "threadpoolctl", "safetensors")


@click.command(cls=Command)
@json_option
def command(as_json: bool) -> None:
    """Show what partwise runs on: versions, kernels, BLAS, threads.

    \b
    Example: partwise doctor
    """
    import scipy.linalg  # noqa: F401  the import loads the BLAS of SciPy, to be listed too
    import threadpoolctl

    from partwise import kernels

    found: dict[str, Any] = {
        "partwise": partwise.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in LIBRARIES},
        "kernels": kernels.ISA,
        "kernels_available": list(kernels.supported()),
        "PARTWISE_KERNELS": os.environ.get("PARTWISE_KERNELS"),
        "cores": os.cpu_count(),
        "cores_usable": _usable_cores(),
        "blas": [
            {key: pool.get(key) for key in ("internal_api", "version", "architecture", "num_threads", "filepath")}
            for pool in threadpoolctl.threadpool_info()
            if pool["user_api"] == "blas"
        ],
    }
    if as_json:
        print_json(found)
        return
    blas = found.pop("blas")
    found["PARTWISE_KERNELS"] = found["PARTWISE_KERNELS"] or "not set"
    found["kernels_available"] = ", ".join(found["kernels_available"])
    for pool in blas:
        name = f"{pool['internal_api']} {pool['version']} ({pool['architecture']}), {pool['num_threads']} threads"
        found["blas"] = "; ".join(filter(None, [found.get("blas"), name]))
    width = max(map(len, found))
    for name, value in found.items():
        click.echo(escaped(f"{name.replace('_', ' ') if name.islower() else name:<{width}}  {value}"))


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
