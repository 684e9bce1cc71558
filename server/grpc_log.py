"""Imported before gRPC: keeps its own log to what an operator can do something about.

Its core reads the variable when it is imported. It would write a line, and no JSON, for each
handshake that fails and each header that is none: whoever sends anything to the port could fill
the log. ``GRPC_VERBOSITY=error`` brings them back.
"""

import logging
import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

#: A header that is no text, which gRPC writes down with its value: a token, for one.
_HEADER = "Invalid encoding on"
#: A status that could not be sent, since the client is gone.
_GONE = "ExecuteBatchError raised in core by servicer method"


def is_kept(record: logging.LogRecord) -> bool:
    """Whether a line of gRPC's Python part is written."""
    said = str(record.msg)
    return not said.startswith((_HEADER, _GONE))


logging.getLogger("grpc._cython.cygrpc").addFilter(is_kept)
