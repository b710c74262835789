"""``partwise fit``."""

import time

import click

from partwise import NMF
from partwise.cli.command import Command, existing_file, json_option, new_file, seed_option
from partwise.cli.inputs import read_non_negative
from partwise.cli.progress import progress
from partwise.cli.render import fit_facts, print_facts, print_json, summary
from partwise.cli.saving import save_model

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("file", type=existing_file)
@click.option("--components", type=click.IntRange(min=1), required=True, help="Parts to find.")
@new_file("MODEL", required=True, help="Save the parts to this file.")
@click.option(
    "--loss",
    type=click.Choice(["frobenius", "kullback-leibler"]),
    default="frobenius",
    show_default=True,
    help="What a good fit is: kullback-leibler suits counts.",
)
@click.option("--max-iter", type=click.IntRange(min=1), default=200, show_default=True, help="Most iterations.")
@seed_option
@json_option
def command(file: str, components: int, out: str, loss: str, max_iter: int, seed: int, as_json: bool) -> None:
    """Factorize a matrix of numbers into parts.

    FILE holds a non-negative matrix, one sample a row: .npy, .npz, .mtx, .csv or .tsv, and with partwise[io] also
    .parquet or .h5ad.

    \b
    Example: partwise fit counts.csv --components 5 --out counts.model
    """
    X = read_non_negative(file).X
    started = time.perf_counter()
    model = NMF(components, beta_loss=loss, max_iter=max_iter, random_state=seed, n_jobs=-1)
    with progress(model, "Factorizing"):
        model.fit(X)
    facts = fit_facts(model, time.perf_counter() - started)
    save_model(model, out)
    n_samples, n_features = X.shape
    if as_json:
        shape = {"n_samples": n_samples, "n_features": n_features, "n_components": components}
        print_json({**shape, "loss": loss, **facts, "model": out})
        return
    print_facts([f"{components} components", f"{n_samples:,} x {n_features:,}", *summary(facts), f"saved to {out}"])
