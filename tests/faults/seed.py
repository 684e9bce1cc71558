"""Which scenario is run."""

import os

DEFAULT = 1


def seed() -> int:
    """The seed that ``FAULT_SEED`` names, or the usual one."""
    return int(os.environ.get("FAULT_SEED", DEFAULT))
