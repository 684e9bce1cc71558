"""The previous release's queries on the schema of this one, for an upgrade under load has both."""

from collections.abc import Iterator

import pytest

from grading.store.schema import expected_version
from tests.releases.contract import Contract, previous_release
from tests.releases.recording import recorded, replay
from tests.releases.schema_shape import breaches, shape_of
from tests.releases.story import tell
from tests.stack.postgres import Database, Databases

#: Changes that take something away, and what is then said.
BREACHES = {
    "ALTER TABLE runs DROP COLUMN worker": "runs.worker is gone",
    "ALTER TABLE outbox RENAME COLUMN sends TO times_sent": "outbox.sends is gone",
    "DROP TABLE spending": "spending.month is gone",
    "ALTER TABLE jobs ADD COLUMN region text NOT NULL": "jobs.region is new",
    "ALTER TABLE events ALTER COLUMN progress TYPE numeric": "events.progress: type",
    "ALTER TABLE answers ALTER COLUMN audio_url SET NOT NULL": "answers.audio_url: nullable",
    "ALTER TABLE jobs ALTER COLUMN late DROP DEFAULT": "jobs.late is not filled in",
    "CREATE UNIQUE INDEX one_for_each ON runs (job_id)": "runs: new rule",
    "ALTER TABLE jobs ADD CHECK (attempt < 2)": "jobs: new rule",
}
#: Changes that the schema's shape doesn't show, and queries do.
FOUND_BY_QUERIES = (
    "ALTER TABLE jobs ADD COLUMN region text NOT NULL",
    "ALTER TABLE outbox RENAME COLUMN sends TO times_sent",
    "CREATE TRIGGER none BEFORE UPDATE ON jobs FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger();"
    "CREATE RULE none AS ON DELETE TO outbox DO INSTEAD NOTHING",
)


@pytest.fixture(scope="module")
def release() -> Contract:
    return previous_release()


@pytest.fixture
def broken(databases: Databases) -> Iterator[Database]:
    """A database with the schema, to be broken."""
    with databases.copy() as database:
        yield database


def test_the_queries_of_the_previous_release_come_to_the_same(
    release: Contract, database: Database
) -> None:
    assert int(release.version) <= expected_version()
    assert len(release.sent) > 80
    assert replay(database.url, release.sent) == []


def test_the_schema_keeps_what_the_previous_release_relies_on(
    release: Contract, database: Database
) -> None:
    assert breaches(release.shape, shape_of(database)) == []


@pytest.mark.parametrize("change", BREACHES)
def test_what_is_taken_away_is_found(release: Contract, broken: Database, change: str) -> None:
    broken.rows(change)
    found = breaches(release.shape, shape_of(broken))
    assert any(said.startswith(BREACHES[change]) for said in found), found


def test_a_rule_may_become_looser(release: Contract, broken: Database) -> None:
    broken.rows("ALTER TABLE jobs DROP CONSTRAINT jobs_tenant_request_key")
    broken.rows("ALTER TABLE jobs ADD UNIQUE (user_id, request_id, tenant)")
    assert breaches(release.shape, shape_of(broken)) == []


@pytest.mark.parametrize("change", FOUND_BY_QUERIES)
def test_queries_that_come_to_something_else_are_found(
    release: Contract, broken: Database, change: str
) -> None:
    for statement in change.split(";"):
        broken.rows(statement)
    assert replay(broken.url, release.sent) != []


def test_what_is_recorded_can_be_sent_again(database: Database, broken: Database) -> None:
    engine = broken.make_engine(pool_size=1)
    with engine.connect() as conn, recorded(engine) as sent:
        tell(conn)
    engine.dispose()
    assert replay(database.url, sent) == []
