"""Who is let in, to do what: the table of methods, scopes, and what callers may show."""

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from grading.domain.caller import Scope
from grading.store.credentials import Token
from server.permissions import SCOPES
from tests.stack.callers import Metadata, issue, revoke, showing
from tests.stack.door import Door, Refused, Watcher, refusal, refused_with
from tests.stack.postgres import Database, Databases
from tests.stack.process import CHECKOUT, environment
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.reviewing import essay_marks
from tests.stack.stack import Server, Stack
from tests.stack.submissions import spoken, submission
from tests.stack.uploading import WAV, chunks
from tests.stack.uploading import metadata as about
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1 import review_service_pb2 as reviews

#: Seconds for which the server believes what it read of a token.
CACHE = "0.2"
METHODS = sorted(name.rpartition("/")[2] for name in SCOPES)
#: Those that ask for one job.
OF_A_JOB = [
    "CancelJob", "ClaimReview", "DeleteJob", "GetJob", "GetResult", "GetReview", "ReleaseReview",
    "RetryJob", "SubmitReview", "WaitJob", "WatchJob",
]  # fmt: skip


@pytest.fixture(scope="module")
def stack(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Processes that the tests of this file share."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        made = Stack(database, url, tmp_path_factory.mktemp("callers"))
        yield made
        made.stop()


@pytest.fixture(scope="module")
def server(stack: Stack) -> Server:
    """A server that lets nobody in without a token."""
    return stack.start_server(GRADING_AUTH="required", GRADING_AUTH_CACHE_SECONDS=CACHE)


@pytest.fixture(scope="module")
def database(stack: Stack) -> Database:
    return stack.database


@pytest.fixture
def door(server: Server) -> Door:
    return server.door


@pytest.fixture(scope="module")
def everything(database: Database) -> Metadata:
    """What a caller of the default tenant shows that may do everything."""
    return showing(issue(database))


@pytest.fixture(scope="module")
def stranger(database: Database) -> Metadata:
    """The same of another tenant."""
    return showing(issue(database, tenant="another-school"))


def _call(door: Door, method: str, metadata: Metadata, request: Any = None) -> Any:
    """Make a call; a request of the method that says nothing where none is given."""
    if method == "UploadAudio":
        request = iter([request or messages.UploadAudioRequest()])
    elif request is None:
        request = getattr(_messages(method), f"{method}Request")()
    if method in ("WatchJobs", "WatchJob"):
        # The feed has no end: a caller who was let in is told that its cursor is wrong.
        if method == "WatchJobs":
            request.cursor = "made up"
        return list(getattr(door.grading, method)(request, metadata=metadata, timeout=10))
    stub = door.review if _messages(method) is reviews else door.grading
    return getattr(stub, method)(request, metadata=metadata, timeout=10)


def _messages(method: str) -> Any:
    """The messages of a method's service."""
    return reviews if method.endswith(("Review", "Reviews", "Agreement")) else messages


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_called_with_its_scope_alone(
    door: Door, database: Database, method: str
) -> None:
    needed = next(scope for name, scope in SCOPES.items() if name.endswith(f"/{method}"))
    for scope in Scope:
        metadata = showing(issue(database, scope))
        others = showing(issue(database, *(one for one in Scope if one is not scope)))
        allowed, refused = (metadata, others) if scope is needed else (others, metadata)
        try:
            _call(door, method, allowed)
        except grpc.RpcError as error:
            # It says nothing that the method could use.
            assert refused_with(error).code is grpc.StatusCode.INVALID_ARGUMENT
        said = refusal(lambda metadata=refused: _call(door, method, metadata))  # type: ignore[misc]
        assert (said.code, said.reason, said.metadata) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "ERROR_REASON_SCOPE_MISSING",
            {"scope": needed.value},
        )


def _shown(database: Database) -> dict[str, Metadata]:
    """All that lets nobody in."""
    good, revoked = issue(database), issue(database)
    expired = issue(database, lifetime=timedelta(seconds=-1))
    revoke(database, revoked.id)
    written = good.write()
    wrong = f"{written[:-64]}{secrets.token_hex(32)}"
    return {
        "nothing": (),
        "no token": (("authorization", "Bearer"),),
        "no scheme": (("authorization", written),),
        "another scheme": (("authorization", f"Basic {written}"),),
        "two": showing(good) * 2,
        "cut": showing(written[:-1]),
        "longer": showing(f"{written}0"),
        "capitals": showing(written.upper()),
        "elsewhere": (("x-authorization", f"Bearer {written}"),),
        "wrong": showing(wrong),
        "unknown": showing(Token.new()),
        "expired": showing(expired),
        "revoked": showing(revoked),
    }


@pytest.mark.parametrize("method", METHODS)
def test_who_shows_nothing_valid_is_not_told_why(
    door: Door, database: Database, method: str
) -> None:
    said = {
        name: refusal(lambda shown=shown: _call(door, method, shown))  # type: ignore[misc]
        for name, shown in _shown(database).items()
    }
    assert len(said) == 13
    assert set(map(str, said.values())) == {
        str(
            Refused(
                grpc.StatusCode.UNAUTHENTICATED,
                "the call must show a token or a certificate that is valid",
                "ERROR_REASON_UNAUTHENTICATED",
                "grading.vstep",
            )
        )
    }


def test_a_scheme_is_written_as_one_likes(door: Door, everything: Metadata) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        shown = (("authorization", everything[0][1].replace("Bearer", scheme)),)
        assert _call(door, "ListJobs", shown) is not None


def _submit(door: Door, metadata: Metadata, **fields: str) -> str:
    request = submission(**fields)
    return str(door.grading.SubmitJob(request, metadata=metadata).job.id)


def _about(method: str, job_id: str) -> Any:
    request = getattr(_messages(method), f"{method}Request")(job_id=job_id)
    if method == "RetryJob":
        request.request_id = str(uuid4())
    if method in ("ClaimReview", "ReleaseReview", "SubmitReview"):
        request.reviewer_id = "anna"
    if method == "SubmitReview":
        request.claim = 1
        request.scores.extend(essay_marks(6))
    return request


@pytest.mark.parametrize("method", OF_A_JOB)
@pytest.mark.parametrize("theirs", ["default", "another-school"])
def test_another_tenants_job_is_one_that_there_is_not(
    door: Door, everything: Metadata, stranger: Metadata, method: str, theirs: str
) -> None:
    owner, other = (everything, stranger) if theirs == "default" else (stranger, everything)
    job_id, made_up = _submit(door, owner), str(uuid4())

    said = refusal(lambda: _call(door, method, other, _about(method, job_id)))
    of_none = refusal(lambda: _call(door, method, other, _about(method, made_up)))
    assert said.code is grpc.StatusCode.NOT_FOUND
    assert said.metadata == {"job_id": job_id, "field": "job_id"}
    assert replace(said, metadata={}) == replace(of_none, metadata={})

    job = door.grading.GetJob(messages.GetJobRequest(job_id=job_id), metadata=owner).job
    assert (job.last_sequence, job.run) == (1, 0)  # and nothing was done to it


def test_an_erased_job_of_another_tenant_is_one_that_there_never_was(
    door: Door, everything: Metadata, stranger: Metadata
) -> None:
    job_id = _submit(door, everything)
    erase = messages.DeleteJobRequest(job_id=job_id)
    erased = door.grading.DeleteJob(erase, metadata=everything)
    assert door.grading.DeleteJob(erase, metadata=everything) == erased
    said = refusal(lambda: door.grading.DeleteJob(erase, metadata=stranger))
    assert said.code is grpc.StatusCode.NOT_FOUND


def test_names_are_a_tenants_own(door: Door, everything: Metadata, stranger: Metadata) -> None:
    """A request id, and an attempt of a submission, that another tenant used are free."""
    request = submission()
    ours = door.grading.SubmitJob(request, metadata=everything)
    changed = messages.SubmitJobRequest()
    changed.CopyFrom(request)
    changed.writing.text += " And more."
    theirs = door.grading.SubmitJob(changed, metadata=stranger)
    assert not theirs.deduplicated
    assert theirs.job.id != ours.job.id
    # Within each it is what it was.
    for metadata, sent, job in ((everything, request, ours), (stranger, changed, theirs)):
        again = door.grading.SubmitJob(sent, metadata=metadata)
        assert again.deduplicated
        assert again.job.id == job.job.id
    batch = messages.BatchSubmitJobsRequest(requests=[changed])
    [outcome] = door.grading.BatchSubmitJobs(batch, metadata=everything).outcomes
    assert outcome.refusal.metadata["job_id"] == ours.job.id


def test_another_tenants_recording_is_one_that_there_is_not(
    door: Door, everything: Metadata, stranger: Metadata
) -> None:
    pieces = (about(WAV), *chunks(WAV))
    audio_id = door.grading.UploadAudio(iter(pieces), metadata=stranger).audio_id
    made_up = str(uuid4())
    said, of_none = (
        refusal(lambda name=name: door.grading.SubmitJob(spoken(name), metadata=everything))  # type: ignore[misc]
        for name in (audio_id, made_up)
    )
    assert said.reason == "ERROR_REASON_AUDIO_NOT_FOUND"
    assert replace(said, metadata={}) == replace(of_none, metadata={})
    assert door.grading.SubmitJob(spoken(audio_id), metadata=stranger).job.id


def test_lists_hold_a_tenants_own_jobs(
    door: Door, everything: Metadata, stranger: Metadata
) -> None:
    learner = f"learner-{uuid4()}"
    ours = {_submit(door, everything, user_id=learner) for _ in range(3)}
    theirs = {_submit(door, stranger, user_id=learner) for _ in range(3)}
    for wanted in ({"user_id": learner}, {}, {"states": [1]}, {"skill": 1}):
        for metadata, own, other in ((everything, ours, theirs), (stranger, theirs, ours)):
            request = messages.ListJobsRequest(page_size=2, **wanted)
            seen: set[str] = set()
            while not seen >= own:
                page = door.grading.ListJobs(request, metadata=metadata)
                seen |= {job.id for job in page.jobs}
                request.page_token = page.next_page_token
                assert seen >= own or request.page_token
            assert not seen & other

    page = door.grading.ListJobs(
        messages.ListJobsRequest(user_id=learner, page_size=1), metadata=everything
    )
    crossing = messages.ListJobsRequest(
        user_id=learner, page_size=1, page_token=page.next_page_token
    )
    said = refusal(lambda: door.grading.ListJobs(crossing, metadata=stranger))
    assert said.reason == "ERROR_REASON_PAGE_TOKEN_INVALID"


def _feed(door: Door, metadata: Metadata, cursor: str = "") -> Any:
    request = messages.WatchJobsRequest(cursor=cursor)
    return door.grading.WatchJobs(request, metadata=metadata, timeout=20)


def _read_feed(door: Door, metadata: Metadata, jobs: set[str], cursor: str = "") -> tuple[str, str]:
    """Read a feed until it told of ``jobs``; gives its last cursor, and all jobs it told of."""
    stream, seen = _feed(door, metadata, cursor), set()
    for answer in stream:
        if answer.HasField("event"):
            seen.add(answer.event.job_id)
        if seen >= jobs:
            stream.cancel()
            return answer.cursor, " ".join(seen)
    raise AssertionError(seen)


def test_a_feed_tells_of_a_tenants_own_jobs(
    door: Door, everything: Metadata, stranger: Metadata
) -> None:
    ours = {_submit(door, everything) for _ in range(2)}
    theirs = {_submit(door, stranger) for _ in range(2)}
    cursor, seen = _read_feed(door, everything, ours)
    assert not any(job in seen for job in theirs)
    their_cursor, seen = _read_feed(door, stranger, theirs)
    assert not any(job in seen for job in ours)
    for metadata, crossing in ((stranger, cursor), (everything, their_cursor)):
        said = refusal(lambda m=metadata, c=crossing: list(_feed(door, m, c)))  # type: ignore[misc]
        assert said.reason == "ERROR_REASON_CURSOR_INVALID"
    later = {_submit(door, stranger)}
    _, seen = _read_feed(door, stranger, later, their_cursor)
    assert set(seen.split()) == later


def test_health_is_open(door: Door) -> None:
    assert door.status("") == door.status("postgres")


def _services(door: Door, metadata: Metadata) -> Sequence[str]:
    ask: Any = reflection_pb2_grpc.ServerReflectionStub(door.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = ask.ServerReflectionInfo(iter([request]), metadata=metadata, timeout=10)
    return [service.name for service in answer.list_services_response.service]


def test_reflection_answers_callers(door: Door, database: Database) -> None:
    assert "vstep.grading.v1.GradingService" in _services(
        door, showing(issue(database, Scope.REVIEW))
    )
    said = refusal(lambda: _services(door, ()))
    assert said.code is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("setting", ["on", "off"])
def test_reflection_is_open_or_closed_by_a_setting(stack: Stack, setting: str) -> None:
    server = stack.start_server(GRADING_AUTH="required", GRADING_REFLECTION=setting)
    shown = showing(issue(stack.database))
    if setting == "on":
        assert _services(server.door, ()) == _services(server.door, shown)
    else:
        said = refusal(lambda: _services(server.door, shown))
        assert said.code is grpc.StatusCode.UNIMPLEMENTED
    server.kill()


def test_tokens_are_rotated_without_a_gap(door: Door, database: Database) -> None:
    first = issue(database)
    assert _call(door, "ListJobs", showing(first)) is not None
    second = issue(database)
    for token in (first, second, first):
        assert _call(door, "ListJobs", showing(token)) is not None
    revoke(database, first.id)
    until(lambda: _is_refused(door, first))
    assert _call(door, "ListJobs", showing(second)) is not None


def _is_refused(door: Door, token: Token) -> bool:
    try:
        _call(door, "ListJobs", showing(token))
    except grpc.RpcError as error:
        assert refused_with(error).code is grpc.StatusCode.UNAUTHENTICATED
        return True
    return False


def _revoke(database: Database, token: Token) -> None:
    revoke(database, token.id)


def _expire(database: Database, token: Token) -> None:
    database.rows("UPDATE credentials SET expires_at = now() WHERE id = %s", token.id)


@pytest.mark.parametrize("end", [_revoke, _expire])
def test_open_streams_end_with_their_token(
    door: Door, database: Database, end: Callable[[Database, Token], None]
) -> None:
    token, other = issue(database), issue(database)
    job_id = _submit(door, showing(token))
    watcher = Watcher(door, job_id, metadata=showing(token))
    bystander = Watcher(door, job_id, metadata=showing(other))
    feed = _feed(door, showing(token))
    until(lambda: watcher.sequences == bystander.sequences == [1])
    next(feed)

    end(database, token)

    assert watcher.wait().reason == "ERROR_REASON_UNAUTHENTICATED"
    said = refusal(lambda: list(feed))
    assert said.code is grpc.StatusCode.UNAUTHENTICATED
    assert bystander.end is None
    cancel = messages.CancelJobRequest(job_id=job_id)
    door.grading.CancelJob(cancel, metadata=showing(other))
    assert bystander.wait().code is grpc.StatusCode.OK
    assert bystander.sequences == [1, 2]


def _list_in_typescript(server: Server, token: Token) -> object:
    node, script = CHECKOUT / ".venv" / "bin" / "node", CHECKOUT / "tests" / "typescript"
    ended = subprocess.run(
        [node, script / "list-jobs.ts", server.door.address],
        env=environment({"VSTEP_GRADING_TOKEN": token.write()}),
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(ended.stdout)


def test_a_web_applications_server_shows_its_token(server: Server, database: Database) -> None:
    own = issue(database, Scope.SUBMIT, Scope.READ, tenant="a-school-of-its-own")
    job_id = _submit(server.door, showing(own))
    assert _list_in_typescript(server, own) == [job_id]
    assert _list_in_typescript(server, Token.new()) == "Unauthenticated"
    assert _list_in_typescript(server, issue(database, Scope.SUBMIT)) == "PermissionDenied"


def test_the_log_names_callers_and_holds_no_secret(
    server: Server, door: Door, database: Database
) -> None:
    good, unknown = issue(database), Token.new()
    wrong = replace(Token.new(), id=good.id)
    _call(door, "ListJobs", showing(good))
    for shown in (*_shown(database).values(), showing(wrong), showing(unknown)):
        refusal(lambda shown=shown: _call(door, "ListJobs", shown))  # type: ignore[misc]

    log = until(lambda: server.output() if unknown.id in server.output() else "")
    assert f'"credential": "{good.id}"' in log
    for why in ("anonymous", "malformed", "unknown", "wrong_secret", "expired", "revoked"):
        assert f'"why": "{why}"' in log, why
    for token in (good, unknown, wrong):
        assert token.write() not in log
        assert token.write().rpartition("_")[2] not in log
    assert "Bearer" not in log
