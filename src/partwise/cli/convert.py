"""``partwise convert``."""

import os
from pathlib import Path

import click

from partwise.cli.command import Command, json_option
from partwise.cli.memory import DEFAULT, memory_option
from partwise.cli.progress import doing
from partwise.cli.render import print_facts, print_json

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("source", type=click.Path(exists=True))
@click.argument("target", type=click.Path())
@memory_option(default=DEFAULT, show_default=True, help="Memory limit; the rest goes to temporary files beside TARGET.")
@click.option("--layer", metavar="NAME", show_default="X", help="Matrix to read from an .h5, .h5ad or .zarr file.")
@click.option("--transpose", is_flag=True, help="SOURCE, an .mtx file, has features as rows and samples as columns.")
@json_option
def command(source: str, target: str, max_memory: str, layer: str | None, transpose: bool, as_json: bool) -> None:
    """Write a matrix in a form that can be read a block of rows at a time.

    Do this once for a matrix that is larger than memory. SOURCE is a matrix: .npz, .mtx or .npy (each also packed, as
    .gz), a folder of 10x, or a .parquet file with the columns row, column and value; rows and columns count from 0.
    With partwise[io] it can also be .h5, .h5ad or .zarr. Tables such as .csv work if they fit into memory.

    TARGET is a new folder whose name ends in .blocks; for a dense matrix it can be an .npy file. "partwise fit" takes
    both. It reads a block of rows at a time if they are larger than its --max-memory.

    \b
    Example: partwise convert counts.mtx.gz counts.blocks
             partwise fit counts.blocks --components 20 --out counts.model
    """
    from partwise.blocks.convert import convert
    from partwise.units import in_bytes

    with doing(f"Converting {source}"):
        made = convert(source, target, max_memory=max_memory, layer=layer, transpose=transpose)
    n, m = made.shape
    size = _size(Path(target))
    if as_json:
        kind = "sparse" if made.is_sparse else "dense"
        shape = {"n_samples": n, "n_features": m, "n_stored": made.n_stored}
        print_json({**shape, "dtype": made.dtype.name, "kind": kind, "bytes": size, "target": target})
        return
    stored = [f"{made.n_stored:,} stored entries"] if made.is_sparse else []
    print_facts([f"{n:,} x {m:,}", *stored, made.dtype.name, in_bytes(size), f"saved to {target}"])


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    files = [*path.iterdir()] if path.is_dir() else [path]
    return sum(os.path.getsize(file) for file in files)
