"""Tells Prometheus of a process's metrics. For servers and workers, which have its library."""

import socket
import threading
from collections.abc import Iterator
from importlib.metadata import version
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from grading.exceptions import SettingsError


class BuildInfo(Collector):
    """Which release runs, as a series that is always 1."""

    def __init__(self, component: str) -> None:
        self._labels = [component, version("vstep-grading")]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the one series."""
        told = GaugeMetricFamily(
            "vstep_build_info", "The release that runs.", labels=("component", "version")
        )
        told.add_metric(self._labels, 1)
        yield told


class Exposition:
    """An HTTP server for ``/metrics``, bound at once, and answering from ``start`` on.

    A process that forks in between has its children call ``abandon``.
    """

    def __init__(self, registry: CollectorRegistry, host: str, port: int, variable: str) -> None:
        """``variable`` is the one that sets the port.

        Raises:
            SettingsError: the address can't be listened on.
        """
        try:
            self._server = make_server(
                host, port, make_wsgi_app(registry), _server_for(host), handler_class=_Silent
            )
        except OSError:
            raise SettingsError(
                f"GRADING_METRICS_HOST, {variable}: {host}:{port} can't be listened on"
            ) from None

    def start(self) -> None:
        """Begin to answer, in a thread."""
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def abandon(self) -> None:
        """Give up the address in a forked child, which would hold it when its parent is gone."""
        self._server.socket.close()


class _Silent(WSGIRequestHandler):
    """Prometheus asks every few seconds; lines about that would bury the others."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing."""


def _server_for(host: str) -> type[ThreadingWSGIServer]:
    if ":" not in host:
        return ThreadingWSGIServer
    return type("Ipv6Server", (ThreadingWSGIServer,), {"address_family": socket.AF_INET6})
