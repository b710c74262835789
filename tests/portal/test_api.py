"""The interface that a site calls."""

import re
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from partwise.datasets import load_state_of_the_union
from partwise.portal import bodies
from partwise.portal.app import make_app
from partwise.portal.articles import Article, add_articles
from partwise.portal.database import Database
from partwise.portal.events import Event, add_events, all_events
from partwise.portal.keys import make_key
from partwise.portal.models import Models
from partwise.portal.refit import refit
from partwise.portal.settings import Settings

NEWS = [
    {"id": "a/b", "text": "Rates rise", "title": "Bank", "time": "2025-01-31T00:00:00Z"},
    {"id": "c", "text": "Cup"},
]
READS = [{"key": f"k{i}", "reader": "r/1", "article": "c", "time": 1.7e9 + i} for i in range(3)]


@contextmanager
def served(db, folder, **settings):
    chosen = Settings("", folder, "a secret of a test", **settings)
    app = make_app(db, Models(db, folder), chosen)
    with TestClient(app, base_url="http://portal", raise_server_exceptions=True) as client:
        client.headers["authorization"] = f"Bearer {make_key(db, 'admin')}"
        yield client


@pytest.fixture
def site(database, tmp_path):
    """Yield a client of a portal without a fit."""
    with served(database, tmp_path) as client:
        client.db = database
        yield client


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """Yield a client of a portal on SQLite, for tests that change nothing or do not mind what others changed."""
    folder = tmp_path_factory.mktemp("standing")
    db = Database(f"sqlite:///{folder}/portal.db")
    db.prepare()
    with served(db, folder) as client:
        client.db = db
        yield client
    db.close()


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Yield a client of a portal with a fit."""
    folder = tmp_path_factory.mktemp("ready")
    db = Database(f"sqlite:///{folder}/portal.db")
    db.prepare()
    passages = load_state_of_the_union()
    shown = [*zip(passages.ids, passages.texts, strict=True)][-200:]
    add_articles(db, [Article(name, text, time=1.7e9) for name, text in shown])
    reads = [(r, i) for r in range(30) for i in range(8)]
    add_events(db, [Event(f"{r}-{i}", f"r{r}", shown[(7 * r + 3 * i) % 200][0], 1.7e9 + i) for r, i in reads])
    refit(db, folder, n_topics=5)
    with served(db, folder) as client:
        client.ids = [name for name, _ in shown]
        client.db = db
        while client.get("/health").json()["fit"] is None:
            time.sleep(0.02)
        yield client
    db.close()


def keys_of(client):
    return [topic["topic"] for topic in client.get("/api/topics").json()["topics"]]


def test_articles_are_taken_found_and_shown(site):
    assert site.post("/api/articles", json=NEWS).json() == {"accepted": 2, "changed": 0}
    assert site.post("/api/articles", json=[NEWS[1] | {"text": "Final"}]).json() == {"accepted": 1, "changed": 1}
    told = site.get("/api/articles/a%2Fb").json()
    assert (told["article"], told["text"], told["time"], told["readers"]) == ("a/b", "Rates rise", 1738281600.0, 0)
    assert [one["article"] for one in site.get("/api/articles?query=bank").json()["items"]] == ["a/b"]
    assert site.get("/api/articles/none").status_code == 404


def test_events_count_once_and_at_once(site):
    site.post("/api/articles", json=NEWS)
    assert site.post("/api/events", json=READS).json() == {"accepted": 3, "duplicates": 0}
    assert site.post("/api/events", json=READS).json() == {"accepted": 0, "duplicates": 3}
    told = site.get("/api/recommendations/r%2F1").json()
    assert (told["reader"], told["known"], told["fit"]) == ("r/1", True, None)
    assert [one["article"] for one in told["items"]] == ["a/b"]
    assert site.get("/api/recommendations/new").json()["known"] is False
    numbers = site.get("/metrics").text
    assert "partwise_events_total 3.0" in numbers
    assert "partwise_articles_total 2.0" in numbers
    assert 'route="/api/recommendations/{reader}"' in numbers
    assert "r/1" not in numbers


def test_a_reader_is_shown_and_deleted(site):
    site.post("/api/events", json=READS)
    chosen = {"muted": ["t1"], "fresh": 0.5, "broad": 0.0, "personal": False, "more": [], "less": ["c"]}
    assert site.put("/api/readers/r%2F1/preferences", json=chosen).status_code == 200
    told = site.get("/api/readers/r%2F1").json()
    assert told["reader"] == "r/1"
    assert [event["key"] for event in told["events"]] == ["k0", "k1", "k2"]
    assert told["preferences"] == chosen
    assert site.delete("/api/readers/r%2F1").json() == {"ok": True, "events": 3}
    assert site.get("/api/readers/r%2F1").json()["events"] == []


def test_pseudonyms_hide_readers_in_the_database_and_nowhere_else(database, tmp_path):
    with served(database, tmp_path, pseudonyms=True) as site:
        site.post("/api/events", json=READS)
        site.put("/api/readers/r%2F1/preferences", json={"fresh": 1.0})
        assert re.fullmatch("[0-9a-f]{64}", next(all_events(database)).reader)
        told = site.get("/api/readers/r%2F1").json()
        assert (told["reader"], len(told["events"]), told["preferences"]["fresh"]) == ("r/1", 3, 1.0)
        assert site.get("/api/recommendations/r%2F1").json()["known"] is True
        assert site.delete("/api/readers/r%2F1").json()["events"] == 3


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("articles", b"{", "not JSON, at character 1"),
        ("articles", b"[" * 200_000, "The body cannot be read as JSON or as a form"),
        ("articles", b"\xff\xfe", "not JSON"),
        ("articles", b'{"id": "a"}', "list"),
        ("articles", b'[{"id": "a", "text": null}]', "row 0 (the first is 0), text: this is not a text."),
        ("articles", b'[{"id": "a", "text": ""}, {"id": "", "text": ""}]', "row 1"),
        ("articles", b'[{"id": "a", "text": "", "author": ""}]', "author: there is no field of this name"),
        ("articles", b'[{"id": "a\\u0000", "text": ""}]', "id: it holds a control character"),
        ("articles", b'[{"id": "a", "text": "\\u0000"}]', "text: it holds a control character"),
        ("articles", b'[{"id": "a", "text": "\\ud800"}]', "text: "),
        ("articles", b'[{"id": "a", "text": "", "time": "soon"}]', "time: this is not a time"),
        ("articles", b'[{"id": "a", "text": "", "time": NaN}]', "time: this is not a time"),
        ("articles", b'[{"id": "a", "text": "", "time": true}]', "time: this is not a time"),
        ("articles", b'[{"id": "a", "text": "", "time": 1' + b"0" * 400 + b"}]", "time: "),
        ("articles", b'[{"id": "a", "text": "", "time": 1' + b"0" * 5000 + b"}]", "be read as JSON"),
        ("articles", b'[{"id": "a", "text": "", "time": -1e11}]', "before the year 1"),
        ("articles", b'[{"id": "' + b"a" * 10_000 + b'", "text": ""}]', "id: it has more than 200 characters"),
        ("events", b'[{"reader": "x"}]', "(3 faults)"),
        ("events", b'[{"key": "k", "reader": "r", "article": "a", "time": 1, "strength": -1}]', "strength"),
        ("topics/find", b'{"query": ""}', "query"),
        ("topics/find", b'{"query": "a", "n": 1000000000}', "n: "),
        ("topics/find", b'{"query": "a", "n": true}', "n: "),
        ("topics/find", b'{"query": "a", "n": 2.5}', "n: "),
        ("events", b'[{"key": "k", "reader": "r", "article": "a", "time": 1, "strength": true}]', "strength"),
        ("topics/merge", b'{"topics": ["t1"]}', "topics"),
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_with_its_row_and_field(standing, path, body, said):
    refused = standing.post(f"/api/{path}", content=body, headers=JSON)
    assert refused.status_code == 422
    assert said in refused.json()["error"]


def test_times_more_than_a_day_ahead_are_refused_with_their_row(standing, monkeypatch):
    monkeypatch.setattr(bodies, "now", lambda: 1e9)
    late = [*READS[:1], READS[1] | {"time": 1e9 + 90_000}]
    late[0] = late[0] | {"time": 1e9 + 80_000}
    refused = standing.post("/api/events", json=late).json()
    assert "row 1 (the first is 0), time: the time is more than a day in the future" in refused["error"]
    assert [fault["row"] for fault in refused["errors"]] == [1]
    assert standing.post("/api/events", json=late[:1]).json()["accepted"] == 1


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2025-02-01T12:00:00Z", 1738411200.0),
        ("2025-02-01T13:00:00+01:00", 1738411200.0),
        ("2025-02-01T12:00:00", 1738411200.0),
        ("2025-02-01", 1738368000.0),
        (1738411200, 1738411200.0),
        (1738411200.5, 1738411200.5),
        (None, None),
    ],
)
def test_times_are_dates_or_seconds(standing, written, seconds):
    standing.post("/api/articles", json=[{"id": "a", "text": "", "time": written}])
    assert standing.get("/api/articles/a").json()["time"] == seconds


def test_batches_have_a_limit(standing):
    many = [{"id": f"{i}", "text": ""} for i in range(1_001)]
    assert standing.post("/api/articles", json=many[:-1]).json()["accepted"] == 1_000
    assert standing.post("/api/articles", json=many).status_code == 422
    many = [READS[0] | {"key": f"{i}"} for i in range(10_001)]
    assert standing.post("/api/events", json=many).status_code == 422
    assert standing.post("/api/events", json=many[:-1]).json()["accepted"] == 10_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/nothing", 404),
        ("/api/similar/no-such", 404),
        ("/api/explain/r/no-such", 404),
        ("/api/topics/t9", 404),
        ("/api/similar/%00", 422),
        ("/api/similar/%ff", 404),
        (f"/api/similar/{'x' * 10_000}", 422),
        (f"/api/recommendations/{'x' * 10_000}", 422),
        ("/api/recommendations/r?n=-1", 422),
        ("/api/recommendations/r?n=1000000000", 422),
        ("/api/articles?query=%00", 422),
        ("/api/articles?query=%25_%5C", 200),
        ("/api/readers/nobody", 200),
    ],
)
def test_odd_paths_have_documented_answers(standing, path, status):
    answer = standing.get(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["ok"] is False


def test_a_method_that_is_not_there_names_those_that_are(standing):
    refused = standing.put("/api/topics")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET"
    assert standing.patch("/api/readers/r").headers["allow"] == "DELETE, GET"
    assert standing.delete("/api/topics/find").headers["allow"] == "POST"
    assert standing.delete("/api/articles/a").headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("read", "GET", "/api/topics", 200),
        ("read", "GET", "/metrics", 200),
        ("read", "POST", "/api/events", 403),
        ("read", "DELETE", "/api/readers/r", 403),
        ("write", "POST", "/api/events", 200),
        ("write", "GET", "/api/topics", 403),
        ("write", "POST", "/api/fits", 403),
    ],
)
def test_a_key_opens_what_its_scope_says(standing, scope, method, path, status):
    headers = {"authorization": f"Bearer {make_key(standing.db, scope)}"}
    body = READS if path == "/api/events" else None
    assert standing.request(method, path, json=body, headers=headers).status_code == status


def test_without_topics_there_is_nothing_to_change(standing):
    assert standing.get("/api/topics").json() == {"fit": None, "topics": []}
    refused = standing.patch("/api/topics/t1", json={"label": "x"})
    assert (refused.status_code, refused.json()["error"][:26]) == (409, "There are no topics yet. A")
    assert standing.post("/api/topics/undo").status_code == 409
    assert standing.post("/api/fits/3/use").status_code == 404


def test_a_database_that_is_away_is_answered_and_comes_back(site, monkeypatch):
    site.post("/api/events", json=READS)
    assert site.get("/health").status_code == 200
    away = sa.exc.OperationalError("select", {}, Exception("gone"))

    def connect(*_):
        raise away

    with monkeypatch.context() as patch:
        patch.setattr(site.db.engine, "connect", connect)
        for answer in (
            site.get("/api/recommendations/r%2F1"),
            site.post("/api/events", json=READS),
            site.get("/api/topics", headers={"authorization": "Bearer new"}),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["error"].startswith("The database is away")
        told = site.get("/health")
        assert told.status_code == 503
        assert told.json()["ok"] is False
    assert site.get("/health").json()["database"] == "ok"
    assert site.post("/api/events", json=READS).json()["duplicates"] == 3


def test_a_full_disk_is_answered_and_what_was_acknowledged_stays(tmp_path):
    db = Database(f"sqlite:///{tmp_path}/portal.db")
    db.prepare()
    with served(db, tmp_path) as site:
        assert site.post("/api/events", json=READS).status_code == 200
        sa.event.listen(db.engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        large = [{"id": "large", "text": "word " * 30_000}]
        assert site.post("/api/articles", json=large).status_code == 503
        assert len(site.get("/api/readers/r%2F1").json()["events"]) == 3
        assert site.get("/api/articles/large").status_code == 404
    db.close()


def test_tables_of_a_newer_version_are_told_by_health(site):
    with site.db.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    told = site.get("/health")
    assert told.status_code == 503
    assert "a newer partwise made" in told.json()["database"]
    told = site.get("/health", headers={"authorization": ""})
    assert told.status_code == 503
    assert site.db.shown not in told.json()["database"]


def test_notes_name_files_only_to_those_with_a_key(site):
    site.app.state.models.stop()  # it would take back what is loaded here
    site.app.state.models.loaded = SimpleNamespace(number=1, notes=["fit 2 cannot be loaded: /srv/portal/fits/2"])
    assert "/srv" in site.get("/health").json()["notes"][0]
    told = site.get("/health", headers={"authorization": ""}).json()
    assert told["ok"]
    assert len(told["notes"]) == 1
    assert "/srv" not in str(told)
    assert site.get("/health", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_a_reader_gets_a_list_with_reasons_that_add_up(ready):
    told = ready.get("/api/recommendations/r1?n=5&why=true").json()
    assert told["known"]
    assert len(told["items"]) == 5
    assert all(one["because"] for one in told["items"])
    first = told["items"][0]["article"]
    why = ready.get(f"/api/explain/r1/{first}").json()
    assert sum(reason["score"] for reason in why["reasons"]) == pytest.approx(why["score"], rel=1e-9)


def test_similar_articles_share_topics(ready):
    told = ready.get(f"/api/similar/{ready.ids[0]}?n=3").json()
    assert len(told["items"]) == 3
    assert all(one["shared"] for one in told["items"])


def test_an_article_is_shown_with_its_topics_and_the_number_of_its_readers(ready):
    told = ready.get(f"/api/articles/{ready.ids[0]}").json()
    assert told["readers"] >= 1
    assert told["topics"]


def test_topics_are_renamed_merged_split_and_it_is_undone(ready):
    before = keys_of(ready)
    assert len(before) == 5
    words = ready.get(f"/api/topics/{before[0]}").json()["label"]
    assert ready.patch(f"/api/topics/{before[0]}", json={"label": "Money <b>"}).json()["ok"]
    assert ready.get(f"/api/topics/{before[0]}").json()["label"] == "Money <b>"
    assert ready.patch(f"/api/topics/{before[0]}", json={"label": ""}).json()["ok"]
    assert ready.get(f"/api/topics/{before[0]}").json()["label"] == words
    assert ready.post("/api/topics/merge", json={"topics": before[:2]}).json()["ok"]
    assert len(keys_of(ready)) == 4
    largest = max(ready.get("/api/topics").json()["topics"], key=lambda topic: topic["share"])["topic"]
    assert ready.post("/api/topics/split", json={"topic": largest}).json()["ok"]
    assert len(keys_of(ready)) == 5
    for _ in range(4):
        assert ready.post("/api/topics/undo").json()["ok"]
    assert keys_of(ready) == before
    assert ready.post("/api/topics/undo").status_code == 409
    assert ready.post("/api/topics/merge", json={"topics": [before[0], "t999"]}).status_code == 404
    assert ready.post("/api/topics/split", json={"topic": "t999"}).status_code == 404
    assert ready.patch("/api/topics/t999", json={"label": "x"}).status_code == 404
    assert ready.post("/api/topics/merge", json={"topics": [before[0]] * 2}).status_code == 409
    assert keys_of(ready) == before


def test_topics_are_found_by_words(ready):
    word = ready.get("/api/topics").json()["topics"][0]["words"][0]
    assert ready.post("/api/topics/find", json={"query": word, "n": 2}).json()["topics"]
    assert ready.post("/api/topics/find", json={"query": "zzzz", "n": 2.0}).status_code == 200


def test_fits_are_told_and_used(ready):
    fit = ready.get("/api/fits").json()["fits"][0]
    assert fit["in_use"]
    assert ready.post(f"/api/fits/{fit['number']}/use").json() == {"ok": True, "fit": fit["number"]}


def test_a_fit_is_started_once(standing, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr(standing.app.state, "start_fit", lambda: next(answers))
    assert standing.post("/api/fits").status_code == 202
    assert standing.post("/api/fits").status_code == 409


def test_the_description_names_every_route_and_its_refusals(standing):
    described = standing.get("/api/openapi.json", headers={"authorization": ""}).json()
    paths = described["paths"]
    assert "brings back" in described["components"]["schemas"]["Edited"]["properties"]["label"]["description"]
    assert "/api/explain/{reader}/{article}" in paths
    for path, methods in paths.items():
        for told in methods.values():
            assert path == "/health" or {"401", "403", "422", "429", "503"} <= set(told["responses"])
    assert not [path for path in paths if not path.startswith(("/api/", "/health", "/metrics"))]
