"""``partwise update``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Changing, Failure, changed_model, json_option, note
from partwise.cli.command import existing_file as file_there
from partwise.cli.documents import date_option, metadata_options, read_documents, text_options
from partwise.cli.models import finish
from partwise.cli.render import print_json, print_sentence

if TYPE_CHECKING:
    from partwise.io import Texts
    from partwise.topics import TopicModel

__all__ = ["command"]


@click.command(cls=Changing)
@click.argument("model", type=file_there)
@click.argument("file", type=file_there)
@text_options
@date_option
@metadata_options
@changed_model
@json_option
def command(model: str, file: str, out: str | None, as_json: bool, **columns: Any) -> None:
    """Add new documents to a saved model.

    MODEL is a file that "partwise topics --out" wrote, and FILE holds new documents, under the same options. Topics
    keep their numbers and labels and learn from the new documents; topics that are new are put at the end. Earlier
    documents stay where they were placed, and so do documents whose id is already in the model.

    \b
    Example: partwise update news.model week-2.csv --text body --date day
    """
    from partwise.persistence import load
    from partwise.topics import TopicModel

    loaded = load(model)
    if not isinstance(loaded, TopicModel):
        raise Failure(
            f'{model} holds a {type(loaded).__name__}. Give a model that "partwise topics FILE --out MODEL" saved.',
            exit_code=2,
        )
    update_topics(loaded, file, columns, model, out or model, as_json)


def update_topics(model: "TopicModel", file: str, columns: dict[str, Any], path: str, out: str, as_json: bool) -> None:
    """Add the documents of a file to a topic model, and save it."""
    import numpy as np

    _check_columns(model, columns, path)
    read = read_documents(file, **columns)
    ids, new, numbered = _new_rows(model, read, columns["id_"])
    known = len(read.ids) - len(new)
    before = dict(zip(model.ids_, model.texts_ or [], strict=False))
    changed = sum(before.get(ids[i], read.texts[i]) != read.texts[i] for i in {*range(len(ids))} - {*new})
    stay = f"{known:,} were there already and stay as they are"
    stay += f" ({changed:,} with another text, which was not taken)" if changed else ""
    if not new:
        said = f"Nothing is new in {file}: {stay}."
        print_json({"done": said, "new": 0, "known": known}) if as_json else print_sentence(said)
        return
    if numbered:
        note(f"{file} has no ids: its documents are numbered on from {ids[new[0]]}")

    def of_new(values: Sequence[str]) -> list[str]:
        return [values[i] for i in new]

    model.partial_fit(
        of_new(read.texts),
        of_new(ids),
        None if read.dates is None else of_new(read.dates),
        metadata={name: of_new(values) for name, values in read.metadata.items()},
    )
    said = f"{len(new):,} documents are new" + (f", {stay}" if known else "") + f": {len(model.ids_):,} in all."
    latest = [event for event in model.events_ if event.batch == model.n_batches_ - 1]
    said += "".join(f' Topic {event.topic}, "{event.label}", {HAPPENED[event.kind]}.' for event in latest)
    theta = model.document_topics_[-len(new) :]
    placed = theta[theta.any(axis=1)]
    if len(placed):
        main = np.bincount(placed.argmax(axis=1), minlength=model.n_topics_)
        largest = [t for t in np.argsort(-main, kind="stable")[:3] if main[t]]
        said += (
            f" The new ones are most of all about {', '.join(f'{model.labels_[t]} ({main[t]:,})' for t in largest)}."
        )
    finish(model, out, said, as_json)


HAPPENED = {"born": "is new", "died": "is of hardly any document any more", "returned": "is back"}


def _check_columns(model: "TopicModel", columns: dict[str, Any], path: str) -> None:
    """Refuse dates that the model or the new documents lack, and tell of other columns that go without."""
    if (model.dates_ is None) != (columns["date"] is None):
        way_out = (
            f"{path} knows no dates. Leave out --date, or make the model anew with --date."
            if model.dates_ is None
            else f"{path} knows the dates of its documents. Name the column of the new dates with --date."
        )
        raise Failure(way_out, exit_code=2)
    lacking = [f"--{name}" for name in model.metadata_ if columns.get(name, "") is None]
    if lacking:
        note(f"without {' and '.join(lacking)} the new documents have none of what the earlier ones have")


def _new_rows(model: "TopicModel", read: "Texts", asked: str | None) -> tuple[list[str], list[int], bool]:
    """Return the ids of documents, the rows of those that are new, and whether they were numbered on.

    Rows that are numbered in both files begin at 1 in both: the number tells nothing, unless the text is the same too.
    """
    known = dict(zip(model.ids_, model.texts_ or [""] * len(model.ids_), strict=True))
    numbered = asked is None and read.ids == [str(i) for i in range(1, len(read.ids) + 1)]
    there = [
        name in known and (not numbered or known[name] == text) for name, text in zip(read.ids, read.texts, strict=True)
    ]
    new = [i for i, is_there in enumerate(there) if not is_there]
    clash = numbered and any(read.ids[i] in known for i in new)
    if not clash:
        return read.ids, new, False
    ids, last = list(read.ids), len(model.ids_)
    for i in new:
        last += 1
        while str(last) in known:
            last += 1
        ids[i] = str(last)
    return ids, new, True
