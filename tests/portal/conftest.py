"""Each test of the portal runs on SQLite, and on PostgreSQL where PARTWISE_POSTGRESQL names a server.

The variable holds an address such as postgresql+psycopg://postgres@127.0.0.1:5432/postgres; each test makes a database
of its own there and removes it.
"""

import os
import uuid
from contextlib import contextmanager

import numpy as np
import pytest
import sqlalchemy as sa

from partwise.portal.articles import Article, add_articles
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events
from partwise.portal.models import Models
from partwise.portal.refit import refit

SERVER = os.environ.get("PARTWISE_POSTGRESQL")
KINDS = ["sqlite", "postgresql"]
DAY = 86_400.0
START = 1.7e9
WORDS = {
    "sport": (
        "cup team goal coach league match striker season stadium referee keeper penalty transfer derby trophy squad "
        "captain defender fixture injury medal runner sprint tennis"
    ),
    "money": (
        "bank rates shares market profit trade loan inflation bonds budget credit dividend currency fund broker tax "
        "wages merger invoice export tariff pension mortgage audit"
    ),
    "health": (
        "doctor vaccine hospital patients study virus nurse clinic surgery therapy drug dose fever symptom heart lung "
        "kidney cancer allergy diet sleep bacteria pharmacy diagnosis"
    ),
    "music": (
        "violin opera orchestra concert tenor chorus piano guitar melody album singer drummer quartet sonata stage "
        "rehearsal encore lyrics festival jazz ballad organ trumpet cello"
    ),
}


@contextmanager
def empty_database(kind, folder):
    if kind == "sqlite":
        yield f"sqlite:///{folder}/portal.db"
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


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    """Yield the address of an empty database."""
    with empty_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def database(address):
    """Yield a database with empty tables."""
    made = Database(address)
    made.prepare()
    yield made
    made.close()


class News:
    """Articles of three subjects, one each six hours, and readers of one subject each, with twelve reads."""

    subjects = ("sport", "money", "health")

    def articles(self, n=90, seed=0):
        rng = np.random.default_rng(seed)
        return [
            Article(
                f"{self.subjects[i % 3]}-{i:02}",
                self.text(self.subjects[i % 3], rng),
                title=f"Title of {i}",
                time=START + i * DAY / 4,
                section=self.subjects[i % 3],
            )
            for i in range(n)
        ]

    @staticmethod
    def text(subject, rng):
        return " ".join(rng.choice(WORDS[subject].split(), 12))

    def events(self, readers=45, n=90, seed=1):
        rng = np.random.default_rng(seed)
        made = []
        for reader in range(readers):
            own = np.arange(reader % 3, n, 3)
            for i in rng.choice(own, 12, replace=False):
                time = START + i * DAY / 4 + rng.exponential(DAY)
                made.append(Event(f"{seed}-{reader}-{i}", f"reader-{reader}", f"{self.subjects[i % 3]}-{i:02}", time))
        return made

    @staticmethod
    def subject(article):
        return article.split("-")[0]


@pytest.fixture(scope="session")
def news():
    """Return a source of articles and reads."""
    return News()


@pytest.fixture(scope="session", params=KINDS)
def fitted(request, tmp_path_factory, news):
    """Yield a database with articles, reads and a fit in use, the models, and their folder; tests use own readers."""
    folder = tmp_path_factory.mktemp("fitted")
    with empty_database(request.param, folder) as address:
        made = Database(address)
        made.prepare()
        add_articles(made, news.articles())
        add_events(made, news.events())
        assert refit(made, folder, 3).state == "ready"
        models = Models(made, folder)
        models.look()
        yield made, models, folder
        made.close()
