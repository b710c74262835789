"""``partwise split``."""

import click

from partwise.cli.command import Changing, changed_model, existing_file, json_option
from partwise.cli.models import finish, load_topics, number, valid_topic

__all__ = ["command"]


@click.command(cls=Changing)
@click.argument("model", type=existing_file)
@click.argument("topic", type=number)
@click.option(
    "-k",
    "--topics",
    "parts",
    type=click.IntRange(min=2),
    default=2,
    show_default=True,
    help="Number of topics to split it into.",
)
@changed_model
@json_option
def command(model: str, topic: int, parts: int, out: str | None, as_json: bool) -> None:
    """Split a topic of a saved model into several.

    MODEL is a file that "partwise topics --out" wrote, TOPIC the number of a topic. The first of the new topics takes
    its place, the others are put at the end. Every document is placed again.

    \b
    Example: partwise split news.model 3 -k 2
    """
    topics = load_topics(model)
    before = topics.labels_[valid_topic(topics, topic, model)]
    made = topics.split(topic, parts)
    new = [topic, *range(topics.n_topics_, made.n_topics_)]
    named = [f'{t} ("{made.labels_[t]}")' for t in new]
    said = f'Topic {topic}, "{before}", is now topics {", ".join(named[:-1])} and {named[-1]}.'
    finish(made, out or model, said, as_json)
