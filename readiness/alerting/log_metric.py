"""Counters of log entries, and the parts that their filters share."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetric:
    """A counter of matching log entries. `name` uses `[a-z0-9_]` only, so that its PromQL name is unambiguous.

    `slug`: the end of its resource's name in the plan.
    """

    slug: str
    name: str
    description: str
    filter: str

    @property
    def promql_name(self) -> str:
        """The metric's name in PromQL."""
        return f"logging_googleapis_com:user_{self.name}"


def environment_metric_name(settings: Settings, what: str) -> str:
    """A metric's name; both stacks live in one project, where it exists once."""
    return f"readiness_{settings.environment.name.replace('-', '_')}_{what}"


def services_filter(settings: Settings) -> tuple[str, str]:
    """The lines of a filter that let only the stack's own Cloud Run services through."""
    names = " OR ".join(f'"{service.name}"' for service in settings.services)
    return 'resource.type="cloud_run_revision"', f"resource.labels.service_name=({names})"


def filter_text(*lines: str) -> str:
    """A filter whose lines must all hold."""
    return "\n".join(lines)
