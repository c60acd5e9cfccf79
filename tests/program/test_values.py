"""The values of the settings reach the resources that need them."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.deployment_dashboard import dashboard_json
from readiness.alerts.watched_workflows import watched_deployments
from readiness.images.policies import policies_of
from readiness.plan.offline_plan import Plan
from tests.program.declared import FILE, MEMBER, REGISTRY, REGISTRY_MEMBER, by_name, one
from tests.projects import EVERY_OPTION, STACKS, settings_of

PROJECT = "ytgrs-464303"
CONNECTION = f"{PROJECT}:us-central1:shop-db"
TASK = "template.template"
CONTAINER = f"{TASK}.containers.0"
# By the name of a resource: paths of inputs, and their values. The settings of `every-option` differ from the defaults.
VALUES: dict[str, dict[str, Any]] = {
    "alerts-high-latency": {
        "alertStrategy.autoClose": "86400s",
        "conditions.0.conditionPrometheusQueryLanguage.ruleGroup": "readiness-every-option",
        "conditions.0.conditionPrometheusQueryLanguage.duration": "930s",
    },
    "security-alerts-custom-role-change": {"alertStrategy.autoClose": "86400s"},
    "availability-uptime-shop-api": {
        "period": "300s",
        "timeout": "20s",
        "selectedRegions": ["USA_OREGON", "EUROPE", "SOUTH_AMERICA"],
        "monitoredResource.labels.host": "shop-api.example.net",
        "contentMatchers.0.jsonPathMatcher.jsonPath": "$.status",
    },
    "availability-uptime-shop-api-admin": {"httpCheck.port": 8443, "httpCheck.path": "/base/"},
    "availability-objectives-shop-api-availability": {"goal": 0.99, "rollingPeriodDays": 30, "service": "shop-api"},
    "migration-job-account": {"accountId": "shop-migrate"},
    "migration-job-password": {"secretId": "shop-db-password"},
    "migration-job-sql-client": {"condition.title": "only-shop-db"},
    "migration-job-job": {
        "location": "us-central1",
        "name": "shop-migrate",
        f"{TASK}.timeout": "600s",
        f"{TASK}.vpcAccess.connector": f"projects/{PROJECT}/locations/us-central1/connectors/shop-connector",
        f"{TASK}.volumes.0.cloudSqlInstance.instances": [CONNECTION],
        f"{CONTAINER}.envs.0": {"name": "DB_HOST", "value": f"/cloudsql/{CONNECTION}"},
        f"{CONTAINER}.envs.1": {"name": "DB_NAME", "value": "shop"},
        f"{CONTAINER}.envs.2": {"name": "DB_USER", "value": "shop_owner"},
        f"{CONTAINER}.envs.3": {"name": "ENVIRONMENT", "value": "every-option"},
        f"{CONTAINER}.envs.4.valueSource.secretKeyRef.secret": "shop-db-password",
    },
    "images-repository": {"location": "us-central1", "repositoryId": "shop-images", "cleanupPolicyDryRun": False},
    "image-workflows-scan-reader": {"location": "us-central1", "repository": "shop-images"},
    "registry-audit-vulnerabilities": {"name": "readiness_vulnerabilities_v1"},
    "production-environment-guard": {"environment": "live", "waitTimer": 10, "reviewers.0.teams": [2001]},
    "production-environment-second-approval": {"environment": "live-second-approval"},
    "branch-ruleset-default-branch": {"enforcement": "active", "rules.pullRequest.requiredApprovingReviewCount": 0},
    "dependabot-label-automated": {"name": "automated", "color": "ededed"},
    "dependabot-label-minor-or-patch": {"name": "minor-or-patch", "color": "c2e0c6"},
    "repository-secrets-slack-webhook-url": {"secretName": "SLACK_WEBHOOK_URL", "value": "[secret]"},
    "deployment-log-bucket": {"bucketId": "readiness-deployments", "retentionDays": 730},
    "delivery-metrics-try-out-deployments": {"name": "readiness_try_out_deployments_v1"},
    "delivery-metrics-every-option-deployments": {"name": "readiness_every_option_deployments_v1"},
}
# The stack `prod` of the first customer leaves these settings out.
DEFAULTS: dict[str, dict[str, Any]] = {
    "alerts-high-latency": {"alertStrategy.autoClose": "1800s"},
    "availability-uptime-ai-resume-review-v2-backend-prod": {
        "period": "60s",
        "timeout": "10s",
        "selectedRegions": ["USA", "EUROPE", "ASIA_PACIFIC"],
    },
    "availability-objectives-ai-resume-review-v2-backend-prod-availability": {"goal": 0.995, "rollingPeriodDays": 28},
    "deployment-log-bucket": {"retentionDays": 400},
}


def value_at(value: Any, path: str) -> Any:
    """The value at a path of keys and indices that are separated by dots."""
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def values_of(plan: Plan, name: str, paths: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a resource at these paths."""
    inputs = by_name(plan, name)["inputs"]
    return {path: value_at(inputs, path) for path in paths}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_the_settings_reaches_its_resource(plans: dict[str, Plan], name: str) -> None:
    """In the stack `every-option`."""
    assert values_of(plans[EVERY_OPTION], name, VALUES[name]) == VALUES[name]


def test_a_setting_that_is_left_out_has_its_default(plans: dict[str, Plan]) -> None:
    """In the stack `prod`."""
    assert {name: values_of(plans["prod"], name, DEFAULTS[name]) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_is_in_the_project_the_repository_and_the_environment_of_its_stack(
    plans: dict[str, Plan], stack: str
) -> None:
    """Wherever a resource names one of them."""
    settings = settings_of(stack)
    for resource in plans[stack].resources:
        inputs = resource["inputs"]
        if resource["type"].startswith("gcp:"):
            assert inputs.get("project") == PROJECT, resource["name"]
            labels = inputs.get("userLabels", {})
            assert labels.get("environment", settings.environment.name) == settings.environment.name, resource["name"]
        if resource["type"].startswith("github:"):
            assert inputs["repository"] == settings.repository.name, resource["name"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_service_has_a_health_check_and_an_objective(plans: dict[str, Plan], stack: str) -> None:
    """No other service has one."""
    names = {resource["name"] for resource in plans[stack].resources if resource["type"].startswith("gcp:monitoring/")}
    services = [service.name for service in settings_of(stack).services]
    assert {name for name in names if name.startswith("availability-")} == {
        *(f"availability-uptime-{service}" for service in services),
        *(f"availability-objectives-{service}" for service in services),
        *(f"availability-objectives-{service}-availability" for service in services),
    }


@pytest.mark.parametrize("stack", ["prod", EVERY_OPTION])
def test_the_registry_gets_the_policies_of_the_settings(plans: dict[str, Plan], stack: str) -> None:
    """One policy deletes, and four keep what production needs."""
    policies = policies_of(one(plans[stack], REGISTRY)["inputs"]["cleanupPolicies"])
    assert [policy.action for policy in policies] == ["DELETE", *["KEEP"] * 4]


def test_the_registry_is_adopted_or_created_by_one_setting(plans: dict[str, Plan]) -> None:
    """An adopted registry is imported by its id at Google."""
    ids = {stack: one(plans[stack], REGISTRY)["options"].get("importId") for stack in ("prod", EVERY_OPTION)}
    adopted = f"projects/{PROJECT}/locations/us-central1/repositories/ai-resume-review-v2"
    assert ids == {"prod": adopted, EVERY_OPTION: None}


def test_the_dashboard_is_that_of_the_settings_and_its_viewers_may_see_it(plans: dict[str, Plan]) -> None:
    """The viewers are a group, a person and a domain. By default, there are none."""
    settings = settings_of(EVERY_OPTION)
    telemetry = watched_deployments(settings)
    assert telemetry is not None
    dashboard = by_name(plans[EVERY_OPTION], "deployment-dashboard-dashboard")
    assert dashboard["inputs"]["dashboardJson"] == dashboard_json(settings, telemetry)
    viewers = {
        stack: {
            member["inputs"]["member"]
            for member in plans[stack].of_type(MEMBER)
            if member["name"].startswith("deployment-dashboard-")
        }
        for stack in ("prod", EVERY_OPTION)
    }
    assert viewers == {
        "prod": set(),
        EVERY_OPTION: {"group:platform@shop.example.net", "user:head@shop.example.net", "domain:shop.example.net"},
    }


def test_each_account_gets_the_roles_of_its_workflow_in_the_project_or_on_the_registry(plans: dict[str, Plan]) -> None:
    """Roles on the registry are limited to it; the others apply to the project."""
    granted = {
        type_: {
            (grant["inputs"]["member"].partition("@")[0].rpartition(":")[2], grant["inputs"]["role"])
            for grant in plans[EVERY_OPTION].of_type(type_)
            if grant["name"].startswith(("deployment-telemetry-", "image-workflows-"))
        }
        for type_ in (MEMBER, REGISTRY_MEMBER)
    }
    assert granted[REGISTRY_MEMBER] == {
        ("shop-promoter", "roles/artifactregistry.writer"),
        ("shop-reporter", "roles/artifactregistry.reader"),
        ("shop-scanner", "roles/artifactregistry.reader"),
    }
    assert granted[MEMBER] == {
        ("shop-telemetry", "roles/logging.logWriter"),
        ("shop-telemetry", "roles/logging.viewer"),
        ("shop-telemetry", "roles/monitoring.metricWriter"),
        ("shop-telemetry", "roles/monitoring.viewer"),
        ("shop-promoter", "roles/run.viewer"),
        ("shop-reporter", "roles/logging.privateLogViewer"),
        ("shop-reporter", "roles/logging.logWriter"),
        ("shop-scanner", "roles/run.viewer"),
        ("shop-scanner", "roles/logging.viewer"),
        ("shop-scanner", "roles/logging.logWriter"),
    }


@pytest.mark.parametrize(("stack", "delivery"), [("prod", "pull_request"), (EVERY_OPTION, "commit")])
def test_every_file_is_whole_in_the_plan_and_committed_only_where_the_settings_say_so(
    plans: dict[str, Plan], stack: str, delivery: str
) -> None:
    """The first customer uses pull requests, because a push to its default branch deploys."""
    components = [resource for resource in plans[stack].resources if resource.get("files")]
    assert {component["name"] for component in components} == {
        "dependabot-files", "deployment-telemetry-files", "image-workflows-files", "migration-workflow",
    }  # fmt: skip
    assert {component["inputs"]["delivery"] for component in components} == {delivery}
    texts = {path: text for component in components for path, text in component["files"].items()}
    committed = {file["inputs"]["file"]: file["inputs"] for file in plans[stack].of_type(FILE)}
    assert {path: file["content"] for path, file in committed.items()} == (texts if delivery == "commit" else {})
    assert {file["branch"] for file in committed.values()} <= {"trunk"}
