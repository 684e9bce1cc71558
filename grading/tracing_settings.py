"""The settings of traces, under the names that OpenTelemetry gives them."""

from typing import Literal

from pydantic import Field

from grading.endpoint_settings import EndpointUrl
from grading.environment import EnvironmentSettings


class TracingSettings(EnvironmentSettings):
    """Where spans are sent, and which. Without an endpoint there are none.

    OpenTelemetry reads further variables by itself: ``OTEL_EXPORTER_OTLP_HEADERS``, which may
    hold a key, ``OTEL_EXPORTER_OTLP_TIMEOUT``, ``OTEL_RESOURCE_ATTRIBUTES`` and ``OTEL_BSP_*``.
    """

    #: Where a collector takes OTLP over HTTP; ``/v1/traces`` is put behind it.
    otel_exporter_otlp_endpoint: EndpointUrl | None = None
    #: What the process is called in traces; each kind of process has a name of its own.
    otel_service_name: str | None = None
    #: Which traces are recorded. Those that begin elsewhere are, with ``parentbased``, recorded
    #: where they begin or nowhere.
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = "parentbased_always_on"
    #: The share of the traces that ``traceidratio`` records.
    otel_traces_sampler_arg: float = Field(1.0, ge=0, le=1)
