"""Alerts on the image registry: deletions by others, cleanups that delete too much, new critical vulnerabilities.

The stack that owns the registry declares them. All three count log entries. Artifact Registry's audit log shows who
deleted what. The managed workflows write how much one cleanup deleted and which vulnerabilities are new, because a
log-based metric counts entries and cannot compare what they contain.
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

# The query compares a counter with 0, so one entry notifies. Cloud Logging delays an entry by at most ten minutes.
WINDOW_SECONDS = 600
CLEANUP_PRINCIPAL = "@gcp-sa-artifactregistry.iam.gserviceaccount.com"
VULNERABILITY_METRIC = "readiness_vulnerabilities_v1"


def vulnerability_filter(project: str) -> str:
    """The entries of the weekly scan: one for each service and severity."""
    return filter_text(f'logName="projects/{project}/logs/{IMAGE_LOG}"', 'jsonPayload.event="vulnerability_scan"')


def vulnerabilities(project: str) -> LogMetric:
    """How many vulnerabilities the weekly scan found in the serving images, by service and severity.

    Its name has a version, because a changed bucket makes a metric's data unusable. 0, 1, 2, 3 to 5 and so on have a
    bucket each.
    """
    return LogMetric(
        slug="vulnerabilities",
        name=VULNERABILITY_METRIC,
        description="Vulnerabilities of the serving images, by the weekly scan",
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
    """Counts deletions in the repository by anybody but the cleanup. Tags count too, because they protect images."""
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
    """Counts services in which a scan found a critical vulnerability that the previous scan had not found."""
    return LogMetric(
        slug="new-critical-vulnerabilities",
        name=environment_metric_name(settings, "new_critical_vulnerabilities"),
        description="Scans that found a new critical vulnerability in a serving image",
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
    condition=lambda _settings: "Somebody other than the cleanup deletes an image or a tag",
    meaning=(
        "Somebody deleted an image, a tag, a package or the repository. Google's cleanup is not counted. A deletion "
        "cannot be undone. The next start of an instance may need a deleted image, and a deleted tag no longer "
        "protects its image from the cleanup."
    ),
    first_steps=(
        f"Read in the audit log who deleted what: {READ_DELETIONS}.",
        "Start the workflow that tags the serving images: `gh workflow run promote-images.yml --repo=$repository`. "
        "It fails if a serving image is deleted.",
        "Check how it ended: `gh run list --repo=$repository --workflow=promote-images.yml --limit=3`.",
    ),
    causes=(
        "A person who deletes old images in the console",
        "A script with `gcloud artifacts docker images delete`",
        "Terraform or another program that declares the repository",
        "A stolen credential",
    ),
    mitigation=(
        "If nobody can explain it, remove the role of the account that deleted. The policies of the repository and "
        "of the project show it as MEMBER with its ROLE: `gcloud artifacts repositories get-iam-policy $registry "
        "--location=$region --project=$project`, `gcloud projects get-iam-policy $project`, `gcloud artifacts "
        "repositories remove-iam-policy-binding $registry --location=$region --project=$project --member=MEMBER "
        "--role=ROLE` and `gcloud projects remove-iam-policy-binding $project --member=MEMBER --role=ROLE`.",
        "If a serving image is deleted, deploy its commit again, before an instance needs the image to start. "
        "RUN_ID is the ID of its deployment: `gh run list --repo=$repository --limit=20` and `gh run rerun RUN_ID "
        "--repo=$repository`.",
    ),
    console_path=_console_path,
    value="the number of deletions in the window",
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
        "One run of the cleanup deleted more versions than the settings allow. The first real run usually does, "
        "because it deletes the backlog. The alert can fire once a day, after the managed workflow has counted."
    ),
    first_steps=(
        "Open the last report of the cleanup: `gh run list --repo=$repository --workflow=cleanup-images.yml "
        "--limit=3` and `gh run view RUN_ID --repo=$repository`. Which images did it delete, and how many?",
        "Start the workflow that tags the serving images: `gh workflow run promote-images.yml --repo=$repository`. "
        "It fails if a serving image is deleted.",
        "Set `cleanup_dry_run: true` in the settings and apply it, until you know the cause: `readiness up $stack`.",
    ),
    causes=(
        "The first run after the dry run was switched off",
        "Changed cleanup policies, in the settings or elsewhere",
        "Removed tags, which had protected images",
    ),
    mitigation=(
        "Simulate what the policies would delete: `readiness cleanup simulate $stack`.",
        "If so many are usual, raise `max_deleted_versions` in the settings, and apply it: `readiness up $stack`.",
    ),
    console_path=_console_path,
    value="the number of cleanups over the limit in the window",
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
        "A scan finds a critical or high vulnerability that the previous scan had not found"
        if workflows_of(settings).high_vulnerabilities == "alert"
        else "A scan finds a critical vulnerability that the previous scan had not found"
    ),
    meaning=(
        "A serving image has a critical vulnerability that the previous scan of the service did not find: it was "
        "published since, or a deployment brought it. Vulnerabilities that the settings accept do not count."
    ),
    first_steps=(
        "Open the newest issue about a vulnerability, and read which package it is: `gh issue list "
        "--repo=$repository --label=vulnerability --limit=5`. Which version fixes it?",
        "Decide whether it is urgent: it is, if the package is used at run time and reachable from outside.",
        "Update the package and deploy. If there is no fix, write down the risk with a reason and an end date.",
    ),
    causes=(
        "A newly published vulnerability",
        "A base image that was not rebuilt for a while",
        "A deployment that added a package",
    ),
    mitigation=(
        "Rebuild on the newest base image and deploy. Then scan again: `gh workflow run scan-serving-images.yml "
        "--repo=$repository`.",
        "Accept it in `image_workflows.accepted_vulnerabilities` for at most 90 days, and apply it: `readiness "
        "up $stack`.",
    ),
    console_path=_console_path,
    value="the number of services with a new critical vulnerability in the window",
    subject=lambda settings: settings.environment.name,
    query_values=_values(new_criticals, "global"),
    log_metrics=lambda settings: (new_criticals(settings),),
    declared_by=_is_declared,
)

REGISTRY_ALERTS = (IMAGES_DELETED_BY_OTHERS, LARGE_IMAGE_CLEANUP, NEW_CRITICAL_VULNERABILITY)
