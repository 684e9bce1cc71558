"""Imported before gRPC: keeps its own log to errors.

gRPC reads this when it is imported. It would write a line, and no JSON, for each handshake that
fails: whoever sends anything to an encrypted port could fill the log.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
