"""Check the docstring of every public name with numpydoc.

A name is public when `partwise` or one of its subpackages lists it in `__all__`; so are the methods and properties
that a public class defines itself.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator

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


def public_objects() -> Iterator[tuple[str, object]]:
    """Yield each public object once, under the shortest address that lists it."""
    seen = set()
    names = [found.name for found in pkgutil.iter_modules(partwise.__path__) if not found.name.startswith("_")]
    for module in (partwise, *(importlib.import_module(f"partwise.{name}") for name in names)):
        for name in getattr(module, "__all__", []):
            found = getattr(module, name)
            if callable(found) and id(found) not in seen:
                seen.add(id(found))
                yield f"{module.__name__}.{name}", found


def addresses() -> Iterator[str]:
    """Yield the address of each public function, class, method and property."""
    for address, found in public_objects():
        yield address
        if inspect.isclass(found):
            for name, member in vars(found).items():
                if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                    yield f"{address}.{name}"


faults = [
    f"{address}: {code} {text}"
    for address in addresses()
    for code, text in validate(address)["errors"]
    if code not in LEFT_OUT
]
print("\n".join(faults) or f"{len(list(addresses()))} public docstrings are complete")
sys.exit(bool(faults))
