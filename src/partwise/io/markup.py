"""Texts out of pieces of HTML."""

import html
import re
from html.parser import HTMLParser

__all__ = ["without_markup"]

WORD = re.compile(r"\w+")
BLOCKS = frozenset(
    WORD.findall("""
    address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr
    li main nav ol p pre section table tbody td tfoot th thead tr ul
    """)
)
"""Elements that begin a line."""
INLINE = frozenset(
    WORD.findall("""
    a abbr acronym b bdi bdo big body button center cite code col colgroup data del dfn em embed font head html i
    iframe img input ins kbd label link mark meta noscript object param picture q s samp small source span strike
    strong sub sup svg time title tt u var video wbr
    """)
)
HIDDEN = frozenset({"script", "style"})
ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
NAMES = "|".join(sorted(BLOCKS | INLINE | HIDDEN, key=len, reverse=True))
MARKUP = re.compile(rf"</?(?:{NAMES})(?:\s[^<>=]+=[^<]*|\s*/?)>|<!--|{ENTITY}", re.IGNORECASE)
"""A tag that is bare or has an attribute with a value: not the inequality a<b and b>c."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden += 1
        elif tag in BLOCKS:
            self.pieces.append("\n")
        elif tag not in INLINE:  # no tag of HTML: a < in the text itself
            self.pieces.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(self.hidden - 1, 0)
        elif tag in BLOCKS:
            self.pieces.append("\n")
        elif tag not in INLINE:
            self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)


def without_markup(text: str) -> str:
    """Return a text without tags of HTML, and with the characters that entities stand for.

    A text without either is returned as it is. What looks like a tag, but is none of HTML, is text.

    Examples
    --------
    >>> without_markup("<p>Profits at <b>AT&amp;T</b> rose</p><p>by 5 < 6 %")
    'Profits at AT&T rose\\nby 5 < 6 %'
    >>> without_markup("a <code> of AT&T")
    'a  of AT&T'
    >>> without_markup("a<b and b>c")
    'a<b and b>c'
    """
    if not MARKUP.search(text):
        return text
    reader = _Reader()
    reader.feed(text)
    if not reader.hidden:
        reader.pieces.append(html.unescape(reader.rawdata))  # what it waits to see the end of, such as a single <
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(reader.pieces)).strip()
