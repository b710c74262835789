"""``partwise serve``."""

import secrets
from ipaddress import ip_address
from pathlib import Path

import click

from partwise.cli.command import Command, FiniteRange
from partwise.portal.options import address_of, data_option, database_option, kept_secret, lacking, secret_option

__all__ = ["command"]

LOCAL = ("127.0.0.1", "localhost", "::1")


@click.command(cls=Command)
@click.option("--demo", is_flag=True, help="Show shipped passages and simulated readers.")
@database_option
@data_option
@click.option("--host", metavar="NAME", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", metavar="NUMBER", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Where to listen."
)
@secret_option
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    show_default="those of this computer, or with --host every name",
    help="A name under which the portal is served, such as that of a proxy; can be repeated.",
)
@click.option("--pseudonyms", is_flag=True, help="Store keyed hashes of readers' ids, not the ids.")
@click.option(
    "--keep-days",
    metavar="NUMBER",
    type=FiniteRange(min=0, min_open=True),
    show_default="no limit",
    help="Days after which a read is removed.",
)
@click.option(
    "--refit-every",
    metavar="HOURS",
    type=FiniteRange(min=0, min_open=True),
    show_default="only when asked",
    help="Hours between fits.",
)
@click.option(
    "--requests",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=60_000,
    show_default=True,
    help="Requests a minute that one key can make, in each process.",
)
@click.option(
    "--workers",
    metavar="NUMBER",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
def command(
    demo: bool,
    database: str | None,
    data: Path,
    host: str,
    port: int,
    secret: str | None,
    hosts: tuple[str, ...],
    pseudonyms: bool,
    keep_days: float | None,
    refit_every: float | None,
    requests: int,
    workers: int,
) -> None:
    """Serve topics, similar articles and lists for readers as pages and an interface.

    Without a secret the portal listens on this computer only.

    \b
    Example: partwise serve --demo
    """
    local = is_local(host)
    if not local and secret is None:
        made = secrets.token_urlsafe(32)
        raise click.UsageError(
            f"--host {host} lets other computers in, and this needs a secret. For example: "
            f"PARTWISE_SECRET={made} partwise serve --host {host}"
        )
    if demo and pseudonyms:
        raise click.UsageError("--pseudonyms: the readers of the demonstration are simulated. Leave it out.")
    folder = data / "demo" if demo else data
    named = tuple(name.lower() for name in hosts)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        from partwise.portal.serving import serve
        from partwise.portal.settings import Settings

        settings = Settings(
            database=address_of(database, folder),
            folder=folder,
            secret=secret or kept_secret(folder),
            demo=demo,
            # With a name of a proxy, others come by it.
            open=demo and local and not named,
            # Checks of health ask this computer by its own names.
            hosts=(*LOCAL, host.lower(), *named) if local or named else (),
            pseudonyms=pseudonyms,
            keep_days=keep_days,
            refit_every=refit_every,
            requests_a_minute=requests,
        )
        serve(settings, host, port, workers)
    except ModuleNotFoundError as error:
        raise lacking(error) from error


def is_local(host: str) -> bool:
    """Tell whether a name is that of this computer, which no other can reach."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
