"""A RabbitMQ of a benchmark's own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack.rabbitmq import PrivateRabbit


@contextmanager
def private_rabbit() -> Iterator[PrivateRabbit]:
    """Run a RabbitMQ, and clear it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="vstep-grading-bench-rabbit-") as folder:
        rabbit = PrivateRabbit(Path(folder))
        rabbit.start()
        try:
            yield rabbit
        finally:
            rabbit.stop()
