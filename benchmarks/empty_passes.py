"""What a pass through a Dask cluster costs with nothing in it: ``python -m benchmarks.empty_passes``.

Two workers of one thread. 'pass' makes the tasks of an iteration of ours: what all are told, one task a worker, and its
two halves, one of which stays there. 'tasks' and 'bare' leave out the halves, and what they are told.
"""

from operator import getitem
from statistics import median
from time import perf_counter

from dask.distributed import Client, LocalCluster

TOLD = bytes(1_600_000)
"""What an iteration tells: parts of 20 by 20,000 numbers in float32."""
REPEATS = 25


def _task(told: bytes | None, kept: list[int]) -> tuple[list[int], list[int]]:
    return [1], [2]


def _seconds(client: Client, own: list, kind: str) -> float:
    begun = perf_counter()
    told = None if kind == "bare" else client.submit(bytes, TOLD, pure=False)
    tasks = [client.submit(_task, told, one, pure=False) for one in own]
    back = [client.submit(getitem, task, 1, pure=False) for task in tasks] if kind == "pass" else tasks
    stay = [client.submit(getitem, task, 0, pure=False) for task in tasks] if kind == "pass" else tasks
    client.gather(back)
    seconds = perf_counter() - begun
    del stay
    return seconds


def main() -> None:
    """Print milliseconds, the median of 25."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        own = [client.submit(list, [1], pure=False) for _ in range(2)]
        for kind in 3 * ("pass", "tasks", "bare"):
            found = [_seconds(client, own, kind) for _ in range(REPEATS)]
            print(f"{kind:6} {1000 * median(found):5.1f} ms")


if __name__ == "__main__":
    main()
