"""Topic models from files, and what the command line shows of their documents."""

from partwise.cli.command import Failure
from partwise.persistence import load
from partwise.topics import TopicModel

__all__ = ["load_topics", "titles_of"]


def load_topics(path: str) -> TopicModel:
    """Load a topic model; fail in a line where the file holds a model of another kind."""
    model = load(path)
    if isinstance(model, TopicModel):
        return model
    raise Failure(
        f"{path} holds a {type(model).__name__}, which knows no texts. "
        'Give a model that "partwise topics FILE --out MODEL" saved.',
        exit_code=2,
    )


def titles_of(model: TopicModel) -> dict[str, str]:
    """Return the title of each document that has one, by id."""
    return {name: title for name, title in zip(model.ids_, model.metadata_.get("title", []), strict=False) if title}
