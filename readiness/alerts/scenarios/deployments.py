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
# Longer than the ten minutes over which failures are counted, since `increase` counts too much in younger series.
_BEFORE = 12
# The figures are written twice a day, and an alert looks 25 hours back: one run that GitHub drops closes nothing.
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
    """The least share of 20 deployments that meets the target: 0.95 is 19 of 20."""
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
    """A figure that is written twice, twelve hours apart; the first time in minute 10."""
    return (*minutes((10, None)), first, *minutes((_HALF_A_DAY - 1, None)), second, *minutes((30, None)))


def _once(value: float) -> tuple[float | None, ...]:
    """A figure that is written once, with an hour before and after it."""
    return (*minutes((60, None)), value, *minutes((60, None)))


OF_A_FAILURE = Collection({FAILED: ()})


@OF_A_FAILURE.add(losses=True)
def a_deployment_fails(stack: Stack) -> Incident:
    """Pages at the next evaluation."""
    failed = _counted(stack.settings, "failure", minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0)))
    return _pages(failed, first_bad_minute=_BEFORE, lasts=False)


@OF_A_FAILURE.add()
def a_failed_deployment_keeps_its_alert_open_for_ten_minutes(stack: Stack) -> Incident:
    """Long enough to be read in the list of open incidents, and for a notification to be sent."""
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
    """A person decided so."""
    often = minutes((_BEFORE, 0.0), (5, 1.0), (20, 0.0))
    return quiet([_counted(stack.settings, outcome, often) for outcome in ("cancelled", "not_started")])


@OF_A_FAILURE.add()
def the_other_environments_deployment_fails(stack: Stack) -> Incident:
    """Its counter has another name."""
    return quiet([_counted(stack.other, "failure", minutes((_BEFORE, 0.0), (1, 3.0), (20, 0.0)))])


@OF_A_FAILURE.add()
def another_kind_of_resource_counts_failures(stack: Stack) -> Incident:
    """Somebody's own entry in the same log, written under another resource."""
    often = minutes((_BEFORE, 0.0), (1, 3.0), (20, 0.0))
    return quiet([_counted(stack.settings, "failure", often, resource="generic_task")])


OF_A_LOW_RATIO = Collection({LOW: ()})


@OF_A_LOW_RATIO.add()
def exactly_the_target_of_the_last_20_succeeded(stack: Stack) -> Incident:
    """19 of 20 are 95 %, and not fewer; floats must not make them so."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(_least_good(stack)))])


@OF_A_LOW_RATIO.add()
def all_of_the_last_20_succeeded(stack: Stack) -> Incident:
    """Nothing is wrong, and a share of 0 failed is no page."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(1.0))])


@OF_A_LOW_RATIO.add()
def one_more_of_the_last_20_failed(stack: Stack) -> Incident:
    """One below the target pages when the figure is written."""
    low = round(_least_good(stack) - 0.05, 2)
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, _once(low)), first_bad_minute=60, lasts=True)


@OF_A_LOW_RATIO.add()
def all_of_the_last_20_failed(stack: Stack) -> Incident:
    """A figure of 0 is a figure."""
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, _once(0.0)), first_bad_minute=60, lasts=True)


@OF_A_LOW_RATIO.add()
def the_alert_on_a_low_ratio_stays_open_when_the_next_writing_is_missed(stack: Stack) -> Incident:
    """GitHub drops a scheduled run now and then; the next is twelve hours later."""
    low = round(_least_good(stack) - 0.05, 2)
    values = (*minutes((10, None)), low, *minutes((_A_MISSED_WRITING, None)))
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, values), first_bad_minute=10, lasts=True)


@OF_A_LOW_RATIO.add()
def a_low_ratio_follows_a_good_one(stack: Stack) -> Incident:
    """The newest figure counts, and not the best one of the last day."""
    values = _one_after_the_other(1.0, round(_least_good(stack) - 0.05, 2))
    return _pages(_written(stack.settings, SUCCESS_RATIO_20, values), first_bad_minute=10 + _HALF_A_DAY, lasts=True)


@OF_A_LOW_RATIO.add()
def it_is_over_when_a_good_ratio_is_written(stack: Stack) -> Incident:
    """And not when the low one is a day old."""
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
    """Somebody tries the metric out under another resource."""
    return quiet([_written(stack.settings, SUCCESS_RATIO_20, _once(0.0), resource="generic_node")])


OF_A_STANDSTILL = Collection({NONE: ()})


@OF_A_STANDSTILL.add()
def the_days_since_a_success_are_within_the_limit(stack: Stack) -> Incident:
    """Exactly the limit, and then a fresh success."""
    values = (*_once(_limits(stack).max_days_without_success), *_once(0.0))
    return quiet([_written(stack.settings, DAYS_SINCE_SUCCESS, values)])


@OF_A_STANDSTILL.add()
def nothing_has_succeeded_for_longer_than_the_limit(stack: Stack) -> Incident:
    """Half a day more: the next writing."""
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
    """The newest figure counts, and not the least one of the last day."""
    limit = _limits(stack).max_days_without_success
    days = _written(stack.settings, DAYS_SINCE_SUCCESS, _one_after_the_other(limit - 0.25, limit + 0.25))
    return _pages(days, first_bad_minute=10 + _HALF_A_DAY, lasts=True)


@OF_A_STANDSTILL.add()
def it_is_over_when_a_success_is_written(stack: Stack) -> Incident:
    """And not when the old figure is a day old."""
    values = _one_after_the_other(_limits(stack).max_days_without_success + 0.5, 0.1)
    days = _written(stack.settings, DAYS_SINCE_SUCCESS, values)
    return _pages(days, first_bad_minute=10, lasts=True, until_seconds=60 * _HALF_A_DAY - 1)


@OF_A_STANDSTILL.add()
def the_other_environment_stands_still(stack: Stack) -> Incident:
    """Production may rest while staging does not."""
    return quiet([_written(stack.other, DAYS_SINCE_SUCCESS, _once(1000.0))])


@OF_A_STANDSTILL.add()
def another_kind_of_resource_stands_still(stack: Stack) -> Incident:
    """Somebody tries this metric out under another resource, too."""
    return quiet([_written(stack.settings, DAYS_SINCE_SUCCESS, _once(1000.0), resource="generic_node")])


SCENARIOS: tuple[Scenario, ...] = tuple(OF_A_FAILURE.scenarios + OF_A_LOW_RATIO.scenarios + OF_A_STANDSTILL.scenarios)
