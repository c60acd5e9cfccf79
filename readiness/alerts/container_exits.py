"""What counts as a dead container in Cloud Run's own log, which tells of it in no metric.

One death writes one or two lines: the exit, and the probe that failed for it. A container that hangs at start writes
the probe's alone. An exit with status 0 is an orderly end.
"""

from __future__ import annotations

from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.settings.model import Settings

TEXTS = (
    r"Container called exit[(][1-9]",
    r"Container terminated on signal",
    r"Uncaught signal: ",
    r"Memory limit of .* exceeded",
    r"(STARTUP|LIVENESS) .*probe failed",
)


def container_exit_metric(settings: Settings) -> LogMetric:
    """Counts the lines of the stack's own Cloud Run services."""
    return LogMetric(
        slug="container-exits",
        name=environment_metric_name(settings, "container_exits"),
        description=f"Lines of Cloud Run that tell of dead containers in {settings.environment.name}",
        filter=filter_text(
            *services_filter(settings),
            'log_id("run.googleapis.com/varlog/system")',
            f'textPayload=~"{"|".join(TEXTS)}"',
        ),
    )
