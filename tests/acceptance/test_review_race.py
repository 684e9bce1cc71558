"""Twenty examiners race for two hundred reviews on two servers, one of which is killed."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from signal import SIGKILL
from uuid import UUID

import pytest

from client.errors import CallRefused
from client.review_client import ReviewClient
from tests.stack.held import hold
from tests.stack.postgres import Database
from tests.stack.reviewing import ESSAY_CRITERIA
from tests.stack.stack import Stack
from tests.stack.waiting import until

EXAMINERS, REVIEWS = 20, 200
#: Examiners choose among the first few, so that they get into each other's way.
SHOWN = 8
TAKEN = {"ERROR_REASON_REVIEW_CLAIMED", "ERROR_REASON_REVIEW_NOT_WAITING"}


class Race:
    """What the examiners see of it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._held: dict[str, str] = {}
        #: The score that was handed in for each job, and by whom.
        self.handed_in: dict[str, tuple[str, float]] = {}
        #: How often somebody else was faster.
        self.refused: Counter[str] = Counter()

    def mark(self, number: int) -> None:
        """Mark what can be had, until nothing waits."""
        name, chance = f"examiner-{number}", random.Random(number)
        with ReviewClient(self._address, deadline=60) as client:
            while waiting := list(islice(client.list(page_size=SHOWN), SHOWN)):
                job_id = chance.choice(waiting).job_id
                try:
                    claim = client.claim(job_id, reviewer_id=name).review.claim
                except CallRefused as refused:
                    assert refused.reason in TAKEN
                    self.refused[refused.reason] += 1
                    continue
                self._take(job_id, name)
                score = chance.randrange(21) / 2
                scores = dict.fromkeys(ESSAY_CRITERIA, score)
                client.submit(job_id, scores, reviewer_id=name, claim=claim)
                self._hand_in(job_id, name, score)

    def _take(self, job_id: str, name: str) -> None:
        with self._lock:
            assert job_id not in self._held, f"{name} and {self._held[job_id]} hold {job_id}"
            assert job_id not in self.handed_in
            self._held[job_id] = name

    def _hand_in(self, job_id: str, name: str, score: float) -> None:
        with self._lock:
            del self._held[job_id]
            self.handed_in[job_id] = (name, score)


def _held_jobs(database: Database) -> set[str]:
    engine = database.make_engine(pool_size=1)
    with engine.connect() as conn:
        jobs = {str(hold(conn)) for _ in range(REVIEWS)}
    engine.dispose()
    return jobs


@pytest.mark.timeout(240)
def test_no_review_is_claimed_or_finished_twice_or_lost(stack: Stack) -> None:
    database = stack.database
    jobs = _held_jobs(database)
    servers = [stack.start_server(), stack.start_server()]
    race = Race("ipv4:" + ",".join(f"127.0.0.1:{server.port}" for server in servers))
    with ThreadPoolExecutor(EXAMINERS) as pool:
        running = [pool.submit(race.mark, number) for number in range(EXAMINERS)]
        until(lambda: len(race.handed_in) >= REVIEWS // 4, 90)
        servers[0].signal_all(SIGKILL)
        assert len(race.handed_in) < REVIEWS
        for one in running:
            one.result(120)
    assert set(race.handed_in) == jobs
    assert race.refused, "nobody got into anybody's way"

    states = database.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
    assert states == [{"state": "completed", "n": REVIEWS}]
    stored = database.rows("""
        SELECT reviews.job_id, reviewer_id, examiner_score, reviews.scored_by, results.scored_by
               AS given_out
        FROM reviews JOIN review_marks USING (job_id) JOIN results USING (job_id)
    """)
    assert {
        str(row["job_id"]): (row["reviewer_id"], float(row["examiner_score"])) for row in stored
    } == race.handed_in
    assert len(stored) == REVIEWS
    assert all(row["scored_by"] == row["given_out"] != "machine" for row in stored)
    trail = database.rows("SELECT job_id, action, claim FROM review_trail ORDER BY id")
    by_job: dict[UUID, list[str]] = {}
    for row in trail:
        by_job.setdefault(row["job_id"], []).append(row["action"])
        assert row["claim"] == 1
    assert set(map(tuple, by_job.values())) == {("claimed", "marked", "finished")}
    ends = database.rows("""
        SELECT job_id, count(*) FILTER (WHERE state = 'completed') AS ends,
               max(sequence) = count(*) AS whole
        FROM events GROUP BY job_id
    """)
    assert len(ends) == REVIEWS
    assert all((row["ends"], row["whole"]) == (1, True) for row in ends)
