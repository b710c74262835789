"""A report as one page that loads nothing: a strict content policy, scripts and style known by their hashes."""

from os import PathLike, fspath
from typing import Any

from partwise.io.writing import write_bytes
from partwise.report.charts import MOST
from partwise.report.facts import STEPS, Report
from partwise.report.frame import asset, document, hash_of
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
    script = asset("report.js")
    blocks = [
        data("words", {"steps": [f"{step:.1f}" for step in STEPS], "topics": words}),
        data("shares", _shares(report)),
        tag("script", Html(script)),
    ]
    return document(report.title, content, asset("report.css"), [f"script-src {hash_of(script)}"], blocks)


def _shares(report: Report) -> dict[str, Any] | None:
    """Return what the slider over time reads: shares by topic, None where a bin has no documents."""
    if report.timeline is None:
        return None
    rows = [[None] * len(report.topics) if row is None else row for row in report.timeline.shares]
    shares = [[None if share is None else percent(share) for share in column] for column in zip(*rows, strict=True)]
    return {"bins": report.timeline.bins, "documents": report.timeline.documents, "shares": shares[:MOST]}
