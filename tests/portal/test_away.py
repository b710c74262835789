"""A PostgreSQL server that goes away while the portal runs, and comes back."""

import contextlib
import socket
import threading

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from partwise.portal.app import make_app
from partwise.portal.database import Database
from partwise.portal.keys import make_key
from partwise.portal.models import Models
from partwise.portal.settings import Settings


class Cable:
    """A connection to a server that can be cut and mended."""

    def __init__(self, host, port):
        self.target, self.cut, self.held = (host, port), False, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._accept)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            far = socket.create_connection(self.target)
            pumps = [threading.Thread(target=self._pump, args=pair) for pair in ((near, far), (far, near))]
            self.held.append((near, far, pumps))
            for pump in pumps:
                pump.start()

    def _pump(self, source, target):
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def break_off(self):
        self.cut = True
        held, self.held = self.held, []
        for near, far, pumps in held:
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for pump in pumps:
                pump.join()
            near.close()
            far.close()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listening.close()
        self.break_off()


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_requests_wait_for_a_server_that_went_away_and_nothing_acknowledged_is_lost(address, tmp_path, caplog):
    url = sa.make_url(address)
    cable = Cable(url.host, url.port)
    db = Database(url.set(host="127.0.0.1", port=cable.port).render_as_string(hide_password=False))
    db.prepare()
    app = make_app(db, Models(db, tmp_path), Settings(address, tmp_path, "a secret of a test"))
    event = {"reader": "ann", "article": "a", "time": 1.7e9}
    with TestClient(app) as client:
        client.headers["authorization"] = f"Bearer {make_key(db, 'admin')}"
        assert client.post("/api/events", json=[event | {"key": "1"}]).status_code == 200
        cable.break_off()
        for answer in (
            client.post("/api/events", json=[event | {"key": "2"}]),
            client.get("/api/recommendations/ann"),
            client.get("/health"),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
        logged = [record.msg for record in caplog.records if record.msg.get("event") == "database"]
        assert logged
        assert "ann" not in str(logged)
        cable.cut = False
        assert client.get("/health").json()["ok"]
        assert client.post("/api/events", json=[event | {"key": "2"}]).json() == {"accepted": 1, "duplicates": 0}
        assert [read["key"] for read in client.get("/api/readers/ann").json()["events"]] == ["1", "2"]
    db.close()
    cable.close()
