"""The workers of a Dask cluster: they hold X and W by blocks of rows, and send back sums."""

import io
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from operator import getitem
from typing import Any

import numpy as np
import scipy.sparse as sp

from partwise.exceptions import WorkersLostError
from partwise.matrix.adding import Adding
from partwise.matrix.apart import Apart, Moments, Piece
from partwise.matrix.base import PerBlock
from partwise.matrix.by_blocks import ByBlocks, held
from partwise.matrix.cutting import Block
from partwise.matrix.rows import Array
from partwise.threads import Workers

PATIENCE = 60.0
"""Seconds to wait for a worker if a cluster has none left."""
LOOK = 2.0
"""Seconds between two checks of which workers there are."""
FEW = 1 << 25
"""Most bytes of sums that one process adds; more are added on the cluster."""
WIDTH = 8 * 64
"""Bytes of a column's sums for a usual number of parts."""
ALIGNED = 16
"""NumPy's arrays begin at multiples of this many bytes."""
AT_ONCE = 1 << 23
"""Bytes of one message to the scheduler, which warns of more than 10 MB."""
DEEPEST = 10
"""A lost piece of W is made again from at most this many passes: then pieces come to the client and go back."""
LINEAGE = 1 << 28
"""Bytes of the arguments of these passes, which the scheduler keeps meanwhile."""


def client_of_cluster() -> Any:
    """Return the client of the cluster that work goes to, or None."""
    if "distributed" not in sys.modules:
        return None
    distributed: Any = sys.modules["distributed"]
    try:
        return distributed.default_client()
    except ValueError:
        return None


class Cluster:
    """Does work on the blocks of X on the workers of a client.

    All that a task needs is its argument, or is made by other tasks. So if a worker dies, only its tasks are done
    again. There is a task for each thread of the workers, which handles a run of neighbouring blocks.

    Parameters
    ----------
    client : distributed.Client
        The connection to the workers.
    blocks : sequence of (int, int)
        Rows of each tile.
    width : int
        Columns of X.
    tile : callable
        Returns the arguments of ``client.submit`` that make a tile of X, by its number.
    """

    def __init__(self, client: Any, blocks: Sequence[Block], width: int, tile: Callable[[int], Sequence[Any]]) -> None:
        self.client, self._blocks, self._width = client, blocks, width
        self._looked, self._count = -np.inf, 1
        threads = [address for address, count in sorted(client.nthreads().items()) for _ in range(count)]
        groups, self._tiles = self._groups(), []
        for group, numbers in enumerate(groups):  # neighbours on one worker, and equal shares for all
            near = threads[group * len(threads) // len(groups)] if threads else None
            self._tiles += [
                client.submit(*tile(number), workers=near, allow_other_workers=near is not None, pure=False)
                for number in numbers
            ]

    def _groups(self) -> list[range]:
        """Return the numbers of the blocks of each task."""
        count = len(self._blocks)
        if time.monotonic() > self._looked + LOOK:
            self._count = min(sum(self.client.nthreads().values()) or count, count)
            self._looked = time.monotonic()
        edges = [group * count // self._count for group in range(self._count + 1)]
        return [range(*pair) for pair in pairwise(edges)]

    def run(
        self,
        function: PerBlock,
        shared: Any,
        factors: Sequence[Any],
        *,
        keep: Sequence[bool] = (),
        bare: bool = False,
    ) -> tuple[list[Apart], list[Any], Any]:
        """Call a function for each block, see ``Matrix.each``; return (arrays that stay, results for rows, sums).

        Parameters
        ----------
        keep : sequence of bool
            One for each array that stays: whether its moments will be needed. If it is not empty, `function` returns
            ((which rows, such arrays), sums).
        bare : bool
            Whether `function` gets None in place of X.
        """
        client, common = self.client, _packed((function, shared), [])
        depth = 0
        for apart in {id(a): a for a in (getattr(f, "point", f) for f in factors) if isinstance(a, Apart)}.values():
            if apart.depth >= DEEPEST or apart.depth * len(common) > LINEAGE:
                apart.renew()
            depth = max(depth, apart.depth + (not bare))
        told, tasks, groups = self._sent(common), [], self._groups()
        for numbers in groups:
            pieces: list[Any] = []
            rows = [slice(*self._blocks[number]) for number in numbers]
            blocks = [(part, ByBlocks.parts(factors, part)) for part in rows]
            packed = _packed((len(self._blocks), numbers, blocks), pieces)
            given = [packed] if len(packed) < AT_ONCE else self._sent(packed)
            tiles = [None] * len(rows) if bare else [self._tiles[number] for number in numbers]
            tasks.append(client.submit(_run, told, given, tiles, pieces, keep, pure=False))
        kept = [client.submit(getitem, task, 0, pure=False) for task in tasks] if keep else []
        rest = [client.submit(getitem, task, 1, pure=False) for task in tasks] if keep else tasks
        del tasks, told
        owns, sums = self._added(rest)
        if not keep:
            return [], owns, sums
        places = [
            (self._blocks[number][0], future, own)
            for numbers, future in zip(groups, kept, strict=True)
            for own, number in enumerate(numbers)
        ]
        shape, dtypes = (self._blocks[-1][1], owns[0][0].width), [facts.dtype for facts in owns[0]]
        arrays = [
            Apart(
                shape, dtypes[which], self, {first: Piece(future, own, which) for first, future, own in places}, depth,
                [facts[which].moments for facts in owns] if measured else None,
            )
            for which, measured in enumerate(keep)
        ]  # fmt: skip
        return arrays, [], sums

    def _added(self, rest: list[Any]) -> tuple[list[Any], Any]:
        """Return the results of each block, and the sums, of tasks that return both for some neighbours."""
        client, count = self.client, len(self._blocks)
        if len(rest) * self._width * WIDTH <= FEW:  # fewer tasks, and the same sums
            found = gathered(client, rest)
            lists, nodes = [own for own, _ in found], [part for _, part in found]
        else:
            owns, level = ([client.submit(getitem, task, which, pure=False) for task in rest] for which in (0, 1))
            while len(level) > 1:
                pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
                level = [client.submit(_joined, count, pair, pure=False) for pair in pairs]
            rest.clear()
            *lists, top = gathered(client, [*owns, *level])
            nodes = [top]
        sums = _adding(count, nodes).total
        return [own for part in lists for own in part], None if sums is None else tuple(_aligned(part) for part in sums)

    def _sent(self, packed: bytes) -> list[Any]:
        """Return bytes as what tasks make of their arguments, in several messages where they are many."""
        submit = self.client.submit
        return [submit(bytes, packed[i : i + AT_ONCE], pure=False) for i in range(0, len(packed), AT_ONCE)]

    def fetch(self, pieces: Sequence[Piece]) -> list[Array]:
        """See Home."""
        return self._of_each(_taken, pieces)

    def measure(self, pieces: Sequence[Piece]) -> list[Moments]:
        """See Home."""
        return self._of_each(_measured, pieces)

    def _of_each(self, function: Callable[..., list[Any]], pieces: Sequence[Piece]) -> list[Any]:
        """Return a function's results for pieces, in their order: one task for each result that holds pieces."""
        places: dict[Any, list[tuple[int, int]]] = {}
        for piece in pieces:
            places.setdefault(piece.future, []).append((piece.number, piece.which))
        tasks = [self.client.submit(function, future, own, pure=False) for future, own in places.items()]
        return [part for parts in gathered(self.client, tasks) for part in parts]

    def send(self, array: Array) -> list[Piece]:
        """See Home."""
        packed = (_packed([[np.ascontiguousarray(array[first:last])]], []) for first, last in self._blocks)
        return [Piece(self.client.submit(_unpacked, self._sent(part), pure=False), 0, 0) for part in packed]

    def spread(self, array: Array) -> Apart:
        """Return an array (n, k) as one whose rows lie on the workers."""
        pieces = zip((first for first, _ in self._blocks), self.send(array), strict=True)
        return Apart(array.shape, array.dtype, self, dict(pieces))

    def mapped(self, function: Callable[..., Array], shared: Any, *factors: Any) -> Apart:
        """See Home."""
        return self.run(_only_kept, (function, shared), factors, keep=[True], bare=True)[0][0]


class _Kept:
    """What a worker reports about an array that stays with it."""

    def __init__(self, array: Array, measured: bool) -> None:
        self.width, self.dtype = array.shape[1], array.dtype
        self.moments = Moments.of(array) if measured else None


@cache
def _pickler() -> Any:
    """Return a pickler by value that sends the places of pieces instead of the pieces."""

    class Pickler(import_module("cloudpickle").Pickler):  # type: ignore[misc]
        def __init__(self, file: Any, futures: list[Any]) -> None:
            super().__init__(file)
            self.futures = futures

        def persistent_id(self, value: Any) -> tuple[int, int, int] | None:
            if type(value) is not Piece:
                return None
            if value.future not in self.futures:
                self.futures.append(value.future)
            return self.futures.index(value.future), value.number, value.which

    return Pickler


class _Unpickler(pickle.Unpickler):
    """Puts the pieces back."""

    def __init__(self, packed: bytes, results: Sequence[Any]) -> None:
        super().__init__(io.BytesIO(packed))
        self.results = results

    def persistent_load(self, place: tuple[int, int, int]) -> Array:
        future, number, which = place
        piece: Array = _aligned(self.results[future][number][which])
        return piece


def _packed(value: Any, futures: list[Any]) -> bytes:
    """Return a value as bytes. Its arrays will be aligned as NumPy aligns them when they are unpacked.

    The futures whose results contain its pieces are added to `futures`.
    """
    file = io.BytesIO()
    _pickler()(file, futures).dump(value)
    return file.getvalue()


def _unpacked(parts: Iterable[bytes]) -> Any:
    """Return the value of bytes that came in parts."""
    return pickle.loads(b"".join(parts))


def _aligned(array: Any) -> Any:
    """Return an array aligned as NumPy aligns it: its alignment can change the last bit of a sum."""
    if not isinstance(array, np.ndarray) or array.ctypes.data % ALIGNED == 0:
        return array
    return array.copy()


def _run(
    told: Sequence[bytes], given: Sequence[bytes], tiles: Sequence[Any], results: Sequence[Any], keep: Sequence[bool]
) -> Any:
    """Do the work of some blocks on a worker; return ([what stays,] (results for each block, sums))."""
    function, shared = _unpacked(told)
    count, numbers, blocks = _Unpickler(b"".join(given), results).load()
    adding, kept, owns = Adding(count), [], []
    with Workers(1):
        for number, tile, (rows, factors) in zip(numbers, tiles, blocks, strict=True):
            if sp.issparse(tile):
                tile = sp.csr_array(tuple(map(_aligned, (tile.data, tile.indices, tile.indptr))), shape=tile.shape)
            own, sums = function(None if tile is None else held(_aligned(tile)), rows, shared, *factors)
            if keep:
                _, arrays = own
                kept.append(arrays)
                own = [_Kept(array, measured) for array, measured in zip(arrays, keep, strict=True)]
            owns.append(own)
            adding.take(number, sums)
    return (kept, (owns, adding.nodes)) if keep else (owns, adding.nodes)


Nodes = dict[tuple[int, int], Any]
"""Sums of a tree's nodes, by level and number."""


def _adding(count: int, parts: Iterable[Nodes]) -> Adding:
    """Return the `Adding` of so many blocks, from the nodes of several runs of blocks."""
    adding = Adding(count)
    for nodes in parts:
        for (level, number), sums in nodes.items():
            adding.take(number, sums, level)
    return adding


def _joined(count: int, parts: Iterable[Nodes]) -> Nodes:
    """Return the nodes that those of several runs of blocks add up to."""
    return _adding(count, parts).nodes


def _only_kept(_: None, rows: slice, shared: Any, *factors: Any) -> tuple[tuple[slice, list[Array]], None]:
    function, own = shared
    return (rows, [function(*factors, own)]), None


def _taken(result: Any, places: Sequence[tuple[int, int]]) -> list[Array]:
    return [result[number][which] for number, which in places]


def _measured(result: Any, places: Sequence[tuple[int, int]]) -> list[Moments]:
    return [Moments.of(_aligned(array)) for array in _taken(result, places)]


def gathered(client: Any, futures: list[Any]) -> list[Any]:
    """Return the results; raise where no worker is left to make them."""
    distributed: Any = sys.modules["distributed"]
    without = 0.0
    while without < PATIENCE:
        try:
            distributed.wait(futures, timeout=LOOK)
        except TimeoutError:
            without = 0.0 if client.scheduler_info()["workers"] else without + LOOK
            continue
        try:
            found: list[Any] = client.gather(futures)
        except distributed.KilledWorker as error:
            raise WorkersLostError(
                f"Workers died again and again of one block ({error.task}): it may be too large for their memory. Make "
                f"chunks smaller, or give workers more memory; with checkpoint_dir a fit can go on from where it was."
            ) from error
        return found
    raise WorkersLostError(
        f"The cluster has had no workers for {PATIENCE:.0f} s. Start some and fit again; with checkpoint_dir a fit can "
        f"go on from where it was."
    )
