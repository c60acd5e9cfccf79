"""The types of Pulumi resources that the program declares or that the contracts describe, as in a plan and in a URN.

Import the name instead of writing the type again; a test refuses a second copy. This module uses the standard library
only, because the policy pack, which imports it, has an environment of its own.
"""

from __future__ import annotations

import re

STACK_TYPE = "pulumi:pulumi:Stack"

# Alerting
ALERT_POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"
MONITORED_SERVICE = "gcp:monitoring/customService:CustomService"
OBJECTIVE = "gcp:monitoring/slo:Slo"
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"

# Logs
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
LOG_METRIC = "gcp:logging/metric:Metric"
LOG_SINK = "gcp:logging/projectSink:ProjectSink"

# The Google project
ACCOUNT = "gcp:serviceaccount/account:Account"
API = "gcp:projects/service:Service"
AUDIT_CONFIG = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
JOB = "gcp:cloudrunv2/job:Job"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
REGISTRY = "gcp:artifactregistry/repository:Repository"
REGISTRY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
SECRET_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 - a resource type

# The GitHub repository
BRANCH_POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
ENVIRONMENT_SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"  # noqa: S105 - a resource type
ENVIRONMENT_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
LABEL = "github:index/issueLabel:IssueLabel"
REPOSITORY_FILE = "github:index/repositoryFile:RepositoryFile"
REPOSITORY_SECRET = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a resource type
REPOSITORY_VARIABLE = "github:index/actionsVariable:ActionsVariable"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
SECURITY_UPDATES = "github:index/repositoryDependabotSecurityUpdates:RepositoryDependabotSecurityUpdates"
VULNERABILITY_ALERTS = "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts"

# Kinds whose names are no words that a reader knows.
_KIND_WORDS = {
    API: "API",
    AUDIT_CONFIG: "audit configuration",
    BRANCH_POLICY: "deployment branch policy",
    LOG_BUCKET: "log bucket",
    LOG_METRIC: "log metric",
    LOG_SINK: "log sink",
    MONITORED_SERVICE: "monitored service",
    OBJECTIVE: "service level objective",
    REGISTRY: "image registry",
    UPTIME_CHECK: "uptime check",
}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")


def kind_words(type_: str, count: int) -> str:
    """A number of resources of a type in words: `1 log metric`, `38 alert policies`."""
    last = type_.rpartition(":")[2]
    words = [word if word.isupper() else "IAM" if word == "Iam" else word.lower() for word in _WORD.findall(last)]
    name = _KIND_WORDS.get(type_) or " ".join(words) or type_
    if count == 1 or name.endswith("s"):
        return f"{count} {name}"
    is_y = name.endswith("y") and name[-2:-1] not in "aeiou"
    return f"{count} {name[:-1]}ies" if is_y else f"{count} {name}s"
