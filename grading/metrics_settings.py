"""The settings of what is told to Prometheus, and where."""

from pydantic import Field

from grading.environment import EnvironmentSettings


class MetricsSettings(EnvironmentSettings):
    """Where servers and workers tell their metrics, each setting under the variable that sets it.

    Over plain HTTP, under ``/metrics``, to whoever asks: for a network that strangers don't reach.
    """

    #: The port of a server's metrics; 0 tells nobody.
    grading_metrics_port: int = Field(0, ge=0, le=65535)
    #: The port of a worker's metrics; 0 tells nobody. Workers that share an address need one each.
    worker_metrics_port: int = Field(0, ge=0, le=65535)
    #: The address that metrics are told on. All by default: Prometheus comes from elsewhere.
    grading_metrics_host: str = Field("0.0.0.0", min_length=1)  # noqa: S104
