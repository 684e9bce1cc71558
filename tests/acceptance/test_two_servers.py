"""Two servers behind one name: calls take turns, and one that is lost is missed by nobody.

The name is a list of addresses here, since a name with two of them would have to be entered in
the machine's own table; gRPC treats the addresses that ``dns:///name:8000`` gives in the same way.
"""

import json
import signal
import threading

from client.client import GradingClient
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JobEvent

#: A client that is in the hands of one server alone makes so many calls there in a row.
CALLS = 20


def _calls(server: Server, method: str) -> int:
    """How many calls of a method a server took."""
    lines = server.output().rpartition("\n")[0].splitlines()
    found = [json.loads(line) for line in lines]
    return sum(line["event"] == "call" and line["method"].endswith(method) for line in found)


def test_calls_and_watches_go_on_when_one_of_two_servers_is_lost(stack: Stack) -> None:
    servers = [stack.start_server(), stack.start_server()]
    stack.start_worker()
    servers[0].await_health("workers")
    name = "ipv4:" + ",".join(server.door.address for server in servers)
    with GradingClient(name, deadline=10) as client:
        job = servers[0].door.grading.SubmitJob(submission("slow:4")).job
        seen: list[JobEvent] = []

        def follow() -> None:
            for event in client.watch(job.id):
                seen.append(event)

        following = threading.Thread(target=follow)
        # Whichever server has the stream, it is lost: once the one, and then the other.
        following.start()
        for _ in range(CALLS):
            client.get(job.id)
        # In turns; how evenly depends on when each connection was made.
        until(lambda: all(_calls(server, "GetJob") for server in servers))

        servers[0].kill()
        for _ in range(CALLS):
            assert client.get(job.id).id == job.id
        servers[0] = stack.start_server(PORT=str(servers[0].port))
        until(lambda: client.get(job.id) and _calls(servers[0], "GetJob"))

        servers[1].signal(signal.SIGTERM)
        for _ in range(CALLS):
            assert client.get(job.id).id == job.id
        following.join(30)
        assert not following.is_alive()
    assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].state == JOB_STATE_COMPLETED
