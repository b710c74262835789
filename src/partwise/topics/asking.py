"""A model that answers from its current topics: functions and values of topics become its methods and properties."""

import copy
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from partwise.atomic import rebuilt
from partwise.matrix import Array
from partwise.state import PlainState
from partwise.topics.boilerplate import Boilerplate
from partwise.topics.fitted import FittedTopics, checked_components
from partwise.topics.settings import Settings
from partwise.topics.vectorize import Limits

__all__ = ["AnsweringModel", "asked", "fact", "known", "method"]

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def method(function: Callable[Concatenate[Any, Given], Answer]) -> Callable[Concatenate[Any, Given], Answer]:
    """Return a function of a model, with its docstring, as a method of that model.

    Examples
    --------
    >>> def doubled(model, times):
    ...     return 2 * model.value * times
    >>> class Model:
    ...     value = 3
    ...     doubled = method(doubled)
    >>> Model().doubled(2), str(signature(Model.doubled))
    (12, '(self, times)')
    """
    return _as_method(function, lambda model: model)


def asked(function: Callable[Concatenate[Any, Given], Answer]) -> Callable[Concatenate[Any, Given], Answer]:
    """Return a function of a model's topics, with its docstring, as a method that uses the current topics."""
    return _as_method(function, lambda model: model._now)


def _as_method(
    function: Callable[Concatenate[Any, Given], Answer], of: Callable[[Any], Any]
) -> Callable[Concatenate[Any, Given], Answer]:
    @wraps(function)
    def made(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(of(self), *args, **kwargs)

    _, *others = signature(function).parameters.values()
    whole: Any = made
    whole.__signature__ = signature(function).replace(
        parameters=[Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *others]
    )
    return whole


def fact(name: str, doc: str) -> Any:
    """Return a property with a value of a model's current topics."""

    def told(model: Any) -> Any:
        return getattr(model._now, name)

    return property(told, doc=doc)


def known(name: str, doc: str) -> Any:
    """Return a property with a value of a model's documents."""

    def told(model: Any) -> Any:
        check_is_fitted(model)
        return getattr(model._topics.documents, name)

    return property(told, doc=doc)


class AnsweringModel(PlainState, BaseEstimator):
    """A model that holds its topics as one value, and ``components_`` as an array that the user can change."""

    min_df: int | float | None
    max_df: int | float | None
    max_memory: int | str | None
    embeddings: Any
    components_: Array
    boilerplate_: Boilerplate | None
    events_: list[Any]
    n_batches_: int
    _topics: FittedTopics

    @property
    def _settings(self) -> Settings:
        return Settings.of(self)

    @property
    def _limits(self) -> Limits:
        return Limits(self.min_df, self.max_df)

    @property
    def _now(self) -> FittedTopics:
        """The current topics and places: documents are placed again if ``components_`` was changed.

        Such a change ends a stream of `partial_fit`. Labels that were set stay with their numbers.
        """
        check_is_fitted(self)
        held = self.__dict__  # one state, even if another thread replaces it
        topics: FittedTopics = held["_topics"].under(self._settings)
        if not topics.same(held["components_"]):
            components = checked_components(held["components_"], len(topics.documents.words))
            topics = FittedTopics.of(topics.documents, topics.settings, components, custom=topics.custom)
            with rebuilt(self) as made:
                made._forget_fit()
                made._topics = topics
        elif topics is not held["_topics"]:
            held["_topics"] = topics
        return topics

    def _take(self, topics: FittedTopics) -> None:
        """Store topics; ``components_`` becomes a copy, which the user can change."""
        self._topics, self.components_ = topics, topics.components.copy()

    def _with(self, topics: FittedTopics) -> Self:
        """Return a copy of the model with other topics."""
        made = copy.copy(self)
        made._forget_fit()
        made._take(topics)
        return made

    def _forget_fit(self) -> None:
        """Drop what describes only the fit; a stream goes on from the current topics."""
        for name in ("_stream", "drift_"):
            self.__dict__.pop(name, None)
        self.events_, self.n_batches_ = [], 0

    @property
    def n_topics_(self) -> int:
        """Number of topics."""
        return len(self._now)

    def transform(self, texts: Sequence[str], embeddings: Any = None) -> Array:
        """Place texts among the topics found.

        Parameters
        ----------
        texts : sequence of str
            Texts, or a matrix (n_documents, n_words) with the model's words as columns, as ``vectorizer_`` makes it.
        embeddings : array of shape (n_documents, d), default=None
            For a model with embeddings: the embeddings of the texts. None calls the model's function.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each text, non-negative; a row of zeros for a text without known words.

        Raises
        ------
        DataError
            If the texts are not strings, the matrix has other columns, or embeddings are needed and missing.
        """
        topics = self._now
        return topics.place(topics.rows_of(texts, embeddings))
