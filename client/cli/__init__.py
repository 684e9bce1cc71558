"""The ``vstep-grading`` command."""

import client.quiet  # noqa: F401
from client.cli.command import main

__all__ = ["main"]
