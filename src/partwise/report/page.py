"""A report as one page that loads nothing: a strict content policy, scripts and style known by their hashes."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from os import PathLike, fspath

from partwise.io.writing import write_bytes
from partwise.report.charts import CONFIG
from partwise.report.facts import STEPS, Report
from partwise.report.html import Html, data, tag
from partwise.report.sections import body

__all__ = ["page", "write_page"]

VENDORED = (
    ("vega.min.js", ("LICENSE.vega", "LICENSE.d3")),
    ("vega-lite.min.js", ("LICENSE.vega-lite",)),
    ("vega-interpreter.js", ("LICENSE.vega-interpreter",)),
)


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
    content, specs = body(report)
    words = [
        {
            "topic": topic.index,
            "words": [[word.word, f"{word.weight:.0%}", f"{word.held:.0%}"] for word in topic.words],
            "ranks": topic.ranks,
        }
        for topic in report.topics
    ]
    style = _text("static", "report.css")
    scripts = [*_vendored(), _text("static", "report.js")]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
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
        data("charts", {"config": CONFIG, "specs": specs}),
        data("words", {"steps": [f"{step:.1f}" for step in STEPS], "topics": words}),
        *(tag("script", Html(script)) for script in scripts),
    ]
    return f"<!doctype html>\n{tag('html', head, tag('body', content, blocks), lang='en')}\n"


@cache
def _vendored() -> tuple[str, ...]:
    """Return the scripts of others, each below its licences."""
    found = []
    for script, licences in VENDORED:
        notices = "\n\n".join(_text("vendor", name).strip() for name in licences)
        found.append(f"/*!\n{notices}\n*/\n{_text('vendor', script)}")
    return tuple(found)


def _text(folder: str, name: str) -> str:
    # line ends are made one kind by a browser's parser, before it takes a hash
    return (files("partwise.report") / folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
