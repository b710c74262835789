"""The portal's database: SQLite by default, PostgreSQL by its address."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite

from partwise.exceptions import MissingExtraError, ParameterError, PartwiseError
from partwise.portal.commits import Commits

__all__ = ["Database", "DatabaseVersionError", "now"]

MIGRATIONS = Path(__file__).with_name("migrations")
PATIENCE = 20
"""Seconds that a writer waits for another."""
AWAY = 5
"""Seconds after which a server that does not answer counts as away."""
THREADS = 40
"""Most connections: as many as a web server has threads."""
Result = TypeVar("Result")


class DatabaseVersionError(PartwiseError, RuntimeError):
    """The database was made by another version; the text says what to upgrade, and how."""


class Database:
    """A database of the portal.

    Parameters
    ----------
    address : str
        As SQLAlchemy takes it, such as ``sqlite:///portal.db`` or ``postgresql+psycopg://user@host/name``.
    """

    def __init__(self, address: str) -> None:
        try:
            url = sa.make_url(address)
        except sa.exc.ArgumentError as error:
            raise ParameterError(
                f"{address!r} is not the address of a database. Give one such as sqlite:///portal.db or "
                "postgresql+psycopg://user@host/name."
            ) from error
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ParameterError(f"a database of {url.get_backend_name()} is not supported. Use SQLite or PostgreSQL.")
        self.sqlite = url.get_backend_name() == "sqlite"
        # SQLite has one writer at a time; who waits for it here goes on at once, and does not ask again and again.
        self.turn = Lock() if self.sqlite else nullcontext()
        self.commits = Commits(self.write)
        self.shown = url.render_as_string(hide_password=True)
        # The last is in milliseconds: for a server that goes away while it is asked.
        away = {"connect_timeout": AWAY, "keepalives_idle": AWAY, "tcp_user_timeout": 1000 * AWAY}
        wait = {"timeout": PATIENCE} if self.sqlite else away
        options: dict[str, Any] = {"connect_args": wait, "pool_size": THREADS // 2, "max_overflow": THREADS // 2}
        try:
            # Without the values of a statement, which hold ids of readers, in errors and so in logs.
            self.engine = sa.create_engine(url, pool_pre_ping=not self.sqlite, hide_parameters=True, **options)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"PostgreSQL needs {error.name}. Install it with: pip install 'partwise[serve,postgresql]'"
            ) from error
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a connection whose changes are there for all when the block ends, or not at all if it fails."""
        with self.turn, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def hold(self, connection: sa.Connection, table: sa.Table) -> None:
        """Let no other process change a table until the transaction ends; on SQLite only one writes at a time."""
        if not self.sqlite:
            connection.execute(sa.text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))

    def time(self, connection: sa.Connection) -> float:
        """Return the time of the database in seconds since 1970: servers can have clocks that differ."""
        asked = "(julianday('now') - 2440587.5) * 86400.0" if self.sqlite else "extract(epoch FROM clock_timestamp())"
        return float(connection.execute(sa.text(f"SELECT {asked}")).scalar_one())

    def commit(self, write: Callable[[sa.Connection], Result]) -> Result:
        """Run a write and return its result once it is there for all, perhaps in one transaction with others.

        On PostgreSQL each has its own, as these do not wait for each other.
        """
        if self.sqlite:
            return self.commits.run(write)
        with self.write() as connection:
            return write(connection)

    def insert_new(
        self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], unique: str
    ) -> int:
        """Insert rows whose value of a unique column is not there yet; return how many were new."""
        insert = sqlite.insert(table) if self.sqlite else postgresql.insert(table)
        statement = insert.on_conflict_do_nothing(index_elements=[unique]).returning(table.c[unique])
        return len(connection.execute(statement, list(rows)).all()) if rows else 0

    def replace(
        self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], unique: str
    ) -> None:
        """Insert rows, or set the other columns where the value of a unique column is there."""
        if not rows:
            return
        insert = sqlite.insert(table) if self.sqlite else postgresql.insert(table)
        changed = {name: insert.excluded[name] for name in rows[0] if name != unique}
        connection.execute(insert.on_conflict_do_update(index_elements=[unique], set_=changed), list(rows))

    def streamed(self, table: sa.Table, columns: Sequence[sa.Column[Any]], size: int) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table by their numbers, `size` in one query: no connection is held meanwhile."""
        query, last = sa.select(*columns, table.c.number).order_by(table.c.number).limit(size), 0
        while True:
            with self.read() as connection:
                page = connection.execute(query.where(table.c.number > last)).all()
            yield from (tuple(row[:-1]) for row in page)
            if len(page) < size:
                return
            last = page[-1][-1]

    def is_there(self) -> bool:
        """Tell whether there are tables; a file that is not there is not made."""
        path = self.engine.url.database
        there = not self.sqlite or not path or path.startswith("file:") or Path(path).exists()
        return there and self.version() is not None

    def version(self) -> str | None:
        """Return the version of the tables; None if there are none."""
        with self.read() as connection:
            return _version_of(connection)

    def prepare(self) -> None:
        """Make the tables of an empty database; raise DatabaseVersionError if they are of another version."""
        if self.version() is None:
            self.upgrade()
        self.check()

    def check(self) -> None:
        """Raise DatabaseVersionError if the tables are of another version."""
        found, wanted = self.version(), _versions()[0]
        self._check_known(found)
        if found != wanted:
            raise DatabaseVersionError(
                f"{self.shown} has tables of version {found}; this partwise needs {wanted}. Make a backup, then run: "
                "partwise portal upgrade --database ADDRESS"
            )

    def upgrade(self) -> None:
        """Bring the tables to the newest version; two processes that do so wait for each other.

        Raises
        ------
        DatabaseVersionError
            If the tables are of a version that only a newer partwise knows.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            if not self.sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(1885434484)"))
            self._check_known(_version_of(connection))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _check_known(self, found: str | None) -> None:
        if found is not None and found not in _versions():
            raise DatabaseVersionError(
                f"{self.shown} has tables of version {found}, which a newer partwise made. Upgrade this partwise: "
                "pip install --upgrade 'partwise[serve]'"
            )


def now() -> float:
    """Return the time in seconds since 1970."""
    return time.time()


@cache
def _versions() -> list[str]:
    """Return the versions of the tables that this partwise knows, the one that it needs first."""
    return [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def _version_of(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _prepare(connection: Any, _: Any) -> None:
    # The driver itself would begin transactions late, as readers, which cannot wait for a writer.
    connection.isolation_level = None
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
