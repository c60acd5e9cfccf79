"""What exists already, read from Google and GitHub: what `readiness adopt` matches with the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from readiness.live.github_api import GitHub, GitHubError
from readiness.live.google_api import Google, GoogleError
from readiness.resource_types import (
    ACCOUNT,
    DASHBOARD,
    ENVIRONMENT,
    JOB,
    LABEL,
    LOG_SINK,
    OBJECTIVE,
    REPOSITORY_SECRET,
    RULESET,
)

Things = Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveThings:
    """Listings as the APIs give them; a repository or environment that does not exist is absent from its listing."""

    channels: Things = ()
    policies: Things = ()
    uptime_checks: Things = ()
    services: Things = ()
    objectives: Things = ()
    dashboards: Things = ()
    log_metrics: Things = ()
    sinks: Things = ()
    accounts: Things = ()
    jobs: Things = ()
    repositories: Things = ()
    environments: Things = ()
    branch_policies: Things = ()
    rulesets: Things = ()
    labels: Things = ()
    secrets: Things = ()


def read_live_things(google: Google, github: GitHub, *, region: str, resources: Things) -> LiveThings:
    """Reads what a plan's `resources` could be. Raises GoogleError and GitHubError, but not for an API that is off."""
    project, declared = f"projects/{google.project}", {each["type"] for each in resources}
    services = _listed(google, "monitoring", f"{project}/services", "services") if OBJECTIVE in declared else ()
    environments, branch_policies = _environments(github, resources)
    return LiveThings(
        channels=_listed(google, "monitoring", f"{project}/notificationChannels", "notificationChannels"),
        policies=_listed(google, "monitoring", f"{project}/alertPolicies", "alertPolicies"),
        uptime_checks=_listed(google, "monitoring", f"{project}/uptimeCheckConfigs", "uptimeCheckConfigs"),
        services=services,
        objectives=_objectives(google, services, resources),
        dashboards=_if(DASHBOARD in declared, google, "dashboards", f"{project}/dashboards", "dashboards"),
        log_metrics=_listed(google, "logging", f"{project}/metrics", "metrics"),
        sinks=_if(LOG_SINK in declared, google, "logging", f"{project}/sinks", "sinks"),
        accounts=_if(ACCOUNT in declared, google, "iam", f"{project}/serviceAccounts", "accounts"),
        jobs=_if(JOB in declared, google, "cloudRunV2", f"{project}/locations/{region}/jobs", "jobs"),
        repositories=_listed(google, "artifactRegistry", f"{project}/locations/{region}/repositories", "repositories"),
        environments=environments,
        branch_policies=branch_policies,
        rulesets=list(github.items("rulesets")) if RULESET in declared else (),
        labels=list(github.items("labels")) if LABEL in declared else (),
        secrets=list(github.items("actions/secrets", "secrets")) if REPOSITORY_SECRET in declared else (),
    )


def _listed(google: Google, api: str, path: str, key: str) -> Things:
    try:
        return list(google.items(api, path, key))
    except GoogleError as error:
        # An API that was never enabled has nothing of ours: Google answers 403 with these words.
        if error.status == 403 and "has not been used in project" in str(error):
            return ()
        raise


def _if(declared: bool, google: Google, api: str, path: str, key: str) -> Things:
    """Asks only for what the plan declares: nobody needs a right for what they do not use."""
    return _listed(google, api, path, key) if declared else ()


def _objectives(google: Google, services: Things, resources: Things) -> Things:
    """Of the services that the plan declares objectives for."""
    wanted = {each["inputs"]["service"] for each in resources if each["type"] == OBJECTIVE}
    names = [each["name"] for each in services if each["name"].rpartition("/")[2] in wanted]
    return [
        objective
        for name in names
        for objective in _listed(google, "monitoring", f"{name}/serviceLevelObjectives", "serviceLevelObjectives")
    ]


def _environments(github: GitHub, resources: Things) -> tuple[Things, Things]:
    names = [each["inputs"]["environment"] for each in resources if each["type"] == ENVIRONMENT]
    environments: list[dict[str, Any]] = []
    policies: list[dict[str, Any]] = []
    for name in names:
        path = f"environments/{quote(name, safe='')}"
        found = github.get(path)
        if found is None:
            continue
        environments.append(found)
        policies += [{**each, "environment": name} for each in _branch_policies(github, path)]
    return environments, policies


def _branch_policies(github: GitHub, environment_path: str) -> Things:
    try:
        return list(github.items(f"{environment_path}/deployment-branch-policies", "branch_policies"))
    except GitHubError as error:
        # An environment that names no branches has no such list.
        if error.status == 404:
            return ()
        raise
