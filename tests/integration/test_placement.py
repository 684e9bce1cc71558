"""How a worker runs its jobs, by the queues it takes, the keys it has, and its command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.process import CHECKOUT, environment

CORES = os.cpu_count() or 1
PROCESSES, WAITING = f"prefork {CORES}", "thread 64"
OPENAI, STT = {"OPENAI_API_KEY": "key"}, {"STT_API_KEY": "key"}


def placed(folder: Path, *arguments: str, **settings: str) -> str:
    """Pool and concurrency of the product's worker."""
    command = [sys.executable, "-m", "celery", "-A", "tests.stack.placed_worker", "worker"]
    told = subprocess.run(
        [*command, *arguments],
        cwd=CHECKOUT,
        env=environment(
            {
                "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
                "CELERY_BROKER_URL": f"filesystem://{folder}",
                **settings,
            }
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    [line] = [line for line in told.stdout.splitlines() if line.startswith("placed ")]
    return line.removeprefix("placed ")


@pytest.mark.parametrize(
    ("queues", "keys", "expected"),
    [
        ("writing", {}, PROCESSES),
        ("writing", OPENAI, WAITING),
        ("writing", STT, PROCESSES),
        ("speaking", {}, PROCESSES),
        # Writing's key: a recording is still transcribed here.
        ("speaking", OPENAI, PROCESSES),
        ("speaking", STT, WAITING),
        ("speaking", OPENAI | STT, WAITING),
        ("writing,speaking", {}, PROCESSES),
        ("writing,speaking", OPENAI, WAITING),
        ("writing,speaking", STT, WAITING),
        # All there are.
        (None, STT, WAITING),
    ],
)
def test_by_queues_and_keys(
    tmp_path: Path, queues: str | None, keys: dict[str, str], expected: str
) -> None:
    arguments = ("--queues", queues) if queues else ()
    assert placed(tmp_path, *arguments, **keys) == expected


@pytest.mark.parametrize(
    ("arguments", "settings", "expected"),
    [
        (("--concurrency", "3"), STT, "thread 3"),
        (("--concurrency", "3"), {}, "prefork 3"),
        (("--pool", "prefork"), STT, PROCESSES),
        (("--pool", "threads"), {}, f"thread {CORES}"),
        (("--pool", "solo"), STT, f"solo {CORES}"),
        ((), {"WORKER_CONCURRENCY": "5"}, "prefork 5"),
        ((), STT | {"WORKER_CONCURRENCY": "5"}, "thread 5"),
        (("--concurrency", "3"), STT | {"WORKER_CONCURRENCY": "5"}, "thread 3"),
        (("--exclude-queues", "speaking"), STT, PROCESSES),
    ],
)
def test_what_the_command_line_says_goes_first(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], expected: str
) -> None:
    assert placed(tmp_path, *arguments, **settings) == expected
