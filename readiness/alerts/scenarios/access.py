"""FailedLogins fires at more logins than its limit. UnusualSecretAccess fires at one read by an undeclared account."""

from __future__ import annotations

from readiness.alerts.access_alerts import (
    SECRET_READ_WINDOW_SECONDS,
    failed_login_metric,
    failed_logins_of,
    unusual_secret_reads,
)
from readiness.alerts.scenarios import registry
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Place, Stack

LOGINS = Collection({"FailedLogins": ()})


def _limit(stack: Stack) -> int:
    return failed_logins_of(stack.settings).attempt_count


def _window(stack: Stack) -> int:
    """Minutes."""
    return failed_logins_of(stack.settings).window_seconds // 60


def _before(stack: Stack) -> int:
    """Quiet minutes before the scenario: longer than a window, because `increase` counts too much in new series."""
    return _window(stack) + 3


def _burst(stack: Stack, count: float, place: Place | None = None) -> Series:
    """`count` failed logins in one minute, after earlier ones: promtool counts too few of a new counter."""
    counts = minutes((_before(stack), 0), (1, count), (_window(stack) + 3, 0))
    labels = (place or stack.backend).labels
    name, before = failed_login_metric(stack.settings).promql_name, float(_limit(stack))
    return Series(metric=name, labels=labels, minutes=counts, before=before)


def _pages(stack: Stack, *series: Series) -> Incident:
    labels = stack.backend.alert_labels
    return pages_promptly(*series, first_bad_minute=_before(stack), labels=labels, lasts=False)


@LOGINS.add(losses=True)
def one_more_than_allowed_in_one_minute(stack: Stack) -> Incident:
    """Somebody tries a list of stolen passwords: notifies at the next evaluation."""
    return _pages(stack, _burst(stack, _limit(stack) + 1))


@LOGINS.add(phases=True)
def as_many_as_allowed_in_one_minute(stack: Stack) -> Incident:
    """`increase` over the stated window would extrapolate them to more. It must stay quiet at every sample phase."""
    return quiet([_burst(stack, _limit(stack))])


@LOGINS.add()
def two_revisions_are_one_service(stack: Stack) -> Incident:
    """During a deployment, both revisions serve logins."""
    half = _limit(stack) // 2 + 1
    return _pages(stack, _burst(stack, half), _burst(stack, half, stack.backend.of_revision("00042-new")))


@LOGINS.add()
def the_second_service_alone(stack: Stack) -> Incident:
    """Each service is counted separately."""
    place = stack.frontend
    first = _before(stack)
    series = _burst(stack, _limit(stack) + 1, place)
    return pages_promptly(series, first_bad_minute=first, labels=place.alert_labels, lasts=False)


@LOGINS.add()
def as_many_as_allowed_at_each_of_two_services(stack: Stack) -> Incident:
    """Their sum is more than allowed, and each alone is not."""
    return quiet([_burst(stack, _limit(stack)), _burst(stack, _limit(stack), stack.frontend)])


@LOGINS.add()
def at_a_service_of_others(stack: Stack) -> Incident:
    """A service whose name contains the name of the backend does not belong to the stack."""
    names = (f"{stack.backend.service}-2", f"new-{stack.backend.service}")
    return quiet([_burst(stack, _limit(stack) + 1, stack.backend.renamed(name)) for name in names])


@LOGINS.add()
def of_another_kind_of_resource(stack: Stack) -> Incident:
    """PromQL reads every resource type unless the query names one."""
    return quiet([_burst(stack, _limit(stack) + 1, stack.backend.of_resource("cloud_run_job"))])


@LOGINS.add()
def in_another_region(stack: Stack) -> Incident:
    """The same service is counted separately in each region."""
    place = stack.backend.in_location("europe-west1")
    return quiet([_burst(stack, _limit(stack)), _burst(stack, _limit(stack), place)])


# Entries of the Data Access log are as rare as those of the registry, so the incidents are the same.
assert SECRET_READ_WINDOW_SECONDS == registry.WINDOW_SECONDS
SECRETS = Collection({"UnusualSecretAccess": (unusual_secret_reads, "audited_resource")})
SECRETS.add(losses=True)(registry.one_entry_after_a_quiet_hour)
for _incident in (
    registry.it_closes_when_the_entry_has_left_the_window,
    registry.one_of_two_kinds_of_entry_is_written,
    registry.the_first_entry_that_the_metric_ever_counted,
    registry.nothing_happens,
    registry.another_kind_of_resource_writes_the_entry,
    registry.it_happens_in_the_other_environment,
):
    SECRETS.add()(_incident)

SCENARIOS: tuple[Scenario, ...] = (*LOGINS.scenarios, *SECRETS.scenarios)
