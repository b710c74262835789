"""Text from data, escaped so that terminals, pages, spreadsheets and shells show it and do not obey it."""

import json
import re
import shlex
from collections.abc import Iterable

__all__ = ["UNSAFE", "csv_line", "escaped", "escaped_lines", "json_text", "quoted", "unguarded"]

UNSAFE = re.compile(
    # control characters, soft and hard; halves of characters
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff"
    # what changes the direction of text, breaks lines, or has no width
    "\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    # joiners, but for those between letters of scripts and pictures that need them
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
"""A character that a terminal obeys, or that makes a text look like another."""

QUOTED = re.compile('[",;|\t\r\n]')
"""Characters of a cell that is quoted. After a semicolon or a tab some spreadsheets begin a new cell, maybe a formula;
after a bare carriage return, which Python's csv writer does not quote, its reader begins a row."""

NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet would run; apostrophes come first where one was put there already."""


def escaped(text: str) -> str:
    r"""Return text with each character that a terminal would obey as its escape.

    Examples
    --------
    >>> print(escaped("red\x1b[31m"), escaped("a\nb"))
    red\x1b[31m a\nb
    """
    return UNSAFE.sub(lambda found: _escape(found[0]), text)


def escaped_lines(text: str) -> str:
    """Return text of our own in lines, in which data may stand, likewise; ends of lines stay."""
    return "\n".join(map(escaped, text.split("\n")))


def _escape(character: str) -> str:
    code = ord(character)
    width = 2 if code < 0x100 else 4 if code < 0x10000 else 8
    return NAMED.get(character) or f"\\{'xuU'[(width > 2) + (width > 4)]}{code:0{width}x}"


def json_text(value: object, encoding: str = "utf-8", indent: int | None = 2) -> str:
    r"""Return a value as JSON whose strings hold no character that a terminal would obey, or that `encoding` lacks.

    Without `indent` it is a single line.

    Examples
    --------
    >>> print(json_text(["\x9b31m naïve"]))
    [
      "\u009b31m naïve"
    ]
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    text = re.sub(f"(?!\n)(?:{UNSAFE.pattern})", lambda found: json.dumps(found[0])[1:-1], text)
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return json.dumps(value, indent=indent)
    return text


def quoted(words: Iterable[str]) -> str:
    r"""Return a command that can be pasted into a shell as it is shown.

    Examples
    --------
    >>> print(quoted(["partwise", "similar", "two words.model", "\x1b[2J"]))
    partwise similar 'two words.model' $'\x1b[2J'
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if not UNSAFE.search(word):
        return f"'{word}'" if word.startswith("=") else shlex.quote(word)  # zsh takes =name for the path of a command
    held = re.sub(r"[\\']", r"\\\g<0>", word)
    return f"$'{UNSAFE.sub(lambda found: _shell_escape(found[0]), held)}'"


def _shell_escape(character: str) -> str:
    """Return the bytes of a character: shells read the number of a character in the encoding that they run in."""
    if character in NAMED:
        return NAMED[character]
    # A half that stands for a byte that is no UTF-8 is that byte.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))


def csv_line(row: Iterable[object], delimiter: str = ",") -> str:
    """Return a row of a csv table as a line. A text that a spreadsheet would run has an apostrophe before it.

    Every delimiter that a spreadsheet may cut at is quoted.

    Examples
    --------
    >>> csv_line(["=1+1", -2.5, "-3"])
    "'=1+1,-2.5,-3\\n"
    """
    return f"{delimiter.join(map(_cell, row))}\n"


def _cell(value: object) -> str:
    if type(value) is float or type(value) is int:
        return repr(value)
    cell = _guarded(str(value))
    return '"{}"'.format(cell.replace('"', '""')) if QUOTED.search(cell) else cell


def _guarded(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) and not _is_number(cell) else cell


def unguarded(cell: str) -> str:
    """Return what `csv_line` wrote a cell from.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) and not _is_number(cell[1:]) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell[-1:].isalnum() or cell[-1:] == "."
