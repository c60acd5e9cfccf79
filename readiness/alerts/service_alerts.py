"""Alerts over Cloud Run's own metrics: CPU, memory, error rate, latency."""

from __future__ import annotations

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
        "Compare the request count with an hour ago: more traffic, or the same traffic at more cost?",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
        "Look at the instance count: at its maximum, raise the maximum while the cause is sought.",
    ),
    causes=(
        "A traffic peak",
        "A revision that computes more per request",
        "A retry storm from a client",
        "A busy loop",
    ),
    mitigation=("Roll back to the previous revision", "Raise `--max-instances`", "Raise `--cpu`"),
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
        "Search the log for `Memory limit of` and `SIGKILL`: has an instance been killed already?",
        "Look at the shape: a slope since the last deployment is a leak, a step is a change or one large upload.",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
    ),
    causes=(
        "A leak",
        "Large uploads held in memory",
        "Too many requests at once in one instance",
        "A cache without a bound",
    ),
    mitigation=("Roll back to the previous revision", "Raise `--memory`", "Lower `--concurrency`"),
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
        "More than the threshold of the service's requests are answered 5xx, for the whole duration. Users see errors. "
        "Requests that never reach a container (refused for authorization, or at the instance limit) are not counted."
    ),
    first_steps=(
        "Open the service's health address: is it the database, or the service itself?",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
        "Read the newest lines with ERROR in this service's log: one stack trace, or many?",
    ),
    causes=(
        "A bad revision",
        "The database is unreachable",
        "A missing secret or variable",
        "Instances killed for memory",
    ),
    mitigation=("Roll back to the previous revision", "If the database is the cause, go to DatabaseConnectionErrors"),
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
        "Compare CPU and instance count: starved, or waiting for something else?",
        "Look at the database (query insights) and at what the log says of calls to other systems.",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
    ),
    causes=("Slow queries", "A slow external API", "The connection pool is exhausted", "CPU at its limit"),
    mitigation=("Roll back to the previous revision", "Raise `--max-instances` or `--cpu`"),
)

SERVICE_ALERTS = (HIGH_CPU_USAGE, HIGH_MEMORY_USAGE, HIGH_ERROR_RATE, HIGH_LATENCY)
