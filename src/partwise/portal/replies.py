"""What the interface answers, for its description: values are made in the stores and in `lists`."""

from typing import Any, Literal

from pydantic import BaseModel

__all__ = ["REFUSALS", "refusals"]


class Fault(BaseModel):
    """A row or a field that is refused, and why."""

    error: str
    row: int | None = None
    field: str | None = None


class Refused(BaseModel):
    """A request that is refused."""

    ok: Literal[False]
    error: str
    errors: list[Fault]


class Done(BaseModel):
    """It is done."""

    ok: Literal[True]


class Changed(Done):
    """The topics of a fit are changed."""

    fit: int


class ArticlesAdded(BaseModel):
    """How many articles were taken, and how many of them were there with other contents."""

    accepted: int
    changed: int


class EventsAdded(BaseModel):
    """How many events were new, and how many were there already."""

    accepted: int
    duplicates: int


class TopicName(BaseModel):
    """A topic by its key and label."""

    topic: str
    label: str


class Recommended(BaseModel):
    """An article of a list."""

    article: str
    title: str
    score: float | None
    time: float | None
    topics: list[TopicName]


class Recommendations(BaseModel):
    """The list of a reader; `known` tells whether the portal has reads of this reader."""

    reader: str
    known: bool
    personal: bool
    fit: int | None
    items: list[Recommended]


class Reason(BaseModel):
    """A part of a score: reasons add up to it."""

    share: float | None
    score: float


class Explanation(BaseModel):
    """Why an article is recommended."""

    reader: str
    article: str
    title: str
    score: float
    reasons: list[Reason]


class Similar(BaseModel):
    """Articles like one."""

    article: str
    items: list[dict[str, Any]]


class Topics(BaseModel):
    """All topics."""

    fit: int | None
    topics: list[TopicName]


class TopicsFound(BaseModel):
    """Topics that match some words, the best first."""

    query: str
    topics: list[TopicName]


class ArticleTold(BaseModel):
    """An article, its topics, and how many readers it has."""

    article: str
    title: str
    text: str
    time: float | None
    section: str
    url: str
    readers: int
    topics: list[dict[str, Any]]


class ArticlesFound(BaseModel):
    """Articles with some words, the newest first."""

    items: list[dict[str, Any]]


class ReaderTold(BaseModel):
    """All that the portal holds of a reader."""

    reader: str
    events: list[dict[str, Any]]
    preferences: dict[str, Any]


class ReaderDeleted(Done):
    """What was deleted."""

    events: int


class FitTold(BaseModel):
    """A fit; times in seconds since 1970."""

    number: int
    state: str
    started: float
    ended: float | None
    used: float | None
    in_use: bool
    facts: dict[str, Any]


class Fits(BaseModel):
    """All fits, the newest first."""

    fits: list[FitTold]


class Health(BaseModel):
    """Whether the portal works."""

    ok: bool
    version: str
    database: str
    fit: int | None
    notes: list[str]


SAID = {
    401: "No key, or one that is unknown or has expired.",
    403: "The key lacks the scope, or a page of another site asks.",
    404: "There is no such thing.",
    409: "Not now: there is no fit, or one is running.",
    413: "The body is too long.",
    421: "The portal is not served under this name.",
    422: "A value is refused.",
    429: "Too many requests: wait as long as Retry-After says.",
    503: "The database is away: try again after Retry-After.",
}
REFUSALS = (401, 403, 413, 421, 422, 429, 503)
"""Those of every route."""


def refusals(*others: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of refusals: of those of every route and of others."""
    return {status: {"model": Refused, "description": SAID[status]} for status in sorted({*REFUSALS, *others})}
