"""Jobs as a table."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.cli.names import state_word
from client.cli.terminal import printable
from vstep.grading.v1.job_pb2 import Job

#: Each job stays on one line, so that its id can be copied and lines can be searched.
_WIDTH = 400


def print_jobs(console: Console, jobs: Iterable[Job]) -> None:
    """Print one line for each job."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Job", "State", "Accepted (UTC)", "User", "Submission", "Attempt"):
        table.add_column(heading, no_wrap=True)
    for job in jobs:
        table.add_row(
            Text(printable(job.id)),
            state_word(job.state),
            f"{job.accept_time.ToDatetime():%Y-%m-%d %H:%M:%S}",
            Text(printable(job.user_id)),
            Text(printable(job.submission_id)),
            str(job.attempt),
        )
    if not table.row_count:
        console.print("no jobs")
        return
    console.width = _WIDTH
    console.print(table, soft_wrap=True)
