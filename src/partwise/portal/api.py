"""The interface that a site calls."""

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from partwise.exceptions import DataError, ParameterError
from partwise.portal import articles, editing, events, fits, lists, readers
from partwise.portal import bodies as takes
from partwise.portal import replies as gives
from partwise.portal.answers import answer
from partwise.portal.articles import Article
from partwise.portal.edits import ChangedError, UnknownTopicError
from partwise.portal.events import Event
from partwise.portal.guard import Needs
from partwise.portal.pseudonyms import stored_name
from partwise.portal.readers import Preferences
from partwise.portal.replies import refusals
from partwise.portal.using import UnusableError, put_into_use

__all__ = ["router"]

READ, WRITE, ADMIN = (Depends(Needs(scope)) for scope in ("read", "write", "admin"))


class Encoded(Convertor[str]):
    """An id in a path: a slash in it is sent as %2F."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """Return the id."""
        return unquote(value)

    def to_string(self, value: str) -> str:
        """Return the id as it stands in a path."""
        return value


register_url_convertor("id", Encoded())
router = APIRouter(prefix="/api")

Id = takes.Id
Count = Annotated[int, Query(ge=1, le=100)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Words = Annotated[str, Query(max_length=1_000, pattern=r"^[^\x00]*$")]


def describe(model: Any, *others: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return what a route answers, for the description."""
    return {status: {"model": model}, **refusals(*others)}


@router.post("/articles", dependencies=[WRITE], responses=describe(gives.ArticlesAdded))
def add_articles(request: Request, rows: Annotated[list[takes.ArticleIn], Body(max_length=1_000)]) -> Response:
    """Add articles; one that is there takes the new contents."""
    added = articles.add_articles(request.app.state.db, [Article(**row.model_dump()) for row in rows])
    request.app.state.metrics.articles.inc(added.accepted)
    return answer(added._asdict())


@router.post("/events", dependencies=[WRITE], responses=describe(gives.EventsAdded))
def add_events(request: Request, rows: Annotated[list[takes.EventIn], Body(max_length=10_000)]) -> Response:
    """Add reads; they count at once. The answer comes after they are stored."""
    settings = request.app.state.settings
    given = [
        Event(
            stored_name(settings, row.key),
            stored_name(settings, row.reader),
            row.article,
            float(row.time),
            row.strength,
        )
        for row in rows
    ]
    added = events.add_events(request.app.state.db, given)
    request.app.state.metrics.events.inc(added.accepted)
    return answer(added._asdict())


@router.get("/recommendations/{reader:id}", dependencies=[READ], responses=describe(gives.Recommendations))
def recommendations(request: Request, reader: Id, n: Count = 10, why: bool = False) -> Response:
    """Return the list of a reader; one without reads gets a list too, and is called unknown."""
    state = request.app.state
    told = lists.recommendations(state.db, state.models, stored_name(state.settings, reader), n, why)
    return answer(told | {"reader": reader})


@router.get("/explain/{reader:id}/{article:id}", dependencies=[READ], responses=describe(gives.Explanation, 404))
def explain(request: Request, reader: Id, article: Id) -> Response:
    """Return why an article is recommended to a reader: reasons that add up to its score."""
    state = request.app.state
    told = lists.explain(state.db, state.models, stored_name(state.settings, reader), article)
    return answer(_there(told, "article") | {"reader": reader})


@router.get("/similar/{article:id}", dependencies=[READ], responses=describe(gives.Similar, 404))
def similar(request: Request, article: Id, n: Count = 5) -> Response:
    """Return articles like one, and the topics that they share."""
    state = request.app.state
    return answer(_there(lists.similar(state.db, state.models, article, n), "article"))


@router.get("/topics", dependencies=[READ], responses=describe(gives.Topics))
def topics(request: Request) -> Response:
    """Return all topics: label, share, words, trend."""
    return answer(lists.topics(request.app.state.models))


@router.post("/topics/find", dependencies=[READ], responses=describe(gives.TopicsFound))
def find_topics(request: Request, body: takes.Find) -> Response:
    """Return the topics that match some words."""
    return answer(lists.find_topics(request.app.state.models, body.query, body.n))


@router.post("/topics/merge", dependencies=[ADMIN], responses=describe(gives.Changed, 404, 409))
def merge_topics(request: Request, body: takes.Merge) -> Response:
    """Make several topics one, with the key of the largest."""
    return _change(request, "merge", {"topics": body.topics})


@router.post("/topics/split", dependencies=[ADMIN], responses=describe(gives.Changed, 404, 409))
def split_topic(request: Request, body: takes.Split) -> Response:
    """Make several topics of one; the largest keeps the key."""
    return _change(request, "split", {"topic": body.topic, "n": body.n})


@router.post("/topics/undo", dependencies=[ADMIN], responses=describe(gives.Changed, 409))
def undo(request: Request) -> Response:
    """Undo the last change of the topics."""
    state = request.app.state
    try:
        number = editing.undo_change(state.db, state.models)
    except ChangedError as error:
        raise HTTPException(409, str(error)) from error
    if number is None:
        raise HTTPException(409, "There is no change to undo.")
    return answer({"ok": True, "fit": number})


@router.get("/topics/{key:id}", dependencies=[READ], responses=describe(gives.TopicName, 404))
def topic(request: Request, key: takes.Key) -> Response:
    """Return a topic, with typical articles."""
    return answer(_there(lists.topic(request.app.state.db, request.app.state.models, key), "topic"))


@router.patch("/topics/{key:id}", dependencies=[ADMIN], responses=describe(gives.Changed, 404, 409))
def rename_topic(request: Request, key: takes.Key, body: takes.Edited) -> Response:
    """Give a topic another label."""
    return _change(request, "rename", {"topic": key, "label": body.label})


@router.get("/articles", dependencies=[READ], responses=describe(gives.ArticlesFound))
def search_articles(request: Request, query: Words = "", section: Words | None = None, n: Count = 10) -> Response:
    """Return articles with all of some words, the newest first."""
    found = articles.search_articles(request.app.state.db, query, section, n=n)
    return answer({"items": [{name: value for name, value in _told(one).items() if name != "text"} for one in found]})


@router.get("/articles/{article:id}", dependencies=[READ], responses=describe(gives.ArticleTold, 404))
def article(request: Request, article: Id) -> Response:
    """Return an article, its topics, and how many readers it has."""
    state = request.app.state
    held = articles.article(state.db, article)
    if held is None:
        raise _missing("article")
    topics = lists.topics_of(state.models, article)
    return answer(_told(held) | {"readers": events.readers_of(state.db, article), "topics": topics})


@router.get("/readers/{reader:id}", dependencies=[ADMIN], responses=describe(gives.ReaderTold))
def export_reader(request: Request, reader: Id) -> Response:
    """Return all that the portal holds of a reader."""
    state = request.app.state
    return answer(readers.export_reader(state.db, stored_name(state.settings, reader)) | {"reader": reader})


@router.delete("/readers/{reader:id}", dependencies=[ADMIN], responses=describe(gives.ReaderDeleted))
def delete_reader(request: Request, reader: Id) -> Response:
    """Delete all that the portal holds of a reader: lists forget it at once. Models hold no readers."""
    state = request.app.state
    count = readers.delete_reader(state.db, stored_name(state.settings, reader))
    return answer({"ok": True, "events": count})


@router.put("/readers/{reader:id}/preferences", dependencies=[ADMIN], responses=describe(gives.Done))
def set_preferences(request: Request, reader: Id, body: takes.PreferencesIn) -> Response:
    """Keep what a reader asks of lists."""
    state = request.app.state
    chosen = Preferences(tuple(body.muted), body.fresh, body.broad, body.personal, tuple(body.more), tuple(body.less))
    readers.set_preferences(state.db, stored_name(state.settings, reader), chosen)
    return answer({"ok": True})


@router.get("/fits", dependencies=[READ], responses=describe(gives.Fits))
def list_fits(request: Request) -> Response:
    """Return all fits, the newest first."""
    db = request.app.state.db
    used = fits.fit_in_use(db)
    number = used.number if used else None
    return answer({"fits": [asdict(fit) | {"in_use": fit.number == number} for fit in fits.list_fits(db)]})


@router.post("/fits", status_code=202, dependencies=[ADMIN], responses=describe(gives.Done, 409, status=202))
def start_fit(request: Request) -> Response:
    """Start a fit in a process of its own; GET /api/fits tells how it ends."""
    if not request.app.state.start_fit():
        raise HTTPException(409, "A fit is running. Wait until it ends.")
    return answer({"ok": True}, 202)


@router.post("/fits/{number}/use", dependencies=[ADMIN], responses=describe(gives.Changed, 404, 409))
def use_fit(request: Request, number: Number) -> Response:
    """Use another fit that is ready or was kept aside."""
    state = request.app.state
    if fits.find_fit(state.db, number) is None:
        raise _missing("fit")
    try:
        put_into_use(state.db, state.models, number)
    except UnusableError as error:
        raise HTTPException(409, str(error)) from error
    return answer({"ok": True, "fit": number})


def _change(request: Request, kind: str, facts: dict[str, Any]) -> Response:
    state = request.app.state
    try:
        return answer({"ok": True, "fit": editing.change_topics(state.db, state.models, kind, facts)})
    except UnknownTopicError as error:
        raise _missing("topic") from error
    except (ParameterError, DataError, ChangedError) as error:
        raise HTTPException(409, str(error)) from error


def _told(held: Article) -> dict[str, Any]:
    told = asdict(held)
    return {"article": told.pop("id"), **told}


def _there(told: dict[str, Any] | None, what: str) -> dict[str, Any]:
    if told is None:
        raise _missing(what)
    return told


def _missing(what: str) -> HTTPException:
    return HTTPException(404, f"There is no such {what}.")
