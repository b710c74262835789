"""The database: its tables are those of the migrations, and writers wait for each other."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from partwise.exceptions import ParameterError
from partwise.portal import schema
from partwise.portal.database import Database, DatabaseVersionError


def event(key):
    return {"key": key, "reader": "r", "article": "a", "time": 1.0, "strength": 1.0}


def test_migrations_make_the_tables_of_the_schema(database):
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_rows_whose_key_is_there_are_not_inserted_again(database):
    with database.write() as connection:
        assert database.insert_new(connection, schema.events, [event(f"{i}") for i in range(1500)], "key") == 1500
    with database.write() as connection:
        assert database.insert_new(connection, schema.events, [event(f"{i}") for i in range(1400, 1600)], "key") == 100
        assert database.insert_new(connection, schema.events, [], "key") == 0
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.events)).scalar_one() == 1600


def test_replace_sets_what_is_there(database):
    for value in "12":
        with database.write() as connection:
            database.replace(connection, schema.settings, [{"name": "a", "value": value}], "name")
    with database.read() as connection:
        assert connection.execute(sa.select(schema.settings.c.name, schema.settings.c.value)).all() == [("a", "2")]


def test_a_block_that_fails_changes_nothing(database):
    def half():
        with database.write() as connection:
            database.insert_new(connection, schema.events, [event("1")], "key")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        half()
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.events)).scalar_one() == 0


def test_writers_at_once_all_succeed(database):
    failed = []

    def write(number):
        try:
            for i in range(20):
                with database.write() as connection:
                    database.insert_new(connection, schema.events, [event(f"{number}-{i}")], "key")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.events)).scalar_one() == 120


def test_tables_of_an_older_version_are_refused_with_the_command_that_upgrades_them(database, monkeypatch):
    monkeypatch.setattr("partwise.portal.database._versions", lambda: ["0002", "0001"])
    with pytest.raises(DatabaseVersionError, match="this partwise needs 0002"):
        database.prepare()


@pytest.mark.parametrize("what", ["prepare", "check", "upgrade"])
def test_tables_of_a_newer_version_are_refused_and_stay(database, what):
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="9999, which a newer partwise made"):
        getattr(database, what)()
    assert database.version() == "9999"


@pytest.mark.parametrize(("address", "said"), [("nonsense", "is not the address"), ("mysql://x/y", "mysql is not")])
def test_other_addresses_are_refused(address, said):
    with pytest.raises(ParameterError, match=said):
        Database(address)
