"""Fits: when each ran, how it ended, and which is in use."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from partwise.exceptions import PartwiseError
from partwise.portal import schema
from partwise.portal.database import Database

__all__ = [
    "Fit",
    "FitRunningError",
    "beat",
    "begin_fit",
    "count_fits",
    "end_fit",
    "find_fit",
    "fit_in_use",
    "fits_by_use",
    "keep_fits",
    "last_use",
    "list_fits",
    "newest_fit",
    "usable_fits",
    "use_fit",
]

SILENT = 60.0
"""Seconds without a beat after which a running fit counts as killed."""
USABLE = ("ready", "aside")
KILLED = {"reason": "the process of this fit was killed"}
TABLE = schema.fits
COLUMNS = (TABLE.c.number, TABLE.c.state, TABLE.c.started, TABLE.c.ended, TABLE.c.used, TABLE.c.facts, TABLE.c.beat)
NEWEST_FIRST = sa.select(*COLUMNS).order_by(TABLE.c.number.desc())
BY_USE = sa.select(*COLUMNS).where(TABLE.c.used.is_not(None), TABLE.c.state.in_(USABLE)).order_by(TABLE.c.used.desc())


class FitRunningError(PartwiseError, RuntimeError):
    """Another fit is running."""


@dataclass(frozen=True)
class Fit:
    """A fit; times in seconds since 1970, by the database's clock.

    Attributes
    ----------
    number : int
        Its number, which later fits exceed.
    state : str
        running; ready; aside, if it is worse than the one in use; failed; or removed, if its models are no longer kept.
    started, ended, used : float or None
        When it began, when it ended, and when it was last put into use.
    facts : dict
        Sizes, measures, what changed, and why it failed or was kept aside.
    """

    number: int
    state: str
    started: float
    ended: float | None
    used: float | None
    facts: dict[str, Any]


def begin_fit(db: Database) -> int | None:
    """Begin a fit and return its number; None if another is running. A fit that was killed counts as failed."""
    with db.write() as connection:
        db.hold(connection, TABLE)
        began, running = db.time(connection), TABLE.c.state == "running"
        if connection.execute(sa.select(TABLE.c.number).where(running, TABLE.c.beat > began - SILENT)).first():
            return None
        connection.execute(sa.update(TABLE).where(running).values(state="failed", ended=TABLE.c.beat, facts=KILLED))
        row = {"state": "running", "started": began, "beat": began, "facts": {}}
        return int(connection.execute(sa.insert(TABLE).values(row).returning(TABLE.c.number)).scalar_one())


def beat(db: Database, number: int) -> None:
    """Say that a fit is still running; one that counts as killed stays so."""
    with db.write() as connection:
        connection.execute(sa.update(TABLE).where(_runs(number)).values(beat=db.time(connection)))


def end_fit(
    db: Database,
    number: int,
    state: str,
    facts: dict[str, Any],
    use: bool,
    also: Callable[[sa.Connection], object] = lambda connection: None,
) -> bool:
    """End a fit; with `use` it is in use from now on. `also` writes what else has to be there at the same time.

    Returns
    -------
    bool
        False if the fit counts as killed: it gave no sign for so long that another has begun, and it stays failed.
    """
    with db.write() as connection:
        db.hold(connection, TABLE)
        if connection.execute(sa.select(TABLE.c.number).where(_runs(number))).first() is None:
            return False
        also(connection)
        values = {"state": state, "ended": db.time(connection), "facts": facts}
        values |= {"used": _later(db, connection)} if use else {}
        connection.execute(sa.update(TABLE).where(TABLE.c.number == number).values(values))
        return True


def use_fit(db: Database, number: int) -> bool:
    """Put a fit into use, also one that was kept aside; tell whether there is one of this number that can be used."""
    usable = (TABLE.c.number == number) & TABLE.c.state.in_(USABLE)
    with db.write() as connection:
        return connection.execute(sa.update(TABLE).where(usable).values(used=_later(db, connection))).rowcount > 0


def find_fit(db: Database, number: int) -> Fit | None:
    """Return the fit of a number; None if there is none."""
    return next(iter(_fits(db, sa.select(*COLUMNS).where(TABLE.c.number == number))), None)


def fit_in_use(db: Database) -> Fit | None:
    """Return the fit that was put into use last; None before the first."""
    return next(iter(_fits(db, BY_USE.limit(1))), None)


def newest_fit(db: Database) -> Fit | None:
    """Return the fit that began last; None before the first. No other one can be running."""
    return next(iter(list_fits(db, 1)), None)


def last_use(connection: sa.Connection) -> tuple[int, float] | None:
    """Return which fit is in use, and when it was put into use."""
    found = connection.execute(BY_USE.with_only_columns(TABLE.c.number, TABLE.c.used).limit(1)).first()
    return None if found is None else (found.number, found.used)


def fits_by_use(db: Database) -> list[Fit]:
    """Return the fits that were in use and are still kept, the one put into use last first."""
    return _fits(db, BY_USE)


def keep_fits(db: Database, most: int) -> set[int]:
    """Keep the last fits that can be used and the one in use, and return their numbers; the others are removed."""
    query = sa.select(TABLE.c.number).where(TABLE.c.state.in_(USABLE)).order_by(TABLE.c.number.desc())
    with db.write() as connection:
        db.hold(connection, TABLE)  # the one in use stays so until the others are removed
        usable = list(connection.execute(query).scalars())
        kept = {*usable[:most], *connection.execute(BY_USE.with_only_columns(TABLE.c.number).limit(1)).scalars()}
        others = TABLE.c.number.in_([number for number in usable if number not in kept])
        connection.execute(sa.update(TABLE).where(others).values(state="removed"))
    return kept


def count_fits(db: Database) -> int:
    """Return how many fits there are, also removed and failed ones."""
    with db.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(TABLE)).scalar_one())


def list_fits(db: Database, most: int | None = None, skip: int = 0) -> list[Fit]:
    """Return fits, the newest first: all, or so many at most after some that are skipped."""
    return _fits(db, NEWEST_FIRST.limit(most).offset(skip))


def usable_fits(db: Database) -> list[Fit]:
    """Return the fits that can be put into use, the newest first."""
    return _fits(db, NEWEST_FIRST.where(TABLE.c.state.in_(USABLE)))


def _runs(number: int) -> sa.ColumnElement[bool]:
    return (TABLE.c.number == number) & (TABLE.c.state == "running")


def _fits(db: Database, query: sa.Select[Any]) -> list[Fit]:
    with db.read() as connection:
        at = db.time(connection)
        return [_fit(at, beat, Fit(*row)) for *row, beat in connection.execute(query)]


def _fit(at: float, beat: float, fit: Fit) -> Fit:
    """Return a fit, as failed if its process was killed: until another begins, nobody has noted it."""
    killed = fit.state == "running" and beat <= at - SILENT
    return replace(fit, state="failed", ended=beat, facts=KILLED) if killed else fit


def _later(db: Database, connection: sa.Connection) -> float:
    """Return a time after that of the fit put into use last, even if the clock was set back since."""
    last = connection.execute(sa.select(sa.func.max(TABLE.c.used))).scalar()
    at = db.time(connection)
    return at if last is None else max(at, last + 1e-3)
