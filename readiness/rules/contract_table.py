"""The contract of each resource type: the API's schema, how inputs become a body, and the rules of prose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.resource_types import (
    ACCOUNT,
    ALERT_POLICY,
    API,
    AUDIT_CONFIG,
    BRANCH_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    ENVIRONMENT_SECRET,
    ENVIRONMENT_VARIABLE,
    JOB,
    LABEL,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    MONITORED_SERVICE,
    OBJECTIVE,
    PROJECT_MEMBER,
    REGISTRY,
    REGISTRY_MEMBER,
    REPOSITORY_FILE,
    REPOSITORY_SECRET,
    REPOSITORY_VARIABLE,
    RULESET,
    SECRET_MEMBER,
    SECURITY_UPDATES,
    UPTIME_CHECK,
    VULNERABILITY_ALERTS,
)
from readiness.rules import github_bodies, google_bodies
from readiness.rules.prose_rules import (
    alert_policies,
    dashboards,
    github_environments,
    github_repositories,
    github_rulesets,
    jobs,
    logs,
    notification_channels,
    project_access,
    registry,
    service_levels,
    uptime_checks,
)
from readiness.rules.prose_rules.common import Rule

Inputs = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """`schema` is a distilled document and a name in it, None where the request has no body.

    `not_in_schema` are fields that the provider sends and the API takes, though its description lacks them.
    """

    schema: tuple[str, str] | None
    body: Callable[[Inputs], Any]
    rules: tuple[Rule, ...] = ()
    input_rules: tuple[Rule, ...] = ()
    not_in_schema: frozenset[str] = frozenset()


_ENVIRONMENT = Contract(
    schema=("github", "environment"),
    body=github_bodies.environment,
    rules=github_environments.ENVIRONMENT_RULES,
    input_rules=github_environments.ENVIRONMENT_INPUT_RULES,
    # GitHub takes it, and its OpenAPI description lacks it (docs/facts/providers.md#fields-that-no-schema-has).
    not_in_schema=frozenset({"can_admins_bypass"}),
)
_SECRET = Contract(
    schema=("github", "secret"), body=github_bodies.secret, input_rules=github_repositories.SECRET_INPUT_RULES
)
_VARIABLE = Contract(
    schema=("github", "variable"), body=github_bodies.variable, rules=github_repositories.VARIABLE_RULES
)
_SWITCH = Contract(schema=None, body=google_bodies.no_body)

_GITHUB: dict[str, Contract] = {
    ENVIRONMENT_SECRET: _SECRET,
    ENVIRONMENT_VARIABLE: _VARIABLE,
    REPOSITORY_SECRET: _SECRET,
    REPOSITORY_VARIABLE: _VARIABLE,
    LABEL: Contract(schema=("github", "label"), body=github_bodies.label, rules=github_repositories.LABEL_RULES),
    SECURITY_UPDATES: _SWITCH,
    ENVIRONMENT: _ENVIRONMENT,
    BRANCH_POLICY: Contract(
        schema=("github", "deployment-branch-policy"),
        body=github_bodies.deployment_policy,
        rules=github_environments.DEPLOYMENT_POLICY_RULES,
        input_rules=github_environments.DEPLOYMENT_POLICY_INPUT_RULES,
    ),
    REPOSITORY_FILE: Contract(
        schema=("github", "contents"), body=github_bodies.file, input_rules=github_repositories.FILE_INPUT_RULES
    ),
    RULESET: Contract(schema=("github", "ruleset"), body=github_bodies.ruleset, rules=github_rulesets.RULESET_RULES),
    VULNERABILITY_ALERTS: _SWITCH,
}
_GOOGLE: dict[str, Contract] = {
    REGISTRY: Contract(
        schema=("artifactregistry.v1", "Repository"),
        body=google_bodies.registry,
        rules=registry.REPOSITORY_RULES,
        input_rules=registry.REPOSITORY_INPUT_RULES,
    ),
    REGISTRY_MEMBER: Contract(
        schema=("artifactregistry.v1", "Binding"),
        body=google_bodies.repository_binding,
        rules=project_access.BINDING_RULES,
    ),
    JOB: Contract(
        schema=("run.v2", "GoogleCloudRunV2Job"),
        body=google_bodies.job,
        rules=jobs.JOB_RULES,
        input_rules=jobs.JOB_INPUT_RULES,
    ),
    LOG_METRIC: Contract(schema=("logging.v2", "LogMetric"), body=google_bodies.plain, rules=logs.METRIC_RULES),
    LOG_BUCKET: Contract(schema=("logging.v2", "LogBucket"), body=google_bodies.log_bucket, rules=logs.BUCKET_RULES),
    LOG_SINK: Contract(schema=("logging.v2", "LogSink"), body=google_bodies.log_sink, rules=logs.SINK_RULES),
    ALERT_POLICY: Contract(
        schema=("monitoring.v3", "AlertPolicy"),
        body=google_bodies.alert_policy,
        rules=alert_policies.ALERT_POLICY_RULES,
    ),
    MONITORED_SERVICE: Contract(
        schema=("monitoring.v3", "Service"),
        body=google_bodies.custom_service,
        rules=service_levels.SERVICE_RULES,
        input_rules=service_levels.SERVICE_INPUT_RULES,
    ),
    DASHBOARD: Contract(
        schema=("monitoring.v1", "Dashboard"), body=google_bodies.dashboard, rules=dashboards.DASHBOARD_RULES
    ),
    CHANNEL: Contract(
        schema=("monitoring.v3", "NotificationChannel"),
        body=google_bodies.notification_channel,
        rules=notification_channels.CHANNEL_RULES,
        input_rules=notification_channels.CHANNEL_INPUT_RULES,
    ),
    OBJECTIVE: Contract(
        schema=("monitoring.v3", "ServiceLevelObjective"),
        body=google_bodies.service_level_objective,
        rules=service_levels.OBJECTIVE_RULES,
    ),
    UPTIME_CHECK: Contract(
        schema=("monitoring.v3", "UptimeCheckConfig"),
        body=google_bodies.uptime_check,
        rules=uptime_checks.UPTIME_CHECK_RULES,
    ),
    AUDIT_CONFIG: Contract(
        schema=("cloudresourcemanager.v3", "AuditConfig"),
        body=google_bodies.plain,
        rules=project_access.AUDIT_RULES,
    ),
    PROJECT_MEMBER: Contract(
        schema=("cloudresourcemanager.v3", "Binding"),
        body=google_bodies.policy_binding,
        rules=project_access.BINDING_RULES,
    ),
    SECRET_MEMBER: Contract(
        schema=("secretmanager.v1", "Binding"),
        body=google_bodies.secret_binding,
        rules=project_access.BINDING_RULES,
    ),
    ACCOUNT: Contract(
        schema=("iam.v1", "CreateServiceAccountRequest"),
        body=google_bodies.service_account,
        input_rules=project_access.ACCOUNT_INPUT_RULES,
    ),
    API: Contract(schema=None, body=google_bodies.no_body, input_rules=project_access.SERVICE_INPUT_RULES),
}
CONTRACTS: Mapping[str, Contract] = {**_GITHUB, **_GOOGLE}
