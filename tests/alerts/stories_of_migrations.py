"""The alert on the migration job: an execution failed."""

from __future__ import annotations

from collections.abc import Callable

from tests.alerts.incident import Fires, Incident, Story, quiet, story
from tests.alerts.series import Series, minutes
from tests.alerts.stack import Stack

ALERT = "MigrationFailed"
EXECUTIONS = "run_googleapis_com:job_completed_execution_count"
PROMPT_SECONDS = 60
# Longer than the window, since `increase` counts too much in younger series.
_BEFORE = 12


def _job(stack: Stack) -> str:
    assert stack.settings.migration_job is not None
    return stack.settings.migration_job.name


def _executions(stack: Stack, counts: tuple[float | None, ...], *, result: str = "failed", job: str = "") -> Series:
    labels = {
        "monitored_resource": "cloud_run_job",
        "job_name": job or _job(stack),
        "location": stack.settings.region,
        "result": result,
    }
    return Series(metric=EXECUTIONS, labels=labels, minutes=counts)


def _pages(stack: Stack, series: Series, *, lasts: bool) -> Incident:
    expect = Fires(
        labels=({"job_name": _job(stack), "location": stack.settings.region},),
        first_bad_minute=_BEFORE,
        not_before_seconds=0,
        within_seconds=PROMPT_SECONDS,
        lasts=lasts,
    )
    return Incident(series=(series,), expect=expect)


def a_migration_fails(stack: Stack) -> Incident:
    """Pages at the next evaluation, and closes by itself: there is nothing more to wait for."""
    return _pages(stack, _executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (20, 0.0))), lasts=False)


def the_first_execution_ever_fails(stack: Stack) -> Incident:
    """A series that begins with the failure counts it too."""
    return _pages(stack, _executions(stack, minutes((_BEFORE, None), (1, 1.0), (5, None))), lasts=False)


def migrations_succeed(stack: Stack) -> Incident:
    """Every deployment runs one."""
    return quiet((_executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0), (1, 1.0)), result="succeeded"),))


def another_job_fails(stack: Stack) -> Incident:
    """Its name holds this one's."""
    return quiet((_executions(stack, minutes((_BEFORE, 0.0), (1, 1.0), (5, 0.0)), job=f"{_job(stack)}-2"),))


_TELLS: tuple[Callable[[Stack], Incident], ...] = (
    a_migration_fails,
    the_first_execution_ever_fails,
    migrations_succeed,
    another_job_fails,
)
STORIES: tuple[Story, ...] = tuple(story(ALERT, tell, tell=tell, phases=tell is a_migration_fails) for tell in _TELLS)
