"""Numbers for Prometheus: requests, their times, what was taken, the fit in use."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["TYPE", "Metrics"]

TYPE = "text/plain; version=0.0.4; charset=utf-8"
TIMES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder through which several processes share their numbers."""


class Metrics:
    """The numbers of one server: of all of its processes where these share a folder."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "partwise_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "partwise_request_seconds", "Time of an answer.", ["route"], buckets=TIMES, registry=self.registry
        )
        self.articles = Counter("partwise_articles", "Articles taken.", registry=self.registry)
        self.events = Counter("partwise_events", "Events taken, without duplicates.", registry=self.registry)
        self.fit = Gauge(
            "partwise_fit",
            "Number of the fit in use; 0 without one.",
            registry=self.registry,
            multiprocess_mode="mostrecent",  # an earlier fit may be put back into use
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def written(self) -> bytes:
        """Return the numbers in the format of Prometheus."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
