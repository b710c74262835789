"""Signing in by a link, and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from partwise.portal.rendering import back_to, page
from partwise.portal.signing import end_session, redeem, start_session

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request, token: Annotated[str, Query(max_length=1_000)] = "") -> Response:
    """Ask whoever has a link to sign in, as programs that look at links do not press buttons; tell others."""
    if request.state.may == "admin":
        return RedirectResponse("/", 303)
    return page(request, "sign_in.html", wrong="", token=token)


@router.post("/sign-in")
def use_link(request: Request, token: Annotated[str, Form(max_length=1_000)] = "") -> Response:
    """Sign in whoever has a good link."""
    state = request.app.state
    if not redeem(state.db, state.settings, token):
        return page(request, "sign_in.html", 403, wrong="This link was used before, or it is too old.", token="")
    response = RedirectResponse("/", 303)
    start_session(request, response)
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """Sign out."""
    response = back_to("/sign-in", "signed-out")
    end_session(request, response)
    return response
