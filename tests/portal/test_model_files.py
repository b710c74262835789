"""The files of models: only ours are removed, only their owner reads them, and each folder is of one database."""

import stat

import pytest
import sqlalchemy as sa

from partwise.portal import schema
from partwise.portal.articles import add_articles
from partwise.portal.database import Database
from partwise.portal.fits import list_fits
from partwise.portal.models import Models
from partwise.portal.refit import refit


@pytest.fixture
def filled(database, news):
    """Return a database with a few articles."""
    add_articles(database, news.articles(12))
    return database


def test_folders_that_are_not_ours_stay(filled, tmp_path):
    for name in ("my-own-data", "7.backup", "x.unfinished", "8", "9.unfinished"):
        (tmp_path / "fits" / name).mkdir(parents=True)
    number = refit(filled, tmp_path, 2).number
    left = {folder.name for folder in (tmp_path / "fits").iterdir()}
    assert left == {"my-own-data", "7.backup", "x.unfinished", str(number)}


def test_other_users_cannot_read_the_models(filled, tmp_path):
    number = refit(filled, tmp_path, 2).number
    for folder in (tmp_path / "fits", tmp_path / "fits" / str(number)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_fit_replaces_what_a_later_one_left_before_the_database_was_brought_back(filled, tmp_path):
    number = refit(filled, tmp_path, 2).number
    for later in range(number + 1, number + 4):
        (tmp_path / "fits" / str(later)).mkdir()
        (tmp_path / "fits" / str(later) / "topics.partwise").write_text("of another time")
    fit = refit(filled, tmp_path, 2)
    assert fit.state == "ready", fit.facts
    models = Models(filled, tmp_path)
    models.look()
    assert (models.loaded.number, models.loaded.notes) == (fit.number, [])


def test_a_folder_belongs_to_one_database(filled, news, tmp_path):
    first = refit(filled, tmp_path, 2)
    other = Database(f"sqlite:///{tmp_path}/other.db")
    other.prepare()
    add_articles(other, news.articles(12))
    fit = refit(other, tmp_path, 2)
    assert fit.state == "failed"
    assert "models of another database" in fit.facts["reason"]
    with other.write() as connection:  # as if it had been fitted with a folder of its own
        values = {"state": "ready", "used": 1.0, "facts": first.facts}
        connection.execute(sa.update(schema.fits).values(values))
    models = Models(other, tmp_path)
    models.look()
    assert models.loaded is None
    other.close()
    assert refit(filled, tmp_path, 2).state == "ready"
    assert [fit.state for fit in list_fits(filled)] == ["ready", "ready"]
    assert (tmp_path / "fits" / str(first.number)).exists()
