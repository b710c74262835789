"""Pages from templates: every text that is not a tag of a template is escaped."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from partwise.tables.format import plural

__all__ = ["SAID", "STATIC", "back_to", "page", "trend"]

STATIC = Path(__file__).with_name("static")
POINTS = 60
"""Most points of a line of a trend."""
SAID = {
    "renamed": "The topic has its new label.",
    "words-again": "The label of the topic is made of its words again.",
    "merged": "The topics are now one.",
    "split": "The topic is now two.",
    "undone": "The last change is undone.",
    "nothing-to-undo": "There is no change to undo.",
    "one-topic": "Choose at least two topics to merge.",
    "long-label": "A label has at most 200 characters.",
    "no-such-topic": "That topic is not there any more: another fit, or another change, has replaced it.",
    "changed-meanwhile": "Nothing is changed: the topics were changed by others meanwhile. Look again.",
    "not-split": "This topic cannot be split: it has too few articles.",
    "started": "A fit has started. This page shows when it is ready.",
    "already-runs": "A fit is already running. Wait until it ends, then start another.",
    "in-use": "The fit is now in use.",
    "no-such-fit": "That fit cannot be used: it failed, or its files are gone or damaged. The fit in use stays.",
    "signed-out": "You are signed out.",
    "read": "Noted that you read it.",
    "more": "You will see more like it.",
    "less": "The article is no longer in your list. If you read it, that no longer counts.",
    "muted": "The topic is muted: its articles are no longer in your list.",
    "unmuted": "The topic is back in your list.",
    "set": "Your settings are saved.",
    "forgotten": "More, less and muted topics are forgotten.",
    "deleted": "Your reads and your settings are deleted.",
    "not-deleted": "Nothing is deleted. Tick the box to confirm.",
}
"""What a page says after an action, by the word in its address: an address cannot put other texts on a page."""


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page made from a template and values."""
    said = SAID.get(request.query_params.get("done", ""), "")
    html = PAGES.get_template(template).render(
        {
            "settings": request.app.state.settings,
            "signed_in": request.state.may == "admin",
            "path": request.url.path,
            "said": said,
            **values,
        }
    )
    # A text can hold half a surrogate pair. After signing out, nobody who goes back sees the page of an editor.
    return HTMLResponse(html.encode("utf-8", "replace"), status, {"cache-control": "private, no-store"})


def back_to(path: str, done: str = "", **query: str) -> RedirectResponse:
    """Return the answer to a form: the browser goes on to a page that says what was done."""
    asked = {**query, "done": done} if done else query
    address = f"{path}?{urlencode(asked, errors='replace')}" if asked else path
    return RedirectResponse(address, status_code=303)


def trend(points: Sequence[Mapping[str, Any]], width: int = 120, height: int = 28) -> dict[str, Any]:
    """Return what a drawing of a trend needs: the line, the area below it, and a sentence that says the same.

    Parameters
    ----------
    points : sequence of mapping
        ``period`` and ``share`` of each, in order.
    width, height : int
        Of the drawing.

    Examples
    --------
    >>> drawn = trend([{"period": "2001", "share": 0.1}, {"period": "2002", "share": 0.2}], 100, 20)
    >>> drawn["line"], drawn["text"]
    ('0,11 100,2', '10 % in 2001, 20 % in 2002; most in 2002: 20 %')
    """
    known = [point for point in points if point["share"] is not None]
    if len(known) < 2:
        return {}
    step = -(-len(known) // POINTS)
    shares = [
        sum(float(point["share"]) for point in part) / len(part)
        for part in (known[i : i + step] for i in range(0, len(known), step))
    ]
    if len(shares) < 2:
        return {}
    top = max(shares) or 1.0
    places = [
        f"{round(i * width / (len(shares) - 1))},{round(height - (height - 2) * share / top)}"
        for i, share in enumerate(shares)
    ]
    most = max(known, key=lambda point: float(point["share"]))
    first, last = known[0], known[-1]
    text = (
        f"{percent(first['share'])} in {first['period']}, {percent(last['share'])} in {last['period']}; "
        f"most in {most['period']}: {percent(most['share'])}"
    )
    line = " ".join(places)
    area = f"0,{height} {line} {width},{height}"
    return {"line": line, "area": area, "text": text, "width": width, "height": height, "points": known}


def percent(share: float | None) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.0312), percent(0.2), percent(None)
    ('3.1 %', '20 %', '')
    """
    if share is None:
        return ""
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def day(seconds: float | None) -> str:
    """Return the day of a time in seconds since 1970, in UTC.

    Examples
    --------
    >>> day(0.0), day(None), day(1e30)
    ('1970-01-01', '', '')
    """
    return _written(seconds, "%Y-%m-%d")


def moment(seconds: float | None) -> str:
    """Return day and minute of a time in seconds since 1970, in UTC."""
    return _written(seconds, "%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """Return how long something took.

    Examples
    --------
    >>> duration(4.26), duration(75), duration(7300)
    ('4.3 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clipped(text: str, longest: int = 200) -> str:
    """Return the beginning of a text, with an ellipsis where something is left out.

    Examples
    --------
    >>> clipped("a long text", 6)
    'a long…'
    """
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"


def number(value: float | None, digits: int = 3) -> str:
    """Return a measure with some digits after the point.

    Examples
    --------
    >>> number(0.12345), number(None), number(float("nan"))
    ('0.123', 'not known', 'not known')
    """
    return "not known" if value is None or value != value else f"{value:.{digits}f}"


def _written(seconds: float | None, form: str) -> str:
    try:
        return "" if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime(form)
    except (OverflowError, ValueError, OSError):
        return ""


PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters |= {
    "clipped": clipped,
    "day": day,
    "duration": duration,
    "moment": moment,
    "number": number,
    "percent": percent,
    "plural": plural,
    "quoted": lambda text: quote(str(text), safe="", errors="replace"),
}
PAGES.globals |= {"trend": trend}
