"""``partwise parts``."""

from collections.abc import Sequence
from typing import Any

import click

from partwise.cli.command import Command, Failure, existing_file, json_option, note, table_file
from partwise.cli.render import print_json, print_parts
from partwise.cli.saving import save_table

__all__ = ["command", "heaviest"]

LISTED = 10


def heaviest(components: Any, n: int = LISTED) -> list[list[int]]:
    """Return the columns with the largest weights in each part, heaviest first, without those of weight 0."""
    import numpy as np

    best = np.argsort(-components, axis=1, kind="stable")[:, :n]
    return [[int(j) for j in columns if row[j] > 0] for columns, row in zip(best, components, strict=True)]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=LISTED,
    show_default=True,
    help="Columns to list for each part.",
)
@table_file(show_default="nothing is written", help="Write all weights to this table, one row for each part.")
@click.option("--transpose", is_flag=True, help="Write one row for each column instead.")
@json_option
def command(model: str, number: int, out: str | None, transpose: bool, as_json: bool) -> None:
    """Show the parts of a saved model, or write them to a table.

    MODEL is a file that "partwise fit" or "partwise topics" wrote. The table holds the weight of every column in every
    part. Columns have the names that they had when the model was fitted. The ending of the table's name gives its
    format: .csv, .tsv, .xlsx, .parquet, .jsonl or .json.

    \b
    Example: partwise parts counts.model --out parts.csv
    """
    from partwise.persistence import load

    components, names = parts_of(load(model), model)
    if out is not None:
        save_table(_transposed(components, names) if transpose else _wide(components, names), out)
    listed = heaviest(components, number)
    if as_json:
        print_json(
            [
                {"part": t, "columns": [{"name": names[j], "weight": float(components[t, j])} for j in columns]}
                for t, columns in enumerate(listed)
            ]
        )
    else:
        print_parts([[names[j] for j in columns] for columns in listed])
    if out is not None:
        note(f"wrote {out}: {components.shape[0]:,} parts of {components.shape[1]:,} columns")


def parts_of(model: Any, path: str) -> tuple[Any, list[str]]:
    """Return the parts (k, m) of a model and the names of its columns: numbers from 1 if it has no names."""
    from partwise import NMF, MiniBatchNMF
    from partwise.topics import TopicModel

    if isinstance(model, TopicModel):
        return model.components_, [str(word) for word in model.words_]
    if not isinstance(model, NMF | MiniBatchNMF):
        raise Failure(
            f'{path} holds a {type(model).__name__}. Give a model that "partwise fit" or "partwise topics" saved.',
            exit_code=2,
        )
    H = model.components_
    known: Sequence[Any] | None = getattr(model, "feature_names_in_", None)
    return H, [f"column {j + 1}" for j in range(H.shape[1])] if known is None else [str(name) for name in known]


def _wide(components: Any, names: Sequence[str]) -> dict[str, Any]:
    return {free("part", names): list(range(len(components)))} | dict(zip(names, components.T, strict=True))


def _transposed(components: Any, names: Sequence[str]) -> dict[str, Any]:
    return {"column": list(names)} | {f"part_{t}": row for t, row in enumerate(components)}


def free(name: str, taken: Sequence[str]) -> str:
    """Return a name, followed by as many underscores as it needs to differ from those taken."""
    while name in taken:
        name += "_"
    return name
