"""Pages for editors: topics, articles, uploads."""

import re
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, UploadFile
from fastapi.responses import Response

from partwise.exceptions import DataError, ParameterError
from partwise.portal import fit_pages, lists
from partwise.portal.articles import article, count_articles, newest_articles, search_articles
from partwise.portal.editing import change_topics, undo_change
from partwise.portal.edits import LONGEST_LABEL, ChangedError, edits
from partwise.portal.events import count_events, readers_of
from partwise.portal.fits import newest_fit
from partwise.portal.models import Models
from partwise.portal.pseudonyms import stored_name
from partwise.portal.rendering import back_to, page
from partwise.portal.upload_rows import KINDS, MOST_ROWS
from partwise.portal.uploads import read_upload, store_upload

__all__ = ["router", "signed_in"]

TOPICS = 60
"""Topics on one page: each takes about 2 kB of it."""
MOST = 50
"""Articles that a search shows."""
LONGEST = 20_000
"""Characters of an article on its page, which has to stay below 300 kB."""
CONTROLS = re.compile("[\x00-\x1f\x7f]")


def signed_in(request: Request) -> None:
    """Send those who are not signed in to the page that says how to: a dependency of pages for editors."""
    if request.state.may != "admin":
        raise HTTPException(303, "Sign in first.", {"Location": "/sign-in"})


router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in)])


@router.get("/")
def topics_page(
    request: Request,
    query: Annotated[str, Query(max_length=200)] = "",
    at: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
) -> Response:
    """Show the topics, or those that fit a query."""
    models = _models(request)
    told = lists.topics(models)
    shown = told["topics"]
    pages = 1
    if query.strip() and shown:
        by_key = {topic["topic"]: topic for topic in shown}
        found = lists.find_topics(models, query, 10)
        shown = [by_key[topic["topic"]] for topic in found["topics"] if topic["topic"] in by_key]
    else:
        pages = -(-len(shown) // TOPICS)
        shown = shown[TOPICS * (at - 1) : TOPICS * at]
    return page(
        request,
        "topics.html",
        told=told,
        shown=shown,
        query=query.strip(),
        at=at,
        pages=pages,
        state=state(request),
        notes=models.notes,
        edits=_n_edits(request),
    )


@router.get("/topics/{key}")
def topic_page(request: Request, key: str) -> Response:
    """Show one topic, and the forms that change it."""
    db, models = request.app.state.db, _models(request)
    told = lists.topic(db, models, key)
    if told is None:
        return _missing(request, "There is no topic of this key. It may have been merged, or another fit is in use.")
    others = [other for other in lists.topics(models)["topics"] if other["topic"] != key]
    return page(request, "topic.html", topic=told, others=others, edits=_n_edits(request))


@router.post("/topics/{key}/rename")
def rename(request: Request, key: str, label: Annotated[str, Form()] = "") -> Response:
    """Give a topic another label; an empty one brings back that of its words."""
    label = " ".join(CONTROLS.sub(" ", label).split())
    if len(label) > LONGEST_LABEL:
        return back_to(f"/topics/{_quoted(key)}", "long-label")
    named = "renamed" if label else "words-again"
    done = _edit(request, "rename", {"topic": key, "label": label}, named)
    return back_to(f"/topics/{_quoted(key)}" if done == named else "/", done)


@router.post("/topics/merge")
def merge(request: Request, topics: Annotated[list[str] | None, Form()] = None) -> Response:
    """Make several topics one."""
    keys = list(dict.fromkeys(topics or []))
    if len(keys) < 2:
        return back_to("/", "one-topic")
    return back_to("/", _edit(request, "merge", {"topics": keys}, "merged"))


@router.post("/topics/{key}/split")
def split(request: Request, key: str) -> Response:
    """Make a topic two."""
    return back_to("/", _edit(request, "split", {"topic": key, "n": 2}, "split"))


@router.post("/topics/undo")
def undo(request: Request) -> Response:
    """Undo the last change of the topics."""
    db, models = request.app.state.db, request.app.state.models
    try:
        done = "nothing-to-undo" if undo_change(db, models) is None else "undone"
    except ChangedError:
        done = "changed-meanwhile"
    return back_to("/", done)


@router.get("/articles")
def articles_page(
    request: Request,
    query: Annotated[str, Query(max_length=200)] = "",
    section: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the newest articles, or those with some words."""
    db = request.app.state.db
    query, of = query.replace("\0", "").strip(), section.replace("\0", "").strip()
    found = search_articles(db, query, of or None, n=MOST) if query or of else newest_articles(db, MOST)
    return page(request, "articles.html", query=query, of=of, found=found, count=count_articles(db), most=MOST)


@router.get("/article")
def article_page(request: Request, id: Annotated[str, Query(max_length=1000)] = "") -> Response:  # noqa: A002
    """Show an article, its topics and what is similar; who reads it only as a sum."""
    db, models = request.app.state.db, request.app.state.models
    held = article(db, id.replace("\0", ""))
    if held is None:
        return _missing(request, "There is no article of this id.", "/articles", "All articles")
    similar = lists.similar(db, models, held.id, 5)
    return page(
        request,
        "article.html",
        article=held,
        longest=LONGEST,
        readers=readers_of(db, held.id),
        topics=lists.topics_of(models, held.id),
        similar=similar["items"] if similar else [],
        fitted=models.loaded is not None,
    )


@router.get("/upload")
def upload_page(request: Request) -> Response:
    """Show the form for files."""
    return page(request, "upload.html", told=None, kind="articles", keep=False, most=MOST_ROWS)


@router.post("/upload")
def upload(
    request: Request,
    file: UploadFile,
    kind: Annotated[str, Form()] = "articles",
    keep: Annotated[str, Form()] = "",
) -> Response:
    """Take a file, and tell what was refused and why."""
    kind = kind if kind == "events" else "articles"
    given = Path(file.filename or "file").name
    with tempfile.TemporaryDirectory() as folder:
        # A name of our own: the given one can be anything. A file of another ending is refused without its contents.
        path = Path(folder, f"upload{Path(given).suffix.lower()[:10]}")
        if path.suffix in KINDS:
            with path.open("wb") as written:
                shutil.copyfileobj(file.file, written)
        found = read_upload(path, kind, partial(stored_name, request.app.state.settings))
    good, taken = len(found.rows), {"kept": 0, "changed": 0, "duplicates": 0}
    if good and (keep or not found.n_refused):
        taken = store_upload(request.app.state.db, found)
    told = {
        "file": given,
        "kind": kind,
        "noun": "article" if kind == "articles" else "read",
        "good": good,
        "refused": found.refused,
        "n_refused": found.n_refused,
        "notes": found.notes,
        "stored": bool(good and (keep or not found.n_refused)),
        **taken,
    }
    return page(
        request, "upload.html", 200 if told["stored"] else 422, told=told, kind=kind, keep=bool(keep), most=MOST_ROWS
    )


def state(request: Request) -> dict[str, Any]:
    """Return what a page without topics tells: how many articles and reads there are, and what fits do."""
    db = request.app.state.db
    newest = newest_fit(db)
    running = newest if newest is not None and newest.state == "running" else None
    failed = newest.facts.get("reason") if newest is not None and newest.state == "failed" else None
    return {"articles": count_articles(db), "events": count_events(db), "running": running, "failed": failed}


def _edit(request: Request, kind: str, facts: dict[str, Any], done: str) -> str:
    """Change the topics of the fit in use; return the word for what a page then says."""
    try:
        change_topics(request.app.state.db, request.app.state.models, kind, facts)
    except DataError:
        return "not-split"
    except ParameterError:
        return "no-such-topic"
    except ChangedError:
        return "changed-meanwhile"
    return done


def _models(request: Request) -> Models:
    """Return the models, with the change that a page tells of, which another process may have made just now."""
    models: Models = request.app.state.models
    if "done" in request.query_params:
        models.look()
    return models


def _n_edits(request: Request) -> int:
    loaded = request.app.state.models.loaded
    return sum(not edit.carried for edit in edits(request.app.state.db, loaded.number)) if loaded else 0


def _missing(request: Request, what: str, to: str = "/", to_name: str = "All topics") -> Response:
    return page(request, "missing.html", 404, what=what, to=to, to_name=to_name)


def _quoted(key: str) -> str:
    return quote(key, safe="", errors="replace")


router.include_router(fit_pages.router)
