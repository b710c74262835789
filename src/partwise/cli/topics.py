"""``partwise topics``."""

import sys
import time
from dataclasses import asdict

import click

from partwise.cli.command import Command, Failure, json_option, new_file, note, seed_option
from partwise.cli.progress import progress
from partwise.cli.render import fit_facts, print_facts, print_json, print_topics, summary
from partwise.cli.saving import save_model
from partwise.io import read_texts
from partwise.topics import TopicModel

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@click.option(
    "--text", metavar="COLUMN", show_default="the one called text, body, content, ...", help="Column of the texts."
)
@click.option("--id", "id_", metavar="COLUMN", show_default="id if it fits, else row numbers", help="Column of ids.")
@click.option("--date", metavar="COLUMN", show_default="none", help="Column of dates: shows when topics peak.")
@click.option("--topics", type=click.IntRange(min=1), default=10, show_default=True, help="Topics to find.")
@click.option(
    "--words", type=click.IntRange(min=1), show_default="10, cut to one line in a table", help="Words of a topic."
)
@seed_option
@json_option
@new_file("MODEL", help="Save the topics to this file.", show_default="nothing is saved")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the texts.")
@click.option("--no-input", is_flag=True, help="Fail rather than wait for texts typed at the keyboard.")
def command(
    file: str,
    text: str | None,
    id_: str | None,
    date: str | None,
    topics: int,
    words: int | None,
    seed: int,
    as_json: bool,
    out: str | None,
    encoding: str,
    no_input: bool,
) -> None:
    """Find the topics of a collection of texts.

    FILE is a .csv, .tsv or .jsonl file with one document a row (each also as .gz), a folder of .txt files, or - for
    JSON lines on standard input.

    \b
    Example: partwise topics news.csv --text body --date day --out news.model
    """
    if file == "-" and sys.stdin.isatty():
        if no_input:
            raise Failure("standard input is a keyboard. Pipe JSON lines into it, or give a file.", exit_code=2)
        note("reading JSON lines from the keyboard; Ctrl-D ends them")
    read = read_texts(file, text_column=text, id_column=id_, date_column=date, encoding=encoding)
    empty = sum(not document.strip() for document in read.texts)
    if empty:
        note(f"{empty:,} of {len(read.texts):,} documents empty: kept, but placed in no topic")

    started = time.perf_counter()
    model = TopicModel(topics, random_state=seed, n_jobs=-1)
    with progress(model, "Finding topics"):
        model.fit(read.texts, read.ids, read.dates)
    facts = fit_facts(model.nmf_, time.perf_counter() - started)

    wordless = int((~model.document_topics_.any(axis=1)).sum()) - empty
    if wordless > 0:
        note(f"{wordless:,} of {len(read.texts):,} documents without a word that topics use: placed in no topic")
    if model.n_topics_ < topics:
        note(f"{model.n_topics_} topics instead of {topics}: there are not enough documents or words for more")
    if out is not None:
        save_model(model, out)

    table = model.table(words or 10)
    if as_json:
        counts = {"n_topics": model.n_topics_, "n_documents": len(read.texts), "n_words": len(model.words_)}
        print_json({**counts, "unplaced": empty + wordless, **facts, "topics": [asdict(topic) for topic in table]})
        return
    sizes = [f"{model.n_topics_} topics", f"{len(read.texts):,} documents", f"{len(model.words_):,} words"]
    print_facts(sizes + summary(facts))
    print_topics(table, dict(zip(read.ids, read.texts, strict=True)), all_words=words is not None)
    if out is not None:
        note(f"saved to {out}; next: partwise similar {out} {table[0].document}")
