"""Log-based metrics, and the parts that their filters share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.settings.model import Settings

# The logs that the delivered programs write. An entry of a deployment names its environment.
DEPLOYMENT_LOG = "readiness-deployments"
# The reports of the cleanup and of the scans.
IMAGE_LOG = "readiness-images"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetric:
    """A counter of matching log entries, or, with `value_field`, the distribution of that field's values.

    `name` uses only `[a-z0-9_]`, so that its PromQL name is unambiguous. `slug` is the end of its resource name in the
    plan. `labels` maps fields of `jsonPayload` to their descriptions. For a label in `label_extractors`, that
    expression extracts the value instead. `value_field` is also a field of `jsonPayload`: a number in `unit`, counted
    in buckets between `bounds`.
    """

    slug: str
    name: str
    description: str
    filter: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    label_extractors: Mapping[str, str] = field(default_factory=dict, hash=False)
    value_field: str | None = None
    unit: str = "1"
    bounds: tuple[float, ...] = ()

    @property
    def type(self) -> str:
        """The metric's type in Monitoring."""
        return f"logging.googleapis.com/user/{self.name}"

    @property
    def promql_name(self) -> str:
        """The metric's name in PromQL, for a distribution without its suffix."""
        return f"logging_googleapis_com:user_{self.name}"


def environment_metric_name(settings: Settings, what: str) -> str:
    """A metric's name. It contains the environment, because several stacks may share a project."""
    return f"readiness_{settings.environment.name.replace('-', '_')}_{what}"


def services_filter(settings: Settings) -> tuple[str, str]:
    """The lines of a filter that let only the stack's own Cloud Run services through."""
    names = " OR ".join(f'"{service.name}"' for service in settings.services)
    return 'resource.type="cloud_run_revision"', f"resource.labels.service_name=({names})"


def filter_text(*lines: str) -> str:
    """A filter. Every line must match."""
    return "\n".join(lines)


def on_one_line(filter_: str) -> str:
    """The same filter on one line. A line break becomes AND, unless the next line begins with OR."""
    return filter_.replace("\nOR ", " OR ").replace("\n", " AND ")
