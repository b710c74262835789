"""``partwise merge``."""

import click

from partwise.cli.command import Changing, Failure, changed_model, existing_file, json_option
from partwise.cli.models import finish, load_topics, number, valid_topic

__all__ = ["command"]


@click.command(cls=Changing)
@click.argument("model", type=existing_file)
@click.argument("numbers", metavar="TOPIC TOPIC...", type=number, nargs=-1, required=True)
@changed_model
@json_option
def command(model: str, numbers: tuple[int, ...], out: str | None, as_json: bool) -> None:
    """Merge topics of a saved model into one.

    MODEL is a file that "partwise topics --out" wrote, and each TOPIC the number of a topic. The merged topic takes the
    place of the first of them. The topics after it get new numbers, which the command shows. Every document is placed
    again.

    \b
    Example: partwise merge news.model 1 4
    """
    topics = load_topics(model)
    merged = sorted({valid_topic(topics, topic, model) for topic in numbers})
    if len(merged) < 2:
        raise Failure("merge needs the numbers of at least two different topics.", exit_code=2)
    before = topics.labels_
    made = topics.merge(merged)
    named = [f'{topic} ("{before[topic]}")' for topic in merged]
    said = f'Topics {", ".join(named[:-1])} and {named[-1]} are now topic {merged[0]}, "{made.labels_[merged[0]]}".'
    finish(made, out or model, said, as_json)
