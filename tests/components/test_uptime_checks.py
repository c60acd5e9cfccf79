"""The component `UptimeChecks`."""

from __future__ import annotations

import dataclasses

from components.uptime_checks import JsonAnswerArgs, UptimeCheckArgs, UptimeChecks, UptimeChecksArgs
from readiness.plan.recorder import UNKNOWN
from readiness.settings.services import Service
from tests.components.conftest import Declare

FRONTEND = UptimeCheckArgs(key="shop-web", host="shop.example.com")
BACKEND = UptimeCheckArgs(
    key="shop-api",
    display_name="The API answers",
    host="api.example.com",
    path="/health",
    port=8443,
    healthy_answer=JsonAnswerArgs(json_path="$.status", content='"up"', match="EXACT_MATCH"),
)
ARGS = UptimeChecksArgs(
    project="shop-1234",
    environment="production",
    checks=[FRONTEND, BACKEND],
    period_seconds=300,
    timeout_seconds=20,
    regions=("USA", "EUROPE"),
)


def test_a_check_requests_the_address_over_validated_tls(declare: Declare) -> None:
    """With the defaults: the root path on port 443; every response with a status of 2xx is healthy."""
    assert declare(lambda: UptimeChecks("uptime", ARGS)).inputs("uptime-shop-web") == {
        "project": "shop-1234",
        "displayName": "Health of shop-web (production)",
        "monitoredResource": {
            "type": "uptime_url",
            "labels": {"project_id": "shop-1234", "host": "shop.example.com"},
        },
        "httpCheck": {
            "requestMethod": "GET",
            "path": "/",
            "port": 443,
            "useSsl": True,
            "validateSsl": True,
            "acceptedResponseStatusCodes": [{"statusClass": "STATUS_CLASS_2XX"}],
        },
        "contentMatchers": [],
        "period": "300s",
        "timeout": "20s",
        "selectedRegions": ["USA", "EUROPE"],
        "userLabels": {"environment": "production", "managed_by": "readiness"},
    }


def test_a_healthy_answer_becomes_the_only_content_matcher(declare: Declare) -> None:
    """Google ignores every further one."""
    inputs = declare(lambda: UptimeChecks("uptime", ARGS)).inputs("uptime-shop-api")
    assert inputs["contentMatchers"] == [
        {
            "content": '"up"',
            "matcher": "MATCHES_JSON_PATH",
            "jsonPathMatcher": {"jsonPath": "$.status", "jsonMatcher": "EXACT_MATCH"},
        }
    ]


def test_a_check_may_have_its_own_title_path_and_port(declare: Declare) -> None:
    """Instead of the defaults."""
    inputs = declare(lambda: UptimeChecks("uptime", ARGS)).inputs("uptime-shop-api")
    assert inputs["displayName"] == "The API answers"
    assert (inputs["httpCheck"]["path"], inputs["httpCheck"]["port"]) == ("/health", 8443)


def test_the_health_address_of_a_service_becomes_its_check() -> None:
    """The path of the service's address comes first; its healthy answer becomes the matcher."""
    service = Service.model_validate(
        {
            "name": "shop-api",
            "role": "backend",
            "url": "https://api.example.com:8443/base/",
            "health_path": "/health",
            "health_answer": {"json_path": "$.status", "healthy": "up"},
        }
    )
    assert UptimeCheckArgs.of(service) == dataclasses.replace(BACKEND, display_name=None, path="/base/health")


def test_a_service_without_a_healthy_answer_has_a_check_without_one() -> None:
    """The status of the response is enough."""
    service = Service.model_validate({"name": "shop-web", "role": "frontend", "url": "https://shop.example.com"})
    assert UptimeCheckArgs.of(service) == FRONTEND


def test_its_output_has_the_ids_that_only_google_knows(declare: Declare) -> None:
    """They are the ids in the label `check_id` of the metrics, not those of the resources."""
    made: list[UptimeChecks] = []
    declared = declare(lambda: made.append(UptimeChecks("uptime", ARGS)), preview=True)
    assert list(made[0].checks) == ["shop-web", "shop-api"]
    assert declared.outputs_of("uptime") == {"ids": UNKNOWN}
