"""Every panel shows something: its queries are asked of a Prometheus that scrapes the stack."""

import json
import math
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from embedded.ports import free_port
from tests.stack.door import Door
from tests.stack.evidence import honest, shown
from tests.stack.postgres import Databases
from tests.stack.process import CHECKOUT
from tests.stack.prometheus import Prometheus, private_prometheus
from tests.stack.provider.call import Call
from tests.stack.provider.errors import server_error
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.stack.provider.transcriptions import Transcribed
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.reviewed import finish_reviews
from tests.stack.stack import Stack
from tests.stack.submissions import spoken, submission
from tests.stack.uploading import upload
from tests.stack.waiting import until
from vstep.grading.v1.grading_service_pb2 import GetJobRequest, WaitJobRequest, WatchJobsRequest

RULES = sorted((CHECKOUT / "docker/prometheus/rules").glob("*.yml"))
BOARDS = sorted((CHECKOUT / "docker/grafana/dashboards").glob("*.json"))

#: What Grafana puts in the place of its variables, at this test's pace.
VARIABLES = {"$__rate_interval": "4s", "$__range": "60s", "$skill": ".*", "$instance": ".*"}
#: A metric or a recorded series in a query.
METRIC = re.compile(r"\b(?:skill:)?(?:vstep|rabbitmq)_[a-z0-9_:]+|\bup\b")

ESSAY = (
    "Many people want to keep wild animals at home these days. I believe that animals belong in"
    " the forest. First, an animal that runs free becomes ill in a cage. For example, my uncle"
    " bought a young monkey, and it died after one winter. However, a good park teaches the same."
)
HEARD = Transcribed.of("They live in the forest, and people like them. " * 8, billed=60)
#: An essay that the provider fails at once, so that its job is retried.
UNLUCKY = "Number"

PRICED = {
    "GRADING_BUDGET": "1000",
    "OPENAI_PRICES": '{"gpt-4.1-mini": {"prompt": 0.4, "cached": 0.1, "completion": 1.6}}',
    "STT_PRICE_PER_MINUTE": "0.006",
}
ASKING = {
    "OPENAI_API_KEY": "sk-played",
    "STT_API_KEY": "sk-played",
    "GRADING_SCORERS": "evidence",
    "GRADING_MEASURING_PROCESSES": "0",
    "NO_PROXY": "127.0.0.1",
}


class Load:
    """Clients who submit, watch, upload and err, until they are stopped."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self._thread.start()

    def stop(self) -> None:
        """End, and tell of what went wrong."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        grading = self._door.grading
        feed: Any = grading.WatchJobs(WatchJobsRequest())
        reading = threading.Thread(target=_read, args=(feed,))
        reading.start()
        turn = 0
        while not self._over.wait(0.1):
            turn += 1
            text = f"{UNLUCKY} {turn}. {ESSAY}" if turn % 5 == 0 else ESSAY
            job = grading.SubmitJob(submission(text)).job
            watcher = self._door.watch(job.id)
            grading.GetJob(GetJobRequest(job_id=job.id))
            if turn % 3 == 0:
                audio = upload(self._door)
                grading.SubmitJob(spoken(audio.audio_id))
                wait = WaitJobRequest(job_id=job.id)
                wait.timeout.FromMilliseconds(100)
                grading.WaitJob(wait)
                _be_refused(self._door)
            if turn % 2 == 0:
                watcher.cancel()
        feed.cancel()
        reading.join()


def _read(feed: Any) -> None:
    try:
        for _ in feed:
            pass
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.CANCELLED


def _be_refused(door: Door) -> None:
    with pytest.raises(grpc.RpcError):
        door.grading.GetJob(GetJobRequest(job_id="nonsense"))


class Model:
    """An honest witness, before whom the provider fails at each unlucky essay once."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def __call__(self, call: Call) -> Script:
        """Choose what becomes of a call."""
        text = shown(call)
        if text.startswith(UNLUCKY) and text not in self._failed:
            self._failed.add(text)
            return server_error()
        return honest(call)


@pytest.fixture(scope="module")
def prometheus(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes a server, a worker and RabbitMQ while they have work."""
    folder = tmp_path_factory.mktemp("watched")
    rabbit = PrivateRabbit(
        Path(tempfile.mkdtemp(prefix="vstep-tests-rabbitmq-")), tells_metrics=True
    )
    with ExitStack() as ending:
        ending.callback(rabbit.remove)
        # In order it takes seconds, and nobody needs what it stored.
        ending.callback(rabbit.kill)
        rabbit.start()
        provider = ending.enter_context(Provider())
        provider.chat.choose = Model()
        provider.transcriptions.choose = lambda _: HEARD
        database = ending.enter_context(databases.lend())
        stack = Stack(database, rabbit.url("tests0"), folder)
        ending.callback(stack.stop)
        ports = {name: free_port() for name in ("server", "worker")}
        stack.settings |= PRICED
        engine = database.make_engine(pool_size=2)
        ending.callback(engine.dispose)
        # In this period and the one before: the servers look at them as they start.
        for ago in (timedelta(days=1), timedelta(days=40)):
            finish_reviews(engine, ago=ago)
        stack.start_worker(
            "tests.stack.asking_worker",
            concurrency=8,
            queues="writing,speaking",
            OPENAI_BASE_URL=provider.url,
            STT_BASE_URL=provider.url,
            WORKER_METRICS_PORT=str(ports["worker"]),
            **ASKING,
        )
        server = stack.start_server(GRADING_METRICS_PORT=str(ports["server"]))
        targets = {**ports, "rabbitmq": rabbit.metrics_port}
        made = ending.enter_context(private_prometheus(folder / "prometheus", targets, RULES))
        server.await_health("workers")
        load = Load(server.door)
        ending.callback(load.stop)
        until(lambda: made.targets_up() == len(targets))
        yield made


def _queries() -> Iterator[tuple[str, str]]:
    for file in BOARDS:
        board = json.loads(file.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                name = f"{board['title']}: {panel['title']}, {target['refId']}"
                yield name, target["expr"]


def _asked(expr: str) -> str:
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr, expr
    return expr


def _tells_something(prometheus: Prometheus, expr: str) -> bool:
    return any(math.isfinite(float(found["value"][1])) for found in prometheus.query(expr))


def test_every_query_of_every_panel_gives_series(prometheus: Prometheus) -> None:
    silent = dict(_queries())
    assert len(silent) > 60

    def all_told() -> bool:
        for name, expr in [*silent.items()]:
            if _tells_something(prometheus, _asked(expr)):
                del silent[name]
        return not silent

    try:
        until(all_told, 30, every=0.5)
    except AssertionError:
        pytest.fail("\n".join(f"{name}: {expr}" for name, expr in silent.items()))


def test_every_metric_that_alerts_ask_for_is_told(prometheus: Prometheus) -> None:
    exprs = [
        rule["expr"]
        for file in RULES
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]
    missing = {name for expr in exprs for name in METRIC.findall(expr)}
    assert len(missing) > 25

    def all_told() -> bool:
        missing.difference_update({name for name in missing if prometheus.query(name)})
        return not missing

    try:
        until(all_told, 20, every=0.5)
    except AssertionError:
        pytest.fail(f"not told: {sorted(missing)}")


def test_no_rule_fails_and_a_well_service_is_in_no_alert(prometheus: Prometheus) -> None:
    until(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"})
    firing = [rule["name"] for rule in prometheus.rules() if rule.get("state") == "firing"]
    assert firing == []
