"""What every page is: one file that loads nothing, a list of its sections, and at the end how it was made."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from partwise.report.html import Html, tag
from partwise.report.pieces import scrolling

__all__ = ["asset", "document", "framed", "hash_of", "provenance"]


def document(title: str, content: Html, style: str, policy: Sequence[str] = (), blocks: Sequence[Html] = ()) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Its title.
    content : Html
        The body.
    style : str
        Its style sheet; the content policy allows this one alone.
    policy : sequence of str
        What else the content policy allows, such as the hash of a script.
    blocks : sequence of Html
        Data and scripts, after the body.

    Returns
    -------
    str
        The page; the same values give the same bytes.
    """
    rules = ["default-src 'none'", *policy, f"style-src {hash_of(style)}", "base-uri 'none'", "form-action 'none'"]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="; ".join(rules)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="partwise"),
        tag("title", title),
        tag("style", Html(style)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', content, blocks), lang='en')}\n"


def framed(title: str, found: Sequence[tuple[str, str, Any]], skip: tuple[str, str]) -> Html:
    """Return the body of a page: its title, a list of its sections, and these.

    Parameters
    ----------
    title : str
        The title.
    found : sequence of (str, str, Html or None)
        Id, title and contents of each section; one without contents is left out.
    skip : (str, str)
        Id of the section that a keyboard can go to at once, and what that is called.
    """
    sections, links = [], []
    for name, heading, children in found:
        if children is None:
            continue
        inside = tag("h2", heading, id=f"{name}-title")
        sections.append(tag("section", inside, children, id=name, aria_labelledby=f"{name}-title"))
        links.append(tag("li", tag("a", heading, href=f"#{name}")))
    return Html(
        tag("a", skip[1], class_="skip", href=f"#{skip[0]}")
        + tag("header", tag("h1", title, dir="auto"))
        + tag("nav", tag("ul", links), aria_label="Contents")
        + tag("main", sections)
        + tag("footer", tag("p", "Made with partwise. This page loads nothing from elsewhere."))
    )


def provenance(known: Sequence[tuple[str, str]], repeat: Sequence[str]) -> list[Html]:
    """Return data, parameters and versions as a folded table, and the lines that make the same again."""
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in known]
    made = tag("table", tag("caption", "What was fitted, to what, and with what"), tag("tbody", rows))
    code = tag("pre", tag("code", "\n".join(repeat)), tabindex=0, role="region", aria_label="Code to repeat it")
    folded = tag("details", tag("summary", "Data, parameters and versions"), scrolling(made, "Provenance"))
    return [folded, tag("h3", "To repeat it"), code]


def asset(name: str) -> str:
    """Return the text of a file of the folder ``static``."""
    # line ends are made one kind by a browser's parser, before it takes a hash
    return (files("partwise.report") / "static" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def hash_of(text: str) -> str:
    """Return how a content policy names a text that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
