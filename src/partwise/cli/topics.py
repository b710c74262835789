"""``partwise topics``."""

import sys
import time
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from partwise.cli.command import (
    Command,
    Failure,
    json_option,
    new_file,
    next_command,
    note,
    operand,
    seed_option,
)
from partwise.cli.documents import (
    count_empty,
    date_option,
    embeddings_option,
    metadata_options,
    read_documents,
    text_options,
    word_options,
)
from partwise.cli.formats import TEXTS, format_options
from partwise.cli.memory import memory_option
from partwise.cli.models import remember_columns, titles_of, topic_rows
from partwise.cli.progress import doing, progress, reading
from partwise.cli.render import fit_facts, print_facts, print_json, print_sentence, print_topics, summary
from partwise.cli.saving import save_model

if TYPE_CHECKING:
    from partwise.topics.boilerplate import Boilerplate

__all__ = ["command"]


class TopicNumber(click.ParamType):  # type: ignore[type-arg]  # generic only in new versions
    """A positive integer, or one of the words that TopicModel takes."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return the number, or the word."""
        if value in ("auto", "choose"):
            return str(value)
        return int(click.IntRange(min=1).convert(value, param, ctx))


@click.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, allow_dash=True))
@text_options
@format_options(*TEXTS)
@date_option
@metadata_options
@click.option(
    "-k",
    "--topics",
    metavar="NUMBER",
    type=TopicNumber(),
    default=10,
    show_default=True,
    help="Number of topics; auto (or choose): as many as two halves of the texts agree on.",
)
@click.option(
    "--lang", metavar="CODE", default="auto", show_default=True, help="Language of the texts, such as en or de."
)
@word_options
@click.option(
    "--keep-boilerplate",
    is_flag=True,
    help="Count boilerplate too: signatures, mail headers and other lines that many texts share.",
)
@click.option("--bigrams", is_flag=True, help="Count pairs of neighbouring words, too.")
@click.option(
    "--loss",
    type=click.Choice(["frobenius", "kullback-leibler", "choose"]),
    default="frobenius",
    show_default=True,
    help="Loss to minimise; choose: the one whose topics two halves of each document agree on better.",
)
@embeddings_option
@click.option(
    "--words",
    type=click.IntRange(min=1),
    show_default="10, or as many as fit into a line",
    help="Words to list for each topic.",
)
@memory_option(
    help="Memory limit of the matrix of words and its fit, such as 2GiB: a larger matrix stays on disk.",
    show_default="all that it needs",
)
@seed_option
@json_option
@new_file("MODEL", help="Save the topics to this file.", show_default="nothing is saved")
@click.option("--no-input", is_flag=True, help="Fail instead of waiting for texts typed at the keyboard.")
def command(
    file: str,
    topics: int | str,
    lang: str,
    bigrams: bool,
    stop_words: list[str] | None,
    min_df: float | None,
    max_df: float | None,
    keep_boilerplate: bool,
    loss: str,
    embeddings: Any,
    words: int | None,
    max_memory: str | None,
    seed: int,
    as_json: bool,
    out: str | None,
    no_input: bool,
    **columns: Any,
) -> None:
    """Find the topics of a collection of texts.

    FILE is a table with one document per row (.csv, .tsv, .txt, .jsonl, .json, .parquet or .xlsx), a folder of .txt
    files, or - for JSON lines on standard input. Text can be packed: .gz, .bz2, .xz, .zst.

    \b
    Example: partwise topics news.csv --text body --date day --out news.model
    """
    from partwise.topics import TopicModel

    if file == "-" and sys.stdin is not None and sys.stdin.isatty():
        if no_input:
            raise Failure("standard input is a keyboard. Pipe JSON lines into it, or give a file.", exit_code=2)
        note("reading JSON lines from the keyboard; Ctrl-D ends them")
    with reading(file):
        read = read_documents(file, spill=True, **columns)
    empty = count_empty(read.texts)
    asked = click.get_current_context().get_parameter_source("topics") is ParameterSource.COMMANDLINE
    if asked and isinstance(topics, int) and topics > len(read.texts) - empty:
        raise Failure(
            f"-k {topics}: {read.source} has {len(read.texts) - empty:,} documents with text, and there cannot be more "
            "topics than documents. Give fewer; 10 to 50 is usual.",
            exit_code=2,
        )

    started = time.perf_counter()
    model = TopicModel(
        topics,
        random_state=seed,
        n_jobs=-1,
        language=lang,
        bigrams=bigrams,
        loss=loss,
        stop_words=stop_words,
        min_df=min_df,
        max_df=max_df,
        keep_boilerplate=keep_boilerplate,
        keep_texts=out is not None,
        max_memory=max_memory,
        embeddings=embeddings,
    )
    first = "Choosing the number of topics" if isinstance(topics, str) else "Counting words"
    with progress(model, first, "Finding topics"):
        model.fit(read.texts, read.ids, read.dates, metadata=read.metadata)
    with doing("Judging the topics"):
        table = model.records(words or 10)
    facts = fit_facts(model, model.relative_error_, time.perf_counter() - started)

    wordless = int((~model.document_topics_.any(axis=1)).sum()) - empty
    if wordless > 0:
        note(f"documents without a word that topics use: {wordless:,} of {len(read.texts):,}, placed in no topic")
    if isinstance(topics, int) and model.n_topics_ < topics:
        note(f"{model.n_topics_} topics instead of {topics}: there are too few documents or words for more")
    if model.boilerplate_ is not None:
        note(_left_out(model.boilerplate_))
    if out is not None:
        remember_columns(model, {*columns} - {"format"})
        save_model(model, out)

    reason, of_loss = getattr(model, "rank_reason_", None), getattr(model, "loss_reason_", None)
    if as_json:
        counts: dict[str, Any] = {
            "n_topics": model.n_topics_,
            "n_documents": len(read.texts),
            "n_words": len(model.words_),
        }
        counts |= {"language": model.language_, "diversity": model.diversity_, "reason": reason}
        counts |= {"loss_reason": of_loss} if of_loss else {}
        if model.boilerplate_ is not None:
            counts["boilerplate"] = {"lines": model.boilerplate_.lines, "words": model.boilerplate_.words}
        print_json({**counts, "unplaced": empty + wordless, **facts, "topics": topic_rows(model, table)})
        return
    sizes = [f"{model.n_topics_} topics", f"{len(read.texts):,} documents", f"{len(model.words_):,} words"]
    if lang == "auto" and model.language_ != "en":
        sizes.append(f"language {model.language_}")
    print_facts(sizes + summary(facts))
    for sentence in filter(None, (of_loss, reason)):
        print_sentence(sentence)
    shown = {topic.document for topic in table}
    snippets = {name: read.texts[i] for i, name in enumerate(read.ids) if name in shown}
    print_topics(table, snippets, titles_of(model), all_words=words is not None)
    if out is not None:
        document = table[0].document
        line = next_command("similar", operand(out), *(["--"] if document.startswith("-") else []), document)
        note(f"saved to {out}; next: {line}")


def _left_out(boilerplate: "Boilerplate") -> str:
    """Return the note about lines that were left out."""
    n = len(boilerplate.lines)
    such = ", ".join(repr(shorten(line, 50, placeholder="…")) for line in boilerplate.lines[:3])
    return (
        f"{n:,} {'line' if n == 1 else 'lines'} of boilerplate left out, such as {such}; --keep-boilerplate counts them"
    )
