"""A campaign against a server: rounds of calls and attacks, and what the server must still be."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.attacks import ATTACKS, a_bomb, connections
from tests.fuzz.calls import fuzz, methods
from tests.fuzz.messages import Names
from tests.stack.stack import Server
from tests.stack.submissions import submission
from tests.stack.uploading import upload
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages

#: What a server may have grown by, in bytes: what it learns, and what the allocator keeps of
#: what it held at once.
GROWTH = 64 * 2**20
#: What it may log when its faults are found; none of it may.
FAULTS = ("internal_error", "Traceback", "Unexpected [", "never retrieved", "crash")


@dataclass
class Campaign:
    """Rounds against one server, each made from its number."""

    server: Server
    #: Requests to a method in a round.
    examples: int
    known: Names = field(default_factory=dict)
    calls: int = 0
    #: Of the server's log, how much was looked through.
    _read: int = 0

    def prepare(self) -> None:
        """Give the fuzz something that is there to ask for, and warm the server up."""
        grading = self.server.door.grading
        jobs = [grading.SubmitJob(submission(), timeout=30).job for _ in range(3)]
        audio = upload(self.server.door)
        feed = grading.WatchJobs(messages.WatchJobsRequest(), timeout=30)
        cursor = next(iter(feed)).cursor
        feed.cancel()
        page = grading.ListJobs(messages.ListJobsRequest(page_size=1), timeout=30)
        self.known = {
            "job_id": [job.id for job in jobs],
            "request_id": [job.request_id for job in jobs],
            "submission_id": [job.submission_id for job in jobs] + ["fresh"],
            "user_id": ["learner-1"],
            "audio_id": [audio.audio_id],
            "cursor": [cursor, ""],
            "page_token": [page.next_page_token, ""],
            "text": ["An essay on towns."],
            "requirements": ["Give two reasons"],
            "audio_url": ["https://media.example.org/answer.webm"],
            "service": ["", "postgres", "workers"],
            "file_containing_symbol": ["vstep.grading.v1.GradingService"],
        }

    def round(self, number: int) -> None:
        """Call every method, and attack in every way, once.

        Raises:
            AssertionError: the server said, or became, what it must not.
        """
        for method in methods():
            fuzz(self.server.door, method, self.known, number, self.examples)
            self.calls += self.examples
        random = Random(number)
        for attack in ATTACKS:
            attack(self.server.port, random)
            self.assert_serving(attack.__name__)

    def storm(self, number: int, count: int) -> int:
        """Open and drop connections, and send what is larger than it looks."""
        random = Random(number)
        a_bomb(self.server.port, random)
        opened = connections(self.server.port, random, count)
        self.assert_serving("connections")
        return opened

    def assert_serving(self, after: str) -> None:
        """Assert that the server lives, and serves on a connection of its own."""
        assert self.server.running, f"the server ended after {after}"
        job = self.server.door.grading.SubmitJob(submission(), timeout=60).job
        assert job.id, after

    def assert_quiet(self) -> None:
        """Assert that the server met no fault of its own."""
        log = self.server.output()[self._read :]
        self._read += len(log)
        for fault in FAULTS:
            at = log.find(fault)
            assert at < 0, log[max(at - 500, 0) : at + 2500]

    @property
    def memory(self) -> int:
        """What the server's process holds, in bytes, once connections are gone."""
        return resident(self.server.pid)

    def assert_flat(self, before: int) -> int:
        """Assert that the server holds about what it held before; gives the growth, in bytes."""
        until(lambda: self.memory - before <= GROWTH, seconds=30, every=0.5)
        return self.memory - before


def resident(pid: int) -> int:
    """The memory of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such process")
