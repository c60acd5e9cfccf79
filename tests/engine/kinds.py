"""What differs from one resource type to the next: how it is named, what an existing namesake does, what never changes.

Taken from the real providers' requests (docs/facts/providers.md#requests-to-google) and their source. A type that is
not named here gets an id from the server, as most do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
METRIC = "gcp:logging/metric:Metric"
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
SERVICE = "gcp:monitoring/customService:CustomService"
OBJECTIVE = "gcp:monitoring/slo:Slo"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"
BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
ACCOUNT = "gcp:serviceaccount/account:Account"
JOB = "gcp:cloudrunv2/job:Job"
PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember"
SECRET_GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 - a type
REPOSITORY_GRANT = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
AUDIT_LOG = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
API = "gcp:projects/service:Service"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
BRANCH_POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
LABEL = "github:index/issueLabel:IssueLabel"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
# A grant on a service account, which the program never makes.
ACCOUNT_GRANT = "gcp:serviceaccount/iAMMember:IAMMember"
# What `readiness bootstrap` makes, beside accounts: a pool and a role.
BOOTSTRAP = "made by readiness bootstrap"
REPOSITORY_FILE = "github:index/repositoryFile:RepositoryFile"
ACTIONS_SECRET = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a type

Values = dict[str, Any]


def _nothing(identity: str, inputs: Values) -> Values:
    del identity, inputs
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """`identity` is a format of the inputs, `{number}` what the server assigns; `computed` is what the server adds.

    `takes_over`: creating what exists already succeeds and overwrites it; else it is a conflict (409).
    With `short_ids` the provider calls it by the last part alone; an import may name more than that.
    `hidden` inputs are never given back. `survives`: a deletion sends no request. `conditional`: an id ends with the
    condition of the grant, so that a grant with another condition is another one.
    """

    identity: str = "{number}"
    takes_over: bool = False
    short_ids: bool = False
    fixed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    survives: bool = False
    conditional: bool = False
    computed: Callable[[str, Values], Values] = _nothing


def identity_of(kind: Kind, inputs: Values, number: int) -> str:
    """The id of a new thing."""
    identity = kind.identity.format(**{**inputs, "number": number})
    condition = inputs.get("condition") if kind.conditional else None
    if not condition:
        return identity
    return "/".join([identity, condition["title"], condition.get("description", ""), condition["expression"]])


def _named(identity: str, inputs: Values) -> Values:
    del inputs
    return {"name": identity}


def _scanned(identity: str, inputs: Values) -> Values:
    name = identity.rpartition("/")[2]
    asked = inputs.get("vulnerabilityScanningConfig") or {}
    config = {**asked, "enablementState": "SCANNING_ACTIVE", "enablementStateReason": ""}
    return {"name": name, "vulnerabilityScanningConfig": config}


def _checked(identity: str, inputs: Values) -> Values:
    del inputs
    return {"name": identity, "uptimeCheckId": identity.rpartition("/")[2]}


def _written_by_google(identity: str, inputs: Values) -> Values:
    del identity, inputs
    return {"writerIdentity": "serviceAccount:cloud-logs@system.gserviceaccount.com"}


def _account(identity: str, inputs: Values) -> Values:
    email = f"{inputs['accountId']}@{inputs['project']}.iam.gserviceaccount.com"
    return {"name": identity, "email": email, "member": f"serviceAccount:{email}"}


def _grant(identity: str, *of: str) -> Kind:
    fixed = frozenset({*of, "condition", "member", "role"})
    return Kind(identity=identity, takes_over=True, fixed=fixed, conditional=True)


_KINDS: Mapping[str, Kind] = {
    CHANNEL: Kind(
        identity="projects/{project}/notificationChannels/{number}",
        fixed=frozenset({"project"}),
        hidden=frozenset({"sensitiveLabels"}),
        computed=_named,
    ),
    POLICY: Kind(identity="projects/{project}/alertPolicies/{number}", fixed=frozenset({"project"}), computed=_named),
    UPTIME_CHECK: Kind(
        identity="projects/{project}/uptimeCheckConfigs/{number}",
        fixed=frozenset({"monitoredResource", "project"}),
        computed=_checked,
    ),
    SERVICE: Kind(
        identity="projects/{project}/services/{serviceId}", fixed=frozenset({"project", "serviceId"}), computed=_named
    ),
    OBJECTIVE: Kind(
        identity="projects/{project}/services/{service}/serviceLevelObjectives/{sloId}",
        fixed=frozenset({"project", "service", "sloId"}),
        hidden=frozenset({"service"}),
        computed=_named,
    ),
    DASHBOARD: Kind(identity="projects/{project}/dashboards/{number}", fixed=frozenset({"project"})),
    METRIC: Kind(identity="projects/{project}/metrics/{name}", short_ids=True, fixed=frozenset({"name", "project"})),
    # A bucket that exists is updated instead of made.
    BUCKET: Kind(
        identity="projects/{project}/locations/{location}/buckets/{bucketId}",
        takes_over=True,
        fixed=frozenset({"bucketId", "location", "project"}),
        computed=_named,
    ),
    SINK: Kind(
        identity="projects/{project}/sinks/{name}", fixed=frozenset({"name", "project"}), computed=_written_by_google
    ),
    ACCOUNT: Kind(
        identity="projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
        fixed=frozenset({"accountId", "project"}),
        computed=_account,
    ),
    JOB: Kind(
        identity="projects/{project}/locations/{location}/jobs/{name}",
        fixed=frozenset({"location", "name", "project"}),
    ),
    # A grant is an entry of a policy: it is never changed, and one that is there already is no conflict.
    PROJECT_GRANT: _grant("{project}/{role}/{member}", "project"),
    SECRET_GRANT: _grant("projects/{project}/secrets/{secretId}/{role}/{member}", "project", "secretId"),
    REPOSITORY_GRANT: _grant(
        "projects/{project}/locations/{location}/repositories/{repository}/{role}/{member}",
        "project",
        "location",
        "repository",
    ),
    AUDIT_LOG: Kind(
        identity="{project}/audit_config/{service}", takes_over=True, fixed=frozenset({"project", "service"})
    ),
    API: Kind(identity="{project}/{service}", takes_over=True, fixed=frozenset({"project", "service"}), survives=True),
    REPOSITORY: Kind(
        identity="projects/{project}/locations/{location}/repositories/{repositoryId}",
        fixed=frozenset({"format", "location", "mode", "project", "repositoryId"}),
        computed=_scanned,
    ),
    ENVIRONMENT: Kind(
        identity="{repository}:{environment}", takes_over=True, fixed=frozenset({"repository", "environment"})
    ),
    BRANCH_POLICY: Kind(identity="{repository}:{environment}:{number}", fixed=frozenset({"repository", "environment"})),
    ACTIONS_SECRET: Kind(
        identity="{repository}:{secretName}",
        takes_over=True,
        fixed=frozenset({"repository", "secretName"}),
        hidden=frozenset({"value"}),
    ),
    "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts": Kind(
        identity="{repository}", takes_over=True, fixed=frozenset({"repository"})
    ),
    "github:index/repositoryDependabotSecurityUpdates:RepositoryDependabotSecurityUpdates": Kind(
        identity="{repository}", takes_over=True, fixed=frozenset({"repository"})
    ),
    RULESET: Kind(short_ids=True, fixed=frozenset({"repository"})),
    LABEL: Kind(identity="{repository}:{name}", fixed=frozenset({"repository"})),
    REPOSITORY_FILE: Kind(
        identity="{repository}/{file}", takes_over=True, fixed=frozenset({"repository", "file", "branch"})
    ),
}


def kind_of(type_: str) -> Kind:
    """How the type behaves."""
    return _KINDS.get(type_, Kind())
