"""Run the kernels' tests on kernels compiled with sanitizers: `python tools/sanitize.py [address] [thread]`.

The builds are in build/sanitize/ and touch nothing that is installed. Each run loads the sanitizer's library before
Python, and puts its kernels in the place of the installed ones (tools/sanitized_kernels.py). A report of a sanitizer
ends the run.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "sanitize"
# Faults of memory can be in any kernel, races only where there are several threads.
TESTS = {
    "address": ["tests/kernels"],
    "thread": ["tests/kernels/test_team.py"],
}
SANITIZERS = {"address": "address,undefined", "thread": "thread"}
LIBRARIES = {"address": ["libasan.so", "libubsan.so"], "thread": ["libtsan.so"]}
OPTIONS = {
    # Python and its libraries keep much until the end, which is no leak of ours.
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
    # Python's own allocator would hide where an array ends.
    "PYTHONMALLOC": "malloc",
}


def compiled(kind: str) -> Path:
    """Return the kernels compiled with a sanitizer."""
    folder = FOLDER / kind
    cmake = [str(Path(sys.executable).parent / "cmake")]
    subprocess.run(
        [*cmake, "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         f"-DPARTWISE_SANITIZE={SANITIZERS[kind]}", f"-DPython_EXECUTABLE={sys.executable}",
         f"-DCMAKE_MAKE_PROGRAM={Path(sys.executable).parent / 'ninja'}"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    subprocess.run([*cmake, "--build", folder], check=True)
    (module,) = folder.glob("_*.so")
    return module


def library(name: str) -> str:
    """Return where the compiler keeps a library."""
    command = [os.environ.get("CXX", "c++"), f"-print-file-name={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def run(kind: str) -> int:
    """Compile, run the tests, and return pytest's exit code."""
    began = time.perf_counter()
    module = compiled(kind)
    # Python loads libstdc++ late, and the sanitizer must know its exceptions before.
    found = [library(name) for name in [*LIBRARIES[kind], "libstdc++.so"]]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "sanitized_kernels", "-p", "no:cacheprovider"]
    command += ["-k", "not ctrl_c_ends_a_long_call and not 20000"]  # long on fast kernels, and for ever on these
    if shutil.which("setarch"):  # the thread sanitizer of older compilers needs memory where it expects it
        command = ["setarch", "-R", *command]
    environment = os.environ | OPTIONS | {
        "LD_PRELOAD": ":".join(found),
        "PYTHONPATH": str(ROOT / "tools"),
        "PARTWISE_SANITIZED": str(module),
    }  # fmt: skip
    name = SANITIZERS[kind]
    print(f"{name}: {module.name} compiled in {time.perf_counter() - began:.0f} s; tests:", *TESTS[kind])
    began = time.perf_counter()
    code = subprocess.run([*command, *TESTS[kind]], cwd=ROOT, env=environment, check=False).returncode
    print(
        f"{SANITIZERS[kind]}: {'clean' if code == 0 else 'FAILED'} after {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    return code


if __name__ == "__main__":
    sys.exit(max(run(kind) for kind in sys.argv[1:] or SANITIZERS))
