"""A request whose body is a form with a file, as uploads are."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP


@dataclass(frozen=True)
class SentFile:
    """A file of a form."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """The parts of a form."""

    #: All values of each field, in their order.
    fields: dict[str, list[str]]
    files: dict[str, SentFile]


def read_form(content_type: str, body: bytes) -> Form:
    """Read a body of ``multipart/form-data``; anything else is a form without parts."""
    fields: dict[str, list[str]] = {}
    files: dict[str, SentFile] = {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        if (file_name := part.get_filename()) is not None:
            files[name] = SentFile(file_name, part.get_content_type(), content)
        else:
            fields.setdefault(name, []).append(content.decode())
    return Form(fields, files)
