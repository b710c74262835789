"""Check the docstring of every public name with numpydoc.

`partwise.__all__` says what is public, and so does the `__all__` of `partwise.plot`. A public class answers
for the methods and properties that it defines itself; one without a docstring keeps the contract of its base class.
"""

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

from numpydoc.validate import validate

import partwise

# What a contract needs is asked for; the rest of numpydoc's rules are left to taste.
LEFT_OUT = {
    "EX01",  # examples: asked of the reference as a whole, not of each method
    "ES01",  # extended summary: most names need none
    "GL01",  # a summary starts on the line of the quotes here
    "GL02",  # and a one-line docstring closes there
    "GL03",  # blank lines: the formatter's business
    "PR09",  # a parameter's description may end without a period, after a formula or a list
    "RT02",  # named return values document tuples
    "SA01",  # see also
    "YD01",  # yields
}


def public_names(module: ModuleType) -> Iterator[str]:
    """Yield the address of each public function, class, method and property of a module."""
    for name in module.__all__:
        found, address = getattr(module, name), f"{module.__name__}.{name}"
        if inspect.ismodule(found):
            yield from public_names(found)
        elif inspect.isclass(found):
            yield address
            yield from (f"{address}.{member}" for member in own_members(found))
        elif callable(found):
            yield address


def own_members(cls: type) -> Iterator[str]:
    """Yield the public methods and properties that a class defines, rather than inherits, a contract for."""
    for name, member in vars(cls).items():
        described = member.__doc__ or not any(hasattr(base, name) for base in cls.__bases__)
        if not name.startswith("_") and described and (inspect.isfunction(member) or isinstance(member, property)):
            yield name


checked = sorted({*public_names(partwise), *public_names(partwise.plot)})
faults = [
    f"{address}: {code} {text}"
    for address in checked
    for code, text in validate(address)["errors"]
    if code not in LEFT_OUT
]
print("\n".join(faults) or f"{len(checked)} public docstrings are complete")
sys.exit(bool(faults))
