"""Options that the commands of the portal share, and what they lead to."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from partwise.cli.command import Failure
from partwise.exceptions import MissingExtraError

if TYPE_CHECKING:
    from partwise.portal.database import Database

__all__ = [
    "DATABASE",
    "address_of",
    "connected",
    "data_option",
    "database_option",
    "held_secret",
    "kept_secret",
    "lacking",
    "made",
    "opened",
    "secret_option",
]

DATABASE = "PARTWISE_DATABASE"
"""The variable that holds the address of the database."""
SECRET = "secret"
"""The name of its file."""
SHORTEST = 16
"""Bytes that a secret needs."""

database_option = click.option(
    "--database",
    metavar="ADDRESS",
    envvar=DATABASE,
    show_default="sqlite:///FOLDER/portal.db",
    help="The database, such as postgresql+psycopg://user@host/name; also PARTWISE_DATABASE.",
)
data_option = click.option(
    "--data",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("portal"),
    show_default=True,
    help="Where models and, by default, the database are.",
)


def _long_enough(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and len(value.encode()) < SHORTEST:
        said = f"it needs at least {SHORTEST} bytes. A new one: {secrets.token_urlsafe(32)}"
        raise click.BadParameter(said, ctx, option)
    return value


secret_option = click.option(
    "--secret",
    metavar="TEXT",
    envvar="PARTWISE_SECRET",
    callback=_long_enough,
    show_default="one that is kept in FOLDER",
    help="Signs sessions; better given as PARTWISE_SECRET, as others can see options.",
)


def address_of(database: str | None, folder: Path) -> str:
    """Return the address of the database, by default in a folder."""
    if database is not None:
        return database
    from sqlalchemy import URL, make_url

    # A question mark in the name of a folder does not begin the options of an address.
    path = str(folder / "portal.db")
    address = URL.create("sqlite", database=path).render_as_string()
    if make_url(address).database != path:
        said = f"SQLAlchemy 2.0 cannot name {path}. Use version 2.1, or a folder without a question mark."
        raise Failure(said, exit_code=2)
    return address


@contextmanager
def connected(database: str | None, folder: Path) -> "Iterator[Database]":
    """Yield the database, whatever its tables are; fail in one line if it is away."""
    try:
        from sqlalchemy.exc import DBAPIError

        from partwise.portal.database import Database
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    db = Database(address_of(database, folder))
    try:
        yield db
    except DBAPIError as error:
        raise Failure(f"the database {db.shown} cannot be used: {error.orig}.", exit_code=1) from error
    finally:
        db.close()


@contextmanager
def opened(database: str | None, folder: Path) -> "Iterator[Database]":
    """Yield the database of a portal; fail if there is none, which a wrong folder or address leads to."""
    with connected(database, folder) as db:
        if not db.is_there():
            raise Failure(
                f"there is no portal in {db.shown}. Name its folder with --data, or its database with --database; "
                "partwise serve makes a new one.",
                exit_code=1,
            )
        db.check()
        yield db


@contextmanager
def made(database: str | None, folder: Path) -> "Iterator[Database]":
    """Yield the database of a portal, with tables that are made if there are none."""
    with connected(database, folder) as db:
        db.prepare()
        yield db


def lacking(error: ModuleNotFoundError) -> ModuleNotFoundError | MissingExtraError:
    """Return the error to raise for a module that is not there: of another library, it names the extra."""
    if (error.name or "").startswith("partwise"):
        return error
    return MissingExtraError(f"the portal needs {error.name}. Install it with: pip install 'partwise[serve]'")


def kept_secret(folder: Path) -> str:
    """Return the secret that is kept in a folder; the first time it is made."""
    path = folder / SECRET
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(32))
    return held_secret(folder)


def held_secret(folder: Path) -> str:
    """Return the secret that is kept in a folder; fail if there is none."""
    path = folder / SECRET
    if not path.exists():
        raise Failure(
            f"there is no secret in {folder}. Name the folder of the portal with --data, or give its secret as "
            "PARTWISE_SECRET; partwise serve makes a new one.",
            exit_code=1,
        )
    found = path.read_text(errors="replace").strip()
    if len(found.encode()) < SHORTEST:
        raise Failure(
            f"{path} holds no secret. Restore it from a backup, or remove the file for a new one.", exit_code=1
        )
    return found


def _write_once(path: Path, text: str) -> None:
    """Write a file of this user, which is there whole or not at all; one that is there stays."""
    file, name = tempfile.mkstemp(dir=path.parent)
    try:
        with open(file, "w") as written:
            written.write(text)
            written.flush()
            os.fsync(file)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
