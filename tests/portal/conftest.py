"""Each test of the portal runs on SQLite, and on PostgreSQL where PARTWISE_POSTGRESQL names a server.

The variable holds an address such as postgresql+psycopg://postgres@127.0.0.1:5432/postgres; each test makes a database
of its own there and removes it.
"""

import os
import uuid

import pytest
import sqlalchemy as sa

from partwise.portal.database import Database

SERVER = os.environ.get("PARTWISE_POSTGRESQL")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """Yield the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/portal.db"
        return
    if not SERVER:
        pytest.skip("PARTWISE_POSTGRESQL names no PostgreSQL server")
    name = f"portal_{uuid.uuid4().hex}"
    server = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def database(address):
    """Yield a database with empty tables."""
    made = Database(address)
    made.prepare()
    yield made
    made.close()
