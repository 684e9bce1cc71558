"""The ``vstep-grading`` command."""

from client.cli.command import main

__all__ = ["main"]
