"""The alerts on deployments: one failed, too many of the last 20 failed, none has succeeded for days."""

from __future__ import annotations

from math import ceil

from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20
from readiness.alerts.deployment_metrics import deployments
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Stack
from readiness.settings.delivery import DeliveryAlerts
from readiness.settings.model import Settings

FAILED, LOW, NONE = "DeploymentFailed", "LowDeploymentSuccess", "NoDeploymentSuccess"
# Longer than the ten minutes over which failures are counted, because `increase` counts too much in new series.
_BEFORE = 12
# The figures are written twice a day, and an alert looks back 25 hours, so one run that GitHub skips closes no alert.
_HALF_A_DAY = 12 * 60
_A_MISSED_WRITING = 24 * 60 + 30
_A_LATE_WRITING = 12 * 60 + 40


def _counted(settings: Settings, outcome: str, counts: tuple[float | None, ...], *, resource: str = "global") -> Series:
    labels = {"monitored_resource": resource, "service": "all", "outcome": outcome}
    name = deployments(settings.project, settings.environment.name).promql_name
    return Series(metric=name, labels=labels, minutes=counts)


def _written(settings: Settings, metric: str, values: tuple[float | None, ...], *, resource: str = "global") -> Series:
    labels = {"monitored_resource": resource, "environment": settings.environment.name}
    return Series(metric=metric, labels=labels, minutes=values, gauge=True)


def _limits(stack: Stack) -> DeliveryAlerts:
    limits = stack.settings.alerts.delivery
    assert limits is not None
    return limits


def _least_good(stack: Stack) -> float:
    """The smallest share of 20 deployments that meets the target: 0.95 is 19 of 20."""
    return ceil(round(20 * _limits(stack).min_success_ratio, 9)) / 20


def _pages(series: Series, *, first_bad_minute: int, lasts: bool, until_seconds: int | None = None) -> Incident:
    return pages_promptly(
        series,
        first_bad_minute=first_bad_minute,
        labels=series.labels,
        lasts=lasts,
        until_seconds=until_seconds,
    )


def _one_after_the_other(first: float, second: float) -> tuple[float | None, ...]:
    """A figure that is written twice, twelve hours apart, first in minute 10."""
    return (*minutes((10, None)), first, *minutes((_HALF_A_DAY - 1, None)), second, *minutes((30, None)))


def _once(value: float) -> tuple[float | None, ...]:
    """A figure that is written once, with an hour before and after it."""
    return (*minutes((60, None)), value, *minutes((60, None)))


OF_A_FAILURE = Collection({FAILED: ()})


@OF_A_FAILURE.add(losses=True)
def a_deployment_fails(stack: Stack) -> Incident:
    """Notifies at the next evaluation."""
    failed = _counted(stack.settings, "failure", minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0)))
    return _pages(failed, first_bad_minute=_BEFORE, lasts=False)


@OF_A_FAILURE.add()
def a_failed_deployment_keeps_its_alert_open_for_ten_minutes(stack: Stack) -> Incident:
    """Long enough to send a notification, and to read it in the list of open incidents."""
    failed = _counted(stack.settings, "failure", minutes((_BEFORE, 0.0), (1, 1.0), (9, 0.0)))
    return _pages(failed, first_bad_minute=_BEFORE, lasts=True)


@OF_A_FAILURE.add()
def the_first_deployment_that_was_ever_counted_fails(stack: Stack) -> Incident:
    """The series begins with the failure. Monitoring knows when its first sample began, and so counts it."""
    failed = _counted(stack.settings, "failure", minutes((_BEFORE, None), (1, 1.0), (5, 0.0)))
    return _pages(failed, first_bad_minute=_BEFORE, lasts=False)


@OF_A_FAILURE.add()
def deployments_succeed(stack: Stack) -> Incident:
    """Three in an hour, and a series of failures that stays at zero."""
    often = minutes((_BEFORE, 0.0), (1, 1.0), (20, 0.0), (1, 2.0), (20, 0.0))
    return quiet([_counted(stack.settings, "success", often), _counted(stack.settings, "failure", (0.0,) * 54)])


@OF_A_FAILURE.add()
def deployments_are_cancelled_or_refused(stack: Stack) -> Incident:
    """A person decided that."""
    often = minutes((_BEFORE, 0.0), (5, 1.0), (20, 0.0))
    return quiet([_counted(stack.settings, outcome, often) for outcome in ("cancelled", "not_started")])


@OF_A_FAILURE.add()
def the_other_environments_deployment_fails(stack: Stack) -> Incident:
    """Its counter has another name."""
    return quiet([_counted(stack.other, "failure", minutes((_BEFORE, 0.0), (1, 3.0), (20, 0.0)))])


@OF_A_FAILURE.add()
def another_kind_of_resource_counts_failures(stack: Stack) -> Incident:
    """Another program writes to the same log, with another resource type."""
    often = minutes((_BEFORE, 0.0), (1, 3.0), (20, 0.0))
    return quiet([_counted(stack.settings, "failure", often, resource="generic_task")])


OF_A_LOW_RATIO = Collection({LOW: ()})


@OF_A_LOW_RATIO.add()
def exactly_the_target_of_the_last_20_succeeded(stack: Stack) -> Incident:
    """19 of 20 are 95 %, which is enough. Rounding of floats must not change that."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(_least_good(stack)))])


@OF_A_LOW_RATIO.add()
def all_of_the_last_20_succeeded(stack: Stack) -> Incident:
    """A failed share of 0 must not notify."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(1.0))])


@OF_A_LOW_RATIO.add()
def one_more_of_the_last_20_failed(stack: Stack) -> Incident:
    """One below the target notifies when the figure is written."""
    low = round(_least_good(stack) - 0.05, 2)
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, _once(low)), first_bad_minute=60, lasts=True)


@OF_A_LOW_RATIO.add()
def all_of_the_last_20_failed(stack: Stack) -> Incident:
    """A ratio of 0 is a value, not a missing one."""
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, _once(0.0)), first_bad_minute=60, lasts=True)


@OF_A_LOW_RATIO.add()
def the_alert_on_a_low_ratio_stays_open_when_the_next_writing_is_missed(stack: Stack) -> Incident:
    """GitHub sometimes skips a scheduled run. The next one is twelve hours later."""
    low = round(_least_good(stack) - 0.05, 2)
    values = (*minutes((10, None)), low, *minutes((_A_MISSED_WRITING, None)))
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, values), first_bad_minute=10, lasts=True)


@OF_A_LOW_RATIO.add()
def a_low_ratio_follows_a_good_one(stack: Stack) -> Incident:
    """The newest value counts, not the best one of the last day."""
    values = _one_after_the_other(1.0, round(_least_good(stack) - 0.05, 2))
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, values), first_bad_minute=10 + _HALF_A_DAY, lasts=True)


@OF_A_LOW_RATIO.add()
def it_closes_when_a_good_ratio_is_written(stack: Stack) -> Incident:
    """It does not wait until the low ratio is a day old."""
    values = _one_after_the_other(round(_least_good(stack) - 0.05, 2), 1.0)
    low = _written(stack.settings, SUCCESS_RATIO_20, values)
    return _pages(low, first_bad_minute=10, lasts=True, until_seconds=60 * _HALF_A_DAY - 1)


@OF_A_LOW_RATIO.add()
def the_other_environments_ratio_is_low(stack: Stack) -> Incident:
    """One metric, with a label for the environment."""
    return quiet(
        [_written(stack.other, SUCCESS_RATIO_20, _once(0.0)), _written(stack.settings, SUCCESS_RATIO_20, _once(1.0))]
    )


@OF_A_LOW_RATIO.add()
def another_kind_of_resource_has_a_low_ratio(stack: Stack) -> Incident:
    """Somebody writes the metric with another resource type."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(0.0), resource="generic_node")])


OF_A_STANDSTILL = Collection({NONE: ()})


@OF_A_STANDSTILL.add()
def the_days_since_a_success_are_within_the_limit(stack: Stack) -> Incident:
    """Exactly the limit, and then a fresh success."""
    values = (*_once(_limits(stack).max_days_without_success), *_once(0.0))
    return quiet([_written(stack.settings, DAYS_SINCE_SUCCESS, values)])


@OF_A_STANDSTILL.add()
def nothing_has_succeeded_for_longer_than_the_limit(stack: Stack) -> Incident:
    """The next value is half a day above the limit."""
    days = _limits(stack).max_days_without_success + 0.5
    return _pages(_written(stack.settings, DAYS_SINCE_SUCCESS, _once(days)), first_bad_minute=60, lasts=True)


@OF_A_STANDSTILL.add()
def the_alert_on_a_standstill_stays_open_when_the_next_writing_is_late(stack: Stack) -> Incident:
    """GitHub starts scheduled runs up to an hour late at full hours, and later on bad days."""
    days = _limits(stack).max_days_without_success + 0.5
    values = (*minutes((10, None)), days, *minutes((_A_LATE_WRITING, None)))
    return _pages(_written(stack.settings, DAYS_SINCE_SUCCESS, values), first_bad_minute=10, lasts=True)


@OF_A_STANDSTILL.add()
def the_limit_passes_between_two_writings(stack: Stack) -> Incident:
    """The newest value counts, not the smallest one of the last day."""
    limit = _limits(stack).max_days_without_success
    days = _written(stack.settings, DAYS_SINCE_SUCCESS, _one_after_the_other(limit - 0.25, limit + 0.25))
    return _pages(days, first_bad_minute=10 + _HALF_A_DAY, lasts=True)


@OF_A_STANDSTILL.add()
def it_closes_when_a_success_is_written(stack: Stack) -> Incident:
    """It does not wait until the old value is a day old."""
    values = _one_after_the_other(_limits(stack).max_days_without_success + 0.5, 0.1)
    days = _written(stack.settings, DAYS_SINCE_SUCCESS, values)
    return _pages(days, first_bad_minute=10, lasts=True, until_seconds=60 * _HALF_A_DAY - 1)


@OF_A_STANDSTILL.add()
def nothing_is_deployed_to_the_other_environment(stack: Stack) -> Incident:
    """Each stack watches only its own environment."""
    return quiet([_written(stack.other, DAYS_SINCE_SUCCESS, _once(1000.0))])


@OF_A_STANDSTILL.add()
def another_kind_of_resource_has_no_success(stack: Stack) -> Incident:
    """Somebody writes this metric with another resource type."""
    return quiet([_written(stack.settings, DAYS_SINCE_SUCCESS, _once(1000.0), resource="generic_node")])


SCENARIOS: tuple[Scenario, ...] = tuple(OF_A_FAILURE.scenarios + OF_A_LOW_RATIO.scenarios + OF_A_STANDSTILL.scenarios)
