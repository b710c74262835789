"""What it costs to read a file, beside pandas: ``python -m benchmarks.reading``.

Each reader runs in processes of its own, by turns, and imports what it needs before the clock starts. A row has the
median processor seconds of three runs, and the memory that a process took at most, less what it had after the imports.
pandas makes of the log what partwise does: a code for each id and seconds for each time. It needs Linux.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

RUNS = 3
READS, SHAPE = 1_000_000, (20_000, 500)
"""Rows of the log, and the shape of the matrix."""


def write_log(path: Path) -> None:
    """Write a log of reads in the order of time: some readers read much more than others, and so with articles."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(1_700_000_000, 1_720_000_000, READS)).astype("datetime64[s]").astype(str)
    readers, articles = rng.zipf(1.3, READS) % 50_000, rng.zipf(1.2, READS) % 20_000
    rows = zip(readers.tolist(), articles.tolist(), times.tolist(), strict=True)
    path.write_text("reader,article,time\n" + "".join(f"r{r},a{a},{t}\n" for r, a, t in rows))


def write_matrix(path: Path) -> None:
    """Write a matrix of numbers with six decimals, below names of columns and beside those of rows."""
    X = np.random.default_rng(0).gamma(1.0, 1.0, SHAPE)
    with open(path, "w") as file:
        file.write("sample," + ",".join(f"gene{j}" for j in range(SHAPE[1])) + "\n")
        file.writelines(f"s{i}," + ",".join(f"{x:.6f}" for x in row) + "\n" for i, row in enumerate(X))


def reader_of(what: str) -> Callable[[str], object]:
    """Return a function that reads, all that it needs imported."""
    if what == "partwise log":
        import charset_normalizer  # noqa: F401  # which a read imports if it needs it
        import duckdb

        from partwise.tables import read_reads

        return read_reads
    if what == "partwise matrix":
        import duckdb  # noqa: F401

        from partwise.tables import read_numbers

        return read_numbers
    import pandas as pd

    if what == "pandas matrix":
        return lambda path: pd.read_csv(path, index_col=0).to_numpy()

    def log(path: str) -> object:
        table = pd.read_csv(path)
        seconds = pd.to_datetime(table["time"]).astype("int64") / 1e9
        return pd.factorize(table["reader"]), pd.factorize(table["article"]), seconds

    return log


def measure(what: str, path: str) -> None:
    """Print the processor seconds of one read, and the MB that it took."""
    read = reader_of(what)
    before, clock = _memory("VmRSS"), time.process_time()
    read(path)
    sys.stdout.write(f"{time.process_time() - clock} {_memory('VmHWM') - before}\n")


def _memory(what: str) -> float:
    """Return the MB that this process has (VmRSS) or had at most (VmHWM), as Linux tells them."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, write in {"log": write_log, "matrix": write_matrix}.items():
            path = Path(folder, f"{kind}.csv")
            write(path)
            found: dict[str, list[list[float]]] = {"partwise": [], "pandas": []}
            for _ in range(RUNS):
                for library, runs in found.items():
                    words = [sys.executable, "-m", "benchmarks.reading", f"{library} {kind}", str(path)]
                    done = subprocess.run(words, capture_output=True, text=True, check=True)
                    runs.append([float(word) for word in done.stdout.split()])
            for library, runs in found.items():
                seconds, memory = map(statistics.median, zip(*runs, strict=True))
                size = f"{path.stat().st_size / 1e6:.0f} MB"
                sys.stdout.write(f"{kind}, {size}, {library}: {seconds:.2f} s, {memory:.0f} MB\n")


if __name__ == "__main__":
    measure(*sys.argv[1:]) if len(sys.argv) > 1 else main()
