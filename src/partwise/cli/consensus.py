"""``partwise consensus``."""

import time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from partwise.cli.command import (
    Command,
    data_file,
    json_option,
    loss_option,
    max_time_option,
    missing_option,
    new_file,
    note,
    seed_option,
)
from partwise.cli.formats import NUMBERS, format_options
from partwise.cli.inputs import MISSING, check_counts, column_name, count_unknown, named, read_non_negative
from partwise.cli.progress import counting
from partwise.cli.render import as_many, print_facts, print_json, print_line, terminal_width
from partwise.cli.saving import save_model, save_table
from partwise.io.escapes import escaped

if TYPE_CHECKING:
    from partwise import NMF
    from partwise.selection.consensus import Consensus
    from partwise.tables import Format, Numbers

__all__ = ["command"]

ENTRIES = 10
"""Entries of a part in JSON; the table shows as many as fit into the line."""


@click.command(cls=Command)
@click.argument("file", type=data_file)
@click.option("--components", metavar="N", type=click.IntRange(min=1), required=True, help="Number of parts.")
@click.option("--runs", metavar="N", type=click.IntRange(min=2), default=30, show_default=True, help="Number of fits.")
@click.option(
    "--resample",
    type=click.Choice(["none", "bootstrap", "poisson"]),
    default="none",
    show_default=True,
    help="What differs between runs, beside the start: bootstrap draws rows with replacement, poisson each count.",
)
@loss_option
@missing_option
@format_options(*NUMBERS)
@max_time_option
@seed_option
@json_option
@new_file(
    "FILE|MODEL",
    (".csv",),
    show_default="nothing is saved",
    help="Save the parts: a .csv file holds them with their intervals, any other file is a model.",
)
def command(
    file: str,
    components: int,
    runs: int,
    resample: str,
    loss: str,
    missing: str,
    format: "Format",
    max_time: float | None,
    seed: int,
    as_json: bool,
    out: str | None,
) -> None:
    """Find the parts that many fits of a matrix of numbers agree on.

    FILE is as for "partwise fit". A line for each part shows its share in the model, its reproducibility, and its
    largest entries. Reproducibility is the mean cosine between the part and its match in another run: 1 if all runs
    found the same. Entries are in per cent of the part, each with the interval that holds 95 % of the runs.

    \b
    Example: partwise consensus counts.csv --components 3 --runs 10
    """
    from partwise.selection.consensus import consensus

    numbers = read_non_negative(file, format, missing)
    n_unknown = count_unknown(numbers.X, missing, file)
    if resample == "poisson":
        check_counts(numbers, file)
    started = time.perf_counter()
    with counting("Fitting", f"of {runs} runs", runs) as progress:
        agreed = consensus(
            named(numbers, file),
            components,
            n_runs=runs,
            resample=None if resample == "none" else resample,
            loss=loss,
            max_time=max_time,
            missing_values=MISSING[missing],
            random_state=seed,
            n_jobs=-1,
            progress=progress,
        )
    seconds = time.perf_counter() - started
    if out is not None:
        _save(agreed, out, numbers, _model(agreed, loss, missing, seed))
    if as_json:
        _print_json(
            agreed,
            numbers,
            {"runs": runs, "resample": resample, "loss": loss, "missing": missing, "n_unknown": n_unknown}
            | {"seed": seed, "seconds": round(seconds, 3), "out": out},
        )
        return
    n_samples, n_features = numbers.X.shape
    counted = f"{runs} runs" if agreed.n_kept == runs else f"{agreed.n_kept} of {runs} runs"
    print_facts(
        [
            f"{components} parts",
            f"{n_samples:,} x {n_features:,}",
            *([f"{n_unknown:,} unknown"] if missing != "none" else []),
            *([counted] if resample == "none" else [counted, resample]),
            f"seed {seed}",
            f"relative error {agreed.relative_error:.4g}",
            f"rows: cophenetic {agreed.cophenetic:.3f}, dispersion {agreed.dispersion:.3f}",
            f"{seconds:.1f} s",
        ]
    )
    _print_parts(agreed, numbers)
    if agreed.dropped:
        note(f"runs left out: {_left_out(agreed)}")
    if out is not None:
        note(f"saved to {out}")


def _shares(agreed: "Consensus") -> Any:
    import numpy as np

    shares = agreed.W.sum(axis=0, dtype=np.float64) * agreed.components_.sum(axis=1, dtype=np.float64)
    return shares / (shares.sum() or 1.0)


def _largest(part: Any, count: int) -> list[int]:
    import numpy as np

    return [int(j) for j in np.argsort(-part, kind="stable")[:count] if part[j] > 0]


def _left_out(agreed: "Consensus") -> str:
    """Return the runs that do not count, by reason; consecutive ones are written as 2-5."""
    runs = sorted(agreed.dropped, key=lambda run: (run[1], run[0]))
    found = []
    for reason, own in groupby(runs, lambda run: run[1]):
        spans = [
            [n for _, n in span] for _, span in groupby(enumerate(n for n, _ in own), lambda pair: pair[1] - pair[0])
        ]
        told = [str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in spans]
        found.append(f"{', '.join(told)} ({reason})")
    return "; ".join(found)


def _print_parts(agreed: "Consensus", numbers: "Numbers") -> None:
    """Print a line for each part, with as many entries as fit."""
    width = terminal_width()
    print_line(Text("part  share  reproducibility  largest entries (95 % of runs)", "dim"))
    for t, (part, share) in enumerate(zip(agreed.components_, _shares(agreed), strict=True)):
        line = Text(f"{t:4}  {share:5.1%}  {agreed.reproducibility[t]:15.2f}  ")
        total = float(part.sum(dtype=float)) or 1.0
        entries = [
            f"{escaped(column_name(numbers, j))} {_percent(part[j] / total)}% "
            f"({_percent(agreed.lower[t, j] / total)}-{_percent(agreed.upper[t, j] / total)})"
            for j in _largest(part, ENTRIES)
        ]
        line.append(as_many(entries or ["(all zero)"], width - line.cell_len, ", "), "bold")
        print_line(line)


def _percent(share: float) -> str:
    value = 100 * float(share)
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"


def _print_json(agreed: "Consensus", numbers: "Numbers", settings: dict[str, Any]) -> None:
    parts = [
        {
            "index": t,
            "share": float(share),
            "reproducibility": float(agreed.reproducibility[t]),
            "entries": [
                {
                    "column": column_name(numbers, j),
                    "value": float(part[j]),
                    "lower": float(agreed.lower[t, j]),
                    "upper": float(agreed.upper[t, j]),
                }
                for j in _largest(part, ENTRIES)
            ],
        }
        for t, (part, share) in enumerate(zip(agreed.components_, _shares(agreed), strict=True))
    ]
    n_samples, n_features = numbers.X.shape
    print_json(
        {
            "n_components": len(parts),
            "n_samples": n_samples,
            "n_features": n_features,
            **settings,
            "n_kept": agreed.n_kept,
            "dropped": [{"run": number, "reason": reason} for number, reason in agreed.dropped],
            "relative_error": agreed.relative_error,
            "cophenetic": agreed.cophenetic,
            "dispersion": agreed.dispersion,
            "parts": parts,
        }
    )


def _model(agreed: "Consensus", loss: str, missing: str, seed: int) -> "NMF":
    """Return the parts as a fitted model, which transforms like a model of `partwise fit`."""
    from partwise import NMF

    count, n_features = agreed.components_.shape
    model = NMF(count, beta_loss=loss, missing_values=MISSING[missing], random_state=seed)
    model.components_ = agreed.components_
    model.n_components_ = count
    model.n_features_in_ = n_features
    if agreed.feature_names_in_ is not None:
        model.feature_names_in_ = agreed.feature_names_in_
    return model


def _save(agreed: "Consensus", path: str, numbers: "Numbers", model: "NMF") -> None:
    if Path(path).suffix.lower() != ".csv":
        save_model(model, path)
        return
    n_parts, n_columns = agreed.components_.shape
    columns: dict[str, list[Any]] = {
        "part": [t for t in range(n_parts) for _ in range(n_columns)],
        "column": [column_name(numbers, j) for j in range(n_columns)] * n_parts,
    }
    weights = {"value": agreed.components_, "lower": agreed.lower, "upper": agreed.upper}
    save_table(columns | {name: values.ravel().tolist() for name, values in weights.items()}, path)
