"""The web application: pages and the interface on one database and its models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response

import partwise
from partwise.portal import api, pages, reader_pages, replies, sign_in_pages
from partwise.portal.answers import DATABASE_AWAY, RETRY, answer, of_database, of_disk, of_http, of_validation
from partwise.portal.away import is_away
from partwise.portal.database import Database, DatabaseVersionError
from partwise.portal.guard import Guard
from partwise.portal.metrics import TYPE, Metrics
from partwise.portal.models import Models
from partwise.portal.refitting import Refits
from partwise.portal.rendering import STATIC
from partwise.portal.settings import Settings
from partwise.portal.watching import Watch

__all__ = ["make_app"]

ABOUT = "Topics, similar articles and lists for readers. Keys are made with `partwise portal key`."
NOTED = "Not everything could be loaded. Ask again with a key to see what."
OTHER_TABLES = "The tables are of another version. Ask again with a key to see what to do."


def make_app(db: Database, models: Models, settings: Settings) -> FastAPI:
    """Return the application; it looks after its models while it runs."""
    refits = Refits(db, settings)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        models.start()
        yield
        models.stop()
        refits.stop()

    app = FastAPI(
        title="partwise",
        version=partwise.__version__,
        description=ABOUT,
        docs_url=None,  # their pages fetch scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=running,
    )
    app.state.db, app.state.models, app.state.settings = db, models, settings
    app.state.start_fit, app.state.metrics = refits.start, Metrics()
    for kind, answered in (
        (HTTPException, of_http),
        (RequestValidationError, of_validation),
        (sa.exc.SQLAlchemyError, of_database),
        (OSError, of_disk),
    ):
        app.add_exception_handler(kind, answered)
    app.add_middleware(Guard, db=db, settings=settings)
    app.add_middleware(Watch, metrics=app.state.metrics)
    app.get("/health", responses={200: {"model": replies.Health}, 503: {"model": replies.Health}})(health)
    app.get("/metrics", dependencies=[api.READ], response_class=Response, responses=replies.refusals())(metrics)
    app.include_router(api.router)
    for router in (sign_in_pages.router, pages.router, reader_pages.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def health(request: Request) -> Response:
    """Tell whether the portal works; without a key, in words that name no files and no address."""
    state = request.app.state
    loaded, inside = state.models.loaded, request.state.may is not None
    notes = state.models.notes
    told = {"ok": True, "version": partwise.__version__, "database": "ok"}
    told |= {"fit": loaded.number if loaded else None, "notes": list(notes) if inside else [NOTED] * bool(notes)}
    try:
        state.db.check()
    except DatabaseVersionError as error:
        return answer(told | {"ok": False, "database": str(error) if inside else OTHER_TABLES}, 503, RETRY)
    except sa.exc.SQLAlchemyError as error:
        if not is_away(error):
            raise
        return answer(told | {"ok": False, "database": DATABASE_AWAY}, 503, RETRY)
    return answer(told)


def metrics(request: Request) -> Response:
    """Return numbers for Prometheus."""
    state = request.app.state
    state.metrics.fit.set(state.models.loaded.number if state.models.loaded else 0)
    return Response(state.metrics.written(), media_type=TYPE)
