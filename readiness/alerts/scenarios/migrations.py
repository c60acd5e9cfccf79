"""The alert on the migration job: an execution failed."""

from __future__ import annotations

from readiness.alerts.migration_alerts import WINDOW_SECONDS
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Stack

ALERT = "MigrationFailed"
EXECUTIONS = "run_googleapis_com:job_completed_execution_count"
# Longer than the window, since `increase` counts too much in younger series.
_BEFORE = 12


def _job(stack: Stack) -> str:
    assert stack.settings.migration_job is not None
    return stack.settings.migration_job.name


def _executions(
    stack: Stack,
    counts: tuple[float | None, ...],
    *,
    result: str = "failed",
    job: str = "",
    resource: str = "cloud_run_job",
) -> Series:
    labels = {
        "monitored_resource": resource,
        "job_name": job or _job(stack),
        "location": stack.settings.region,
        "result": result,
    }
    return Series(metric=EXECUTIONS, labels=labels, minutes=counts)


def _pages(stack: Stack, series: Series, *, lasts: bool, until_seconds: int | None = None) -> Incident:
    labels = {"job_name": _job(stack), "location": stack.settings.region}
    return pages_promptly(series, first_bad_minute=_BEFORE, labels=labels, lasts=lasts, until_seconds=until_seconds)


MIGRATIONS = Collection({ALERT: ()})


@MIGRATIONS.add(phases=True)
def a_migration_fails(stack: Stack) -> Incident:
    """Pages at the next evaluation, and closes by itself."""
    return _pages(stack, _executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (20, 0.0))), lasts=False)


@MIGRATIONS.add()
def it_closes_when_the_failure_has_left_the_window(stack: Stack) -> Incident:
    """The alert closes when the sample before the failure leaves the window, so that the next failure pages again."""
    series = _executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (20, 0.0)))
    return _pages(stack, series, lasts=True, until_seconds=WINDOW_SECONDS - 1)


@MIGRATIONS.add()
def the_first_execution_ever_fails(stack: Stack) -> Incident:
    """A series that begins with the failure counts it too."""
    return _pages(stack, _executions(stack, minutes((_BEFORE, None), (1, 1.0), (5, None))), lasts=False)


@MIGRATIONS.add()
def migrations_succeed(stack: Stack) -> Incident:
    """Every deployment runs one."""
    return quiet((_executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0), (1, 1.0)), result="succeeded"),))


@MIGRATIONS.add()
def another_job_fails(stack: Stack) -> Incident:
    """Its name contains the name of the job."""
    return quiet((_executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0)), job=f"{_job(stack)}-2"),))


@MIGRATIONS.add()
def another_kind_of_resource_of_the_same_name_fails(stack: Stack) -> Incident:
    """PromQL reads every resource type unless the query names one."""
    return quiet((_executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0)), resource="cloud_run_revision"),))


SCENARIOS: tuple[Scenario, ...] = tuple(MIGRATIONS.scenarios)
