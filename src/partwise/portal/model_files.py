"""The files of models: a folder for each fit, which is there whole or not at all."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import partwise
from partwise.recommend import Recommender
from partwise.topics import TopicModel

__all__ = ["load_models", "remove_models", "save_models"]

TOPICS, RECOMMENDER = "topics.partwise", "recommender.partwise"
UNFINISHED = ".unfinished"


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
        unfinished.mkdir(parents=True)
        partwise.save(topics, unfinished / TOPICS)
        if recommender is not None:
            partwise.save(recommender, unfinished / RECOMMENDER)
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


def remove_models(data: Path, keep: Collection[int]) -> None:
    """Remove the models of all fits but some, and what is left of fits that were killed."""
    wanted = {_folder(data, number).name for number in keep}
    for folder in _folder(data, 0).parent.glob("*"):
        if folder.name not in wanted:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(data: Path, number: int) -> Path:
    return Path(data) / "fits" / str(number)
