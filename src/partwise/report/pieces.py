"""Small pieces that several sections show: numbers, links to topics, documents, tables."""

import re
from collections.abc import Sequence
from typing import Any

from partwise.report.facts import Document, Report, TopicFacts
from partwise.report.html import Html, tag

__all__ = [
    "about",
    "bar",
    "decimal",
    "in_words",
    "link",
    "listed",
    "name_of",
    "note",
    "percent",
    "scrolling",
    "table",
    "twin",
]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NUMBER = re.compile("[-0-9.,%]+")
"""Numbers and dates, which are not broken."""
ADDRESS = re.compile("https?://[^\x00-\x20\x7f-\x9f\\\\]+", re.IGNORECASE)
"""The only addresses that become links: a browser runs others, such as those that begin with javascript."""


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{share:.1%}"


def decimal(value: float) -> str:
    """Return a number with two decimals, a dash for NaN."""
    return f"{value:.2f}" if value == value else "—"


def in_words(day: str) -> str:
    """Return a date, or as much of it as is known, in words.

    Examples
    --------
    >>> in_words("1987-02-26"), in_words("1987-02"), in_words("1987")
    ('26 February 1987', 'February 1987', '1987')
    """
    year, *rest = day.split("-")
    words = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join([*words, *([MONTHS[int(rest[0]) - 1]] if rest else []), year])


def listed(parts: Sequence[Any]) -> list[Any]:
    """Return parts of a sentence with commas between them, and an *and* before the last.

    Examples
    --------
    >>> "".join(listed(["a", "b", "c"]))
    'a, b and c'
    """
    between = [", "] * (len(parts) - 2) + [" and "] * (len(parts) > 1) + [""]
    return [piece for part, comma in zip(parts, between, strict=False) for piece in (part, comma)]


def note(*children: Any) -> Html:
    """Return a sentence on how to read what follows."""
    return tag("p", children, class_="note")


def name_of(report: Report, topic: TopicFacts) -> Html:
    """Return the label of a topic in the language of its words."""
    return tag("span", topic.label or f"topic {topic.index}", dir="auto", lang=report.language or None)


def link(report: Report, topic: TopicFacts) -> Html:
    """Return number and label of a topic, as a link to its card."""
    number = tag("span", topic.index, class_="index")
    return tag("a", number, " ", name_of(report, topic), href=f"#topic-{topic.index}", class_="to-topic")


def bar(part: float) -> Html:
    """Return a bar that is as long as its part, between 0 and 1, of the room there is."""
    filled = tag("rect", width=f"{min(max(part, 0), 1):.1%}", height="100%")
    return tag("svg", filled, class_="bar", aria_hidden="true")


def about(document: Document, *facts: Any, text: bool = True) -> list[Html | None]:
    """Return what a document is called, and below it what else is known of it.

    It is called by its title, else by the beginning of its text if `text` is true, else by its id.
    """
    beginning = document.beginning if text else ""
    called = document.title or beginning or document.id
    kind = "title" if document.title else "beginning" if beginning else "id"
    address = document.url if ADDRESS.fullmatch(document.url) else None
    element = {"dir": "auto", "class_": kind}
    name = (
        tag("a", called, href=address, rel="noopener noreferrer", **element)
        if address
        else tag("span", called, **element)
    )
    known = [
        tag("span", document.id, class_="id", dir="auto") if kind != "id" else None,
        tag("span", document.section, class_="section", dir="auto") if document.section else None,
        tag("span", document.date, class_="date") if document.date else None,
        *facts,
    ]
    return [name, tag("span", known, class_="about") if any(known) else None]


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    """Return a table, which scrolls by itself if it is too wide, also by keyboard."""
    head = tag("tr", [tag("th", column, scope="col", dir="auto") for column in columns])
    lines = [tag("tr", [_cell(cell) for cell in row]) for row in rows]
    made = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", lines))
    return scrolling(made, caption)


def scrolling(content: Html, label: str) -> Html:
    """Return a table in a box that scrolls it."""
    return tag("div", content, class_="scroll", tabindex=0, role="region", aria_label=f"Table: {label}")


def twin(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    """Return the table of a chart, folded."""
    return tag("details", tag("summary", "The numbers as a table"), table(caption, columns, rows), class_="twin")


def _cell(value: Any) -> Html:
    number = not isinstance(value, Html) and NUMBER.fullmatch(str(value))
    return tag("td", value, dir="auto", class_="number" if number else None)
