"""A portal for tests of its pages, on SQLite: pages ask no database themselves."""

from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from partwise.datasets import load_state_of_the_union
from partwise.portal.app import make_app
from partwise.portal.articles import Article, add_articles
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events
from partwise.portal.models import Models
from partwise.portal.refit import refit
from partwise.portal.settings import Settings

HOSTILE = Article(
    "\"><script>window.broken=1</script>/../?a=1&b=%2F#'",
    "</script><img src=x onerror=window.broken=1> {{ 7 * 7 }} \u202eabc\u202c " + "war and peace " * 900,
    title="<script>window.broken = 1</script> \u202edetouq\u202c \"quoted\" 'too' " + "x" * 900,
    section="<b onmouseover=window.broken=1>",
    url="javascript:window.broken=1",
)


def fill(db, n=400):
    """Add passages and reads of 40 readers, each of whom prefers the passages of some years."""
    passages = load_state_of_the_union()
    found = [*zip(passages.ids, passages.texts, passages.years, strict=True)][-n:]
    rows = [Article(name, text, title=text[:60], time=(year - 1970) * 31_557_600.0) for name, text, year in found]
    add_articles(db, [*rows, HOSTILE])
    reads = [
        Event(f"{reader}-{i}", f"r{reader}", rows[(reader * 10 + i * 7) % len(rows)].id, 1.7e9 + i * 86_400)
        for reader in range(40)
        for i in range(20)
    ]
    add_events(db, [*reads, Event("h", "r0", HOSTILE.id, 1.7e9)])


@contextmanager
def served(folder, filled, **settings):
    """Yield a client of a portal on SQLite, with data and two fits or with nothing."""
    address = f"sqlite:///{folder}/portal.db"
    db = Database(address)
    db.prepare()
    if filled:
        fill(db)
        for _ in range(2):
            refit(db, folder, n_topics=6)
    chosen = Settings(address, folder, "secret", **{"demo": True, "open": True, **settings})
    app = make_app(db, Models(db, folder), chosen)
    with TestClient(app, base_url="http://127.0.0.1", headers={"accept": "text/html"}) as client:
        client.db, client.hostile = db, HOSTILE
        yield client
    db.close()


@pytest.fixture(scope="session")
def serve():
    """Return a function that serves a portal for a test of pages."""
    return served


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """Yield a client of a portal with a few hundred passages, hostile texts among them, and two fits."""
    with served(tmp_path_factory.mktemp("portal"), filled=True) as client:
        yield client


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Yield a client of a portal with nothing."""
    with served(tmp_path_factory.mktemp("empty"), filled=False) as client:
        yield client
