"""What was seen of a scenario from outside, over the public contract."""

from dataclasses import dataclass, field

from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest
from vstep.grading.v1.job_pb2 import Job, JobEvent
from vstep.grading.v1.result_pb2 import Result


@dataclass
class Accepted:
    """A submission that was answered with a job."""

    request: SubmitJobRequest
    job_id: str
    #: How many answers called the job new; the others called it deduplicated.
    first_answers: int = 0
    #: CancelJob was answered with the job.
    cancelled: bool = False


@dataclass(frozen=True)
class Refused:
    """A submission that was refused."""

    request: SubmitJobRequest
    reason: str


@dataclass(frozen=True)
class Delivered:
    """An event that the feed gave."""

    event: JobEvent
    #: Which of the feed's streams gave it: 1, 2, 3 …
    stream: int


@dataclass
class Evidence:
    """All that the clients of a scenario were told."""

    #: By job.
    accepted: dict[str, Accepted] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    #: What the watcher of each job was given, over all of its streams.
    watched: dict[str, list[JobEvent]] = field(default_factory=dict)
    #: What the feed gave, over all of its streams.
    feed: list[Delivered] = field(default_factory=list)
    #: GetJob of each job, afterwards.
    jobs: dict[str, Job] = field(default_factory=dict)
    #: GetResult of each job that had one to show, afterwards.
    results: dict[str, Result] = field(default_factory=dict)
    #: ListJobs of the scenario's user, afterwards.
    listed: list[Job] = field(default_factory=list)
    #: Answers that the contract doesn't know.
    oddities: list[str] = field(default_factory=list)
    #: How often a stream was opened again.
    resumes: int = 0
