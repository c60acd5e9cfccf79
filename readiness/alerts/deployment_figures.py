"""The two custom figures of deployments in PromQL. They look further back than a query on a log-based metric can.

`readiness/delivered/delivery_telemetry/figures.py` writes these custom metrics after every deployment and twice a day.
A test checks that both files use the same names.
"""

from __future__ import annotations

from readiness.alerts.selectors import window

SUCCESS_RATIO_20 = "custom_googleapis_com:readiness_success_ratio_20"
DAYS_SINCE_SUCCESS = "custom_googleapis_com:readiness_days_since_success"

# How far Monitoring looks back for a custom metric, at most. The duration of the condition is included, and these
# alerts have no duration (docs/facts/monitoring.md#how-far-a-query-looks-back).
WINDOW_SECONDS = 25 * 3600


def last_value(metric: str, environment: str) -> str:
    """The newest value of the last 25 hours."""
    selector = f'{{monitored_resource="global",environment="{environment}"}}'
    return f"last_over_time({metric}{selector}[{window(WINDOW_SECONDS)}])"
