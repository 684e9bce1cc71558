"""PostgreSQL's own programs, run as an operator would."""

import os
import shlex
import subprocess

from embedded.postgres import programs_folder

#: What a program may take, in seconds.
LONGEST_SECONDS = 60


def run_commands(commands: str, **variables: str) -> str:
    """Run lines of a shell with PostgreSQL's programs on its path; gives what they wrote.

    Raises:
        AssertionError: one of them failed.
    """
    path = f"{programs_folder() / 'bin'}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["sh", "-euc", commands],
        env={**os.environ, "PATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"{shlex.quote(commands)}:\n{ended.stdout}"
    return ended.stdout
