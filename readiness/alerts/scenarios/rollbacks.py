"""The alert on a rollback: one entry of the audit log notifies."""

from __future__ import annotations

from readiness.alerts.rollback_alerts import WHO, WINDOW_SECONDS, pinned_traffic
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Stack
from readiness.settings.model import Settings

ALERT = "RollbackStarted"
PERSON = "ada@harbor.dev"
_WINDOW = WINDOW_SECONDS // 60
# Longer than the window, because `increase` counts too much in new series.
_BEFORE = _WINDOW + 3
_ONE_CHANGE = minutes((_BEFORE, 0), (1, 1), (_WINDOW + 3, 0))


def _changes(settings: Settings, counts: tuple[float | None, ...] = _ONE_CHANGE, **more: str) -> Series:
    labels = {
        "monitored_resource": "cloud_run_revision",
        "project_id": settings.project,
        "location": settings.region,
        "service_name": settings.services[0].name,
        WHO: PERSON,
        **more,
    }
    return Series(metric=pinned_traffic(settings).promql_name, labels=labels, minutes=counts)


def _notifies(stack: Stack, *series: Series, until_seconds: int | None = None) -> Incident:
    settings = stack.settings
    labels = {"service_name": settings.services[0].name, "location": settings.region, WHO: PERSON}
    return pages_promptly(
        *series,
        first_bad_minute=_BEFORE,
        labels=labels,
        lasts=until_seconds is not None,
        until_seconds=until_seconds,
    )


OF_ROLLBACKS = Collection({ALERT: ()})


@OF_ROLLBACKS.add(losses=True)
def somebody_rolls_a_service_back(stack: Stack) -> Incident:
    """Notifies at the next evaluation, with the service and the account."""
    return _notifies(stack, _changes(stack.settings))


@OF_ROLLBACKS.add()
def the_first_rollback_that_was_ever_counted(stack: Stack) -> Incident:
    """The counter has no earlier series. The alert must not need a second rollback."""
    return _notifies(stack, _changes(stack.settings, minutes((_BEFORE, None), (1, 1), (_WINDOW + 3, 0))))


@OF_ROLLBACKS.add()
def it_closes_when_the_entry_has_left_the_window(stack: Stack) -> Incident:
    """The incident closes, so that the next rollback notifies again."""
    return _notifies(stack, _changes(stack.settings), until_seconds=WINDOW_SECONDS - 60 - 1)


@OF_ROLLBACKS.add()
def a_rollback_of_a_service_that_has_an_idle_series_too(stack: Stack) -> Incident:
    """Series of one service and one account are added up. One without an increase hides nothing."""
    idle = _changes(stack.settings, minutes((2 * _BEFORE, 0.0)), revision_name="idle")
    return _notifies(stack, _changes(stack.settings, revision_name="changed"), idle)


@OF_ROLLBACKS.add()
def nobody_rolls_back(stack: Stack) -> Incident:
    """A usual day: the counter of an earlier rollback has no increase."""
    return quiet([_changes(stack.settings, minutes((2 * _BEFORE, 0.0)))])


@OF_ROLLBACKS.add()
def somebody_rolls_back_in_the_other_environment(stack: Stack) -> Incident:
    """Every environment has its own counter."""
    return quiet([_changes(stack.other)])


@OF_ROLLBACKS.add()
def another_kind_of_resource_writes_such_an_entry(stack: Stack) -> Incident:
    """The selector names the resource type of Cloud Run's entries."""
    return quiet([_changes(stack.settings, monitored_resource="audited_resource")])


SCENARIOS: tuple[Scenario, ...] = tuple(OF_ROLLBACKS.scenarios)
