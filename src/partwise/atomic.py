"""New state of a model, built whole and assigned last."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Model = TypeVar("Model")


@contextmanager
def rebuilt(model: Model) -> Iterator[Model]:
    """Yield a copy of a model to change. If the block ends without an error, the model takes the copy's attributes.

    Until then the model answers as before, also to other threads. The last step is one assignment, so neither an error
    nor an interrupt leaves a mixture of two states. The copy shares all values with the model: replace them, and do not
    change them in place.

    Parameters
    ----------
    model : object
        The model.

    Yields
    ------
    object
        The copy.

    Examples
    --------
    >>> class Model:
    ...     parts = labels = 1
    >>> model = Model()
    >>> try:
    ...     with rebuilt(model) as made:
    ...         made.parts = 2
    ...         made.labels = 1 / 0
    ... except ZeroDivisionError:
    ...     print(model.parts, model.labels)
    1 1
    """
    made: Any = object.__new__(type(model))
    made.__dict__.update(vars(model))
    yield made
    model.__dict__ = made.__dict__
