"""Calls are repeated after a passing fault, within their deadline."""

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from client.backoff import Backoff
from client.client import GradingClient
from client.errors import CallRefused
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.job_pb2 import Job, Prompt, WritingTask, WritingWork

WORK = WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text="An essay.")
PROMPT = Prompt(text="Write an essay.")
LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")


def test_a_repeated_submission_keeps_its_request_id(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.answers["SubmitJob"] = [LOST, LOST, service.SubmitJobResponse(job=Job(id=JOB_ID))]
    answer = client.submit(WORK, PROMPT, user_id="u", submission_id="s")
    assert answer.job.id == JOB_ID
    assert len({request.request_id for request in server.requests}) == 1
    assert len(server.requests) == 3


def test_each_submission_has_a_request_id_of_its_own(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.answers["SubmitJob"] = [service.SubmitJobResponse(), service.SubmitJobResponse()]
    for _ in range(2):
        client.submit(WORK, PROMPT, user_id="u", submission_id="s")
    assert len({request.request_id for request in server.requests}) == 2


def test_a_refusal_for_good_is_not_repeated(server: ScriptedServer, client: GradingClient) -> None:
    server.answers["CancelJob"] = [Refuse(grpc.StatusCode.FAILED_PRECONDITION, "ended")]
    with pytest.raises(CallRefused, match="ended"):
        client.cancel(JOB_ID)
    assert len(server.requests) == 1


def test_waits_as_long_as_the_service_asks(server: ScriptedServer, client: GradingClient) -> None:
    server.answers["GetJob"] = [
        Refuse(grpc.StatusCode.UNAVAILABLE, retry_after=0.3),
        service.GetJobResponse(job=Job(id=JOB_ID)),
    ]
    began = time.monotonic()
    assert client.get(JOB_ID).id == JOB_ID
    assert time.monotonic() - began >= 0.3


def test_does_not_wait_past_its_deadline(server: ScriptedServer) -> None:
    server.answers["GetJob"] = [Refuse(grpc.StatusCode.UNAVAILABLE, retry_after=60)]
    began = time.monotonic()
    with GradingClient(server.address, deadline=2) as client, pytest.raises(CallRefused):
        client.get(JOB_ID)
    assert time.monotonic() - began < 1


def test_lists_over_pages(server: ScriptedServer, client: GradingClient) -> None:
    server.answers["ListJobs"] = [
        service.ListJobsResponse(jobs=[Job(id="a"), Job(id="b")], next_page_token="more"),
        service.ListJobsResponse(jobs=[Job(id="c")]),
    ]
    assert [job.id for job in client.list(user_id="u")] == ["a", "b", "c"]
    assert [request.page_token for request in server.requests] == ["", "more"]
    assert {request.user_id for request in server.requests} == {"u"}


def test_waits_until_the_job_ends(server: ScriptedServer, client: GradingClient) -> None:
    server.answers["WaitJob"] = [
        service.WaitJobResponse(ended=False),
        LOST,
        service.WaitJobResponse(job=Job(id=JOB_ID), ended=True),
    ]
    assert client.wait(JOB_ID).job.id == JOB_ID
    assert len(server.requests) == 3


def test_a_wait_that_is_over_tells_where_the_job_stands(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.answers["WaitJob"] = [service.WaitJobResponse(job=Job(id=JOB_ID))]
    assert not client.wait(JOB_ID, timeout=0).ended


def test_a_repeated_retry_keeps_its_request_id(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.answers["RetryJob"] = [LOST, service.RetryJobResponse(job=Job(id="new"))]
    assert client.retry(JOB_ID).job.id == "new"
    assert {request.job_id for request in server.requests} == {JOB_ID}
    assert len({request.request_id for request in server.requests}) == 1


def test_a_retry_takes_the_callers_request_id(
    server: ScriptedServer, client: GradingClient
) -> None:
    server.answers["RetryJob"] = [service.RetryJobResponse(deduplicated=True)]
    assert client.retry(JOB_ID, request_id="mine").deduplicated
    assert server.requests[0].request_id == "mine"


def test_tells_when_a_job_was_erased(server: ScriptedServer, client: GradingClient) -> None:
    answer = service.DeleteJobResponse(delete_time=Timestamp(seconds=7))
    server.answers["DeleteJob"] = [LOST, answer]
    assert client.delete(JOB_ID) == answer
    assert [request.job_id for request in server.requests] == [JOB_ID] * 2


def test_a_channel_of_the_callers_stays_open(server: ScriptedServer) -> None:
    server.answers["GetJob"] = [service.GetJobResponse(), service.GetJobResponse()]
    with grpc.insecure_channel(server.address) as channel:
        for _ in range(2):
            with GradingClient(channel) as client:
                client.get(JOB_ID)


def test_delays_grow_to_their_limit_and_keep_to_the_services_wish() -> None:
    backoff = Backoff(first=0.1, longest=2.0)
    delays = [backoff.next(None) for _ in range(2000)]
    assert 0.05 <= delays[0] <= 0.1
    assert all(1.0 <= delay <= 2.0 for delay in delays[5:])
    assert 5.0 <= backoff.next(5.0) <= 7.0
    backoff.reset()
    assert backoff.next(None) <= 0.1
