"""HTML that cannot be broken by what stands in it: all text is escaped unless a tag made it."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any

from partwise.io.escapes import escaped

__all__ = ["Html", "data", "tag"]

VOID = {"img", "input", "meta"}
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What a browser would obey instead of show: control characters, marks of direction, and halves of characters. Spaces
of no width stay, which Thai and Khmer texts break lines at."""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
        Name of the element.
    *children : Html, str, number, None, or iterables of these
        What it holds. `Html` stands as it is, None is left out, all else is escaped; control characters, marks of
        direction and lone surrogates are shown as Python writes them, such as ``\\x1b``.
    **attributes : str, number, bool or None
        Its attributes; ``aria_label`` stands for ``aria-label``, ``class_`` for ``class``. True is an attribute without
        a value, False and None are left out.

    Returns
    -------
    Html
        The element.

    Examples
    --------
    >>> tag("p", "a < b ", tag("b", "c"), class_="note", hidden=True)
    '<p class="note" hidden>a &lt; b <b>c</b></p>'
    """
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(
        f" {key}" if value is True else f' {key}="{_escaped(value)}"'
        for key, value in given
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{''.join(_flat(children))}</{name}>")


def _flat(children: Iterable[Any]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str | int | float):
            yield _escaped(child)
        elif child is not None:
            yield from _flat(child)


def _escaped(value: Any) -> str:
    return html.escape(_shown(str(value)))


def _shown(value: Any) -> Any:
    """Return text, alone or within JSON values, with what a browser would obey as its escape."""
    if isinstance(value, str):
        return OBEYED.sub(lambda found: escaped(found[0]), value)
    if isinstance(value, dict):
        return {_shown(key): _shown(held) for key, held in value.items()}
    return [_shown(held) for held in value] if isinstance(value, list | tuple) else value


def data(name: str, value: Any) -> Html:
    r"""Return a block of JSON for scripts to read, which holds no character that could end it.

    Parameters
    ----------
    name : str
        Its id.
    value : JSON value
        What it holds; NaN is refused.

    Returns
    -------
    Html
        The element.

    Examples
    --------
    >>> data("words", ["</script>"])
    '<script type="application/json" id="words">["\\u003c/script\\u003e"]</script>'
    """
    text = json.dumps(_shown(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Html(text), type="application/json", id=name)
