"""Starting: a wrong setting ends the process with a line that names it."""

import subprocess
import sys

import pytest

from embedded.ports import free_port
from tests.stack.process import CHECKOUT, environment
from tests.stack.stack import Server

SECRET = "hunter2-secret"

SOUND = {
    "DATABASE_URL": f"postgresql://vstep:{SECRET}@127.0.0.1:1/vstep",
    "RABBITMQ_URL": f"amqp://vstep:{SECRET}@127.0.0.1:1/vstep",
}


def _run(arguments: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=CHECKOUT,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": SECRET}, "DATABASE_URL"),
        ({"DATABASE_URL": f"mysql://vstep:{SECRET}@localhost/vstep"}, "DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://vstep:{SECRET}@localhost:port/vstep"}, "DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://vstep:{SECRET}@localhost:99999/vstep"}, "DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://vstep:{SECRET}@[::1/vstep"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql:///vstep"}, "DATABASE_URL"),
        ({"RABBITMQ_URL": ""}, "RABBITMQ_URL or CELERY_BROKER_URL"),
        ({"RABBITMQ_URL": f"redis://:{SECRET}@localhost"}, "RABBITMQ_URL"),
        ({"CELERY_BROKER_URL": "filesystem:relative"}, "CELERY_BROKER_URL"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"ENVIRONMENT": "production", "RABBITMQ_URL": "amqp://vstep:changeme@mq"}, "RABBITMQ_URL"),
        ({"GRADING_LEASE_SECONDS": "0"}, "GRADING_LEASE_SECONDS"),
        ({"GRADING_AUDIO_URL": f"s3://key:{SECRET}@bucket"}, "GRADING_AUDIO_URL"),
        ({"GRADING_AUDIO_URL": "file:///dev/null"}, "GRADING_AUDIO_URL"),
        ({"GRADING_AUDIO_HOSTS": "*"}, "GRADING_AUDIO_HOSTS"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_setting_is_named_on_one_line(changes: dict[str, str], names: str) -> None:
    ended = _run(["server"], {"PORT": str(free_port()), **SOUND, **changes})

    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith(names)
    assert SECRET not in ended.stderr


def test_all_wrong_settings_are_named_at_once() -> None:
    ended = _run(["server"], {"DATABASE_URL": SECRET, "RABBITMQ_URL": SECRET, "PORT": "http"})
    assert ended.returncode == 2
    named = [line.split(":", 1)[0] for line in ended.stderr.splitlines()]
    assert sorted(named) == ["DATABASE_URL", "PORT", "RABBITMQ_URL"]
    assert SECRET not in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["grading.store.schema"],
        ["celery", "-A", "workers.app", "worker"],
    ],
    ids=["migrate", "worker"],
)
def test_the_other_programs_name_it_too(arguments: list[str]) -> None:
    ended = _run(arguments, {**SOUND, "DATABASE_URL": SECRET})
    assert ended.returncode != 0
    assert "DATABASE_URL: must be a URL" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stderr + ended.stdout


def test_a_worker_whose_recordings_have_no_place_does_not_start() -> None:
    ended = _run(
        ["celery", "-A", "workers.app", "worker"],
        {**SOUND, "GRADING_AUDIO_URL": "file:///dev/null"},
    )
    assert ended.returncode != 0
    assert "GRADING_AUDIO_URL: must be file:///folder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_migrating_a_database_out_of_reach_says_so_without_the_password() -> None:
    ended = _run(["grading.store.schema"], SOUND)
    assert ended.returncode == 1
    assert ended.stderr.startswith("DATABASE_URL: ")
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr


def test_an_address_in_use_is_told(standing_server: Server) -> None:
    ended = _run(["server"], {**SOUND, "PORT": str(standing_server.port)})
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("GRADING_HOST, PORT: ")
