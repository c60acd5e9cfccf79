"""The component `ServiceLevels`."""

from __future__ import annotations

import pytest

from components.service_levels import ServiceLevels, ServiceLevelsArgs
from tests.components.conftest import Declare

ARGS = ServiceLevelsArgs(
    project="shop-1234", environment="production", services=["shop-api", "shop-web"], goal_ratio=0.995, period_days=28
)
REQUESTS = (
    'metric.type="run.googleapis.com/request_count" resource.type="cloud_run_revision" '
    'resource.labels.service_name="shop-api"'
)


def test_every_service_is_monitored(declare: Declare) -> None:
    """By its name, and with the environment in the display name."""
    assert declare(lambda: ServiceLevels("slo", ARGS)).inputs("slo-shop-api") == {
        "project": "shop-1234",
        "serviceId": "shop-api",
        "displayName": "shop-api (production)",
        "userLabels": {"environment": "production", "managed_by": "readiness"},
    }


def test_an_objective_counts_bad_requests_over_all(declare: Declare) -> None:
    """Only of the service with exactly this name, because a project may have services of several environments."""
    assert declare(lambda: ServiceLevels("slo", ARGS)).inputs("slo-shop-api-availability") == {
        "project": "shop-1234",
        "service": "shop-api",
        "sloId": "availability",
        "displayName": "99.5 % of requests are not answered 5xx",
        "goal": 0.995,
        "rollingPeriodDays": 28,
        "requestBasedSli": {
            "goodTotalRatio": {
                "badServiceFilter": f'{REQUESTS} metric.labels.response_code_class="5xx"',
                "totalServiceFilter": REQUESTS,
            }
        },
        "userLabels": {"environment": "production", "managed_by": "readiness"},
    }


@pytest.mark.parametrize(("goal_ratio", "text"), [(0.99, "99 %"), (0.9999, "99.99 %"), (0.5, "50 %")])
def test_the_goal_is_shown_in_percent(declare: Declare, goal_ratio: float, text: str) -> None:
    """Without the digits that a float adds."""
    args = ServiceLevelsArgs(project="p", environment="e", services=["s"], goal_ratio=goal_ratio, period_days=7)
    declared = declare(lambda: ServiceLevels("slo", args))
    assert declared.inputs("slo-s-availability")["displayName"] == f"{text} of requests are not answered 5xx"


def test_an_objective_waits_for_its_service(declare: Declare) -> None:
    """It is part of the monitored service."""
    assert declare(lambda: ServiceLevels("slo", ARGS)).dependencies_of("slo-shop-api-availability") == {"slo-shop-api"}
