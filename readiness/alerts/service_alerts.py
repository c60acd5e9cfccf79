"""Alerts on Cloud Run's own metrics: CPU, memory, error rate, latency."""

from __future__ import annotations

from readiness.alerts.commands import (
    ASK_FOR_HEALTH,
    LOOK_FOR_A_NEW_REVISION,
    LOWER_CONCURRENCY,
    RAISE_CPU,
    RAISE_INSTANCES,
    RAISE_MEMORY,
    READ_DATABASE_ERRORS,
    READ_ERRORS,
    READ_MEMORY_KILLS,
    ROLL_BACK,
)
from readiness.alerts.definition import AlertDefinition, minutes, percent
from readiness.settings.channels import EMAIL_ONLY, PAGE, TEAM

HIGH_CPU_USAGE = AlertDefinition(
    name="HighCpuUsage",
    title="High CPU usage",
    severity="WARNING",
    channel_kinds=TEAM,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:container_cpu_utilizations_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda settings: settings.alerts.high_cpu_usage.cpu_ratio,
    duration_seconds=lambda settings: settings.alerts.high_cpu_usage.duration_seconds,
    condition=lambda settings: (
        f"CPU above {percent(settings.alerts.high_cpu_usage.cpu_ratio)} for "
        f"{minutes(settings.alerts.high_cpu_usage.duration_seconds)}"
    ),
    meaning=(
        "The busiest instances of the service (95th percentile) have used more than the threshold of their CPU for the "
        "whole duration. Requests slow down next, and new instances start until the maximum is reached."
    ),
    first_steps=(
        LOOK_FOR_A_NEW_REVISION,
        "Compare the request count with an hour ago, in the metrics of the service. Is there more traffic, or does the "
        "same traffic need more CPU?",
        "Look at the instance count in the same place. If it is at its maximum, raise the maximum while you look for "
        "the cause.",
    ),
    causes=(
        "A traffic peak",
        "A revision that uses more CPU for each request",
        "A retry storm from a client",
        "An endless loop",
    ),
    mitigation=(
        ROLL_BACK,
        RAISE_INSTANCES,
        RAISE_CPU,
    ),
    value="the share of their CPU that the busiest instances use: 0.8 is 80 %",
)

HIGH_MEMORY_USAGE = AlertDefinition(
    name="HighMemoryUsage",
    title="High memory usage",
    severity="ERROR",
    channel_kinds=TEAM,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:container_memory_utilizations_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda settings: settings.alerts.high_memory_usage.memory_ratio,
    duration_seconds=lambda settings: settings.alerts.high_memory_usage.duration_seconds,
    condition=lambda settings: (
        f"Memory above {percent(settings.alerts.high_memory_usage.memory_ratio)} for "
        f"{minutes(settings.alerts.high_memory_usage.duration_seconds)}"
    ),
    meaning=(
        "The fullest instances of the service (95th percentile) are close to their memory limit. At the limit Cloud "
        "Run kills the instance, and every request in it fails with a 5xx."
    ),
    first_steps=(
        f"Search the log for instances that were killed for their memory: {READ_MEMORY_KILLS}. Cloud Run writes "
        "`Memory limit of … exceeded` or `Uncaught signal: 9`; gunicorn writes `SIGKILL`.",
        LOOK_FOR_A_NEW_REVISION,
        "Look at the memory chart in the metrics of the service. A slope since the last deployment is a leak. A step "
        "is a change or one large upload.",
    ),
    causes=(
        "A leak",
        "Large uploads that are kept in memory",
        "Too many requests at once in one instance",
        "A cache without a limit",
    ),
    mitigation=(
        ROLL_BACK,
        RAISE_MEMORY,
        LOWER_CONCURRENCY,
    ),
    value="the share of their memory that the fullest instances use: 0.9 is 90 %",
)

HIGH_ERROR_RATE = AlertDefinition(
    name="HighErrorRate",
    title="High error rate",
    severity="CRITICAL",
    channel_kinds=PAGE,
    query=(
        "sum by (service_name, location) "
        '(rate(run_googleapis_com:request_count{$services,response_code_class="5xx"}[$rate_window])) / '
        "sum by (service_name, location) (rate(run_googleapis_com:request_count{$services}[$rate_window])) > $threshold"
    ),
    threshold=lambda settings: settings.alerts.high_error_rate.error_ratio,
    duration_seconds=lambda settings: settings.alerts.high_error_rate.duration_seconds,
    condition=lambda settings: (
        f"5xx above {percent(settings.alerts.high_error_rate.error_ratio)} of requests for "
        f"{minutes(settings.alerts.high_error_rate.duration_seconds)}"
    ),
    meaning=(
        "A larger share of requests than the threshold gets a 5xx answer, for the whole duration. Users see errors. "
        "Requests that never reach a container (refused for authorization, or at the instance limit) are not counted."
    ),
    first_steps=(
        LOOK_FOR_A_NEW_REVISION,
        f"Request the service's health address: {ASK_FOR_HEALTH}. Is the cause the database, or the service itself?",
        f"Read its newest errors: {READ_ERRORS}. Is it one stack trace, or many?",
    ),
    causes=(
        "A bad revision",
        "The database is unreachable",
        "A missing secret or variable",
        "Instances killed for memory",
    ),
    mitigation=(
        ROLL_BACK,
        "If the database is the cause, follow [DatabaseConnectionErrors](DatabaseConnectionErrors.md).",
    ),
    value="the share of requests answered 5xx: 0.05 is 5 %",
)

HIGH_LATENCY = AlertDefinition(
    name="HighLatency",
    title="High latency",
    severity="WARNING",
    channel_kinds=EMAIL_ONLY,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:request_latencies_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda settings: settings.alerts.high_latency.latency_ms,
    duration_seconds=lambda settings: settings.alerts.high_latency.duration_seconds,
    condition=lambda settings: (
        f"p95 latency above {settings.alerts.high_latency.latency_ms / 1000:g} s for "
        f"{minutes(settings.alerts.high_latency.duration_seconds)}"
    ),
    meaning=(
        "One request in twenty takes longer than the threshold, for the whole duration. The time that a container "
        "needs to start is not part of the figure."
    ),
    first_steps=(
        LOOK_FOR_A_NEW_REVISION,
        "Compare CPU and instance count in the metrics of the service. Does it lack CPU, or does it wait for something "
        "else?",
        f"Look at the database (Query insights) and at its log: {READ_DATABASE_ERRORS}. Then look for slow "
        "calls to other systems.",
    ),
    causes=("Slow queries", "A slow external API", "The connection pool is exhausted", "CPU at its limit"),
    mitigation=(
        ROLL_BACK,
        RAISE_INSTANCES,
        RAISE_CPU,
    ),
    value="the 95th percentile of the latency in milliseconds: 5000 is 5 s",
)

SERVICE_ALERTS = (HIGH_CPU_USAGE, HIGH_MEMORY_USAGE, HIGH_ERROR_RATE, HIGH_LATENCY)
