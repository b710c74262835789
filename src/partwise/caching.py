"""A property that is computed once, without a lock."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):
    """A property that is computed at its first use and kept in the object's ``__dict__``; delete it there to forget it.

    ``functools.cached_property`` before Python 3.12 holds one lock for all objects while it computes: threads wait for
    one another, and a child that is forked meanwhile waits for ever. Here two threads may compute the same value; both
    get the one that was kept first.

    Parameters
    ----------
    compute : callable
        Takes the object, returns the value.

    Examples
    --------
    >>> class Circle:
    ...     def __init__(self, radius):
    ...         self.radius = radius
    ...
    ...     @cached_property
    ...     def area(self):
    ...         return 3.14 * self.radius**2
    >>> circle = Circle(10)
    >>> circle.area, circle.__dict__
    (314.0, {'radius': 10, 'area': 314.0})
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        kept: Value = instance.__dict__.setdefault(self._name, self._compute(instance))
        return kept
