"""Shows how a job comes along: a bar on a terminal, else a line an event."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from client.cli.names import state_word
from client.cli.terminal import printable
from client.resumption import Interruption
from vstep.grading.v1.job_pb2 import JobEvent


class ProgressView:
    """Takes a watch's events as they come. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lost_after: int | None = None
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.fields[state]:<15}"),
                BarColumn(bar_width=30),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
                console=console,
                # Stdout belongs to the result, also while the bar is up.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("", total=1.0, state="")

    def __enter__(self) -> "ProgressView":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, event: JobEvent) -> None:
        """Show the newest event."""
        state, message = state_word(event.state), printable(event.message)
        if self._bar is not None:
            self._bar.update(self._task, completed=event.progress, description=message, state=state)
            return
        self._say(f"{event.progress:>6.0%}  {state:<15}  {message}")

    def interrupted(self, interruption: Interruption[int]) -> None:
        """Tell that the stream was lost, once for all tries at the same place."""
        if interruption.place == self._lost_after:
            return
        self._lost_after = interruption.place
        self._say(
            f"connection lost after event {interruption.place}, trying again:"
            f" {printable(interruption.cause.message)}"
        )

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)
