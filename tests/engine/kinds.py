"""What differs from one resource type to the next: how it is named, what an existing namesake does, what never changes.

Read off the real providers' requests (facts on the providers, section 5) and their source. A type that is not named
here gets an id from the server, as most do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
METRIC = "gcp:logging/metric:Metric"
API = "gcp:projects/service:Service"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
BRANCH_POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
LABEL = "github:index/issueLabel:IssueLabel"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
ACTIONS_SECRET = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a type

Values = dict[str, Any]


def _nothing(identity: str, inputs: Values) -> Values:
    del identity, inputs
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """`identity` is a format of the inputs, `{number}` what the server assigns; `computed` is what the server adds.

    `takes_over`: creating what exists already succeeds and overwrites it; else it is a conflict (409).
    `hidden` inputs are never given back. `survives`: deleting sends nothing.
    """

    identity: str = "{number}"
    takes_over: bool = False
    fixed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    survives: bool = False
    computed: Callable[[str, Values], Values] = _nothing


def _named(identity: str, inputs: Values) -> Values:
    del inputs
    return {"name": identity}


def _scanned(identity: str, inputs: Values) -> Values:
    name = identity.rpartition("/")[2]
    asked = inputs.get("vulnerabilityScanningConfig") or {}
    config = {**asked, "enablementState": "SCANNING_ACTIVE", "enablementStateReason": ""}
    return {"name": name, "vulnerabilityScanningConfig": config}


_KINDS: Mapping[str, Kind] = {
    CHANNEL: Kind(
        identity="projects/{project}/notificationChannels/{number}",
        fixed=frozenset({"project"}),
        hidden=frozenset({"sensitiveLabels"}),
        computed=_named,
    ),
    POLICY: Kind(identity="projects/{project}/alertPolicies/{number}", fixed=frozenset({"project"}), computed=_named),
    METRIC: Kind(identity="{name}", fixed=frozenset({"name", "project"})),
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
    LABEL: Kind(identity="{repository}:{name}", takes_over=True, fixed=frozenset({"repository"})),
    "github:index/repositoryFile:RepositoryFile": Kind(
        identity="{repository}/{file}", takes_over=True, fixed=frozenset({"repository", "file", "branch"})
    ),
}


def kind_of(type_: str) -> Kind:
    """How the type behaves."""
    return _KINDS.get(type_, Kind())
