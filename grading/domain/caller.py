"""Who calls the service: what they may do, and whose jobs they see."""

import re
from dataclasses import dataclass
from enum import StrEnum

#: The tenant of a service that lets everybody in, and of what was stored before there were others.
DEFAULT_TENANT = "default"

_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class Scope(StrEnum):
    """What a caller may do. None of them includes another."""

    #: Hand work in, and take it back: submit, upload, retry, cancel.
    SUBMIT = "submit"
    #: See jobs, their events and their results.
    READ = "read"
    #: Mark answers, and give out or replace the machine's result.
    REVIEW = "review"
    #: Erase.
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in."""

    #: A name for logs.
    name: str
    #: Whose jobs and recordings the caller sees; no others exist for it.
    tenant: str
    scopes: frozenset[Scope]


#: Who calls a service that lets everybody in.
ANYBODY = Caller("anybody", DEFAULT_TENANT, frozenset(Scope))


def is_tenant(name: str) -> bool:
    """Whether a tenant may be called so: up to 64 small letters, digits and inner hyphens."""
    return _TENANT.fullmatch(name) is not None
