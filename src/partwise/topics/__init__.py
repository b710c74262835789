"""Topics of a collection of texts."""

from partwise.topics.model import Similar, Topic, TopicModel

__all__ = ["Similar", "Topic", "TopicModel"]
