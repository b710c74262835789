"""A model that answers by its topics as they are now; functions and values of topics as its methods and properties."""

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
    """Return a function of a model's topics, with its docstring, as a method that asks the topics as they are now."""
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
    """Return a property that tells a value of a model's topics as they are now."""

    def told(model: Any) -> Any:
        return getattr(model._now, name)

    return property(told, doc=doc)


def known(name: str, doc: str) -> Any:
    """Return a property that tells a value of a model's documents."""

    def told(model: Any) -> Any:
        check_is_fitted(model)
        return getattr(model._topics.documents, name)

    return property(told, doc=doc)


class AnsweringModel(PlainState, BaseEstimator):
    """A model that holds topics as one value, and ``components_`` for the user to change."""

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
        """Topics and places that belong together: documents are placed anew if ``components_`` was changed.

        A change by hand is an edit: the stream is forgotten, and labels that were set stay with their numbers.
        """
        check_is_fitted(self)
        held = self.__dict__  # one state, also where another thread puts a new one in its place
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
        """Take in topics; ``components_`` is the user's own copy."""
        self._topics, self.components_ = topics, topics.components.copy()

    def _with(self, topics: FittedTopics) -> Self:
        """Return a copy of the model with other topics."""
        made = copy.copy(self)
        made._forget_fit()
        made._take(topics)
        return made

    def _forget_fit(self) -> None:
        """Forget what is of the topics of the fit alone; a stream goes on from the topics there are."""
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
            Any texts; or a matrix (n_documents, n_words) of the same words, as ``vectorizer_`` makes it.
        embeddings : array of shape (n_documents, d), default=None
            For a model with embeddings: those of the texts. None calls the function that the model has.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each text, non-negative; a row of zeros for a text without known words.

        Raises
        ------
        DataError
            If the texts are no list of strings, the matrix has other columns, or embeddings are needed and missing.
        """
        topics = self._now
        return topics.place(topics.rows_of(texts, embeddings))
