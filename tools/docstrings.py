"""Check the docstring of every public name with numpydoc.

The `__all__` of `partwise` and of its public modules says what is public: each name has its parameters and an example.
A public class answers for the methods and properties that it defines itself; one without a docstring keeps the
contract of its base class. Methods that only extensions write or call are described in prose.
"""

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from numpydoc.validate import validate

import partwise

# What a contract needs is asked for; the rest of numpydoc's rules are left to taste.
LEFT_OUT = {
    "ES01",  # extended summary: most names need none
    "GL01",  # a summary starts on the line of the quotes here
    "GL02",  # and a one-line docstring closes there
    "GL03",  # blank lines: the formatter's business
    "PR09",  # a parameter's description may end without a period, after a formula or a list
    "RT02",  # named return values document tuples
    "SA01",  # see also
    "YD01",  # yields
}
OF_METHODS = LEFT_OUT | {"EX01"}
"""The example of a class may show its methods."""
FOR_EXTENSIONS = {"partwise.extend", "partwise.losses", "partwise.terms"}
"""Modules whose methods only extensions write or call."""


def public_modules() -> Iterator[ModuleType]:
    """Yield each module that lists public names: a package without a list has modules with one."""
    for module in (partwise, *(getattr(partwise, name) for name in partwise._MODULES)):
        own = [module]
        if not hasattr(module, "__all__"):
            own = [import_module(f"{module.__name__}.{found.name}") for found in pkgutil.iter_modules(module.__path__)]
        yield from (found for found in own if hasattr(found, "__all__"))


def public_names(module: ModuleType) -> Iterator[str]:
    """Yield the address of each public function and class of a module."""
    return (f"{module.__name__}.{name}" for name in module.__all__ if callable(getattr(module, name)))


def members(module: ModuleType) -> Iterator[str]:
    """Yield the address of each public method and property of a module's public classes."""
    for name in module.__all__:
        found = getattr(module, name)
        if inspect.isclass(found):
            yield from (f"{module.__name__}.{name}.{member}" for member in own_members(found))


def own_members(cls: type) -> Iterator[str]:
    """Yield the public methods and properties that a class defines, rather than inherits, a contract for."""
    for name, member in vars(cls).items():
        described = member.__doc__ or not any(hasattr(base, name) for base in cls.__bases__)
        if not name.startswith("_") and described and (inspect.isfunction(member) or isinstance(member, property)):
            yield name


checked = {}
for module in public_modules():
    checked |= dict.fromkeys(public_names(module), LEFT_OUT)
    if module.__name__ not in FOR_EXTENSIONS:
        checked |= dict.fromkeys(members(module), OF_METHODS)
faults = [
    f"{address}: {code} {text}"
    for address, left_out in sorted(checked.items())
    for code, text in validate(address)["errors"]
    if code not in left_out
]
print("\n".join(faults) or f"{len(checked)} public docstrings are complete")
sys.exit(bool(faults))
