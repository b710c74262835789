"""Pages of fits: when, how long, how good, what changed; two beside each other; back to an earlier one."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from partwise.portal.fits import Fit, count_fits, find_fit, fit_in_use, list_fits, newest_fit, usable_fits
from partwise.portal.rendering import back_to, page
from partwise.portal.using import UnusableError, put_into_use

__all__ = ["router"]

router = APIRouter()

Asked = Annotated[int, Query(ge=1, le=2**31 - 1)]

MOST = 50
"""Fits on one page: each takes up to 2 kB of it."""
OURS, BEFORE = "partwise", "in use"
"""What measures call the model and the one that was in use before, beside the simple rules."""


@router.get("/fits")
def fits_page(request: Request, at: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1) -> Response:
    """Show the fits, the newest first."""
    db = request.app.state.db
    pages = -(-count_fits(db) // MOST)
    at = min(at, max(pages, 1))
    used = fit_in_use(db)
    return page(
        request,
        "fits.html",
        fits=[told(fit, used) for fit in list_fits(db, MOST, MOST * (at - 1))],
        newest=newest_fit(db),
        usable=usable_fits(db),
        at=at,
        pages=pages,
        notes=request.app.state.models.notes,
    )


@router.post("/fits")
def start(request: Request) -> Response:
    """Start a fit, in a process of its own."""
    return back_to("/fits", "started" if request.app.state.start_fit() else "already-runs")


@router.post("/fits/{number}/use")
def use(request: Request, number: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
    """Put an earlier fit into use."""
    db, models = request.app.state.db, request.app.state.models
    try:
        put_into_use(db, models, number)
    except UnusableError:
        return back_to("/fits", "no-such-fit")
    return back_to("/fits", "in-use")


@router.get("/fits/compare")
def compare(request: Request, a: Asked, b: Asked) -> Response:
    """Show two fits beside each other."""
    db = request.app.state.db
    held = [fit for fit in (find_fit(db, a), find_fit(db, b)) if fit is not None]
    if len(held) < 2:
        return page(request, "missing.html", 404, what="There is no such fit.", to="/fits", to_name="All fits")
    used = fit_in_use(db)
    one, other = (told(fit, used) for fit in held)
    before = [find_fit(db, fit["before"]) for fit in (one, other) if fit["before"] is not None]
    label_of = labels([*held, *(fit for fit in before if fit is not None)])
    topics = {topic["key"]: [topic, None] for topic in one["topics"]}
    for topic in other["topics"]:
        topics.setdefault(topic["key"], [None, None])[1] = topic
    measures = dict.fromkeys([*one["measures"], *other["measures"]])
    pairs = sorted(topics.values(), key=lambda pair: -max(topic["share"] for topic in pair if topic))
    return page(request, "compare.html", one=one, other=other, pairs=pairs, measures=measures, label_of=label_of)


def labels(fits: Iterable[Fit]) -> dict[str, str]:
    """Return the labels of all topics of some fits, by their keys; those of later fits count."""
    ordered = sorted(fits, key=lambda fit: fit.number)
    return {topic["key"]: topic["label"] for fit in ordered for topic in fit.facts.get("topics") or []}


def told(fit: Fit, used: Fit | None) -> dict[str, Any]:
    """Return what a page says of a fit."""
    facts = fit.facts
    topics = facts.get("topics") or []
    measured = facts.get("measured") or {}
    measures = {row["name"]: row for row in measured.get("ndcg") or []}
    rules = [row for name, row in measures.items() if name not in (OURS, BEFORE)]
    return {
        "number": fit.number,
        "state": fit.state,
        "started": fit.started,
        "took": None if fit.ended is None else max(0.0, fit.ended - fit.started),
        "used": used is not None and used.number == fit.number,
        "usable": fit.state in ("ready", "aside"),
        "before": facts.get("before"),
        "reason": facts.get("reason") or "",
        "articles": facts.get("articles"),
        "reads": facts.get("reads"),
        "readers": facts.get("readers"),
        "topics": topics,
        "measures": measures,
        "ours": measures.get(OURS),
        "rule": max(rules, key=lambda rule: rule["value"], default=None),
        "unmeasured": measured.get("reason") or "",
        "predicted": measured.get("reads"),
        "notes": facts.get("notes") or [],
        "changes": {what: facts.get(what) or [] for what in ("born", "died", "drifted")},
    }
