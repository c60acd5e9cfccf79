"""What counts as a dead container in Cloud Run's own logs; no metric counts it.

One death writes up to three lines: its reason (memory, a signal), the end itself, and the probe that failed because of
it. A container that hangs at its start writes only the probe's line. A container that cannot start (because of a secret
that it may not read) writes only the lines of the requests that it refuses. So each line has a label for its kind, and
the alert takes the largest of the counts: a death writes at most one line of each kind.

Sources: docs/log-patterns.md#dead-containers. An exit with status 0 is a normal end. Requests that a container accepted
and did not finish are not counted here, because they are in the request count, as 5xx.
"""

from __future__ import annotations

from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.settings.model import Settings

# Lines of the system log. The last pattern matches lines of the request log about an instance that never started.
TEXTS = (
    r"^Container called exit.[1-9]",
    r"^Container terminated on signal",
    r"^Uncaught signal: ",
    r"^Memory limit of .* exceeded",
    r"(STARTUP|LIVENESS) .*probe failed",
    r"^The request failed because the instance (could not start successfully|failed the readiness check)",
)
EVIDENCE = "evidence"
# The first of these words in a line is its kind. All lines about a container's end are one kind.
EVIDENCE_PATTERN = "(Container|Uncaught|Memory|probe|instance)"


def container_exit_metric(settings: Settings) -> LogMetric:
    """Counts the lines about the stack's own Cloud Run services, by what they are evidence of."""
    return LogMetric(
        slug="container-exits",
        name=environment_metric_name(settings, "container_deaths"),
        description=f"Lines of Cloud Run about dead containers in {settings.environment.name}",
        filter=filter_text(
            *services_filter(settings),
            '(log_id("run.googleapis.com/varlog/system") OR log_id("run.googleapis.com/requests"))',
            f'textPayload=~"{"|".join(TEXTS)}"',
        ),
        labels={EVIDENCE: "What the line is: of a container's end, a signal, memory, a probe, or a refused request"},
        label_extractors={EVIDENCE: f'REGEXP_EXTRACT(textPayload, "{EVIDENCE_PATTERN}")'},
    )
