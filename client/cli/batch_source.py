"""Reads what is to be submitted as a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import typer
from google.protobuf.json_format import Parse, ParseError

from client.cli.source import read_text
from client.submission import submission
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork
from vstep.grading.v1.result_pb2 import FeedbackLanguage

#: More than a thousand of the longest answers; keeps a wrong file out of memory.
_MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Named:
    """A submission, and what the user knows it by: its file, or its line in one."""

    name: str
    request: SubmitJobRequest


@dataclass(frozen=True, slots=True)
class Naming:
    """Gives the submissions of a batch what they lack beside the work itself."""

    #: What request ids are made from, so that the same batch makes the same ones.
    batch_id: UUID
    user_id: str
    feedback_language: FeedbackLanguage.ValueType

    def essays(self, paths: Sequence[Path], task: int, prompt: Prompt) -> list[Named]:
        """A submission for each file.

        Raises:
            typer.BadParameter: a file can't be read.
        """
        found = []
        for path in paths:
            request_id = self._request_id(str(path))
            writing = WritingWork(task=WritingTask.ValueType(task), text=read_text(path, "ESSAY"))
            request = submission(
                writing,
                prompt,
                user_id=self.user_id,
                submission_id=f"cli-{request_id}",
                request_id=request_id,
                feedback_language=self.feedback_language,
            )
            found.append(Named(str(path), request))
        return found

    def lines(self, path: Path) -> list[Named]:
        """A submission for each line of a file: a ``SubmitJobRequest`` as JSON.

        Raises:
            typer.BadParameter: the file can't be read, or a line is something else.
        """
        return [
            Named(f"line {number}", self._completed(_parsed(path, number, line), number))
            for number, line in _numbered(read_text(path, "--jsonl", most_bytes=_MOST_BYTES))
        ]

    def _completed(self, request: SubmitJobRequest, number: int) -> SubmitJobRequest:
        request.request_id = request.request_id or self._request_id(str(number))
        request.submission_id = request.submission_id or f"cli-{request.request_id}"
        request.user_id = request.user_id or self.user_id
        request.attempt = request.attempt or 1
        request.feedback_language = request.feedback_language or self.feedback_language
        return request

    def _request_id(self, name: str) -> str:
        return str(uuid5(self.batch_id, name))


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    # Only a line feed ends a line of JSON Lines: other separators may stand in strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _parsed(path: Path, number: int, line: str) -> SubmitJobRequest:
    try:
        # An empty list would pass for an empty message.
        if not line.lstrip().startswith("{"):
            raise ParseError("it is no JSON object")
        return Parse(line, SubmitJobRequest())
    except ParseError as error:
        message = f"{path} line {number} is no SubmitJobRequest: {error}"
        raise typer.BadParameter(message, param_hint="'--jsonl'") from error
