"""Batches: made from any number of submissions, with an outcome for each."""

import grpc
import pytest

from client.client import GradingClient
from client.errors import CallRefused
from client.submission import in_batches, submission
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.error_pb2 import ERROR_REASON_INVALID_FIELD
from vstep.grading.v1.job_pb2 import Job, Prompt, WritingWork

LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")


def made(name: str, text: str = "An essay.") -> service.SubmitJobRequest:
    return submission(WritingWork(text=text), Prompt(), user_id="u", submission_id=name)


def test_each_item_has_an_outcome(server: ScriptedServer, client: GradingClient) -> None:
    accepted = service.SubmitJobResponse(job=Job(id=JOB_ID))
    refused = service.Refusal(reason=ERROR_REASON_INVALID_FIELD, message="wrong")
    outcomes = [
        service.BatchSubmitOutcome(accepted=accepted),
        service.BatchSubmitOutcome(refusal=refused),
    ]
    server.answers["BatchSubmitJobs"] = [LOST, service.BatchSubmitJobsResponse(outcomes=outcomes)]
    items = [made("a"), made("b")]
    assert client.submit_batch(items) == [accepted, refused]
    # Repeated as it was: the request ids are the same ones.
    assert [list(request.requests) for request in server.requests] == [items, items]


def test_a_full_backlog_refuses_the_batch(server: ScriptedServer, client: GradingClient) -> None:
    reason = "ERROR_REASON_BACKLOG_FULL"
    server.answers["BatchSubmitJobs"] = [
        Refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", reason, 1.0)
    ]
    with pytest.raises(CallRefused) as caught:
        client.submit_batch([made("a")])
    assert (caught.value.reason, caught.value.retry_after) == (reason, 1.0)


def test_cuts_batches_by_their_number() -> None:
    items = [made(str(number)) for number in range(2001)]
    batches = list(in_batches(items))
    assert [len(batch) for batch in batches] == [1000, 1000, 1]
    assert [item for batch in batches for item in batch] == items
    assert list(in_batches([])) == []


def test_cuts_batches_by_their_size() -> None:
    items = [made(str(number), "é" * 20_000) for number in range(250)]
    batches = list(in_batches(items))
    sizes = [service.BatchSubmitJobsRequest(requests=batch).ByteSize() for batch in batches]
    assert len(batches) == 3
    assert max(sizes) < 4 * 1024 * 1024
    assert [item for batch in batches for item in batch] == items


def test_an_item_larger_than_a_batch_goes_alone() -> None:
    items = [made("a"), made("b", "x" * 5_000_000), made("c")]
    assert [len(batch) for batch in in_batches(items)] == [1, 1, 1]
