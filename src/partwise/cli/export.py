"""``partwise export``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Command, existing_file, note
from partwise.cli.models import load_topics, titles_of
from partwise.cli.saving import save_table
from partwise.io.endings import ENDINGS, check_ending

if TYPE_CHECKING:
    from partwise.topics import TopicModel

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.option(
    "--out-dir",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    required=True,
    help="Folder to write to, made if it does not exist; tables of the same names are replaced.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice([ending[1:] for ending in ENDINGS]),
    default="csv",
    show_default=True,
    help="Format of the tables; xlsx is for Excel.",
)
@click.option(
    "--words", type=click.IntRange(min=1), default=10, show_default=True, help="Words to list for each topic."
)
def command(model: str, out_dir: str, format_: str, words: int) -> None:
    """Write the topics and documents of a saved model as tables.

    MODEL is a file that "partwise topics --out" wrote. The table "topics" has a row for each topic: number, label,
    share, documents, quality and words. The table "documents" has a row for each document: id, title and other columns
    that the model keeps, date, main topic, how well the topics fit it, and the share of every topic.

    \b
    Example: partwise export news.model --out-dir tables --format xlsx
    """
    ending = f".{format_}"
    check_ending(f"topics{ending}")
    topics = load_topics(model)
    Path(out_dir).mkdir(parents=True, exist_ok=True)
    tables = {"topics": topics_table(topics, words), "documents": documents_table(topics)}
    for name, columns in tables.items():
        path = str(Path(out_dir, name + ending))
        save_table(columns, path)
        note(f"wrote {path}: {len(next(iter(columns.values()))):,} {name}")


def topics_table(model: "TopicModel", words: int) -> dict[str, Any]:
    """Return a row for each topic, with the title of its most typical document if documents have titles."""
    import numpy as np

    records, titles = model.records(words), titles_of(model)
    placed = model.document_topics_[model.document_topics_.any(axis=1)]
    main = np.bincount(placed.argmax(axis=1), minlength=len(records))
    columns: dict[str, Any] = {
        "topic": [topic.index for topic in records],
        "label": [topic.label for topic in records],
        "share": [topic.share for topic in records],
        "documents": main.tolist(),
        "npmi": [topic.npmi for topic in records],
        "stability": [topic.stability for topic in records],
        "words": [", ".join(topic.words) for topic in records],
        "document": [topic.document for topic in records],
    }
    if titles:
        columns["title"] = [titles.get(topic.document, "") for topic in records]
    if model.periods_ is not None:
        columns["peak"] = [topic.peak for topic in records]
    return columns


def documents_table(model: "TopicModel") -> dict[str, Any]:
    """Return a row for each document, the share of every topic last."""
    import numpy as np

    theta = model.document_topics_
    shares = theta / np.maximum(theta.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    columns = model.document_columns()
    return columns | {f"topic_{t}": share for t, share in enumerate(shares.T)}
