"""Each variable of the deployment plan that concerns server and workers has its effect.

| variable | what shows it |
| --- | --- |
| ``DATABASE_URL`` | every stack of the tests; ``test_health`` loses it and has it back |
| ``RABBITMQ_URL`` | the same |
| ``CELERY_BROKER_URL`` | ``test_up``, on folders; ``test_settings``, before ``RABBITMQ_URL`` |
| ``PORT`` | every server of the tests; ``test_start``, one that is in use |
| ``ENVIRONMENT`` | ``test_start``, and value by value ``test_settings`` |
| ``GRADING_SLA_WRITING_SECONDS``, ``GRADING_SLA_SPEAKING_SECONDS`` | here |
| ``GRADING_MAX_RETRIES`` | ``test_killed_worker``, of servers; ``test_transcribed_by_provider`` |
| ``GRADING_RETRY_BACKOFF_CAP_SECONDS`` | here |
| ``OPENAI_API_KEY`` | ``test_models_and_workers`` |
| ``STT_API_KEY`` | ``test_transcribed_by_provider`` |

The plan's ``POSTGRES_`` and ``RABBITMQ_`` names, passwords and databases are parts of the URLs.
"""

import signal
from datetime import timedelta

from grpc import StatusCode

from tests.stack.stack import Stack
from tests.stack.submissions import spoken, submission
from tests.stack.waiting import until
from vstep.grading.v1.error_pb2 import ERROR_REASON_DEADLINE_EXCEEDED
from vstep.grading.v1.job_pb2 import JOB_STATE_FAILED, Job


def _time_allowed(job: Job) -> timedelta:
    return job.deadline.ToDatetime() - job.accept_time.ToDatetime()


def test_each_skill_has_its_time(stack: Stack) -> None:
    server = stack.start_server(
        GRADING_SLA_WRITING_SECONDS="2",
        GRADING_SLA_SPEAKING_SECONDS="200",
        GRADING_AUDIO_HOSTS="media.test",
    )
    talk = spoken(audio_url="https://media.test/answer.webm")
    assert _time_allowed(server.door.grading.SubmitJob(talk).job) == timedelta(seconds=200)
    job = server.door.grading.SubmitJob(submission()).job
    assert _time_allowed(job) == timedelta(seconds=2)

    watcher = server.door.watch(job.id)  # there is no worker
    assert watcher.wait().code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_FAILED
    assert watcher.events[-1].error.reason == ERROR_REASON_DEADLINE_EXCEEDED


def test_no_wait_before_a_retry_is_longer_than_its_cap(stack: Stack) -> None:
    server = stack.start_server()
    server.await_health("rabbitmq")
    job = server.door.grading.SubmitJob(submission("flaky:9")).job
    sent = "SELECT 1 FROM outbox WHERE job_id = %s AND sent_at IS NOT NULL"
    until(lambda: stack.database.rows(sent, job.id))
    # Without a server, the job stays where the worker puts it.
    server.signal(signal.SIGTERM)
    server.wait(15)
    stack.start_worker(GRADING_RETRY_BACKOFF_CAP_SECONDS="0.25")
    waits = "SELECT next_run_at - updated_at AS wait FROM jobs WHERE id = %s AND state = 'retrying'"
    [row] = until(lambda: stack.database.rows(waits, job.id), 30)
    # Without the cap it were two seconds, more or less.
    assert timedelta(seconds=0.2) <= row["wait"] <= timedelta(seconds=0.3)
