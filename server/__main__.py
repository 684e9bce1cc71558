"""``python -m server``: serves until SIGTERM or SIGINT, then drains."""

import asyncio
import gc
import signal
import sys

import server.grpc_log  # noqa: F401
from grading.exceptions import SettingsError
from grading.logs import configure_logs
from grading.settings import Settings, load_settings
from grading.tracing import start_tracing, stop_tracing
from server.bootstrap import make_server

#: What the server is called in traces.
SERVICE = "vstep-grading-api"


async def serve(settings: Settings) -> None:
    """Run the server until a signal asks it to stop.

    Raises:
        SettingsError: what a setting names can't be used.
        OSError: the address can't be bound.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = make_server(settings)
    await server.start()
    # What was made so far lives as long as the process. Without this, the collector
    # would walk through all of it, again and again, in the middle of calls.
    gc.collect()
    gc.freeze()
    await stop.wait()
    await server.drain()


def main() -> int:
    """Serve; the exit code is 2 for a wrong setting and 1 for an address in use."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        start_tracing(settings, SERVICE)
        asyncio.run(serve(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stop_tracing()
    return 0


if __name__ == "__main__":
    sys.exit(main())
