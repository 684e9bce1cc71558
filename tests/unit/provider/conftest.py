"""What the tests of the provider share."""

from collections.abc import Iterator

import pytest

from tests.stack.provider.server import Provider
from tests.unit.provider.library import Asynchronous, Library, Synchronous


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture(params=[Synchronous, Asynchronous])
def library(request: pytest.FixtureRequest, provider: Provider) -> Iterator[Library]:
    made: Library = request.param(provider.url)
    yield made
    made.close()
