"""What the tests stand on: a private PostgreSQL, a private RabbitMQ, and stacks on them."""

import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine

from embedded.postgres import PrivatePostgres
from tests.stack.authority import Authority
from tests.stack.door import Door
from tests.stack.media_host import MediaHost, media_host
from tests.stack.postgres import Database, Databases, private_postgres
from tests.stack.process import LOGS
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.redis import PrivateRedis
from tests.stack.stack import Server, Stack

# How long an example takes says more about the machine than about the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# A shell's background job ignores SIGINT, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: How much of a process's log a failing test shows, in characters.
SHOWN = 4000
#: The property of a test whose value is shown at the end, also where the test passed.
SUMMARY = "summary"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A running PostgreSQL. Not to be broken: all tests share it."""
    with private_postgres() as running:
        yield running


@pytest.fixture(scope="session")
def databases(postgres: PrivatePostgres) -> Databases:
    """A source of databases."""
    return Databases(postgres)


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A database with the schema and no rows, for one test."""
    with databases.lend() as copied:
        yield copied


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine on the test's database, as the workers have it."""
    made = database.make_engine()
    yield made
    made.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    """A connection to the test's database on which each statement is a transaction."""
    with engine.connect() as connected:
        yield connected


@pytest.fixture(scope="session")
def rabbit() -> Iterator[PrivateRabbit]:
    """A running RabbitMQ. Not to be broken: all tests share it."""
    node = PrivateRabbit(Path(tempfile.mkdtemp(prefix="vstep-tests-rabbitmq-")))
    try:
        node.start()
        yield node
    finally:
        node.stop()
        node.remove()


@pytest.fixture
def broker_url(rabbit: PrivateRabbit) -> Iterator[str]:
    """A virtual host without queues, for one test."""
    with rabbit.virtual_host() as url:
        yield url


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A running Redis for one test, which may break it."""
    server = PrivateRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the tests' hosts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def media(authority: Authority) -> Iterator[MediaHost]:
    """A host of recordings, for one test."""
    with media_host(authority) as host:
        yield host


@pytest.fixture
def stack(database: Database, broker_url: str, tmp_path: Path) -> Iterator[Stack]:
    """Processes for one test, which may break them."""
    made = Stack(database, broker_url, tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def standing_stack(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Processes that many tests share, and none may break."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        made = Stack(database, url, tmp_path_factory.mktemp("standing"))
        yield made
        made.stop()


@pytest.fixture(scope="session")
def standing_server(standing_stack: Stack) -> Server:
    """A server with a scripted worker beside it, which takes recordings of up to a megabyte."""
    standing_stack.start_worker(queues="writing,speaking")
    server = standing_stack.start_server(GRADING_MAX_AUDIO_BYTES="1000000")
    server.await_health("workers")
    server.await_health("rabbitmq")
    return server


@pytest.fixture
def door(standing_server: Server) -> Door:
    """The stubs on the standing server."""
    return standing_server.door


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the stack's processes with a test that failed."""
    report = yield
    if report.failed:
        for name, log in LOGS.items():
            if log.exists():
                text = log.read_text(errors="replace")[-SHOWN:]
                report.sections.append((f"log of the {name}", text))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures of the tests that have some."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == SUMMARY:
                    terminalreporter.write_line(str(value))
