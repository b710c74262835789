"""Fixtures that tests of several rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the data sets that are too large for the repository."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("PARTWISE_SHARED_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the shared data sets: set PARTWISE_SHARED_DATA to their folder")
    return folder
