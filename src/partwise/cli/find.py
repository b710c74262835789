"""``partwise find``."""

from typing import TYPE_CHECKING

import click
from rich.text import Text

from partwise.cli.command import Command, existing_file, json_option, note
from partwise.cli.models import load_topics, titles_of
from partwise.cli.render import print_json, print_line, print_similar
from partwise.exceptions import DataError

if TYPE_CHECKING:
    from partwise.topics import TopicModel

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.argument("words", metavar="WORDS...", nargs=-1, required=True)
@click.option("-n", "--number", type=click.IntRange(min=1), default=5, show_default=True, help="Documents to find.")
@click.option("--topics", type=click.IntRange(min=1), default=3, show_default=True, help="Topics to find.")
@json_option
def command(model: str, words: tuple[str, ...], number: int, topics: int, as_json: bool) -> None:
    """Find the topics and documents that match a few words.

    MODEL is a file that "partwise topics --out" wrote. The score of a topic is the cosine between its words and WORDS.
    Documents are found as "partwise similar" finds them: by their topics and by their words.

    \b
    Example: partwise find news.model interest rates
    """
    query, loaded = " ".join(words), load_topics(model)
    found = loaded.find_columns(query, topics)
    unused = [word for word in dict.fromkeys(query.split()) if not _is_used(loaded, word)]
    if unused:
        note(f"no topic uses {', '.join(unused)}: searched for the other words")
    try:
        documents = loaded.neighbours(query, number)
    except DataError:  # a model fitted to a matrix of counts finds topics, but cannot place the words as a text
        documents = []
    rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    titles = titles_of(loaded)
    if as_json:
        named = [{"id": one.id} | ({"title": titles.get(one.id, "")} if titles else {}) for one in documents]
        scored = [own | {"score": one.score, "shared": one.shared} for own, one in zip(named, documents, strict=True)]
        print_json({"topics": rows, "documents": scored})
        return
    print_line(Text("score  topic", "dim"))
    for row in rows:
        line = Text(f"{row['score']:5.3f}  {row['topic']:2}  ")
        line.append(row["label"], "bold")
        print_line(line.append(f"  ({row['words']})", "dim"))
    if documents:
        print_similar(documents, loaded.labels_, dict(zip(loaded.ids_, loaded.texts_ or [], strict=False)), titles)


def _is_used(model: "TopicModel", word: str) -> bool:
    try:
        return bool(model.find_columns(word)["topic"])
    except DataError:
        return False
