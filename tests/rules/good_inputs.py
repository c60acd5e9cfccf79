"""One good resource of each type that has a contract: its inputs as the SDK registers them."""

from __future__ import annotations

import copy
import json
from typing import Any

from readiness.rules.plan_rules import CONTRACTS

ALERT_POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"
SERVICE = "gcp:monitoring/customService:CustomService"
OBJECTIVE = "gcp:monitoring/slo:Slo"
LOG_METRIC = "gcp:logging/metric:Metric"
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
LOG_SINK = "gcp:logging/projectSink:ProjectSink"
REGISTRY = "gcp:artifactregistry/repository:Repository"
MEMBER = "gcp:projects/iAMMember:IAMMember"
REGISTRY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
AUDIT_CONFIG = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
API = "gcp:projects/service:Service"
JOB = "gcp:cloudrunv2/job:Job"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
DEPLOYMENT_POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
SECRET = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a type
ENVIRONMENT_SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"  # noqa: S105 - a type
VARIABLE = "github:index/actionsVariable:ActionsVariable"
ENVIRONMENT_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
FILE = "github:index/repositoryFile:RepositoryFile"
LABEL = "github:index/issueLabel:IssueLabel"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
ALERTS = "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts"
SECURITY_UPDATES = "github:index/repositoryDependabotSecurityUpdates:RepositoryDependabotSecurityUpdates"

SECRET_GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 - a type
ACCOUNT = "gcp:serviceaccount/account:Account"

GOOD_INPUTS: dict[str, dict[str, Any]] = {
    ALERT_POLICY: {
        "alertStrategy": {"autoClose": "1800s", "notificationPrompts": ["OPENED", "CLOSED"]},
        "combiner": "OR",
        "conditions": [
            {
                "conditionPrometheusQueryLanguage": {
                    "alertRule": "HighCpuUsage",
                    "disableMetricValidation": False,
                    "duration": "300s",
                    "evaluationInterval": "30s",
                    "query": 'rate(run_googleapis_com:request_count{service_name=~"[a-z]+"}[179s]) > 0.8',
                    "ruleGroup": "readiness-production",
                },
                "displayName": "CPU above 80 % for 5 min",
            }
        ],
        "displayName": "High CPU usage (production)",
        "documentation": {
            "content": "What to do.",
            "links": [{"displayName": "Runbook", "url": "https://example.com/runbook.md#highcpuusage"}],
            "mimeType": "text/markdown",
            "subject": "[production] High CPU usage",
        },
        "notificationChannels": ["<channels-email.id>", "projects/some-project/notificationChannels/1"],
        "project": "some-project",
        "severity": "WARNING",
        "userLabels": {"environment": "production", "managed_by": "readiness"},
    },
    CHANNEL: {
        "displayName": "Slack #ops",
        "labels": {"channel_name": "#ops"},
        "project": "some-project",
        "sensitiveLabels": {"authToken": "[secret]"},
        "type": "slack",
        "userLabels": {"environment": "production"},
    },
    UPTIME_CHECK: {
        "contentMatchers": [
            {
                "content": '"healthy"',
                "matcher": "MATCHES_JSON_PATH",
                "jsonPathMatcher": {"jsonPath": "$.status", "jsonMatcher": "EXACT_MATCH"},
            }
        ],
        "displayName": "backend (production)",
        "httpCheck": {"path": "/health", "port": 443, "requestMethod": "GET", "useSsl": True, "validateSsl": True},
        "logCheckFailures": True,
        "monitoredResource": {"type": "uptime_url", "labels": {"host": "example.com", "project_id": "some-project"}},
        "period": "300s",
        "project": "some-project",
        "selectedRegions": ["USA", "EUROPE"],
        "timeout": "10s",
    },
    DASHBOARD: {
        "dashboardJson": json.dumps(
            {
                "displayName": "Readiness (production)",
                "mosaicLayout": {
                    "columns": 48,
                    "tiles": [
                        {
                            "height": 16,
                            "width": 24,
                            "widget": {
                                "title": "Requests",
                                "xyChart": {
                                    "dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"prometheusQuery": "up"}}]
                                },
                            },
                        },
                        {"height": 16, "width": 24, "xPos": 24, "widget": {"text": {"content": "Runbook"}}},
                    ],
                },
            }
        ),
        "project": "some-project",
    },
    SERVICE: {
        "displayName": "app",
        "project": "some-project",
        "serviceId": "app",
        "userLabels": {"environment": "production"},
    },
    OBJECTIVE: {
        "displayName": "Availability",
        "goal": 0.995,
        "project": "some-project",
        "requestBasedSli": {"goodTotalRatio": {"goodServiceFilter": "good", "totalServiceFilter": "total"}},
        "rollingPeriodDays": 28,
        "service": "app",
        "sloId": "availability",
    },
    LOG_METRIC: {
        "description": "Connection errors",
        "filter": 'resource.type="cloudsql_database"',
        "labelExtractors": {"reason": 'REGEXP_EXTRACT(textPayload, "(refused)")'},
        "metricDescriptor": {
            "labels": [{"key": "reason", "valueType": "STRING"}],
            "metricKind": "DELTA",
            "unit": "1",
            "valueType": "INT64",
        },
        "name": "readiness_production_connection_errors",
        "project": "some-project",
    },
    LOG_BUCKET: {
        "bucketId": "audit",
        "description": "Audit logs",
        "enableAnalytics": True,
        "location": "global",
        "project": "some-project",
        "retentionDays": 400,
    },
    LOG_SINK: {
        "destination": "logging.googleapis.com/projects/some-project/locations/global/buckets/<audit.id>",
        "exclusions": [{"name": "health", "filter": 'httpRequest.requestUrl:"/health"'}],
        "filter": 'log_id("cloudaudit.googleapis.com/activity")',
        "name": "audit",
        "project": "some-project",
        "uniqueWriterIdentity": True,
    },
    REGISTRY: {
        "cleanupPolicies": [
            {
                "id": "delete-older-than-30-days",
                "action": "DELETE",
                "condition": {"olderThan": "2592000s", "tagState": "ANY"},
            },
            {
                "id": "keep-recent-backend",
                "action": "KEEP",
                "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["backend"]},
            },
            {
                "id": "keep-protected-tags",
                "action": "KEEP",
                "condition": {"tagPrefixes": ["latest"], "tagState": "TAGGED"},
            },
        ],
        "cleanupPolicyDryRun": True,
        "format": "DOCKER",
        "labels": {"managed_by": "readiness"},
        "location": "us-central1",
        "project": "some-project",
        "repositoryId": "app-images",
        "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
    },
    MEMBER: {
        "condition": {"title": "until-2027", "expression": 'request.time < timestamp("2027-01-01T00:00:00Z")'},
        "member": "serviceAccount:deployer@some-project.iam.gserviceaccount.com",
        "project": "some-project",
        "role": "roles/artifactregistry.writer",
    },
    REGISTRY_MEMBER: {
        "location": "us-central1",
        "member": "serviceAccount:reporter@some-project.iam.gserviceaccount.com",
        "project": "some-project",
        "repository": "images",
        "role": "roles/artifactregistry.reader",
    },
    AUDIT_CONFIG: {
        "auditLogConfigs": [{"logType": "DATA_WRITE", "exemptedMembers": ["user:someone@example.com"]}],
        "project": "some-project",
        "service": "artifactregistry.googleapis.com",
    },
    API: {"disableOnDestroy": False, "project": "some-project", "service": "monitoring.googleapis.com"},
    JOB: {
        "deletionProtection": True,
        "location": "us-central1",
        "name": "migrate",
        "project": "some-project",
        "template": {
            "taskCount": 1,
            "template": {
                "containers": [
                    {
                        "commands": ["alembic"],
                        "args": ["upgrade", "head"],
                        "envs": [
                            {"name": "MODE", "value": "production"},
                            {
                                "name": "DATABASE_URL",
                                "valueSource": {"secretKeyRef": {"secret": "database-url", "version": "latest"}},
                            },
                        ],
                        "image": "us-central1-docker.pkg.dev/some-project/app-images/backend:latest",
                        "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}],
                    }
                ],
                "maxRetries": 0,
                "serviceAccount": "migrate@some-project.iam.gserviceaccount.com",
                "timeout": "600s",
                "volumes": [{"name": "cloudsql", "cloudSqlInstance": {"instances": ["some-project:us-central1:db"]}}],
            },
        },
    },
    SECRET_GRANT: {
        "member": "serviceAccount:migrate@some-project.iam.gserviceaccount.com",
        "project": "some-project",
        "role": "roles/secretmanager.secretAccessor",
        "secretId": "db-password",
    },
    ACCOUNT: {"accountId": "migrate-job", "displayName": "Migrations", "project": "some-project"},
    ENVIRONMENT: {
        "canAdminsBypass": False,
        "deploymentBranchPolicy": {"customBranchPolicies": True, "protectedBranches": False},
        "environment": "production",
        "preventSelfReview": True,
        "repository": "app",
        "reviewers": [{"teams": [201], "users": [102, 103]}],
        "waitTimer": 5,
    },
    DEPLOYMENT_POLICY: {"branchPattern": "main", "environment": "production", "repository": "app"},
    SECRET: {"repository": "app", "secretName": "SLACK_WEBHOOK_URL", "value": "[secret]"},
    ENVIRONMENT_SECRET: {
        "environment": "production",
        "keyId": "568250167242549743",
        "repository": "app",
        "secretName": "DEPLOY_KEY",
        "valueEncrypted": "c2VhbGVk",
    },
    VARIABLE: {"repository": "app", "value": "us-central1", "variableName": "REGION"},
    ENVIRONMENT_VARIABLE: {
        "environment": "production",
        "repository": "app",
        "value": "us-central1",
        "variableName": "REGION",
    },
    FILE: {
        "branch": "main",
        "commitAuthor": "Readiness",
        "commitEmail": "readiness@example.com",
        "commitMessage": "Update dependabot.yml",
        "content": "version: 2\n",
        "file": ".github/dependabot.yml",
        "overwriteOnCreate": True,
        "repository": "app",
    },
    LABEL: {"color": "0366d6", "description": "Updates a dependency", "name": "dependencies", "repository": "app"},
    RULESET: {
        "bypassActors": [{"actorId": 5, "actorType": "RepositoryRole", "bypassMode": "pull_request"}],
        "conditions": {"refName": {"excludes": [], "includes": ["~DEFAULT_BRANCH", "refs/heads/release"]}},
        "enforcement": "active",
        "name": "main",
        "repository": "app",
        "rules": {
            "creation": False,
            "deletion": True,
            "pullRequest": {"requiredApprovingReviewCount": 1},
            "requiredCodeScanning": {
                "requiredCodeScanningTools": [
                    {"alertsThreshold": "errors", "securityAlertsThreshold": "high_or_higher", "tool": "CodeQL"}
                ]
            },
            "requiredStatusChecks": {"requiredChecks": [{"context": "gate", "integrationId": 15368}]},
            "update": True,
        },
        "target": "branch",
    },
    ALERTS: {"enabled": True, "repository": "app"},
    SECURITY_UPDATES: {"enabled": True, "repository": "app"},
}


def good_inputs(type_: str) -> dict[str, Any]:
    """Inputs to break."""
    return copy.deepcopy(GOOD_INPUTS[type_])


def good_body(type_: str) -> Any:
    """The body that is sent for them."""
    return CONTRACTS[type_].body(good_inputs(type_))


def resource(
    type_: str, inputs: dict[str, Any], *, name: str = "it", depends_on: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A resource of a plan."""
    urn = f"urn:pulumi:test::readiness::{type_}::{name}"
    options = {"dependencies": list(depends_on)} if depends_on else {}
    return {"urn": urn, "type": type_, "name": name, "parent": "", "inputs": inputs, "options": options}
