"""``partwise update``."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Changing, Failure, changed_model, json_option, note, refuse
from partwise.cli.command import existing_file as file_there
from partwise.cli.documents import date_option, metadata_options, read_documents, text_options
from partwise.cli.formats import TEXTS, format_options
from partwise.cli.models import finish, known_columns
from partwise.cli.progress import doing, reading
from partwise.cli.recommend import log_options, tables
from partwise.cli.render import print_json, print_sentence
from partwise.cli.saving import save_model
from partwise.exceptions import DataError

if TYPE_CHECKING:
    from partwise.recommend import Recommender
    from partwise.tables import Texts
    from partwise.topics import TopicModel

__all__ = ["command"]

OF_READS = frozenset(
    [
        "articles",
        "strengths",
        *(f"{what}_column" for what in ("reader", "article", "strength", "time", "text", "title")),
    ]
)
"""Options that are only for logs."""


@click.command(cls=Changing)
@click.argument("model", type=file_there)
@click.argument("file", type=file_there)
@text_options
@format_options(*TEXTS)
@date_option
@metadata_options
@log_options
@changed_model
@json_option
def command(model: str, file: str, out: str | None, as_json: bool, **columns: Any) -> None:
    """Add new documents or reads to a saved model.

    If "partwise topics --out" wrote MODEL, FILE holds new documents. Topics keep their numbers and labels and learn
    from the new documents. New topics are put at the end. Documents that are already in the model, by their id, keep
    their topics.

    If "partwise recommend --out-model" wrote MODEL, FILE is a log of new reads, and --articles holds new articles. The
    parts stay as they are, and new readers and articles are placed by them. A read that is already in the model, with
    the same time, counts once.

    Without options for columns, FILE is read with the columns that MODEL was made of.

    \b
    Example: partwise update news.model week-2.csv --text body --date day
    Example: partwise update readers.model log-2.csv --articles news-2.csv
    """
    from partwise.persistence import load
    from partwise.recommend import Recommender
    from partwise.topics import TopicModel

    with doing(f"Loading {model}"):
        loaded = load(model)
    if isinstance(loaded, TopicModel):
        refuse(OF_READS, f"{model} is a topic model, which takes no reads")
        columns = known_columns(loaded, _without(columns, OF_READS))
        update_topics(loaded, file, columns, model, out or model, as_json)
    elif isinstance(loaded, Recommender):
        refuse({*columns} - OF_READS, f"{model} is a model of reads, which takes no documents")
        update_reads(loaded, file, known_columns(loaded, columns), model, out or model, as_json)
    else:
        raise Failure(
            f'{model} holds a {type(loaded).__name__}, which cannot be updated. Give a model that "partwise topics '
            'FILE --out MODEL" or "partwise recommend LOG --out-model MODEL" saved, or fit it again to all data.',
            exit_code=2,
        )


def _without(settings: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


def update_reads(model: "Recommender", file: str, settings: dict[str, Any], path: str, out: str, as_json: bool) -> None:
    """Add the reads of a file to a recommender, and save it."""
    with reading(file):
        reads, articles = tables(file, settings)
    had = model.n_reads_, len(model.reader_ids_), len(model.article_ids_)
    if articles is not None:
        if not model.labels_:
            raise Failure(
                f"{path} was made without texts of articles, and cannot place new articles by them. Make a new one: "
                "partwise recommend LOG --articles FILE --out-model MODEL.",
                exit_code=2,
            )
        model.add_articles(articles)
    timed = reads.time is not None
    try:
        model.update(reads, skip_known=True)
    except DataError as error:
        if not str(error).startswith("interactions of"):
            raise
        lack = f"{path} has none. Make a new one" if timed else f"{file} has none. Name their column with --time-column"
        raise Failure(f"either all reads have times, or none: {lack}.", exit_code=2) from error
    counts = model.n_reads_ - had[0], len(model.reader_ids_) - had[1], len(model.article_ids_) - had[2]
    known = len(reads) - counts[0]
    said = f"{counts[0]:,} reads are new" + (f", {known:,} were in the model already and count once" if known else "")
    said += f": {model.n_reads_:,} in all. {counts[1]:,} readers and {counts[2]:,} articles are new."
    if not timed:
        said += " Without times, old and new reads cannot be told apart: all were added."
    save_model(model, out)
    if as_json:
        new = dict(zip(("reads", "readers", "articles"), counts, strict=True))
        print_json({"done": said, "new": new, "known": known, "model": out})
    else:
        print_sentence(said)
    note(f"saved to {out}")


def update_topics(model: "TopicModel", file: str, columns: dict[str, Any], path: str, out: str, as_json: bool) -> None:
    """Add the documents of a file to a topic model, and save it."""
    import numpy as np

    _check_columns(model, columns, path)
    with reading(file):
        read = read_documents(file, **columns)
    ids, new, numbered = _new_rows(model, read, columns["id_"])
    known = len(read.ids) - len(new)
    before = dict(zip(model.ids_, model.texts_ or [], strict=False))
    changed = (
        0 if numbered else sum(before.get(ids[i], read.texts[i]) != read.texts[i] for i in {*range(len(ids))} - {*new})
    )
    stay = f"{known:,} were in the model already and stay as they are"
    stay += f" ({changed:,} with another text, which was ignored)" if changed else ""
    if not new:
        said = f"Nothing is new in {file}: {stay}."
        print_json({"done": said, "new": 0, "known": known}) if as_json else print_sentence(said)
        return
    if numbered:
        note(f"ids of {file} only number its rows: the new documents get the numbers from {ids[new[0]]} on")

    def of_new(values: Sequence[str]) -> list[str]:
        return [values[i] for i in new]

    with doing(f"Adding {len(new):,} documents"):
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
        said += f" The new ones are mostly about {', '.join(f'{model.labels_[t]} ({main[t]:,})' for t in largest)}."
    finish(model, out, said, as_json)


HAPPENED = {"born": "is new", "died": "has hardly any documents now", "returned": "is back"}


def _check_columns(model: "TopicModel", columns: dict[str, Any], path: str) -> None:
    """Refuse dates that the model or the new documents lack, and note other columns that are missing."""
    if (model.dates_ is None) != (columns["date"] is None):
        way_out = (
            f"{path} holds no dates. Leave out --date, or make a new model with --date."
            if model.dates_ is None
            else f"{path} holds the dates of its documents. Name the column of the new dates with --date."
        )
        raise Failure(way_out, exit_code=2)
    lacking = [f"--{name}" for name in model.metadata_ if columns.get(name, "") is None]
    if lacking:
        note(f"the new documents have no {' and no '.join(lacking)}; the earlier ones do")


def _new_rows(model: "TopicModel", read: "Texts", asked: str | None) -> tuple[list[str], list[int], bool]:
    """Return the ids of documents, the rows of those that are new, and whether new numbers were given.

    Row numbers begin at 1 (or at 0, in an index of pandas) in both files. So the same number means the same document
    only if the text is the same, too. If all texts are known, the file was added before.
    """
    known = dict(zip(model.ids_, model.texts_ or [""] * len(model.ids_), strict=True))
    numbered = asked is None and any(read.ids == [str(i + first) for i in range(len(read.ids))] for first in (0, 1))
    there = [
        name in known and (not numbered or known[name] == text) for name, text in zip(read.ids, read.texts, strict=True)
    ]
    new = [i for i, is_there in enumerate(there) if not is_there]
    clash = numbered and any(read.ids[i] in known for i in new)
    if not clash:
        return read.ids, new, False
    texts = {*known.values()}
    again = sum(read.texts[i] in texts for i in new)
    if again == len(new):
        return read.ids, [], True
    if again:
        note(f"{again:,} of the new documents have the text of an earlier one; ids, with --id, would tell them apart")
    ids, last = list(read.ids), len(model.ids_)
    for i in new:
        last += 1
        while str(last) in known:
            last += 1
        ids[i] = str(last)
    return ids, new, True
