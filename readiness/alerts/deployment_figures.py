"""The two figures that look further back than a query on a log-based metric can, as PromQL reads them.

They are custom metrics, written by `readiness/delivered/delivery_telemetry/figures.py` after every deployment and
twice a day; a test holds that both files name the same ones.
"""

from __future__ import annotations

from readiness.alerts.selectors import window

SUCCESS_RATIO_20 = "custom_googleapis_com:readiness_success_ratio_20"
DAYS_SINCE_SUCCESS = "custom_googleapis_com:readiness_days_since_success"

# The furthest that Monitoring looks back for a custom metric, the duration of the condition included: these alerts have
# none (docs/facts/monitoring.md#how-far-a-query-looks-back).
WINDOW_SECONDS = 25 * 3600


def last_value(metric: str, environment: str) -> str:
    """The newest value of the last 25 hours."""
    selector = f'{{monitored_resource="global",environment="{environment}"}}'
    return f"last_over_time({metric}{selector}[{window(WINDOW_SECONDS)}])"
