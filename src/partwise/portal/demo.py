"""The demonstration: real passages as articles, and readers that are simulated."""

import datetime

import numpy as np
import sqlalchemy as sa

from partwise.datasets import load_state_of_the_union
from partwise.exceptions import DataError
from partwise.portal import schema
from partwise.portal.articles import Article, add_articles, count_articles
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events, count_events
from partwise.topics import TopicModel

__all__ = ["fill"]

PASSAGES = 2_000
READERS = 300
READS = 25
INTERESTS = 8
OWN = 0.8
"""Share of its reads that a simulated reader takes from the one topic that it likes."""
FIRST = 1_735_732_800.0
"""When the simulated reads begin: 1 January 2025, 12:00 UTC, in seconds since 1970."""
DAY = 86_400.0
BATCH = 1_000
NOTE = "demonstration"


def fill(db: Database) -> None:
    """Fill a database with the last 2,000 shipped passages and with 300 simulated readers, the same each time.

    A database of a demonstration that has reads stays as it is, so that a reader who was deleted does not come back.

    Raises
    ------
    DataError
        If the database holds anything else: a demonstration is open to all who use the computer.
    """
    if not _is_ours(db):
        raise DataError(
            f"{db.shown} holds articles or reads that are not those of the demonstration. Leave out --demo, or give "
            "another --database."
        )
    if count_events(db):
        return
    passages = load_state_of_the_union()
    shown = [*zip(passages.ids, passages.texts, passages.years, passages.speakers, strict=True)][-PASSAGES:]
    rows = [
        Article(name, text, title=_title(text), time=_time(year), section=speaker)
        for name, text, year, speaker in shown
    ]
    for first in range(0, len(rows), BATCH):
        add_articles(db, rows[first : first + BATCH])
    add_events(db, _reads(rows))  # all or none


def _is_ours(db: Database) -> bool:
    """Note in an empty database that it is that of a demonstration; tell whether this is noted."""
    table = schema.settings
    if not (count_articles(db) or count_events(db)):
        with db.write() as connection:
            db.insert_new(connection, table, [{"name": NOTE, "value": NOTE}], "name")
    with db.read() as connection:
        return connection.execute(sa.select(table.c.name).where(table.c.name == NOTE)).first() is not None


def _reads(rows: list[Article]) -> list[Event]:
    """Return the reads of simulated readers, each of whom likes the articles of one topic."""
    model = TopicModel(n_topics=INTERESTS, random_state=0, stability_runs=0).fit([row.text for row in rows])
    topic = model.document_topics_.argmax(axis=1)
    rng = np.random.default_rng(0)
    reads = []
    for reader in range(READERS):
        own = np.flatnonzero(topic == reader % INTERESTS)
        for n in range(READS):
            i = int(rng.choice(own) if len(own) and rng.random() < OWN else rng.integers(len(rows)))
            time = FIRST + (n + float(rng.random())) * DAY
            reads.append(Event(f"demo-{reader}-{n}", f"reader-{reader}", rows[i].id, time))
    return reads


def _title(text: str) -> str:
    """Return the first words of a passage, as a quotation."""
    words = text.replace("\u201c", "").replace("\u201d", "").split()
    return f"\u201c{' '.join(words[:9])}{'…' if len(words) > 9 else ''}\u201d"


def _time(year: int) -> float:
    """Return 31 January of a year, about when these speeches are held."""
    return datetime.datetime(year, 1, 31, tzinfo=datetime.UTC).timestamp()
