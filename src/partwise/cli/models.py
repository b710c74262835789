"""Topic models from files, what the command line shows of their documents, and where changed ones go."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from partwise.cli.command import Failure, note
from partwise.cli.progress import doing
from partwise.cli.render import print_json, print_sentence, print_topics
from partwise.cli.saving import save_model

if TYPE_CHECKING:
    from partwise.topics import Topic, TopicModel

__all__ = ["finish", "load_topics", "titles_of", "topic_rows", "valid_topic"]


def load_topics(path: str) -> "TopicModel":
    """Load a topic model; fail in a line where the file holds a model of another kind."""
    from partwise.persistence import load
    from partwise.topics import TopicModel

    with doing(f"Loading {path}"):
        model = load(path)
    if isinstance(model, TopicModel):
        return model
    raise Failure(
        f"{path} holds a {type(model).__name__}, which knows no texts. "
        'Give a model that "partwise topics FILE --out MODEL" saved.',
        exit_code=2,
    )


def titles_of(model: "TopicModel") -> dict[str, str]:
    """Return the title of each document that has one, by id."""
    return {name: title for name, title in zip(model.ids_, model.metadata_.get("title", []), strict=False) if title}


def valid_topic(model: "TopicModel", topic: int, path: str) -> int:
    """Return the number of a topic, or fail with those that there are."""
    if topic >= model.n_topics_:
        raise Failure(f"{path} has no topic {topic}: its topics are 0 to {model.n_topics_ - 1}.", exit_code=2)
    return topic


def topic_rows(model: "TopicModel", table: "list[Topic]") -> list[dict[str, Any]]:
    """Return topics as JSON tells them: NaN is null, and a title stands beside the id of a document that has one."""
    titles = titles_of(model)
    return [
        {name: None if value != value else value for name, value in asdict(topic).items()}
        | ({"title": titles.get(topic.document, "")} if titles else {})
        for topic in table
    ]


def finish(model: "TopicModel", path: str, said: str, as_json: bool) -> None:
    """Save a changed model, and show what was done and the topics that there are now."""
    save_model(model, path)
    table = model.records()
    if as_json:
        print_json({"done": said, "model": path, "topics": topic_rows(model, table)})
        return
    print_sentence(said)
    print_topics(table, dict(zip(model.ids_, model.texts_ or [], strict=False)), titles_of(model))
    note(f"saved to {path}")


number = click.IntRange(min=0)
"""The type of a number of a topic."""
