"""Pages of a reader, as a site would embed them: the list, how it is made, and the reader's data."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from partwise.portal import lists
from partwise.portal.articles import articles
from partwise.portal.database import now
from partwise.portal.events import Event, add_events, history
from partwise.portal.pages import signed_in
from partwise.portal.pseudonyms import stored_name
from partwise.portal.readers import Preferences, change_preferences, delete_reader, export_reader, preferences
from partwise.portal.rendering import back_to, page

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in)])

LENGTH = 10
"""Articles of a list."""
READS = 200
"""Reads that the page of a reader's data shows."""
STEPS = {0.0: "as usual", 0.5: "a little more", 1.0: "much more"}
"""What a reader can choose for fresh and broad."""
MOST = 200
"""Articles of which a reader can ask for more, or that can be taken out, and topics that can be muted: the oldest are
forgotten."""
EXAMPLES = ("reader-0", "reader-1", "reader-2", "reader-3")
"""Readers of the demonstration."""

PLAIN = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[str, Query(alias="id", max_length=200, pattern=PLAIN)]
Sent = Annotated[str, Form(alias="id", max_length=200, pattern=PLAIN)]
Given = Annotated[str, Form(max_length=200, pattern=PLAIN)]


@router.get("/readers")
def readers_page(request: Request) -> Response:
    """Ask for a reader."""
    return page(request, "readers.html", examples=EXAMPLES)


@router.get("/reader")
def reader_page(request: Request, reader: Id) -> Response:
    """Show the list of a reader, with reasons and what can be changed."""
    db, models = request.app.state.db, request.app.state.models
    stored = _stored(request, reader)
    told = lists.recommendations(db, models, stored, LENGTH, why=True)
    chosen = preferences(db, stored)
    labels = {topic["topic"]: topic["label"] for topic in lists.topics(models)["topics"]} if chosen.muted else {}
    muted = [{"topic": key, "label": labels.get(key, key)} for key in chosen.muted]
    return page(
        request, "reader.html", reader=reader, list=told, chosen=chosen, muted=muted, steps=STEPS, nearest=_nearest
    )


@router.post("/reader/more")
def more(request: Request, reader: Sent, article: Given) -> Response:
    """Note that a reader wants more like an article."""

    def change(held: Preferences) -> Preferences:
        return replace(held, more=_with(held.more, article), less=_without(held.less, article))

    return _change(request, reader, change, "more")


@router.post("/reader/less")
def less(request: Request, reader: Sent, article: Given) -> Response:
    """Take an article out of a reader's list."""

    def change(held: Preferences) -> Preferences:
        return replace(held, less=_with(held.less, article), more=_without(held.more, article))

    return _change(request, reader, change, "less")


@router.post("/reader/mute")
def mute(request: Request, reader: Sent, topic: Given) -> Response:
    """Take a topic out of a reader's list."""
    return _change(request, reader, lambda held: replace(held, muted=_with(held.muted, topic)), "muted")


@router.post("/reader/unmute")
def unmute(request: Request, reader: Sent, topic: Given) -> Response:
    """Put a topic back into a reader's list."""
    return _change(request, reader, lambda held: replace(held, muted=_without(held.muted, topic)), "unmuted")


@router.post("/reader/settings")
def settings(
    request: Request,
    reader: Sent,
    fresh: Annotated[float, Form(ge=0, le=1)] = 0.0,
    broad: Annotated[float, Form(ge=0, le=1)] = 0.0,
    impersonal: Annotated[str, Form()] = "",
) -> Response:
    """Keep how new and how varied a reader's list is to be, and whether it is personalised."""

    def change(held: Preferences) -> Preferences:
        return replace(held, fresh=fresh, broad=broad, personal=not impersonal)

    return _change(request, reader, change, "set")


@router.post("/reader/forget")
def forget(request: Request, reader: Sent) -> Response:
    """Forget what a reader wants more and less of, and muted topics."""
    return _change(request, reader, lambda held: replace(held, more=(), less=(), muted=()), "forgotten")


@router.post("/reader/read")
def read(request: Request, reader: Sent, article: Given) -> Response:
    """Note that a reader read an article."""
    event = Event(f"page-{secrets.token_hex(16)}", _stored(request, reader), article, now())
    add_events(request.app.state.db, [event])
    return back_to("/reader", "read", id=reader)


@router.get("/reader/how")
def how_page(request: Request, reader: Id) -> Response:
    """Say how a list is made, and what a reader can change."""
    db, stored = request.app.state.db, _stored(request, reader)
    chosen, reads = preferences(db, stored), lists.count_reads(db, request.app.state.models, stored)
    return page(request, "how.html", reader=reader, chosen=chosen, reads=reads, steps=STEPS, nearest=_nearest)


@router.get("/reader/data")
def data_page(request: Request, reader: Id) -> Response:
    """Show what is held of a reader."""
    db = request.app.state.db
    events = history(db, _stored(request, reader))
    newest = events[: -READS - 1 : -1]
    known = articles(db, {event.article for event in newest})
    titles = {name: held.title for name, held in known.items()}
    reads = [asdict(event) | {"title": titles.get(event.article, "")} for event in newest]
    return page(request, "data.html", reader=reader, count=len(events), reads=reads)


@router.get("/reader/data.json")
def download(request: Request, reader: Id) -> Response:
    """Return all that is held of a reader, as a file."""
    held = json.dumps(export_reader(request.app.state.db, _stored(request, reader)), indent=2)
    headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "no-store"}
    return Response(held, media_type="application/json", headers=headers)


@router.get("/reader/delete")
def ask(request: Request, reader: Id) -> Response:
    """Ask whether to delete what is held of a reader."""
    count = len(history(request.app.state.db, _stored(request, reader)))
    return page(request, "delete.html", reader=reader, count=count)


@router.post("/reader/delete")
def delete(request: Request, reader: Sent, sure: Annotated[str, Form()] = "") -> Response:
    """Delete what is held of a reader, who has confirmed it."""
    if not sure:
        return back_to("/reader/delete", "not-deleted", id=reader)
    delete_reader(request.app.state.db, _stored(request, reader))
    return back_to("/reader/data", "deleted", id=reader)


def _stored(request: Request, reader: str) -> str:
    """Return the name under which a reader is stored, which may be a pseudonym."""
    return stored_name(request.app.state.settings, reader)


def _change(request: Request, reader: str, change: Callable[[Preferences], Preferences], done: str) -> Response:
    change_preferences(request.app.state.db, _stored(request, reader), change)
    return back_to("/reader", done, id=reader)


def _with(held: tuple[str, ...], one: str) -> tuple[str, ...]:
    return (*_without(held, one), one)[-MOST:]


def _without(held: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(other for other in held if other != one)


def _nearest(value: float) -> float:
    """Return the step that is next to a value, which a site may have set to any."""
    return min(STEPS, key=lambda step: abs(step - value))
