"""Signing in by a link, and out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from partwise.portal.rendering import back_to, page
from partwise.portal.signing import editor, end_session, redeem, start_session

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request, token: Annotated[str, Query(max_length=1_000)] = "") -> Response:
    """Sign in whoever has a good link; tell others how to get one."""
    state = request.app.state
    if editor(request):
        return RedirectResponse("/", 303)
    if not token:
        return page(request, "sign_in.html", wrong="")
    if not redeem(state.db, state.settings, token):
        return page(request, "sign_in.html", 403, wrong="This link was used before, or it is too old.")
    response = RedirectResponse("/", 303)
    start_session(request, response)
    return response


@router.post("/sign-out")
def sign_out() -> Response:
    """Sign out."""
    response = back_to("/sign-in", "signed-out")
    end_session(response)
    return response
