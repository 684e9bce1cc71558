"""The store against a model: whatever the order of the calls, both say the same of a job."""

from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from tests.stack.hands import Hands
from tests.stack.history import check_history, stored_jobs
from tests.stack.job_model import ModelJob

#: Which of the jobs, or of the hands; counted from the newest.
PICK = st.integers(0, 5)

#: Calls of one who holds a job, or did.
OF_A_HAND = "renew advance settle fail retry release hand_over keep_late".split()
CALLS = [
    *OF_A_HAND,
    *"accept claim claim claim_what_was_erased cancel erase a_lease_lapses".split(),
    *"a_retry_falls_due a_retry_falls_due a_deadline_passes reap release_retries".split(),
    *"settle hand_over accept fail_late a_message_dies flag relay messages_are_lost".split(),
    "hand_over",
]


class Calls(RuleBasedStateMachine):
    """Any call after any other."""

    store: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands(self.store)

    def teardown(self) -> None:
        self.hands.let_go()

    # One rule for all: Hypothesis would leave most rules out of most examples.
    @rule(name=st.sampled_from(CALLS), pick=PICK)
    def call(self, name: str, pick: int) -> None:
        if not self.hands.jobs:
            name = "accept"
        elif name in OF_A_HAND and not self.hands.held:
            name = "claim"
        getattr(self.hands, name)(pick)

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        stored = stored_jobs(self.hands.conn)
        assert list(stored) == sorted(self.hands.jobs)
        for job_id, row in stored.items():
            check_history(row)
            assert _seen(row) == _expected(self.hands.jobs[job_id])
            for run in row["runs"] or []:
                if run["ended_at"] is not None:
                    first = self.hands.closed.setdefault(
                        (run["job_id"], run["run"]), run["ended_at"]
                    )
                    assert run["ended_at"] == first


def _seen(row: dict[str, Any]) -> dict[str, object]:
    return {
        "state": row["state"],
        "run": row["run"],
        "retries": row["retries"],
        "sequence": row["last_sequence"],
        "outcomes": [run["outcome"] for run in row["runs"] or []],
        "waits": row["next_run_at"] is not None,
        "sent": row["sent"] if row["in_outbox"] else None,
        "delayed": row["delayed"],
        "results": [result["run"] for result in row["results"] or []],
    }


def _expected(job: ModelJob) -> dict[str, object]:
    return {
        "state": job.state,
        "run": job.run,
        "retries": job.retries,
        "sequence": job.sequence,
        "outcomes": [run.outcome for run in job.runs],
        "waits": job.due is not None,
        "sent": job.sent,
        "delayed": job.delayed,
        "results": [] if job.result_run is None else [job.result_run],
    }


def test_the_store_and_the_model_agree_after_every_call(engine: Engine) -> None:
    class CallsOnThis(Calls):
        store = engine

    run_state_machine_as_test(
        CallsOnThis,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            database=None,
            deadline=None,
            derandomize=True,
        ),
    )
