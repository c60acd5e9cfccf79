"""The types of Pulumi resources that the program declares or that the contracts describe, as in a plan and in a URN.

Import the name instead of writing the type again; a test refuses a second copy. This module uses the standard library
only, because the policy pack, which imports it, has an environment of its own.
"""

from __future__ import annotations

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
