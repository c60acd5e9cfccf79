"""What counts as a dead container in Cloud Run's own logs; no metric counts it.

One death writes up to three lines: why it ended (memory, a signal), that it ended, and the probe that failed for it. A
container that hangs at its start writes the probe's line alone, and one that cannot even be started (a secret that may
not be read) only the lines of the requests that it refuses. So each line has a label that says what it is evidence of,
and the alert takes the largest of the counts: a death writes at most one line of each.

Sources: docs/log-patterns.md#dead-containers. An exit with status 0 is an orderly end. Lines of requests that a
container took and broke off are not counted here: they are in the request count, as 5xx.
"""

from __future__ import annotations

from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.settings.model import Settings

# The lines of the system log, and of the request log the two of an instance that never started.
TEXTS = (
    r"^Container called exit.[1-9]",
    r"^Container terminated on signal",
    r"^Uncaught signal: ",
    r"^Memory limit of .* exceeded",
    r"(STARTUP|LIVENESS) .*probe failed",
    r"^The request failed because the instance (could not start successfully|failed the readiness check)",
)
EVIDENCE = "evidence"
# The word that only lines of one kind begin with, or hold first. A container's end is one kind, whatever it says of it.
EVIDENCE_PATTERN = "(Container|Uncaught|Memory|probe|instance)"


def container_exit_metric(settings: Settings) -> LogMetric:
    """Counts the lines about the stack's own Cloud Run services, by what they are evidence of."""
    return LogMetric(
        slug="container-exits",
        name=environment_metric_name(settings, "container_deaths"),
        description=f"Lines of Cloud Run that tell of dead containers in {settings.environment.name}",
        filter=filter_text(
            *services_filter(settings),
            '(log_id("run.googleapis.com/varlog/system") OR log_id("run.googleapis.com/requests"))',
            f'textPayload=~"{"|".join(TEXTS)}"',
        ),
        labels={EVIDENCE: "What the line is: of a container's end, a signal, memory, a probe, or a refused request"},
        label_extractors={EVIDENCE: f'REGEXP_EXTRACT(textPayload, "{EVIDENCE_PATTERN}")'},
    )
