"""The circuit breaker of a provider's model (section 2 of the rules on a job's life)."""

import structlog
from interlock import CircuitBreaker, Config, State
from interlock.protocols import Clock, CoreEventListener, FailureClassifier

from workers import metrics
from workers.providers.faults import ProviderFault

_log = structlog.get_logger(__name__)

#: It opens when more than half of so many last calls failed …
WINDOW = 20
#: … stays open for so long, in seconds …
OPEN_SECONDS = 30.0
#: … and then lets so many trial calls through.
TRIALS = 3

_CONFIG = Config(
    # At the threshold the library opens: with half of them failed, it must not yet.
    failure_rate_threshold=(WINDOW // 2 + 1) / WINDOW,
    minimum_number_of_calls=WINDOW,
    window_size=WINDOW,
    wait_duration_in_open=OPEN_SECONDS,
    permitted_calls_in_half_open=TRIALS,
    max_concurrent_probes=TRIALS,
    # Models are slow by nature; a call is bounded in time by itself.
    slow_call_duration_threshold=86_400.0,
)
_SHUT = {State.OPEN: 1.0, State.FORCED_OPEN: 1.0, State.HALF_OPEN: 0.5}


def make_breaker(provider: str, model: str, clock: Clock | None = None) -> CircuitBreaker:
    """A breaker for the calls of this process to ``model``; closed."""
    return CircuitBreaker(
        name=f"{provider} {model}",
        config=_CONFIG,
        clock=clock,
        classifier=_Faults(),
        listener=_Told(provider, model),
    )


class _Faults(FailureClassifier):
    def is_failure(self, *, result: object, exception: Exception | None) -> bool:
        """Whether a call tells of a provider in trouble."""
        del result
        return isinstance(exception, ProviderFault) and exception.counts


class _Told(CoreEventListener):
    def __init__(self, provider: str, model: str) -> None:
        self._labels = (provider, model)
        metrics.BREAKER_OPEN.labels(*self._labels).set(0)

    def on_state_change(self, *, name: str, old: State, new: State) -> None:
        """Tell operators."""
        _log.warning("breaker_moved", breaker=name, old=old.value, new=new.value)
        metrics.BREAKER_OPEN.labels(*self._labels).set(_SHUT.get(new, 0.0))
