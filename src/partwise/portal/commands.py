"""``partwise portal``: keys, fits, and the tables of the database."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import click

from partwise.cli.command import Command, Failure, json_option, note
from partwise.io.escapes import escaped
from partwise.portal.options import connected, data_option, database_option, held_secret, opened, secret_option

__all__ = ["command"]

PATIENT = 19
"""What a fit adds to its niceness where the system has no way to wait for everybody."""


@click.group(name="portal", short_help="Look after a portal: keys, fits, its database.")
def command() -> None:
    """Look after a portal: its keys, fits, database and editors.

    \b
    Example: partwise portal key --scope write --name site
    """


@command.command(cls=Command)
@database_option
@data_option
@click.option(
    "--scope",
    type=click.Choice(["read", "write", "admin"]),
    required=True,
    help="What it opens: lists and topics (read), adding articles and events (write), everything (admin).",
)
@click.option("--name", metavar="TEXT", default="", show_default="none", help="What the key is for.")
@click.option(
    "--days", metavar="NUMBER", type=click.IntRange(1, 36_500), show_default="no limit", help="Days until it expires."
)
def key(database: str | None, data: Path, scope: str, name: str, days: int | None) -> None:
    """Make a key of the interface, and print it: it cannot be shown again.

    \b
    Example: partwise portal key --scope read --days 90
    """
    with opened(database, data) as db:
        from partwise.portal.keys import make_key

        click.echo(make_key(db, scope, name, days))


@command.command(cls=Command)
@database_option
@data_option
@json_option
def keys(database: str | None, data: Path, as_json: bool) -> None:
    """List the keys by their numbers; the keys themselves are not kept.

    \b
    Example: partwise portal keys
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from partwise.cli.render import print_json

    with opened(database, data) as db:
        from partwise.portal.keys import list_keys

        made = list_keys(db)
    if as_json:
        print_json([asdict(one) for one in made])
        return
    for one in made:
        until = "" if one.expires is None else f", until {datetime.fromtimestamp(one.expires, UTC):%Y-%m-%d}"
        click.echo(f"{one.number}  {one.scope}{until}  {escaped(one.name)}")


@command.command(cls=Command)
@click.argument("number", type=int)
@database_option
@data_option
def revoke(number: int, database: str | None, data: Path) -> None:
    """Remove a key by its number; servers notice within seconds.

    \b
    Example: partwise portal revoke 3
    """
    with opened(database, data) as db:
        from partwise.portal.keys import revoke_key

        found = revoke_key(db, number)
    if not found:
        raise Failure(f"there is no key {number}. See: partwise portal keys", exit_code=2)


@command.command(cls=Command)
@database_option
@data_option
@click.option(
    "--fit", "number", type=int, hidden=True, show_default="begins one", help="The fit that a server has begun."
)
def refit(database: str | None, data: Path, number: int | None) -> None:
    """Fit topics and lists to all articles and reads; servers take them over.

    \b
    Example: partwise portal refit
    """
    # A server that stops ends its fit by SIGTERM, which then counts as interrupted at once.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with opened(database, data) as db:
        from partwise.portal.fits import last_use

        with db.read() as connection:
            first = last_use(connection) is None
        if not first:  # for the first one everybody waits
            _give_way()  # before NumPy is there, whose threads do as the one that begins them
        from partwise.portal.refit import refit as run

        fit = run(db, data, number=number)
    reason = f": {fit.facts['reason']}" if fit.facts.get("reason") else ""
    if fit.state == "failed":
        raise Failure(f"fit {fit.number} failed{reason}", exit_code=1)
    click.echo(f"Fit {fit.number} is {fit.state}{reason}")


@command.command(cls=Command)
@database_option
@data_option
def upgrade(database: str | None, data: Path) -> None:
    """Bring the tables of a database to this version of partwise.

    Make a backup before.

    \b
    Example: partwise portal upgrade
    """
    with connected(database, data) as db:
        before = db.version()
        db.upgrade()
        note(f"{db.shown}: version {before} is now {db.version()}")


@command.command("sign-in", cls=Command)
@data_option
@secret_option
@click.option(
    "--address",
    metavar="ADDRESS",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where editors reach the portal.",
)
def sign_in(data: Path, secret: str | None, address: str) -> None:
    """Print a link that signs an editor in, once, within an hour.

    \b
    Example: partwise portal sign-in --address https://portal.example.org
    """
    from partwise.portal.signing import sign_in_path

    click.echo(f"{address.rstrip('/')}{sign_in_path(secret or held_secret(data))}")


def _give_way() -> None:
    """Let this process run only while no other wants the processor: servers on the same machine answer first."""
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # a container can forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    if hasattr(os, "nice"):
        os.nice(PATIENT)
