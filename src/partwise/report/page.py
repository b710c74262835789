"""A report as one page that loads nothing: a strict content policy, scripts and style known by their hashes."""

import base64
import hashlib
from importlib.resources import files
from os import PathLike, fspath
from typing import Any

from partwise.io.writing import write_bytes
from partwise.report.charts import MOST
from partwise.report.facts import STEPS, Report
from partwise.report.html import Html, data, tag
from partwise.report.pieces import percent
from partwise.report.sections import body

__all__ = ["page", "write_page"]


def write_page(report: Report, path: str | PathLike[str]) -> None:
    """Write a report to a file, all or nothing.

    Parameters
    ----------
    report : Report
        What to tell.
    path : str or path-like
        The HTML file; an existing one is replaced.

    Raises
    ------
    OSError
        If the file cannot be written; an existing file stays as it was.
    """
    write_bytes(fspath(path), page(report).encode())


def page(report: Report) -> str:
    """Return a report as HTML; the same report gives the same bytes.

    Parameters
    ----------
    report : Report
        What to tell.

    Returns
    -------
    str
        The page.
    """
    content = body(report)
    words = [
        {
            "topic": topic.index,
            "words": [[word.word, f"{word.weight:.0%}", f"{word.held:.0%}"] for word in topic.words],
            "ranks": topic.ranks,
        }
        for topic in report.topics
    ]
    style = _text("static", "report.css")
    script = _text("static", "report.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="partwise"),
        tag("title", report.title),
        tag("style", Html(style)),
    )
    blocks = [
        data("words", {"steps": [f"{step:.1f}" for step in STEPS], "topics": words}),
        data("shares", _shares(report)),
        tag("script", Html(script)),
    ]
    return f"<!doctype html>\n{tag('html', head, tag('body', content, blocks), lang='en')}\n"


def _shares(report: Report) -> dict[str, Any] | None:
    """Return what the slider over time reads: shares by topic, None where a bin has no documents."""
    if report.timeline is None:
        return None
    rows = [[None] * len(report.topics) if row is None else row for row in report.timeline.shares]
    shares = [[None if share is None else percent(share) for share in column] for column in zip(*rows, strict=True)]
    return {"bins": report.timeline.bins, "documents": report.timeline.documents, "shares": shares[:MOST]}


def _text(folder: str, name: str) -> str:
    # line ends are made one kind by a browser's parser, before it takes a hash
    return (files("partwise.report") / folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
