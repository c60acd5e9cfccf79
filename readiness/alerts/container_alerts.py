"""Alerts on what Cloud Run's request count does not show: containers that die, reach their limit, or start slowly.

The request count leaves out requests that never reach a container, and the latency leaves out a container's start
(docs/facts/monitoring.md#what-cloud-runs-metrics-leave-out).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from readiness.alerts.commands import (
    LIST_REVISIONS,
    LOOK_FOR_A_NEW_REVISION,
    RAISE_INSTANCES,
    RAISE_MEMORY,
    READ_DATABASE_ERRORS,
    READ_DEAD_CONTAINERS,
    READ_ERRORS,
    READ_INSTANCES,
    READ_REFUSED_REQUESTS,
    ROLL_BACK,
    SHOW_VARIABLES,
)
from readiness.alerts.container_exits import container_exit_metric
from readiness.alerts.definition import (
    SAMPLE_PERIOD_SECONDS,
    AlertDefinition,
    minutes,
)
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.selectors import EVERY_SERVICE, named_services_selector, window
from readiness.settings.channels import EMAIL_ONLY, TEAM
from readiness.settings.model import Settings

# One or two slow starts do not notify.
_MORE_STARTS_THAN = 2
# A container must have died this recently, so that the alert closes when the deaths stop.
_STILL_DYING_SECONDS = 600


def _exit_metrics(settings: Settings) -> tuple[LogMetric, ...]:
    return (container_exit_metric(settings),)


def _crash_values(settings: Settings) -> Mapping[str, str]:
    window_seconds = settings.alerts.container_crash_loop.window_seconds
    count_window_seconds = window_seconds + SAMPLE_PERIOD_SECONDS
    return {
        "exit_metric": container_exit_metric(settings).promql_name,
        "every_service": EVERY_SERVICE,
        "still_dying": window(min(_STILL_DYING_SECONDS, window_seconds) + SAMPLE_PERIOD_SECONDS),
        "count_window": window(count_window_seconds),
        "count_window_seconds": str(count_window_seconds),
        "window_seconds": str(window_seconds),
    }


CONTAINER_CRASH_LOOP = AlertDefinition(
    name="ContainerCrashLoop",
    title="Container crash loop",
    severity="ERROR",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    # Where `increase` does not extrapolate, the scaled count is too low: by a sixth in five minutes, by a sixtieth in
    # an hour. Rounding corrects this up to a limit of 2 deaths in five minutes, and of 29 in an hour.
    # The default window is an hour: a container that is killed for its memory every ten minutes never dies six times
    # in ten minutes.
    # The query takes the largest count of one kind of line: a death writes several lines, and at most one of a kind.
    query=(
        "round(max by (service_name, location) (sum by (service_name, location, evidence) "
        "(increase($exit_metric{$services}[$count_window]))) "
        "* $window_seconds / $count_window_seconds) > $threshold and "
        "sum by (service_name, location) (increase($exit_metric{$every_service}[$still_dying])) > 0"
    ),
    query_values=_crash_values,
    log_metrics=_exit_metrics,
    threshold=lambda settings: settings.alerts.container_crash_loop.line_count,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"More than {settings.alerts.container_crash_loop.line_count} dead containers in "
        f"{minutes(settings.alerts.container_crash_loop.window_seconds)}"
    ),
    meaning=(
        "Containers of the service repeatedly end, are killed, or do not answer their probe, and Cloud Run starts new "
        "ones. While none runs, requests wait, or are refused before they are counted. Cloud Run writes several lines "
        "about one death, and the alert counts one of them. A request that is refused because no container could "
        "start counts too."
    ),
    first_steps=(
        LOOK_FOR_A_NEW_REVISION,
        f"Read how the containers ended, and their last errors: {READ_DEAD_CONTAINERS} and {READ_ERRORS}. Is it "
        "a stack trace, a missing variable, or a failing probe?",
        "Search those lines for `Memory limit of` and `Uncaught signal: 9`. If you find one, memory is the cause: "
        "[HighMemoryUsage](HighMemoryUsage.md) has the steps.",
    ),
    causes=(
        "A secret that the service's account may not read, or a deleted account, if the log has `could not start "
        "successfully` and no line of a container",
        "A bad revision",
        "A missing secret or variable",
        "The database is unreachable at the start",
        "Too little memory",
    ),
    mitigation=(
        ROLL_BACK,
        RAISE_MEMORY,
        f"Restore the missing secret or variable, and deploy. List the variables of the service: {SHOW_VARIABLES}.",
    ),
    value="the number of containers that died in the window",
)


def _limits(settings: Settings) -> dict[tuple[str, int], list[str]]:
    """Names of services, by whether the limit is for a revision or the service, and by the limit."""
    found: dict[tuple[str, int], list[str]] = {}
    for service in settings.services:
        if service.max_instances is not None:
            found.setdefault((service.max_instances_per, service.max_instances), []).append(service.name)
    return dict(sorted(found.items()))


def _limit_values(settings: Settings) -> Mapping[str, str]:
    return {"shares": " or ".join(_shares(settings))}


def _shares(settings: Settings) -> Iterator[str]:
    # An idle instance takes the next request, so a service that has idle instances is not at its limit.
    for (per, limit), names in _limits(settings).items():
        selector = f'{named_services_selector(names)},state="active"'
        count = f"run_googleapis_com:container_instance_count{{{selector}}}"
        over_revisions = "max" if per == "revision" else "sum"
        yield f"{over_revisions} by (service_name, location) (last_over_time({count}[$gauge_window])) / {limit}"


INSTANCE_LIMIT_REACHED = AlertDefinition(
    name="InstanceLimitReached",
    title="Instance limit reached",
    severity="ERROR",
    channel_kinds=TEAM,
    query="($shares) >= $threshold",
    query_values=_limit_values,
    declared_by=lambda settings: bool(_limits(settings)),
    threshold=lambda _settings: 1,
    duration_seconds=lambda settings: settings.alerts.instance_limit.duration_seconds,
    condition=lambda settings: (
        f"As many active instances as allowed for {minutes(settings.alerts.instance_limit.duration_seconds)}"
    ),
    meaning=(
        "The service runs as many instances as its limit allows. Further requests wait and are then refused. Refused "
        "requests are in no request count, so the error rate stays low while users see errors."
    ),
    first_steps=(
        f"Count the requests that are refused: {READ_REFUSED_REQUESTS}. They have status 429 and severity WARNING, "
        "or 500 while instances start, with the text `The request was aborted because there was no available "
        "instance`.",
        "Compare the request count with an hour ago, in the metrics of the service. Is there more traffic, or are "
        "answers slower?",
        f"Look for a new revision that answers more slowly: {LIST_REVISIONS}.",
    ),
    causes=("A traffic peak", "Slow answers, which keep instances busy", "A limit that is too low"),
    mitigation=(
        RAISE_INSTANCES,
        ROLL_BACK,
    ),
    value="the share of the allowed instances that are active: 1 is the limit",
)


def _start_values(settings: Settings) -> Mapping[str, str]:
    return {
        "start_window": window(settings.alerts.slow_start_up.window_seconds),
        "every_service": EVERY_SERVICE,
        "more_starts_than": str(_MORE_STARTS_THAN),
    }


SLOW_START_UP = AlertDefinition(
    name="SlowStartUp",
    title="Slow start-up",
    severity="WARNING",
    channel_kinds=EMAIL_ONLY,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query=(
        "histogram_quantile(0.5, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:container_startup_latencies_bucket{$services}[$start_window]))) > $threshold and "
        "round(sum by (service_name, location) (increase("
        "run_googleapis_com:container_startup_latencies_count{$every_service}[$start_window]))) > $more_starts_than"
    ),
    query_values=_start_values,
    threshold=lambda settings: settings.alerts.slow_start_up.latency_ms,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"Median start-up above {settings.alerts.slow_start_up.latency_ms / 1000:g} s over "
        f"{_MORE_STARTS_THAN + 1} or more starts in {minutes(settings.alerts.slow_start_up.window_seconds)}"
    ),
    meaning=(
        "More than half of the new containers of the service take longer than the threshold to start. The latency of "
        "requests does not show it. The first user after an idle hour, or in a traffic peak, waits that long."
    ),
    first_steps=(
        f"List the revisions, and compare the newest with the first slow start: {LIST_REVISIONS}. Did it bring a "
        "new dependency or a larger image?",
        f"Read the log of one start: {READ_INSTANCES}. Which step takes the time?",
        "Check whether the database answered slowly then, because the application connects at its start: "
        f"{READ_DATABASE_ERRORS}.",
    ),
    causes=("A larger image or more imports", "A slow database at the start", "Too little CPU while starting"),
    mitigation=(
        ROLL_BACK,
        "Give the instances more CPU while they start: `gcloud run services update $service --region=$region "
        "--project=$project --cpu-boost`.",
        "Keep one instance running: `gcloud run services update $service --region=$region --project=$project "
        "--min-instances=1`.",
    ),
    value="the median time that a container needs to start, in milliseconds",
)

CONTAINER_ALERTS = (CONTAINER_CRASH_LOOP, INSTANCE_LIMIT_REACHED, SLOW_START_UP)
