"""``partwise similar``."""

import difflib

import click

from partwise.cli.command import Command, Failure, existing_file, json_option
from partwise.cli.models import load_topics, titles_of
from partwise.cli.render import print_json, print_similar

__all__ = ["command"]


@click.command(cls=Command)
@click.argument("model", type=existing_file)
@click.argument("id_", metavar="ID")
@click.option("-n", "--number", type=click.IntRange(min=1), default=5, show_default=True, help="Documents to find.")
@click.option("--distinct", is_flag=True, help="Leave out documents that are nearly the same as one already listed.")
@json_option
def command(model: str, id_: str, number: int, distinct: bool, as_json: bool) -> None:
    """Find the documents most similar to one.

    MODEL is a file that "partwise topics --out" wrote, ID the id of one of its documents. The score is the mean of two
    cosines, between topics and between words: 1 for the same text, 0 for nothing in common.

    \b
    Example: partwise similar news.model 17
    """
    topics = load_topics(model)
    if id_ not in topics.ids_:
        near = difflib.get_close_matches(id_, topics.ids_, n=3, cutoff=0.4) or topics.ids_[:3]
        raise Failure(f"{model} has no document {id_!r}. Ids like it: {', '.join(near)}.", exit_code=2)
    found = topics.neighbours(id_, number, duplicates=not distinct)
    if as_json:
        known = {name: dict(zip(topics.ids_, values, strict=True)) for name, values in topics.metadata_.items()}
        more = [{name: of[one.id] for name, of in known.items()} for one in found]
        scores = [{"score": one.score, "shared": one.shared} for one in found]
        print_json([{"id": one.id} | own | score for one, own, score in zip(found, more, scores, strict=True)])
        return
    if not found:
        raise Failure(f"nothing in {model} is similar to {id_!r}.", exit_code=1)
    print_similar(found, topics.labels_, dict(zip(topics.ids_, topics.texts_ or [], strict=False)), titles_of(topics))
