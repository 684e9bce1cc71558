"""A private RabbitMQ node, with virtual hosts to hand out."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amqp.exceptions import AMQPError
from kombu.connection import Connection

from embedded.ports import free_port
from grading.broker import DEAD_JOBS, DEAD_LETTERS
from grading.domain.work import Skill

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
USER = "tests"
#: How many virtual hosts the node has; as many stacks can live side by side.
HOSTS = 8
START_SECONDS = 60.0


class RabbitNotStarted(Exception):
    """The node did not start; the message tells why."""


class PrivateRabbit:
    """A node with its ports, its epmd, its cookie and all of its files to itself."""

    def __init__(self, folder: Path, *, tells_metrics: bool = False) -> None:
        """``tells_metrics`` has it speak to Prometheus, which costs seconds at start and end."""
        self._folder = folder
        self._plugins = "rabbitmq_prometheus" if tells_metrics else ""
        self._password = secrets.token_hex(16)
        self._epmd_port = free_port()
        self._distribution_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._free_hosts = [f"tests{number}" for number in range(HOSTS)]
        self.port = free_port()
        #: Where it tells its metrics, if it does.
        self.metrics_port = free_port()
        self.log = folder / "rabbitmq.log"

    def start(self) -> None:
        """Start the node and wait until it takes connections; what was stored is there again.

        Raises:
            RabbitNotStarted: it is not installed, or did not come up.
        """
        program = PROGRAMS / "rabbitmq-server"
        if not program.exists():
            raise RabbitNotStarted(f"{program} is missing: `make test` installs it")
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "definitions.json").write_text(json.dumps(self._definitions()))
        (self._folder / "rabbitmq.conf").write_text(self._configuration())
        (self._folder / "enabled_plugins").write_text(f"[{self._plugins}].\n")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program)],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await_ready()

    def stop(self) -> None:
        """End the node in order, and its epmd."""
        self._end(signal.SIGTERM)
        subprocess.run(
            ["epmd", "-port", str(self._epmd_port), "-kill"],
            env=self._environment(),
            capture_output=True,
            check=False,
        )

    def kill(self) -> None:
        """End the node the way a crash does."""
        self._end(signal.SIGKILL)

    def wipe(self) -> None:
        """Kill the node, and start it without anything that it had stored, at the same URL.

        Raises:
            RabbitNotStarted: it did not come up.
        """
        self.kill()
        shutil.rmtree(self._folder / "mnesia")
        self.start()

    def remove(self) -> None:
        """Delete all that the node wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        """The node's process id, which is its session's too, while it runs."""
        return None if self._process is None else self._process.pid

    def url(self, host: str) -> str:
        """The value of ``RABBITMQ_URL`` that reaches the virtual host ``host``."""
        return f"amqp://{USER}:{self._password}@127.0.0.1:{self.port}/{host}"

    @contextmanager
    def virtual_host(self) -> Iterator[str]:
        """Lend a virtual host without queues; gives its URL."""
        host = self._free_hosts.pop(0)
        try:
            yield self.url(host)
        finally:
            self._empty(host)
            self._free_hosts.append(host)

    def _empty(self, host: str) -> None:
        with Connection(self.url(host)) as connection:
            for queue in (*(skill.value for skill in Skill), DEAD_LETTERS.name, DEAD_JOBS.name):
                connection.default_channel.queue_delete(queue)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        if how is signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _await_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RabbitNotStarted(f"RabbitMQ ended at once:\n{self.log.read_text()[-2000:]}")
            try:
                with Connection(self.url(self._free_hosts[-1]), connect_timeout=2) as connection:
                    connection.connect()
                    return
            except (OSError, AMQPError):
                time.sleep(0.1)
        self.kill()
        raise RabbitNotStarted(f"RabbitMQ took no connections:\n{self.log.read_text()[-2000:]}")

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"tests-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        }

    def _configuration(self) -> str:
        return (
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"load_definitions = {self._folder / 'definitions.json'}\n"
            # A full disk elsewhere on the machine shouldn't stop publishers.
            "disk_free_limit.absolute = 50MB\n" + self._metrics_configuration()
        )

    def _metrics_configuration(self) -> str:
        if not self._plugins:
            return ""
        return f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self.metrics_port}\n"

    def _definitions(self) -> dict[str, object]:
        salt = b"salt"
        digest = base64.b64encode(salt + hashlib.sha256(salt + self._password.encode()).digest())
        everything = {"user": USER, "configure": ".*", "write": ".*", "read": ".*"}
        hosts = [f"tests{number}" for number in range(HOSTS)]
        return {
            "users": [
                {
                    "name": USER,
                    "password_hash": digest.decode(),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": host} for host in hosts],
            "permissions": [{"vhost": host, **everything} for host in hosts],
        }
