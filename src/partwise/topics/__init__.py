"""Topics of a collection of texts."""

from partwise.topics.comparison import TopicDiff
from partwise.topics.listing import Topic, Typical
from partwise.topics.model import TopicModel
from partwise.topics.neighbours import Similar
from partwise.topics.streaming import TopicEvent

__all__ = ["Similar", "Topic", "TopicDiff", "TopicEvent", "TopicModel", "Typical"]
