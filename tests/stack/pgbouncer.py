"""A private pgbouncer, which lends a connection for one transaction at a time."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from embedded.ports import free_port
from tests.stack.waiting import until

PROGRAM = Path("/usr/sbin/pgbouncer")
#: Connections to PostgreSQL.
CONNECTIONS = 4


@contextmanager
def pgbouncer(url: str, folder: Path) -> Iterator[str]:
    """Run one before the database of ``url``; gives the URL to use instead.

    Raises:
        AssertionError: it is not installed, or did not come up.
    """
    assert PROGRAM.exists(), f"{PROGRAM} is missing: `make test` installs it"
    parts, port = urlsplit(url), free_port()
    name = parts.path.lstrip("/")
    users, settings, log = (folder / f"pgbouncer.{what}" for what in ("users", "ini", "log"))
    users.write_text(f'"{parts.username}" "{parts.password}"\n')
    settings.write_text(
        f"[databases]\n{name} = host={parts.hostname} port={parts.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = plain\nauth_file = {users}\npool_mode = transaction\n"
        f"default_pool_size = {CONNECTIONS}\nmax_client_conn = 200\n"
    )
    command = [str(PROGRAM), str(settings)]
    if os.geteuid() == 0:
        # It refuses to run as root.
        folder.chmod(0o755)
        for file in (users, settings):
            file.chmod(0o644)
        command[1:1] = ["--user", "nobody"]
    pooled = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}/{name}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: _takes_connections(pooled))
        yield pooled
    except AssertionError as error:
        error.add_note(log.read_text(errors="replace")[-2000:])
        raise
    finally:
        process.kill()
        process.wait()


def _takes_connections(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
