"""Loading topic models, showing their documents, and saving changed models."""

from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from partwise.cli.command import Failure, note
from partwise.cli.progress import doing
from partwise.cli.render import print_json, print_sentence, print_topics
from partwise.cli.saving import save_model
from partwise.io.escapes import quoted

if TYPE_CHECKING:
    from partwise.topics import Topic, TopicModel

__all__ = ["finish", "known_columns", "load_topics", "remember_columns", "titles_of", "topic_rows", "valid_topic"]


def load_topics(path: str) -> "TopicModel":
    """Load a topic model; fail with one line if the file holds a model of another kind."""
    from partwise.persistence import load
    from partwise.topics import TopicModel

    with doing(f"Loading {path}"):
        model = load(path)
    if isinstance(model, TopicModel):
        return model
    raise Failure(
        f"{path} holds a {type(model).__name__}, not a model of texts. "
        'Give a model that "partwise topics FILE --out MODEL" saved.',
        exit_code=2,
    )


def remember_columns(model: Any, names: Collection[str]) -> None:
    """Keep with a model the options for columns that were given, so that `known_columns` gives them again."""
    ctx = click.get_current_context()
    given = {name: ctx.params[name] for name in sorted(names) if _is_given(ctx, name)}
    if given:
        model._columns = given


def known_columns(model: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings, with the columns that the model was made of where the user names none, and note which."""
    ctx = click.get_current_context()
    known = getattr(model, "_columns", {})
    again = {name: value for name, value in known.items() if name in settings and not _is_given(ctx, name)}
    options = {str(param.name): param.opts[-1] for param in ctx.command.params if isinstance(param, click.Option)}
    if again:
        words = [word for name, value in again.items() for word in (options[name], _word(value))]
        note(f"using the columns that the model was made of: {quoted(words)}")
    return settings | again


def _word(value: Any) -> str:
    """Return the value of an option as a word of the command line."""
    if isinstance(value, dict):
        return ",".join(f"{word}={number:g}" for word, number in value.items())
    return value if isinstance(value, str) else ",".join(value)


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def titles_of(model: "TopicModel") -> dict[str, str]:
    """Return the title of each document that has one, by id."""
    return {name: title for name, title in zip(model.ids_, model.metadata_.get("title", []), strict=False) if title}


def valid_topic(model: "TopicModel", topic: int, path: str) -> int:
    """Return the number of a topic, or fail and show the range of valid numbers."""
    if topic >= model.n_topics_:
        raise Failure(f"{path} has no topic {topic}: its topics are 0 to {model.n_topics_ - 1}.", exit_code=2)
    return topic


def topic_rows(model: "TopicModel", table: "list[Topic]") -> list[dict[str, Any]]:
    """Return topics for JSON: NaN is null, and a document with a title has it beside its id."""
    titles = titles_of(model)
    return [
        {name: None if value != value else value for name, value in asdict(topic).items()}
        | ({"title": titles.get(topic.document, "")} if titles else {})
        for topic in table
    ]


def finish(model: "TopicModel", path: str, said: str, as_json: bool) -> None:
    """Save a changed model, and show what was done and the topics after the change."""
    save_model(model, path)
    table = model.records()
    if as_json:
        print_json({"done": said, "model": path, "topics": topic_rows(model, table)})
        return
    print_sentence(said)
    print_topics(table, dict(zip(model.ids_, model.texts_ or [], strict=False)), titles_of(model))
    note(f"saved to {path}")


number = click.IntRange(min=0)
"""The type of an argument that is the number of a topic."""
