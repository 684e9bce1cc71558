"""Imported before gRPC by what writes to a terminal: keeps gRPC's own log lines off it.

gRPC reads this when it is imported, and would tell of each failed handshake in lines of its
own, beside the one line that the command writes.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
