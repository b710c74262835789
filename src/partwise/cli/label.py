"""``partwise label``."""

import click

from partwise.cli.command import Changing, changed_model, existing_file, json_option
from partwise.cli.models import finish, load_topics, number, valid_topic

__all__ = ["command"]


@click.command(cls=Changing)
@click.argument("model", type=existing_file)
@click.argument("topic", type=number)
@click.argument("name")
@changed_model
@json_option
def command(model: str, topic: int, name: str, out: str | None, as_json: bool) -> None:
    """Name a topic of a saved model.

    MODEL is a file that "partwise topics --out" wrote, TOPIC the number of a topic, NAME its new label. An empty NAME
    brings back the label made of the topic's words.

    \b
    Example: partwise label news.model 3 "Money and markets"
    """
    topics = load_topics(model)
    before = topics.labels_[valid_topic(topics, topic, model)]
    topics.set_labels({topic: name})
    finish(topics, out or model, f'Topic {topic}, "{before}", is now called "{topics.labels_[topic]}".', as_json)
