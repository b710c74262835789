"""``partwise fit``."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from partwise.cli.command import (
    Command,
    data_file,
    json_option,
    loss_option,
    missing_option,
    new_file,
    note,
    number_of_parts,
    same_command,
    seed_option,
)
from partwise.cli.formats import NUMBERS, format_options
from partwise.cli.inputs import MISSING, column_name, count_unknown, named, read_non_negative
from partwise.cli.memory import memory_option, opened_by_blocks, planned
from partwise.cli.parts import heaviest
from partwise.cli.progress import progress
from partwise.cli.render import fit_facts, print_facts, print_json, print_parts, print_sentence, summary
from partwise.cli.saving import save_model
from partwise.cli.weights import Column, read_weights, weights_option

if TYPE_CHECKING:
    from partwise.tables import Format

__all__ = ["command"]


@contextmanager
def going_on(checkpoint: str | None) -> Iterator[None]:
    """Say how to go on if a Ctrl-C ends the work inside the block and a checkpoint exists."""
    try:
        yield
    except KeyboardInterrupt:
        from partwise.checkpoints import NAME

        if checkpoint is None or not Path(checkpoint, NAME).exists():
            raise
        click.echo(f"Interrupted. To go on: {same_command('--resume')}", err=True)
        click.get_current_context().exit(130)


@click.command(cls=Command)
@click.argument("file", type=data_file)
@click.option(
    "--components",
    metavar="N|choose",
    callback=number_of_parts,
    required=True,
    help="Number of parts; choose: the number that partwise rank finds.",
)
@new_file("MODEL", required=True, help="Save the parts to this file.")
@loss_option
@missing_option
@format_options(*NUMBERS)
@weights_option
@click.option("--max-iter", type=click.IntRange(min=1), default=200, show_default=True, help="Most iterations.")
@memory_option(
    help="Memory limit, such as 2GiB: a file that needs more is read a block of rows at a time.",
    show_default="all that FILE needs",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show how a file larger than memory is read, and what memory the fit needs."
)
@seed_option
@click.option(
    "--checkpoint",
    metavar="DIR",
    type=click.Path(file_okay=False),
    show_default="none",
    help="Folder for checkpoints: --resume goes on from them after a stop or a crash.",
)
@click.option(
    "--checkpoint-every",
    metavar="N",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Iterations between two checkpoints.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint, if there is one.")
@json_option
def command(
    file: str,
    components: int | str,
    out: str,
    loss: str,
    missing: str,
    format: "Format",
    weights: Column | None,
    max_iter: int,
    max_memory: str | None,
    verbose: bool,
    seed: int,
    checkpoint: str | None,
    checkpoint_every: int,
    resume: bool,
    as_json: bool,
) -> None:
    """Factorize a matrix of numbers into parts.

    FILE holds a non-negative matrix, one sample per row. It is a table: .csv, .tsv, .txt, .jsonl, .json, .parquet, or -
    for standard input; or a matrix: .npy, .npz, .mtx, or a folder of 10x. With partwise[io] it can also be .xlsx, .h5ad
    or .zarr. Text can be packed: .gz, .bz2, .xz, .zst. The command notes what it guesses about a file, and the option
    that changes it.

    With --checkpoint DIR, Ctrl-C stops the fit after its iteration, and prints the command that goes on from there.

    With --max-memory, a matrix that is too large is read a block of rows at a time, once per iteration. This also reads
    .h5 files and what "partwise convert" writes.

    \b
    Example: partwise fit counts.csv --components 5 --out counts.model
    """
    from partwise import NMF

    with ExitStack() as held:
        source = opened_by_blocks(file, format, max_memory, held)
        if source is None:
            numbers = read_non_negative(file, format, missing)
            X, n_jobs, n_unknown = named(numbers, file), -1, count_unknown(numbers.X, missing, file)
        else:
            numbers, n_jobs, n_unknown = planned(
                source, components, loss, missing, checkpoints=checkpoint is not None, verbose=verbose
            )
            X = source
        weighing = None if weights is None else read_weights(weights, numbers, file, format)
        if components == "choose":
            note("choosing the number of parts first")
        started = time.perf_counter()
        model = NMF(
            components,
            beta_loss=loss,
            max_iter=max_iter,
            random_state=seed,
            n_jobs=n_jobs,
            missing_values=MISSING[missing],
            checkpoint_dir=checkpoint,
            checkpoint_every=checkpoint_every,
            resume=resume,
        )
        first = "Choosing the number of parts" if components == "choose" else "Finding a start"
        with going_on(checkpoint), progress(model, first, "Factorizing"):
            model.fit(X, **({} if weighing is None else weighing.keywords))
    facts = fit_facts(model, model.factorization_.relative_error, time.perf_counter() - started)
    # the saved model must be the same with and without a checkpoint
    model.set_params(checkpoint_dir=None, checkpoint_every=10, resume=False)
    save_model(model, out)
    n_samples, n_features = X.shape
    reason = model.rank_choice_.reason if components == "choose" else None
    if as_json:
        shape = {"n_samples": n_samples, "n_features": n_features, "n_components": model.n_components_}
        data = {"missing": missing, "n_unknown": n_unknown, "weights": None if weighing is None else weighing.kind}
        chosen = {} if reason is None else {"reason": reason}
        print_json({**shape, **chosen, "loss": loss, **data, **facts, "model": out})
        return
    sizes = [f"{model.n_components_} components", f"{n_samples:,} x {n_features:,}"]
    if missing != "none":
        sizes.append(f"{n_unknown:,} unknown")
    if weighing is not None:
        sizes.append("rows weighted" if weighing.kind == "row" else "entries weighted")
    print_facts([*sizes, *summary(facts), f"saved to {out}"])
    if reason is not None:
        print_sentence(reason)
    found = model.factorization_
    weight = found.W.sum(axis=0, dtype=float) * found.H.sum(axis=1, dtype=float)
    listed = [[column_name(numbers, j) for j in columns] for columns in heaviest(found.H)]
    print_parts(listed, weight / (weight.sum() or 1.0))
