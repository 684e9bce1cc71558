"""What the settings of all providers' endpoints have in common."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a URL that begins with https:// or http:// and names a host")
    if parts.username or parts.password:
        raise ValueError("must hold no key or password; the key has a variable of its own")
    return url


def _key(secret: SecretStr | None) -> SecretStr | None:
    # Anything else can't stand in a header, and the error would come with every call.
    if secret is not None and not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError("must be a key: letters, digits and signs without white space")
    return secret


#: Where an API is.
EndpointUrl = Annotated[str, AfterValidator(_endpoint)]
#: What an API knows its caller by; None where it is not to be called.
ApiKey = Annotated[SecretStr | None, AfterValidator(_key)]
