"""A provider that meets every call with one fault."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.providers.job_desk import JobDesk
from tests.integration.providers.wire_faults import FaultCase


@contextmanager
def played(case: FaultCase, desk: JobDesk) -> Iterator[str]:
    """The URL at which the fault is met."""
    if case.nowhere is not None:
        with case.nowhere() as url:
            yield url
    else:
        assert case.play is not None
        desk.route.choose = case.play
        yield desk.provider.url
