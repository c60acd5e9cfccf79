"""The registry's alerts: one log entry notifies. All three compare a counter with 0."""

from __future__ import annotations

from collections.abc import Callable

from readiness.alerts.log_metric import LogMetric
from readiness.alerts.registry_alerts import WINDOW_SECONDS, deletions_by_others, large_cleanups, new_criticals
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Stack
from readiness.settings.model import Settings

Metric = Callable[[Settings], LogMetric]
# The alert, its counter, and the resource type of its entries.
ALERTS: tuple[tuple[str, Metric, str], ...] = (
    ("ImagesDeletedByOthers", deletions_by_others, "audited_resource"),
    ("LargeImageCleanup", large_cleanups, "global"),
    ("NewCriticalVulnerability", new_criticals, "global"),
)
_WINDOW = WINDOW_SECONDS // 60
_BEFORE = _WINDOW + 3


def _counter(
    settings: Settings, metric: Metric, resource: str, counts: tuple[float | None, ...], **more: str
) -> Series:
    labels = {"monitored_resource": resource, "project_id": settings.project, **more}
    return Series(metric=metric(settings).promql_name, labels=labels, minutes=counts)


def _one_entry() -> tuple[float | None, ...]:
    return minutes((_BEFORE, 0), (1, 1), (_WINDOW + 3, 0))


def _pages(*series: Series, until_seconds: int | None = None) -> Incident:
    lasts = until_seconds is not None
    return pages_promptly(*series, first_bad_minute=_BEFORE, labels={}, lasts=lasts, until_seconds=until_seconds)


EVERY_ALERT = Collection({alert: (metric, resource) for alert, metric, resource in ALERTS})


@EVERY_ALERT.add(losses=True)
def one_entry_after_a_quiet_hour(metric: Metric, resource: str, stack: Stack) -> Incident:
    """One entry in months is enough to notify."""
    return _pages(_counter(stack.settings, metric, resource, _one_entry()))


@EVERY_ALERT.add()
def it_closes_when_the_entry_has_left_the_window(metric: Metric, resource: str, stack: Stack) -> Incident:
    """The alert closes when the sample before the entry leaves the window, so that the next entry notifies again."""
    until_seconds = WINDOW_SECONDS - 60 - 1
    return _pages(_counter(stack.settings, metric, resource, _one_entry()), until_seconds=until_seconds)


@EVERY_ALERT.add()
def one_of_two_kinds_of_entry_is_written(metric: Metric, resource: str, stack: Stack) -> Incident:
    """Series that differ in a label are added up. One without an increase hides nothing."""
    label = "method" if resource == "audited_resource" else "logger"
    return _pages(
        _counter(stack.settings, metric, resource, _one_entry(), **{label: "a"}),
        _counter(stack.settings, metric, resource, minutes((2 * _BEFORE, 0.0)), **{label: "b"}),
    )


@EVERY_ALERT.add()
def the_first_entry_that_the_metric_ever_counted(metric: Metric, resource: str, stack: Stack) -> Incident:
    """A log-based metric has no series before its first entry. The alert must not need a second one."""
    counts = minutes((_BEFORE, None), (1, 1), (_WINDOW + 3, 0))
    return _pages(_counter(stack.settings, metric, resource, counts))


@EVERY_ALERT.add()
def nothing_happens(metric: Metric, resource: str, stack: Stack) -> Incident:
    """A usual day: counters without an increase must not notify."""
    return quiet([_counter(stack.settings, metric, resource, minutes((2 * _BEFORE, 0.0)))])


@EVERY_ALERT.add()
def another_kind_of_resource_writes_the_entry(metric: Metric, resource: str, stack: Stack) -> Incident:
    """The selector names the resource type of the entries."""
    assert resource != "cloud_run_revision"
    return quiet([_counter(stack.settings, metric, "cloud_run_revision", _one_entry())])


@EVERY_ALERT.add()
def it_happens_in_the_other_environment(metric: Metric, resource: str, stack: Stack) -> Incident:
    """Each stack that owns a registry has its own counters."""
    return quiet([_counter(stack.other, metric, resource, _one_entry())])


SCENARIOS: tuple[Scenario, ...] = tuple(EVERY_ALERT.scenarios)
