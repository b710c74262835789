"""Checks of parameters in one place: one rule for each kind of value, for every function that takes it.

Numbers can be Python's or NumPy's. Booleans are refused, and so are arrays, even of one number. Each check returns the
value as Python's own type, so later code never computes in int8 or float16.
"""

import math
import re
import sys
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from partwise.exceptions import ParameterError, likely, shown, unknown_name

LARGEST_SEED = 2**32 - 1
"""Largest seed that NumPy's RandomState takes."""
MOST = sys.maxsize
"""Largest length of an array, and so the largest count of anything."""
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
"""A number of bytes with a unit; an i makes it a power of 1024."""
MOST_PARTS = 2**20
"""Largest number of parts: their products with each other fill eight terabytes."""


def check_integer(
    name: str,
    value: Any,
    lowest: int = 1,
    highest: int | None = None,
    *,
    also: Sequence[str | None] = (),
    hint: str = "",
) -> Any:
    """Return an integer from `lowest` to `highest` as an int, or one of `also` as it is; raise for anything else.

    Parameters
    ----------
    name : str
        Name of the parameter for the user.
    value : object
        What the user gave.
    lowest, highest : int
        Limits, which are allowed values; `highest` can be None.
    also : sequence of str or None
        Other values that are accepted.
    hint : str
        A sentence for the error text that shows the way out.

    Raises
    ------
    ParameterError
        If `value` is none of these.
    """
    if _among(value, also):
        return value
    if _is(value, Integral) and lowest <= value <= (MOST if highest is None else highest):
        return int(value)
    if highest is not None:
        kind = f"an integer from {lowest} to {highest}"
    elif lowest == 1:
        kind = "a positive integer"
    else:
        kind = f"an integer of at least {lowest}"
    raise _refusal(name, value, kind, also, hint)


def check_count(name: str, value: Any, *, also: Sequence[str | None] = ()) -> Any:
    """Return a number of parts as an int, or one of `also` as it is; raise for anything else or for too many parts."""
    count = check_integer(name, value, also=also)
    if isinstance(count, int) and count > MOST_PARTS:
        raise ParameterError(
            f"{name}: {count:,} parts are too many for a fit; the most is {MOST_PARTS:,}. Ask for no more parts than "
            f"X has rows or columns."
        )
    return count


def check_number(
    name: str,
    value: Any,
    lowest: float = 0.0,
    highest: float | None = None,
    *,
    above: bool = False,
    also: Sequence[str | None] = (),
    hint: str = "",
) -> Any:
    """Return a finite number from `lowest` to `highest` as a float, or one of `also` as it is; raise for anything else.

    Parameters
    ----------
    name, value, also, hint : see check_integer
        As there.
    lowest, highest : float
        Limits, which are allowed values; `highest` can be None.
    above : bool
        Whether `lowest` itself is refused.

    Raises
    ------
    ParameterError
        If `value` is none of these.
    """
    if _among(value, also):
        return value
    if _is(value, Real):
        try:
            number = float(value)
        except OverflowError:  # an integer larger than any float
            number = math.inf
        if lowest <= number <= (sys.float_info.max if highest is None else highest) and not (
            above and number == lowest
        ):
            return number
    if highest is None:
        kind = "a finite number"
        if lowest > -sys.float_info.max:
            kind += f" above {lowest:g}" if above else f" of at least {lowest:g}"
    else:
        kind = f"a number above {lowest:g}, up to {highest:g}" if above else f"a number from {lowest:g} to {highest:g}"
    raise _refusal(name, value, kind, also, hint)


def check_flag(name: str, value: Any) -> bool:
    """Return True or False; raise for anything else."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise _refusal(name, value, "True or False", (), "")


def check_choice(name: str, value: Any, choices: Iterable[str], *, also: Sequence[None] = ()) -> Any:
    """Return one of `choices`, or of `also`, as it is; raise for anything else, and name the nearest choice."""
    choices = tuple(choices)
    if _among(value, (*choices, *also)):
        return value
    raise unknown_name(name, value, choices)


def check_kind(name: str, value: Any, kind: Any, *, hint: str = "") -> Any:
    """Return an object of that class (or ``Callable``), or None, as it is; raise for anything else."""
    if value is None or isinstance(value, kind):
        return value
    raise _refusal(name, value, f"a {kind.__name__}", (None,), hint)


def check_memory(name: str, value: Any) -> int:
    """Return a number of bytes, given as an integer or with a unit, as in '400MiB'; raise for anything else.

    Examples
    --------
    >>> check_memory("max_memory", "400MiB"), check_memory("max_memory", "2GB"), check_memory("max_memory", 4096)
    (419430400, 2000000000, 4096)
    """
    found = MEMORY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        number, letter, binary = found.groups()
        value = round(float(number) * (1024 if binary else 1000) ** " kmgt".index(letter.lower() or " "))
    if _is(value, Integral) and 0 < value <= MOST:
        return int(value)
    raise _refusal(name, value, "a number of bytes, or one with a unit, as in '400MiB' or '2GB'", (), "")


def check_seed(name: str, value: Any, state: Any = None) -> np.random.RandomState:
    """Return the random numbers of a seed; raise for anything that is not a seed.

    None is NumPy's global state. An integer makes a new state. Numbers are drawn from a given RandomState or Generator
    itself, so the next call with it gets others. With `state`, an earlier result of ``get_state``, the numbers go on
    from there; the global state is not changed.
    """
    check_seed_kind(name, value)
    if value is None or value is np.random:
        numbers = np.random.mtrand._rand if state is None else np.random.RandomState()
    elif isinstance(value, np.random.RandomState):
        numbers = value
    else:
        seed = value.bit_generator if isinstance(value, np.random.Generator) else int(value)
        numbers = np.random.RandomState(seed)
    if state is not None:
        numbers.set_state(state)
    return numbers


def check_seed_kind(name: str, value: Any) -> None:
    """Raise for anything that is not a seed. No state is made: that would cost far more than all other checks."""
    kinds = np.random.RandomState | np.random.Generator
    whole = _is(value, Integral) and 0 <= value <= LARGEST_SEED
    if not (value is None or value is np.random or isinstance(value, kinds) or whole):
        raise _refusal(name, value, f"an integer from 0 to {LARGEST_SEED}, a RandomState, a Generator", (None,), "")


def draw_seed(name: str, value: Any) -> int:
    """Return an integer drawn from a seed. Searches use it as the seed of their own states."""
    return int(check_seed(name, value).randint(np.iinfo(np.int32).max))


def check_time(name: str, value: Any) -> Any:
    """Return a time limit in seconds as a float, or None where there is no limit; raise for anything else."""
    return check_number(name, value, above=True, also=(None,), hint="It is in seconds; None sets no limit.")


def check_stopping(tol: Any, max_iter: Any, max_time: Any) -> tuple[float, int, float | None]:
    """Return tol, max_iter and max_time, each as Python's own type; raise if one is invalid."""
    tol = check_number("tol", tol, hint="0 runs to max_iter.")
    return tol, check_integer("max_iter", max_iter), check_time("max_time", max_time)


def _is(value: Any, kind: Any) -> Any:
    """Return whether a value is a number of that kind; a boolean is not."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _among(value: Any, also: Sequence[str | None]) -> bool:
    """Return whether a value is one of the names, or None if `also` has None. Arrays are never compared."""
    return None in also if value is None else isinstance(value, str) and value in also


def _refusal(name: str, value: Any, kind: str, also: Sequence[str | None], hint: str) -> ParameterError:
    words = [kind, *("None" if word is None else repr(word) for word in also)]
    listed = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    near = likely(value, [word for word in also if word is not None])
    return ParameterError(f"{name} must be {listed}; got {shown(value)}.{near}{hint and ' ' + hint}")
