"""The files of models: a folder for each fit, which is there whole or not at all."""

import os
import re
import shutil
import uuid
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa

import partwise
from partwise.exceptions import DataError
from partwise.portal import schema
from partwise.portal.database import Database
from partwise.recommend import Recommender
from partwise.topics import TopicModel

__all__ = ["check_folder", "claim_folder", "load_models", "remove_model", "remove_models", "save_models"]

FITS = "fits"
TOPICS, RECOMMENDER = "topics.partwise", "recommender.partwise"
UNFINISHED = ".unfinished"
OWNER = "database-id"
"""The file that says which database the models of a folder belong to, and the name of that id in the database."""
OURS = re.compile(rf"[0-9]+({re.escape(UNFINISHED)})?")
PRIVATE = 0o700
"""Other users of the computer cannot read the models, which hold the texts of all articles."""


def claim_folder(db: Database, data: Path) -> None:
    """Note in a folder that the models in it belong to a database; raise DataError if they belong to another."""
    check_folder(db, data)
    owner = data / OWNER
    if not owner.exists():
        data.mkdir(parents=True, exist_ok=True)
        written = owner.with_name(f"{OWNER}.{os.getpid()}")
        written.write_text(_id_of(db), encoding="utf-8")
        os.replace(written, owner)


def check_folder(db: Database, data: Path) -> None:
    """Raise DataError if the models in a folder belong to another database: fits of both have the same numbers."""
    owner = data / OWNER
    if owner.exists() and owner.read_text(encoding="utf-8") != _id_of(db):
        raise DataError(
            f"{data} holds the models of another database. Give each database a folder of its own with --data; if that "
            f"database is gone, remove {data / FITS} and {owner}."
        )


def save_models(data: Path, number: int, topics: TopicModel, recommender: Recommender | None) -> None:
    """Write the models of a fit to a folder of the portal's data.

    Raises
    ------
    OSError
        If they cannot be written; then nothing is left of them.
    """
    folder = _folder(data, number)
    unfinished = folder.with_suffix(UNFINISHED)
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        folder.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        unfinished.mkdir(PRIVATE)
        partwise.save(topics, unfinished / TOPICS)
        if recommender is not None:
            partwise.save(recommender, unfinished / RECOMMENDER)
        shutil.rmtree(folder, ignore_errors=True)  # of a later fit, if the database was brought back from a backup
        os.replace(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def load_models(data: Path, number: int) -> tuple[TopicModel, Recommender | None]:
    """Return the models of a fit.

    Raises
    ------
    ModelFileError or OSError
        If a file is damaged or missing.
    """
    folder = _folder(data, number)
    topics, recommender = partwise.load(folder / TOPICS), None
    if (folder / RECOMMENDER).exists():
        recommender = partwise.load(folder / RECOMMENDER)
    return topics, recommender


def remove_model(data: Path, number: int) -> None:
    """Remove the models of a fit."""
    shutil.rmtree(_folder(data, number), ignore_errors=True)


def remove_models(data: Path, keep: Collection[int]) -> None:
    """Remove the models of all fits but some, and what is left of fits that were killed."""
    wanted = {_folder(data, number).name for number in keep}
    for folder in _folder(data, 0).parent.glob("*"):
        if OURS.fullmatch(folder.name) and folder.name not in wanted:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(data: Path, number: int) -> Path:
    return Path(data) / FITS / str(number)


def _id_of(db: Database) -> str:
    """Return the id of a database, which is made when it is asked for first."""
    table = schema.settings
    with db.write() as connection:
        db.insert_new(connection, table, [{"name": OWNER, "value": uuid.uuid4().hex}], "name")
        return str(connection.execute(sa.select(table.c.value).where(table.c.name == OWNER)).scalar_one())
