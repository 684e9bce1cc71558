"""Turns at the processor, for the threads of one process.

Python runs one of them at a time anyway. When dozens wake together, as they do when answers of
a provider arrive together, each of them and whoever renews the leases waits for all others
again and again. Taken in turns, the same work is done as soon, and at most one thread stands
between a lease and its renewal.
"""

import threading

#: Held while a thread computes, and never while it waits for a network or a database.
TURN = threading.Lock()
