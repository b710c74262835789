"""What the interface takes and gives: the limits of every value, for checks and for the description."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from partwise.portal.database import now
from partwise.portal.edits import LONGEST_LABEL, MOST_PIECES

__all__ = ["AHEAD", "ArticleIn", "Edited", "EventIn", "Find", "Id", "Key", "Label", "Merge", "PreferencesIn", "Split"]

AHEAD = 86_400.0
"""Seconds that a time may lie in the future: clocks go wrong by hours, seldom by days."""
EARLIEST = -62_135_596_800.0
"""The year 1, in seconds since 1970."""


def _seconds(given: Any) -> float:
    """Return a time in seconds since 1970."""
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise ValueError("this is not a time. Write it as YYYY-MM-DDTHH:MM:SSZ") from None
        given = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < math.inf:
        raise ValueError("this is not a time. Write it as YYYY-MM-DDTHH:MM:SSZ, or in seconds since 1970")
    if given < EARLIEST:
        raise ValueError("the time is before the year 1")
    if given > now() + AHEAD:
        raise ValueError("the time is more than a day in the future. Correct the clock, or the time zone")
    return float(given)


def _whole(given: Any) -> Any:
    """Return 2.0 as 2: in JSON both are the same integer."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _seen(given: str) -> str:
    """Refuse a text of blanks, of which there are many kinds; an empty one is none."""
    if given and not given.strip():
        raise ValueError("it is blank")
    return given


WHEN = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": EARLIEST}],
    "description": "ISO 8601, or seconds since 1970; at most a day in the future.",
}
WHOLE = BeforeValidator(_whole)
Time = Annotated[float, BeforeValidator(_seconds), WithJsonSchema(WHEN)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[^\x00]*$")]
Title = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Address = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Label = Annotated[
    str,
    StringConstraints(max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(_seen),
    Field(description="Empty, it brings back the label made of the topic's words."),
]
Share = Annotated[float, Field(ge=0, le=1)]


class Body(BaseModel):
    """A value with these fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ArticleIn(Body):
    """An article; `time` is that of its publication, at most a day in the future."""

    id: Id
    text: Text
    title: Title = ""
    time: Time | None = None
    section: Name = ""
    url: Address = ""


class EventIn(Body):
    """A read, at a time at most a day in the future; one that is sent again with the same key counts once."""

    key: Id
    reader: Id
    article: Id
    time: Time
    strength: Annotated[float, Field(ge=0, le=1e6)] = 1.0


class Find(Body):
    """Words, and how many topics to find for them."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00]+$")]
    n: Annotated[int, Field(ge=1, le=50), WHOLE] = 5


class Edited(Body):
    """What changes of a topic."""

    label: Label


class Merge(Body):
    """Keys of topics to make one."""

    topics: Annotated[list[Key], Field(min_length=2, max_length=100)]


class Split(Body):
    """The key of a topic, and how many to make of it."""

    topic: Key
    n: Annotated[int, Field(ge=2, le=MOST_PIECES), WHOLE] = 2


class PreferencesIn(Body):
    """What a reader asks of lists."""

    muted: Annotated[list[Key], Field(max_length=200)] = []
    fresh: Share = 0.0
    broad: Share = 0.0
    personal: bool = True
    more: Annotated[list[Id], Field(max_length=200, description="Articles that count as reads.")] = []
    less: Annotated[list[Id], Field(max_length=200, description="Articles left out; reads of them do not count.")] = []
