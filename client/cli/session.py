"""What every command needs to make its calls."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import typer

from client.channel import open_channel
from client.cli.failure import line_of
from client.cli.terminal import note
from client.cli.tls_options import tls_options
from client.client import GradingClient
from client.errors import ClientError
from client.review_client import ReviewClient
from client.tls import Tls, TlsFileUnusable

ADDRESS = "127.0.0.1:8000"
ADDRESS_VARIABLE = "VSTEP_GRADING_ADDRESS"


@dataclass(frozen=True, slots=True)
class Session:
    """The service that a command talks to."""

    address: str
    #: How long a call may take, repetitions included, in seconds.
    timeout: float
    #: How the connection is encrypted; None for plain text.
    tls: Tls | None = None
    #: What the caller is known by; None where the service lets everybody in.
    token: str | None = field(default=None, repr=False)

    @contextmanager
    def client(self) -> Iterator[GradingClient]:
        """A client for this service; what it fails with is told in one line.

        Raises:
            typer.Exit: it failed.
        """
        with (
            self._told(),
            GradingClient(
                self.address, deadline=self.timeout, tls=self.tls, token=self.token
            ) as client,
        ):
            yield client

    @contextmanager
    def reviews(self) -> Iterator[ReviewClient]:
        """The same, for the calls of examiners.

        Raises:
            typer.Exit: it failed.
        """
        with (
            self._told(),
            ReviewClient(
                self.address, deadline=self.timeout, tls=self.tls, token=self.token
            ) as client,
        ):
            yield client

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except TlsFileUnusable as error:
            raise typer.BadParameter(str(error)) from error
        except ClientError as error:
            note(f"vstep-grading: {line_of(error, self.address)}")
            raise typer.Exit(1) from error

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        """A channel to this service, for what isn't the grading service's own.

        Raises:
            typer.BadParameter: a file for its encryption can't be used.
        """
        try:
            channel = open_channel(self.address, self.tls)
        except TlsFileUnusable as error:
            raise typer.BadParameter(str(error)) from error
        with channel:
            yield channel

    def command(self, *words: str) -> str:
        """A command line that reaches the same service."""
        options: tuple[str, ...] = ()
        if self.address != os.environ.get(ADDRESS_VARIABLE, ADDRESS):
            options = ("--address", self.address)
        options += tls_options(self.tls)
        return " ".join(("vstep-grading", *options, *words))
