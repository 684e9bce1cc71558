"""What the service is run for: a production refuses what is fine on a developer's machine."""

from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from grading.environment import EnvironmentSettings

#: What the passwords and keys of examples begin with, which everybody knows.
_KNOWN = ("changeme", "vstep123", "guest", "sk-your-", "your-")


class DeploymentSettings(EnvironmentSettings):
    """What the service is run for."""

    #: In a ``production`` passwords and keys that stand in examples stop the start.
    environment: Literal["development", "production"] = "development"

    @property
    def is_production(self) -> bool:
        """Whether learners' answers are graded, rather than a developer's."""
        return self.environment == "production"


def is_known(secret: str) -> bool:
    """Whether a password or a key is one of an example."""
    return secret.lower().startswith(_KNOWN)


def holds_known_password(url: str) -> bool:
    """Whether the password of a URL, of which there may be none, is one of an example."""
    parts = urlsplit(url)
    passwords = [unquote(parts.password or ""), *parse_qs(parts.query).get("password", ())]
    return any(is_known(password) for password in passwords)
