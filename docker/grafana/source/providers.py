"""Providers and cost: what models do, how well, and for how much."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, RED, Limit, Query, lines, number

_HERE = 'instance=~"$instance"'


def providers() -> Dashboard:
    """The dashboard."""
    return make_board(
        "vstep-providers",
        "providers and cost",
        "What models do, how well, and for how much. Empty where no key is set. Alerts and what to"
        " do: docs/runbook.md.",
        "worker",
        [_calls(), _cost(), _without()],
    )


def _calls() -> Row:
    return Row(
        "Calls",
        [
            lines(
                "Calls by outcome",
                "'answered' is a usable answer, 'stopped' was given up from here, the others are"
                " faults. Runbook: ProviderFailing.",
                "ops",
                Query(
                    "sum by (model, outcome) (rate(vstep_provider_calls_total"
                    f"{{{_HERE}}}[$__rate_interval]))",
                    "{{model}} {{outcome}}",
                ),
                stacked=True,
            ),
            lines(
                "Share that fails",
                "An alert at half. Runbook: ProviderFailing.",
                "percentunit",
                Query(
                    "1 - sum by (provider, model) (rate(vstep_provider_calls_total"
                    f'{{outcome=~"answered|stopped",{_HERE}}}[$__rate_interval]))'
                    " / sum by (provider, model) (rate(vstep_provider_calls_total"
                    f"{{{_HERE}}}[$__rate_interval]))",
                    "{{model}}",
                ),
                limits=[Limit(0.5, RED)],
            ),
            lines(
                "Breakers",
                "1 while calls are not made, 0.5 while trial calls are; of the worst worker."
                " Runbook: BreakerOpen.",
                "short",
                Query(
                    f"max by (provider, model) (vstep_provider_breaker_open{{{_HERE}}})",
                    "{{model}}",
                ),
                limits=[Limit(1, RED)],
            ),
            lines(
                "How long calls take",
                "From the request to the last byte, or to the fault.",
                "s",
                Query(
                    "histogram_quantile(0.5, sum by (model, le) (rate("
                    f"vstep_provider_call_seconds_bucket{{{_HERE}}}[$__rate_interval])))",
                    "{{model}} half",
                ),
                Query(
                    "histogram_quantile(0.95, sum by (model, le) (rate("
                    f"vstep_provider_call_seconds_bucket{{{_HERE}}}[$__rate_interval])))",
                    "{{model}} 95 of 100",
                ),
            ),
            lines(
                "In flight",
                "Calls that wait for their answer, of each worker.",
                "short",
                Query(
                    f"sum by (instance) (vstep_provider_calls_in_flight{{{_HERE}}})",
                    "{{instance}}",
                ),
            ),
            lines(
                "Answers that were not paid for again",
                "Read from what an earlier run of the job had asked.",
                "ops",
                Query(
                    "sum(rate(vstep_provider_answers_recalled_total[$__rate_interval]))"
                    " or vector(0)",
                    "recalled",
                ),
            ),
        ],
    )


def _cost() -> Row:
    return Row(
        "Cost",
        [
            number(
                "Spent this month",
                "What providers have cost in this calendar month (UTC). Runbook:"
                " BudgetNearlySpent.",
                "currencyUSD",
                Query("max(vstep_provider_budget_spent_dollars)", "spent"),
            ),
            number(
                "Of the budget",
                "Share of GRADING_BUDGET; 0 without one.",
                "percentunit",
                Query(
                    "max(vstep_provider_budget_spent_dollars) / max(vstep_provider_budget_dollars)",
                    "of the budget",
                ),
                limits=[Limit(0.75, AMBER), Limit(0.9, RED)],
            ),
            number(
                "A job",
                "What one graded job cost, on the average of the period shown.",
                "currencyUSD",
                Query(
                    "sum(increase(vstep_provider_cost_dollars_total[$__range]))"
                    ' / sum(increase(vstep_runs_total{outcome=~"completed|review_required"}'
                    "[$__range]))",
                    "a job",
                ),
            ),
            lines(
                "Cost by model",
                "US dollars an hour; of models with a price.",
                "currencyUSD",
                Query(
                    "sum by (model) (rate(vstep_provider_cost_dollars_total"
                    f"{{{_HERE}}}[$__rate_interval])) * 3600",
                    "{{model}}",
                ),
                width=6,
            ),
            lines(
                "Tokens",
                "Tokens a second: asked, asked but known to the provider's cache, and answered.",
                "short",
                Query(
                    "sum by (model, kind) (rate(vstep_provider_tokens_total"
                    f"{{{_HERE}}}[$__rate_interval]))",
                    "{{model}} {{kind}}",
                ),
                stacked=True,
                width=6,
            ),
        ],
    )


def _without() -> Row:
    return Row(
        "Recordings, and jobs without a provider",
        [
            lines(
                "Sound that is transcribed",
                "Seconds of sound a second, that a provider was paid for.",
                "short",
                Query(
                    "sum by (model) (rate(vstep_provider_audio_seconds_total"
                    f"{{{_HERE}}}[$__rate_interval]))",
                    "{{model}}",
                ),
                width=12,
            ),
            lines(
                "Graded without a provider",
                "By the fault that was the reason. Runbook: GradedWithoutProvider.",
                "ops",
                Query(
                    "sum by (reason) (rate(vstep_grading_fallbacks_total[$__rate_interval]))"
                    " or vector(0)",
                    "{{reason}}",
                ),
                width=12,
            ),
        ],
    )
