"""The settings of recordings: where they are kept, how large they may be, whom they come from."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from grading.audio_hosts import AudioHosts, read_audio_hosts
from grading.environment import EnvironmentSettings

#: Under the folder that a process is started in.
_DEFAULT_FOLDER = "recordings"


def _store(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        if not Path(rest).is_absolute():
            raise ValueError("must be file:// with an absolute path after it")
    elif scheme != "s3" or not rest.partition("/")[0]:
        raise ValueError("must be file:///folder or s3://bucket/prefix")
    return url


def _hosts(text: str) -> str:
    read_audio_hosts(text)
    return text


class AudioSettings(EnvironmentSettings):
    """What the service asks of recordings, each setting under the variable that sets it."""

    #: Where recordings are kept: ``file:///folder`` or ``s3://bucket/prefix``. A bucket's keys
    #: and endpoint come from the AWS_ variables. The folder ``recordings`` here by default.
    grading_audio_url: Annotated[str | None, AfterValidator(lambda url: url and _store(url))] = None
    #: The largest recording that is taken, in bytes.
    grading_max_audio_bytes: int = Field(25_000_000, ge=1, le=2_000_000_000)
    #: The longest one, in seconds of sound.
    grading_max_audio_seconds: float = Field(600, ge=1, le=86_400)
    #: The hosts that recordings may be fetched from: ``media.example.org,
    #: files.lan:8443=10.1.0.0/16``. A host without a network must have public addresses.
    grading_audio_hosts: Annotated[str, AfterValidator(_hosts)] = ""
    #: How long a recording may take to be fetched, in seconds.
    grading_audio_fetch_seconds: float = Field(60, gt=0, le=3600)
    #: How long an upload waits for a job before it is erased, in seconds.
    grading_retention_uploads_seconds: int = Field(86_400, ge=1, le=100 * 365 * 86_400)

    @property
    def audio_url(self) -> str:
        """Where recordings are kept."""
        return self.grading_audio_url or f"file://{Path.cwd() / _DEFAULT_FOLDER}"

    @property
    def audio_hosts(self) -> AudioHosts:
        """The hosts that recordings may be fetched from."""
        return read_audio_hosts(self.grading_audio_hosts)
