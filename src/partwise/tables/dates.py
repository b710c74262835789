"""Reading dates and times, for topics and for recommendations, from files and from Python."""

import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from partwise.exceptions import DataError, shown
from partwise.tables.cells import is_missing
from partwise.tables.format import plural
from partwise.tables.times import AHEAD, DAY, MONTH, UNITS, YEAR, Column, Row, Times, checked, filled, from_numbers

if TYPE_CHECKING:
    import duckdb

__all__ = ["is_iso_day", "iso_days", "parse_times", "read_times"]

Array = NDArray[Any]

IN_PYTHON = "convert them with pandas.to_datetime and its format"
DATES = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y", "%Y %b %d", "%d.%m.%Y", "%Y%m%d")
WITH_ZONE = ("%Y-%m-%d", "%Y/%m/%d")
"""Those that are left over where a zone stands behind a space."""
SHORT_DATES = ("%d-%b-%y", "%d %b %y", "%d.%m.%y")
MONTHS = ("%b %Y", "%B %Y", "%b-%Y", "%B-%Y", "%m/%Y", "%m.%Y")
TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%n", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S.%n %p", "%I %p")
DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y")
ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""Hours from UTC of the zones that RFC 822, section 5.1, names; UT, UTC, GMT and Z are 0."""

NUMBER = r"^[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$"
LOCAL = "case when x like '____-_%' or x like '____/_%' then epoch(try_cast(x as timestamp)) end"
"""SQL for the local time that ISO 8601 writes, in seconds; NULL for another text."""
ZONELESS = "x[-1] <= '9' and not contains(x, '+') and x not like '%-%-%-%' and x not like '____/%-%'"
USUAL = "x like '____-__-_____:__:__'"
"""SQL for the usual form, which is tried first: this takes a third of the time."""
UTC = f"case when local is null or {USUAL} or {ZONELESS} then local else epoch(try_cast(x as timestamptz)) end"
ISO = f"select *, {LOCAL} as local, {UTC} as utc"
"""SQL for the local time and that in UTC; without a zone both are one."""
SLASHED = r"^([0-9]{1,2})([/-])([0-9]{1,2})[/-]([0-9]{4}|[0-9]{2})([ ,T].*)?$"
WEEKDAY = r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]*\s+"
CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s*[ap][.]?m[.]?)?|[0-9]{1,2}\s*[ap][.]?m[.]?"
ZONE = r"z|utc|ut|gmt|[ecmp][sd]t|(?:utc|gmt)?[+-][0-9]{2}(?::?[0-9]{2})?"
OFFSET = r"[+-][0-9]{2}(:?[0-9]{2})?([^+Z-]*)$"
PARTS = rf"(?i)^(.*?)(?:(?:\s*,\s*|\s+at\s+|\s+|T)({CLOCK})\s*({ZONE})?(?:\s+([0-9]{{4}}))?)?$"
"""Date, clock, zone, and a year after these, as the command ``date`` writes it."""


def read_times(values: Any, what: str, row: Row, form: str | None = None, *, relative: bool = False) -> Times:
    """Return the times in an array or a list.

    Parameters
    ----------
    values : array-like of shape (n_rows,)
        Text, numbers (seconds since 1970, or milli-, micro- or nanoseconds where only these are plausible), dates,
        datetimes or ``datetime64``; None, NaN, NaT or ``""`` where unknown.
    what : str
        Name of the column in errors.
    row : callable
        Returns the name of a row in errors, such as ``"row 3"``, from its index.
    form : str, default=None
        Format of a text, as for ``strftime``, or one of `UNITS`; None detects it.
    relative : bool, default=False
        Whether numbers can count seconds from any moment, as in a log. Otherwise a number that would be a time before
        1973 is refused.

    Returns
    -------
    Times
        One time for each row.

    Raises
    ------
    DataError
        If a cell does not hold a time, or day and month cannot be told apart; the text names the row.

    Examples
    --------
    >>> times = read_times(["26 February 1987", "26.02.1987", ""], "dates", str)
    >>> iso_days(times)
    ['1987-02-26', '1987-02-26', '']
    """
    given = values if isinstance(values, np.ndarray) else _as_array(values)
    if given.dtype.kind == "M":
        seconds = np.where(np.isnat(given), np.nan, given.astype("datetime64[us]").astype(np.int64) / 1e6)
        return Times(seconds, seconds, np.full(len(seconds), DAY, dtype=np.uint8))
    if given.dtype.kind in "fiu":
        column = Column(what, row, np.isnan(given), given.__getitem__, IN_PYTHON)
        return from_numbers(given.astype(np.float64), form, column, relative)
    import duckdb

    texts = np.array([_text(value) for value in given.tolist()], dtype=object)
    with duckdb.connect() as database:
        database.register("partwise_cells", {"cell": texts} if len(texts) else {"cell": np.array([None, None])})
        source = f"(from partwise_cells limit {len(texts)})"
        return parse_times(database, source, "cell", "cell", what, row, form, relative=relative, way_out=IN_PYTHON)


def parse_times(
    database: "duckdb.DuckDBPyConnection",
    source: str,
    cell: str,
    known: str,
    what: str,
    row: Row,
    form: str | None = None,
    *,
    relative: bool = False,
    way_out: str = "say how they are written with --date-format",
) -> Times:
    """Return the times of a column of text of a table in DuckDB; the rest is as in `read_times`.

    `cell` is SQL for the text. `known` is SQL for the text without space around it, NULL for a word for unknown; it is
    used only for cells that are not plain times.
    """
    database.execute("set timezone = 'UTC'")
    stamp = "case when local is null and not contains(x, '_') then try_cast(x as double) end"
    gap = f"case when local is null then ({known}) is null else false end"  # computed only for cells that are not times
    raw = f"{ISO} from (select *, {cell} as x from {source})"
    read = database.sql(f"select local, utc, {stamp} as n, {gap} as gap from ({raw})").fetchnumpy()
    cells = f"select {known} as x from {source}"
    local, seconds, stamps = (filled(read[name]) for name in ("local", "utc", "n"))
    column = Column(what, row, np.ma.getdata(read["gap"]), partial(_cell, database, cells), way_out)
    if form is None and (np.isfinite(seconds - local) | column.absent).all():
        return checked(Times(seconds, local, np.full(len(local), DAY, dtype=np.uint8)), column)
    if form in UNITS or (
        form is None and (np.isfinite(stamps) | column.absent).all() and np.nanmax(stamps, initial=0) > 9999
    ):
        return from_numbers(stamps, form, column, relative)
    number = f"regexp_matches(x, '{NUMBER}')"
    counts = (
        f"select count(x), count(*) filter ({number}), "
        f"count(*) filter ({number} and not regexp_matches(x, '^([0-9]{{4}}|[0-9]{{8}})$')), "
        f"count(*) filter (regexp_matches(x, '^[0-9]{{4}}$')) from ({cells})"
    )
    there, numeric, most, years = database.sql(counts).fetchall()[0]
    # Most cells show what the column holds: a word among numbers is the wrong cell, not all the others.
    if form is None and (there == numeric > years or most > there / 2):
        return from_numbers(stamps, form, column, relative)
    note = None
    if form is not None:
        statement = _written(database, cells, form)
    else:
        order, note = _order(database, cells, column)
        statement = _found_out(cells, order)
    found = database.sql(statement).fetchnumpy()
    local = filled(found["local"])
    precision = np.where(np.isnan(local), DAY, filled(found["precision"], DAY)).astype(np.uint8)
    moved = int(filled(found["moved"], 0.0).sum())
    if moved:
        said = f"{plural(moved, 'year')} of two digits would be more than a year ahead, and were read as 19.."
        note = f"{note}; {said}" if note else said
    return checked(Times(local - filled(found["ahead"], 0.0), local, precision, note), column)


def iso_days(times: Times) -> list[str]:
    """Return ``YYYY-MM-DD``; or ``YYYY-MM`` or ``YYYY`` if no more is known, or ``""`` if nothing is."""
    absent = np.isnan(times.local)
    days = np.where(absent, 0, times.local).astype("datetime64[s]").astype("datetime64[D]").astype(str).tolist()
    known = zip(days, times.precision.tolist(), absent.tolist(), strict=True)
    return ["" if gap else day[:length] for day, length, gap in known]


def is_iso_day(text: str) -> bool:
    """Return whether a text is in the form of `iso_days`."""
    try:
        date.fromisoformat(text + "-01-01"[: DAY - len(text)])
    except ValueError:
        return text == ""
    return len(text) in (YEAR, MONTH, DAY)


def _as_array(values: Sequence[Any]) -> Array:
    """Return a list as an array: of numbers if it holds only numbers, otherwise of objects."""
    cells = list(values)
    plain = all(
        isinstance(cell, int | float | np.number | np.datetime64) and not isinstance(cell, bool) for cell in cells
    )
    found = np.asarray(cells) if plain and cells else np.empty(len(cells), dtype=object)
    if found.dtype == object:
        found[:] = cells
    return found


def _text(value: Any) -> str | None:
    """Return a cell as text without space around it; None if it is empty."""
    if is_missing(value):
        return None
    return value.isoformat() if isinstance(value, date) else str(value).strip(" ") or None


def _order(database: "duckdb.DuckDBPyConnection", cells: str, column: Column) -> tuple[Sequence[str], str | None]:
    """Return how to read dates such as 3/4/2021 in this column, and a note about it."""
    slashed = f"select x, regexp_extract(x, '{SLASHED}', 1)::int as a, regexp_extract(x, '{SLASHED}', 3)::int as b"
    slashed += f" from ({cells}) where regexp_matches(x, '{SLASHED}')"
    query = (
        "select any_value(x), any_value(x) filter (a > 12), any_value(x) filter (b > 12), "
        f"any_value(x) filter (a <= 12 and b <= 12 and a <> b) from ({slashed})"
    )
    example, day_first, month_first, either = database.sql(query).fetchall()[0]
    if day_first and month_first:
        raise DataError(
            f"{column.what}: dates are written in two ways: in {shown(day_first)} the day comes first, in "
            f"{shown(month_first)} the month. Write all of them in one way, such as YYYY-MM-DD."
        )
    if either and not (day_first or month_first):
        raise DataError(
            f"{column.what}: in dates such as {shown(either)} day and month cannot be told apart. Write them as "
            f"YYYY-MM-DD, or {column.way_out}: '%d/%m/%Y' or '%m/%d/%Y'."
        )
    if example is None:
        return (), None
    if month_first:
        return MONTH_FIRST, f"in dates such as {month_first} the month comes first"
    return DAY_FIRST, f"in dates such as {day_first or example} the day comes first"


def _list(words: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"


def _found_out(cells: str, order: Sequence[str]) -> str:
    """Return a query for the local time in seconds, how far it is ahead of UTC, and how much of a date is known.

    Trying a form that does not fit costs as much as one that fits. So each different day and clock time is read once,
    however many rows have it.
    """
    short = [form.replace("%Y", "%y") for form in order]
    zones = " ".join(f"when '{name}' then {3600 * hours}" for name, hours in ZONES.items())
    return rf"""
with iso as (
  select row_number() over () as i, x, utc, case when utc is not null then local end as stamp,
    case when regexp_matches(x, '^[0-9]{{4}}(-(0[1-9]|1[0-2]))?$') then try_strptime(x, ['%Y-%m', '%Y']) end as part
  from ({ISO} from ({cells}))
),
split as (
  select *, case when stamp is not null or part is not null then null
    when regexp_matches(x, '(?i)^[0-9]+[-./][0-9]+[-./][0-9]+( ({CLOCK}))?$')
    then {{'day': split_part(x, ' ', 1), 'clock': substr(x, length(split_part(x, ' ', 1)) + 2), 'zone': '', 'year': ''}}
    else regexp_extract(regexp_replace(x, '(?i){WEEKDAY}', ''), '{PARTS}', ['day', 'clock', 'zone', 'year'])
    end as found from iso
),
rows as materialized (
  select * exclude (found), found.clock as clock, found.day || ' ' || found.year as day,
    coalesce(upper(found.zone), '') as zone from split
),
days as (
  select day, case when four then try_strptime(plain, {_list([*DATES, *WITH_ZONE, *order])})
      when regexp_matches(plain, '[0-9]') then try_strptime(plain, {_list([*SHORT_DATES, *short])}) end as read,
    not four and epoch(read) > {time.time() + AHEAD} as moved,
    case when moved then read - interval 100 year else read end as date,
    case when four then try_strptime(plain, {_list(MONTHS)}) end as month
  from (
    select day, regexp_matches(plain, '[0-9]{{4}}') as four, plain from (
      select distinct day, trim(regexp_replace(regexp_replace(
        day, '(?i)([0-9])(st|nd|rd|th)\b|([a-z])[.]|,', '\1\3 ', 'g'), '\s+', ' ', 'g')) as plain from rows
    )
  )
),
clocks as (
  select clock, case when clock = '' then 0 else epoch(try_strptime(upper(regexp_replace(
    replace(clock, ',', '.'), '(?i)\s*([ap])[.]?m[.]?$', ' \1m')), {_list(TIMES)})) + 2208988800 end as second
  from (select distinct clock from rows)
)
select
  case when stamp is not null then stamp when part is not null then epoch(part)
    when date is not null then epoch(date) + second when rows.clock = '' then epoch(month) end as local,
  case when stamp is not null then stamp - utc
    when regexp_matches(zone, '[0-9]') then (case when contains(zone, '-') then -1 else 1 end) * (
      3600 * regexp_extract(zone, '([0-9]{{2}}):?([0-9]{{2}})?$', 1)::int
      + 60 * coalesce(try_cast(regexp_extract(zone, '([0-9]{{2}}):?([0-9]{{2}})?$', 2) as int), 0))
    else case zone {zones} else 0 end end as ahead,
  case when stamp is not null or date is not null then {DAY} when part is not null then length(x) else {MONTH} end
    as precision,
  moved
from rows left join days using (day) left join clocks using (clock) order by i
"""


def _written(database: "duckdb.DuckDBPyConnection", cells: str, form: str) -> str:
    """Return the query of `_found_out` for texts of a given format."""
    quoted = form.replace("'", "''")
    try:
        database.sql(f"select try_strptime('', '{quoted}')").fetchall()
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{form!r} is not a format of dates ({reason}). Give one such as '%d/%m/%Y %H:%M', or {', '.join(UNITS)}."
        ) from error
    known = DAY if "%d" in form or "%j" in form or "%c" in form or "%x" in form else MONTH if "%m" in form else YEAR
    # If the zone of a text is replaced by UTC, reading it gives the local time.
    text = "regexp_replace(x, 'Z$', '+00')" if "%z" in form else "x"
    local = text if "%Z" not in form else f"regexp_replace({text}, '[A-Za-z_/]+$', 'UTC')"
    local = f"regexp_replace({local}, '{OFFSET}', '+00\\2')" if "%z" in form else local
    return f"""
select try_strptime({local}, '{quoted}') as there,
  {str("%y" in form).lower()} and epoch(there) > {time.time() + AHEAD} as moved,
  epoch(case when moved then there - interval 100 year else there end) as local,
  epoch(there) - epoch(try_strptime({text}, '{quoted}')) as ahead, {known} as precision
from ({cells})
"""


def _cell(database: "duckdb.DuckDBPyConnection", cells: str, i: int) -> Any:
    return database.sql(f"select x from ({cells}) limit 1 offset {i}").fetchall()[0][0]
