"""What every command needs to make its calls."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer

from client.cli.failure import line_of
from client.cli.terminal import note
from client.client import GradingClient
from client.errors import ClientError

ADDRESS = "127.0.0.1:8000"
ADDRESS_VARIABLE = "VSTEP_GRADING_ADDRESS"


@dataclass(frozen=True, slots=True)
class Session:
    """The service that a command talks to."""

    address: str
    #: How long a call may take, repetitions included, in seconds.
    timeout: float
    #: What the caller is known by; None where the service lets everybody in.
    token: str | None = field(default=None, repr=False)

    @contextmanager
    def client(self) -> Iterator[GradingClient]:
        """A client for this service; what it fails with is told in one line.

        Raises:
            typer.Exit: it failed.
        """
        try:
            with GradingClient(self.address, deadline=self.timeout, token=self.token) as client:
                yield client
        except ClientError as error:
            note(f"vstep-grading: {line_of(error, self.address)}")
            raise typer.Exit(1) from error

    def command(self, *words: str) -> str:
        """A command line that reaches the same service."""
        options: tuple[str, ...] = ()
        if self.address != os.environ.get(ADDRESS_VARIABLE, ADDRESS):
            options = ("--address", self.address)
        return " ".join(("vstep-grading", *options, *words))
