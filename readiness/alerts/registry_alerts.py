"""Alerts on the registry of the stack that owns it: too much is deleted, by anybody else, or a critical is found.

All three count log entries. Who deleted what is Artifact Registry's own audit log; how much one run deleted and what is
new is written by the managed workflows, because a log-based metric can count entries, and not what stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from readiness.alerts.commands import (
    READ_DELETIONS,
)
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.log_metric import IMAGE_LOG, LogMetric, environment_metric_name, filter_text
from readiness.alerts.selectors import window
from readiness.settings.channels import TEAM
from readiness.settings.image_workflows import ImageWorkflows
from readiness.settings.model import Settings

# A counter is compared with 0: one entry pages. Ten minutes are the longest that Cloud Logging holds one back.
WINDOW_SECONDS = 600
CLEANUP_PRINCIPAL = "@gcp-sa-artifactregistry.iam.gserviceaccount.com"
VULNERABILITY_METRIC = "readiness_vulnerabilities_v1"


def vulnerability_filter(project: str) -> str:
    """The entries of the weekly scan: one for each service and severity."""
    return filter_text(f'logName="projects/{project}/logs/{IMAGE_LOG}"', 'jsonPayload.event="vulnerability_scan"')


def vulnerabilities(project: str) -> LogMetric:
    """How many vulnerabilities the weekly scan found in what serves, by service and severity.

    Its name has a version: a changed bucket makes a metric's data unusable. One bucket each: 0, 1, 2, 3 to 5 and so on.
    """
    return LogMetric(
        slug="vulnerabilities",
        name=VULNERABILITY_METRIC,
        description="Vulnerabilities of what serves, by the weekly scan",
        filter=vulnerability_filter(project),
        labels={
            "environment": "The environment that serves it",
            "service": "The Cloud Run service",
            "severity": "critical, high, medium, low or unknown",
        },
        value_field="count",
        bounds=(1.0, 2.0, 3.0, 6.0, 11.0, 21.0, 51.0, 101.0, 201.0, 501.0, 1001.0),
    )


def workflows_of(settings: Settings) -> ImageWorkflows:
    """The section; only a stack that has it declares these alerts."""
    if settings.image_workflows is None:
        raise ValueError("the stack does not declare image_workflows")
    return settings.image_workflows


def deletions_by_others(settings: Settings) -> LogMetric:
    """Counts deletions in the repository by anybody but the cleanup, those of tags included, which protect."""
    registry = settings.image_registry.repository_id if settings.image_registry else ""
    where = f"projects/{settings.project}/locations/{settings.region}/repositories/{registry}"
    return LogMetric(
        slug="registry-deletions-by-others",
        name=environment_metric_name(settings, "registry_deletions_by_others"),
        description="Deletions in the image registry by anybody but its own cleanup",
        filter=filter_text(
            'resource.type="audited_resource"',
            'protoPayload.serviceName="artifactregistry.googleapis.com"',
            'protoPayload.methodName=~"Delete"',
            f'protoPayload.resourceName=~"^{where}(/|$)"',
            f'NOT protoPayload.authenticationInfo.principalEmail=~"{CLEANUP_PRINCIPAL.replace(".", "[.]")}$"',
            # A refused attempt deleted nothing.
            'NOT severity="ERROR"',
        ),
    )


def large_cleanups(settings: Settings) -> LogMetric:
    """Counts reports of a cleanup that deleted more in one run than the settings allow."""
    return LogMetric(
        slug="registry-large-cleanups",
        name=environment_metric_name(settings, "registry_large_cleanups"),
        description="Runs of the image cleanup that deleted more versions than expected",
        filter=filter_text(
            f'logName="projects/{settings.project}/logs/{IMAGE_LOG}"',
            'jsonPayload.event="registry_cleanup"',
            'jsonPayload.over_limit="yes"',
        ),
    )


def new_criticals(settings: Settings) -> LogMetric:
    """Counts services in which a scan found a critical vulnerability that the scan before had not."""
    return LogMetric(
        slug="new-critical-vulnerabilities",
        name=environment_metric_name(settings, "new_critical_vulnerabilities"),
        description="Scans that found a new critical vulnerability in what serves",
        filter=filter_text(
            vulnerability_filter(settings.project), _alerting_severity(settings), 'jsonPayload.has_new="yes"'
        ),
    )


def _alerting_severity(settings: Settings) -> str:
    workflows = settings.image_workflows
    if workflows is not None and workflows.high_vulnerabilities == "alert":
        return 'jsonPayload.severity=("critical" OR "high")'
    return 'jsonPayload.severity="critical"'


def _is_declared(settings: Settings) -> bool:
    return settings.image_registry is not None and settings.image_workflows is not None


def _values(metric: Callable[[Settings], LogMetric], resource: str) -> Callable[[Settings], Mapping[str, str]]:
    return lambda settings: {
        "counter": f'{metric(settings).promql_name}{{monitored_resource="{resource}"}}',
        "window": window(WINDOW_SECONDS),
    }


def _registry(settings: Settings) -> str:
    return settings.image_registry.repository_id if settings.image_registry else ""


def _console_path(settings: Settings) -> str:
    return f"artifacts/docker/{settings.project}/{settings.region}/{_registry(settings)}"


IMAGES_DELETED_BY_OTHERS = AlertDefinition(
    name="ImagesDeletedByOthers",
    title="Images deleted by others",
    severity="ERROR",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query="sum(increase($counter[$window])) > $threshold",
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda _settings: "An image or a tag is deleted by anybody but the cleanup",
    meaning=(
        "Somebody has deleted an image, a tag, a package or the repository. Google's cleanup is not counted. What is "
        "deleted cannot be had back; an image that runs may be needed at the next start of an instance, and a tag that "
        "is gone protects nothing any more."
    ),
    first_steps=(
        f"Read in the audit log who deleted what: {READ_DELETIONS}.",
        "Start the workflow that tags whatever serves: `gh workflow run promote-images.yml --repo=$repository`. "
        "It fails where an image that serves is gone.",
        "See how it ended: `gh run list --repo=$repository --workflow=promote-images.yml --limit=3`.",
    ),
    causes=(
        "A person tidying up in the console",
        "A script with `gcloud artifacts docker images delete`",
        "Terraform or another program that declares the repository",
        "A stolen credential",
    ),
    mitigation=(
        "Nobody knows of it: take the role away from the account that deleted. The policies of the repository and "
        "of the project show it as MEMBER with its ROLE: `gcloud artifacts repositories get-iam-policy $registry "
        "--location=$region --project=$project`, `gcloud projects get-iam-policy $project`, `gcloud artifacts "
        "repositories remove-iam-policy-binding $registry --location=$region --project=$project --member=MEMBER "
        "--role=ROLE` and `gcloud projects remove-iam-policy-binding $project --member=MEMBER --role=ROLE`.",
        "An image that serves is gone: deploy its commit again, before an instance has to start without it; "
        "RUN_ID is that of its deployment: `gh run list --repo=$repository --limit=20` and `gh run rerun RUN_ID "
        "--repo=$repository`.",
    ),
    console_path=_console_path,
    value="the deletions in the window",
    subject=_registry,
    query_values=_values(deletions_by_others, "audited_resource"),
    log_metrics=lambda settings: (deletions_by_others(settings),),
    declared_by=_is_declared,
)

LARGE_IMAGE_CLEANUP = AlertDefinition(
    name="LargeImageCleanup",
    title="Large image cleanup",
    severity="ERROR",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query="sum(increase($counter[$window])) > $threshold",
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: f"One cleanup deletes more than {workflows_of(settings).max_deleted_versions} images",
    meaning=(
        "One run of the cleanup has deleted more versions than the settings expect. The first real run does: it clears "
        "the backlog. Told once a day, when the managed workflow has counted."
    ),
    first_steps=(
        "Open the last report of the cleanup: `gh run list --repo=$repository --workflow=cleanup-images.yml "
        "--limit=3` and `gh run view RUN_ID --repo=$repository`. Which images, how many?",
        "Start the workflow that tags whatever serves: `gh workflow run promote-images.yml --repo=$repository`. "
        "It fails where an image that serves is gone.",
        "Set `cleanup_dry_run: true` in the settings and apply it, until it is known why: `readiness up $stack`.",
    ),
    causes=(
        "The first run after the dry run was switched off",
        "Policies that were changed, here or by somebody else",
        "Tags that were removed and had protected",
    ),
    mitigation=(
        "Try out what the policies would delete: `readiness cleanup simulate $stack`.",
        "Where so many are usual, raise `max_deleted_versions` in the settings, and apply it: `readiness up $stack`.",
    ),
    console_path=_console_path,
    value="the cleanups over the limit in the window",
    subject=_registry,
    query_values=_values(large_cleanups, "global"),
    log_metrics=lambda settings: (large_cleanups(settings),),
    declared_by=_is_declared,
)

NEW_CRITICAL_VULNERABILITY = AlertDefinition(
    name="NewCriticalVulnerability",
    title="New critical vulnerability",
    severity="ERROR",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query="sum(increase($counter[$window])) > $threshold",
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        "A scan finds a critical or high vulnerability that the one before had not"
        if workflows_of(settings).high_vulnerabilities == "alert"
        else "A scan finds a critical vulnerability that the one before had not"
    ),
    meaning=(
        "An image that serves has a critical vulnerability that the last scan of the service did not name: it became "
        "known since, or a deployment brought it. What is accepted in the settings does not count."
    ),
    first_steps=(
        "Open the newest issue about a vulnerability, and read which package it is: `gh issue list "
        "--repo=$repository --label=vulnerability --limit=5`. Which version fixes it?",
        "Decide whether it is urgent: it is, where the package is used at run time and reachable from outside.",
        "Update the package and deploy; where there is no fix, write down the risk with a reason and a day.",
    ),
    causes=(
        "A vulnerability that has been published",
        "A base image that was not rebuilt for a while",
        "A deployment that brought a package",
    ),
    mitigation=(
        "Rebuild on the newest base image and deploy; then scan again: `gh workflow run scan-serving-images.yml "
        "--repo=$repository`.",
        "Accept it in `image_workflows.accepted_vulnerabilities` for at most 90 days, and apply that: `readiness "
        "up $stack`.",
    ),
    console_path=_console_path,
    value="the services with a new critical vulnerability in the window",
    subject=lambda settings: settings.environment.name,
    query_values=_values(new_criticals, "global"),
    log_metrics=lambda settings: (new_criticals(settings),),
    declared_by=_is_declared,
)

REGISTRY_ALERTS = (IMAGES_DELETED_BY_OTHERS, LARGE_IMAGE_CLEANUP, NEW_CRITICAL_VULNERABILITY)
