"""A provider that meets every call with one fault."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.providers.desk import Desk
from tests.integration.providers.fault_table import FaultCase


@contextmanager
def played(case: FaultCase, desk: Desk) -> Iterator[str]:
    """The URL at which the fault is met."""
    if case.nowhere is not None:
        with case.nowhere() as url:
            yield url
    else:
        assert case.play is not None
        desk.provider.chat.choose = case.play
        yield desk.provider.url
