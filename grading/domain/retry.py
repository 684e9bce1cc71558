"""When a job is taken again, and after how long."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a job is taken again after a fault, and the cap on the wait before."""

    max_retries: int
    backoff_cap: timedelta

    def allows(self, retries_made: int) -> bool:
        """Tell whether a job that was retried ``retries_made`` times may be once more."""
        return retries_made < self.max_retries

    def wait_asked(self, retry: int, chance: float, asked: float | None) -> timedelta:
        """As ``wait``; where a provider asked for ``asked`` seconds, those, up to the cap."""
        if asked is None:
            return self.wait(retry, chance)
        # Compared as numbers: what a provider asks for may be more than a timedelta holds.
        return timedelta(seconds=min(max(asked, 0.0), self.backoff_cap.total_seconds()))

    def wait(self, retry: int, chance: float) -> timedelta:
        """The wait before retry ``retry`` (1, 2, 3 …): min(cap, 2ⁿ s) × 0.8 … 1.2.

        ``chance``, 0 to 1, places the wait within its range, so that jobs that
        failed together don't come back together.

        Raises:
            ValueError: ``retry`` is under 1 or ``chance`` outside 0 to 1.
        """
        if retry < 1 or not 0 <= chance <= 1:
            raise ValueError("retries count from 1, and chance lies between 0 and 1")
        # 2ⁿ outgrows timedelta long before it is of use: beyond 2³² s the cap decides.
        doubled = min(self.backoff_cap, timedelta(seconds=2.0 ** min(retry, 32)))
        return doubled * (0.8 + 0.4 * chance)
